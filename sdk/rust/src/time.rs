//! Points in time as senders write them.
//!
//! Never reads a clock: the only "now" is the one that the host gives with a request or an attempt. Written
//! here because a calendar library is larger than a plugin (190 KB of component); a test compares it with one.

use std::fmt;

/// Microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

const MICROS: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since the epoch; the ends of the range stay the ends.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From seconds since the epoch; the ends of the range stay the ends.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// A date as senders write it: RFC 3339 with `T` or a space, offsets with or without colon (Jira's
    /// `2019-08-16T19:30:17.153+0530`), no offset (taken as UTC), RFC 2822 and HTTP dates, or a number of
    /// seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by size.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::from_epoch(text.parse().ok()?);
        }
        let is_rfc3339 = text.as_bytes().get(4) == Some(&b'-');
        if is_rfc3339 { rfc3339(text) } else { rfc2822(text) }
    }

    /// A number since the epoch. Its size gives its unit: seconds until the year 5138, then milliseconds,
    /// microseconds and nanoseconds. Nothing for a negative number.
    pub fn from_epoch(number: i64) -> Option<Self> {
        match number {
            i64::MIN..0 => None,
            0..100_000_000_000 => Some(Self::from_seconds(number)),
            100_000_000_000..100_000_000_000_000 => Some(Self::from_millis(number)),
            100_000_000_000_000..100_000_000_000_000_000 => Some(Self(number)),
            _ => Some(Self(number / 1_000)),
        }
    }
}

/// RFC 3339 in UTC, for example `2026-01-02T03:04:05Z`, with a fraction only where there is one.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.as_seconds(), self.0.rem_euclid(MICROS));
        let (year, month, day) = civil(seconds.div_euclid(DAY_SECONDS));
        let second = seconds.rem_euclid(DAY_SECONDS);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if micros != 0 {
            let fraction = format!("{micros:06}");
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// A point in time by its calendar fields and the offset from UTC; nothing when a field is out of range.
fn point(
    date: (i64, i64, i64),
    time: (i64, i64, i64),
    micros: i64,
    offset_seconds: i64,
) -> Option<Timestamp> {
    let ((year, month, day), (hour, minute, second)) = (date, time);
    let days = days_from_civil(year, month, day);
    // A day that the month does not have comes back as another one. A leap second counts as the one before.
    let exists = (0..=9_999).contains(&year) && (1..=12).contains(&month) && civil(days) == date;
    if !exists || !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return None;
    }
    let seconds = days * DAY_SECONDS + hour * 3_600 + minute * 60 + second.min(59) - offset_seconds;
    Some(Timestamp(seconds * MICROS + micros))
}

/// Days since the epoch of a date in the proleptic Gregorian calendar; years within 0 to 9999.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is the last (Hinnant, "chrono-compatible low-level date
    // algorithms").
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_from_civil`].
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

fn rfc3339(text: &str) -> Option<Timestamp> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let date = (number(date.get(..4)?)?, number(date.get(5..7)?)?, number(date.get(8..)?)?);
    if text.as_bytes().get(7) != Some(&b'-') {
        return None;
    }
    if rest.is_empty() {
        return point(date, (0, 0, 0), 0, 0);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(end);
    let (clock, micros) = match clock.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, micros(fraction)?),
        None => (clock, 0),
    };
    point(date, time(clock)?, micros, offset(zone.trim())?)
}

/// `Fri, 02 Jan 2026 03:04:05 GMT`, the weekday left unchecked: some senders have it wrong.
fn rfc2822(text: &str) -> Option<Timestamp> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = text.split_whitespace();
    let day = number(words.next()?)?;
    let name = words.next()?.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| *month == name)?;
    let year = number(words.next()?).filter(|year| *year >= 1_000)?;
    let clock = time(words.next()?)?;
    let offset = offset(words.next().unwrap_or("GMT"))?;
    point((year, i64::try_from(month).ok()? + 1, day), clock, 0, offset)
}

/// `hh:mm` or `hh:mm:ss`.
fn time(clock: &str) -> Option<(i64, i64, i64)> {
    let mut parts = clock.split(':');
    let fields = (number(parts.next()?)?, number(parts.next()?)?, parts.next().map_or(Some(0), number)?);
    parts.next().is_none().then_some(fields)
}

/// Digits after the point, as microseconds; what is finer is dropped.
fn micros(fraction: &str) -> Option<i64> {
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    fraction.chars().all(|c| c.is_ascii_digit()).then_some(())?;
    number(&digits)
}

/// `Z`, `GMT`, `UTC`, nothing, `+05:30`, `+0530` or `+05`, in seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone.is_empty() || ["z", "gmt", "utc", "ut"].contains(&zone.to_ascii_lowercase().as_str()) {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = zone.get(1..)?.replace([':', '.'], "");
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits)?, 0),
        4 => (number(digits.get(..2)?)?, number(digits.get(2..)?)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// A number of at most nine digits and nothing else.
fn number(digits: &str) -> Option<i64> {
    let good = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
