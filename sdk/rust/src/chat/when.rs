//! Times and durations as people read them.
//!
//! Never reads a clock: `now` and the zone come with the attempt. By hand: no
//! format of jiff or humantime writes `2 h 13 min` or cuts off after two units.

use crate::{Context, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in time and its text, so that a plugin can use its peer's own markup for the reader's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For the peer's own markup.
    pub at: Timestamp,
    /// In the context's zone: `02:58 UTC`, on another day `28 Nov, 02:58 UTC`, in another year
    /// `28 Nov 2025, 02:58 UTC`.
    pub text: String,
}

impl Moment {
    /// `at` in the context's zone. The day is named when it is not today's.
    pub fn of(context: &Context, at: Timestamp) -> Self {
        let zone = &context.zone;
        let (year, month, day, seconds) = local(at, zone.offset_minutes);
        let (this_year, this_month, today, _) = local(context.now, zone.offset_minutes);
        let clock = format!("{:02}:{:02} {}", seconds / HOUR, seconds % HOUR / MINUTE, zone.name);
        let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"");
        let text = if (year, month, day) == (this_year, this_month, today) {
            clock
        } else if year == this_year {
            format!("{day} {name}, {clock}")
        } else {
            format!("{day} {name} {year}, {clock}")
        };
        Self { at, text }
    }
}

/// Year, month, day and the seconds of the day, east of UTC by `offset_minutes`.
fn local(at: Timestamp, offset_minutes: i32) -> (i64, i64, i64, i64) {
    let seconds = at.as_seconds().saturating_add(i64::from(offset_minutes) * MINUTE);
    let (year, month, day) = crate::time::civil(seconds.div_euclid(DAY));
    (year, month, day, seconds.rem_euclid(DAY))
}

/// How long it is from `start` to `end`, as [`duration`] writes it. A negative time is none.
pub fn between(start: Timestamp, end: Timestamp) -> String {
    duration(seconds_between(start, end))
}

/// Whole seconds from `start` to `end`, at least 0.
pub(super) fn seconds_between(start: Timestamp, end: Timestamp) -> i64 {
    end.as_micros().saturating_sub(start.as_micros()).max(0) / 1_000_000
}

/// `45 s`, `13 min`, `2 h 13 min`, `1 day 7 h`, `3 days`: two units at most, cut, not rounded.
pub fn duration(seconds: i64) -> String {
    let (seconds, days) = (seconds.max(0), seconds.max(0) / DAY);
    let (hours, minutes) = (seconds % DAY / HOUR, seconds % HOUR / MINUTE);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (1, 0, _) => "1 day".to_owned(),
        (1, ..) => format!("1 day {hours} h"),
        (2, 1.., _) => format!("2 days {hours} h"),
        _ => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::example_context;

    #[test]
    fn a_duration_has_two_units_at_most() {
        let texts = [0, 45, 60, 13 * 60 + 59, 7_200, 7_980, 86_400, 112_000, 176_400, 259_200, 1_000_000];
        assert_eq!(
            texts.map(duration),
            [
                "0 s",
                "45 s",
                "1 min",
                "13 min",
                "2 h",
                "2 h 13 min",
                "1 day",
                "1 day 7 h",
                "2 days 1 h",
                "3 days",
                "11 days"
            ]
        );
        let (early, late) = (Timestamp::from_seconds(0), Timestamp::from_seconds(90));
        assert_eq!((between(early, late), between(late, early)), ("1 min".to_owned(), "0 s".to_owned()));
        assert_eq!(duration(i64::MIN), "0 s");
    }

    #[test]
    fn a_moment_names_its_zone_and_the_day_when_it_is_not_today() {
        let mut context = example_context();
        let text = |context: &Context, seconds: i64| {
            Moment::of(context, Timestamp::from_micros(context.now.as_micros() + seconds * 1_000_000)).text
        };
        assert_eq!(text(&context, 0), "03:04 UTC");
        assert_eq!(text(&context, 86_400), "3 Jan, 03:04 UTC");
        assert_eq!(text(&context, -3 * 86_400), "30 Dec 2025, 03:04 UTC");
        context.zone =
            crate::Zone { id: "Europe/Paris".to_owned(), name: "CET".to_owned(), offset_minutes: 60 };
        assert_eq!(text(&context, 0), "04:04 CET");
        assert_eq!(text(&context, -5 * 3_600), "1 Jan, 23:04 CET");
        Moment::of(&context, Timestamp::from_micros(i64::MAX));
        Moment::of(&context, Timestamp::from_micros(i64::MIN));
    }
}
