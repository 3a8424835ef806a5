//! Points in time as senders write them.
//!
//! Never reads a clock: the only "now" is the one that the host gives with a request or an attempt.

use std::fmt;

/// Microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

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
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// A date as senders write it: RFC 3339 with `T` or a space, offsets with or without colon (Jira's
    /// `2019-08-16T19:30:17.153+0530`), no offset (taken as UTC), RFC 2822 and HTTP dates, or a number of
    /// seconds, milliseconds or microseconds since the epoch, told apart by size.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(number) = text.parse::<i64>() {
            return Self::from_epoch(number);
        }
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Some(Self(timestamp.as_microsecond()));
        }
        if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
            let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            return Some(Self(zoned.timestamp().as_microsecond()));
        }
        jiff::fmt::rfc2822::DateTimeParser::new()
            .relaxed_weekday(true)
            .parse_timestamp(text)
            .ok()
            .map(|timestamp| Self(timestamp.as_microsecond()))
    }

    /// A number since the epoch whose unit is told by its size: seconds until the year 5138, then
    /// milliseconds, then microseconds. Nothing for a negative one.
    pub fn from_epoch(number: i64) -> Option<Self> {
        match number {
            i64::MIN..0 => None,
            0..100_000_000_000 => Some(Self::from_seconds(number)),
            100_000_000_000..100_000_000_000_000 => Some(Self::from_millis(number)),
            _ => Some(Self(number)),
        }
    }
}

/// RFC 3339 in UTC, for example `2026-01-02T03:04:05Z`; a number when no calendar has it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_spelling_that_senders_use() {
        for (text, rfc3339) in [
            ("2019-08-16T19:30:17.153+0530", "2019-08-16T14:00:17.153Z"),
            ("2019-08-16T19:30:17.153+05:30", "2019-08-16T14:00:17.153Z"),
            ("2019-08-16T14:00:17Z", "2019-08-16T14:00:17Z"),
            ("2019-08-16 14:00:17", "2019-08-16T14:00:17Z"),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"),
            ("1565964017", "2019-08-16T14:00:17Z"),
            ("1565964017153", "2019-08-16T14:00:17.153Z"),
            ("1565964017153000", "2019-08-16T14:00:17.153Z"),
        ] {
            assert_eq!(Timestamp::parse(text).map(|t| t.to_string()).as_deref(), Some(rfc3339), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none_and_never_a_panic() {
        for text in ["", "yesterday", "2019-13-45T99:00:00Z", "-5", "9999999999999999999999", "Z", "+0530"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), i64::MAX.to_string());
    }
}
