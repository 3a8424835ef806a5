//! Times and durations as people read them in a ticket.
//!
//! Never guesses a zone: the relay says which one the readers live in.

use tocsin_plugin::{Timestamp, Zone};

/// `2026-11-28 02:58 UTC`.
pub(crate) fn at(time: Timestamp, zone: &Zone) -> String {
    let shift = i64::from(zone.offset_minutes).saturating_mul(60_000_000);
    let local = Timestamp::from_micros(time.as_micros().saturating_add(shift)).to_string();
    // RFC 3339: the date, `T`, the time.
    let (date, clock) = (local.get(..10).unwrap_or(&local), local.get(11..16).unwrap_or_default());
    format!("{date} {clock} {}", zone.name)
}

/// `14 minutes`, `3 hours 5 minutes`, `2 days 1 hour`: the two largest units. By hand: the SDK's durations are short, as
/// chats want them, and no format of jiff or humantime cuts off after two units.
pub(crate) fn lasted(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.as_seconds().saturating_sub(from.as_seconds()).max(0);
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let largest = units.iter().position(|(size, _)| seconds >= *size).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut said = Vec::new();
    for (size, name) in units.iter().skip(largest).take(2) {
        let count = rest / size;
        rest %= size;
        // Beside minutes, seconds are no news.
        let is_noise = *size == 1 && !said.is_empty();
        if (count > 0 || said.is_empty()) && !is_noise {
            said.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    said.join(" ")
}
