//! `[retry]`, and `retry` of a connection: when a delivery is tried again.

use std::time::Duration;

use tocsin_core::retry::Schedule;

use super::reader::Reader;

/// The schedule of a table; what it does not say is as in `default`.
pub(super) fn read(mut reader: Reader, default: Schedule) -> Schedule {
    let ms = |duration: Option<Duration>, default: u64| {
        duration.map_or(default, |given| u64::try_from(given.as_millis()).unwrap_or(u64::MAX))
    };
    let given = ["first", "longest"].map(|key| reader.has(key));
    let [first, longest] = ["first", "longest"].map(|key| reader.duration(key));
    // What stands in for a duration that cannot be read is not the reader's.
    let are_read = given == [first.is_some(), longest.is_some()];
    let schedule = Schedule {
        first_ms: ms(first, default.first_ms),
        longest_ms: ms(longest, default.longest_ms),
        give_up_after_ms: ms(reader.duration("give_up_after"), default.give_up_after_ms),
    };
    if schedule.first_ms == 0 {
        reader.problem("first", "is 0, which would try without a pause: use `1s` or more");
    }
    if are_read && schedule.longest_ms < schedule.first_ms {
        reader.problem("longest", "is shorter than `first`");
    }
    reader.finish();
    schedule
}
