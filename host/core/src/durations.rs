//! Durations in words. Never shows a unit that is not there.
//!
//! By hand, where [`crate::settings::duration_ms`] has jiff read them: jiff's printer neither cuts off after two units
//! nor picks the one unit that a configuration would be written in (`90m`, not `1h 30m`).

/// The units, the longest first, in milliseconds.
const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];

/// A duration as configurations write it: `90m`, `1500ms`.
pub fn exactly(ms: u64) -> String {
    match UNITS.into_iter().find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", ms / unit),
        None => format!("{ms}ms"),
    }
}

/// A duration as people say it, cut off after two units: `1h 30m`, `2d`.
pub fn roughly(ms: u64) -> String {
    let Some(first) = UNITS.iter().position(|(unit, _)| ms >= *unit) else { return "0s".to_owned() };
    let mut rest = ms;
    let mut words = Vec::with_capacity(2);
    for (unit, name) in &UNITS[first..UNITS.len().min(first + 2)] {
        if rest >= *unit {
            words.push(format!("{}{name}", rest / unit));
        }
        rest %= unit;
    }
    words.join(" ")
}
