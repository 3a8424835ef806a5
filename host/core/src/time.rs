//! A point in time, as a value. Never read from the operating system here.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

/// Microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] i64);

impl Timestamp {
    /// The point `micros` microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This long after; stays at the end of time instead of wrapping.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        let micros = if ms > (i64::MAX / 1000) as u64 { i64::MAX } else { ms as i64 * 1000 };
        Self(self.0.saturating_add(micros))
    }

    /// This long before; stays at the beginning of time instead of wrapping.
    #[must_use]
    pub const fn minus_ms(self, ms: u64) -> Self {
        let micros = if ms > (i64::MAX / 1000) as u64 { i64::MAX } else { ms as i64 * 1000 };
        Self(self.0.saturating_sub(micros))
    }

    /// Milliseconds from `earlier` to this; 0 when it is not earlier.
    pub const fn ms_since(self, earlier: Self) -> u64 {
        let micros = self.0.saturating_sub(earlier.0);
        if micros < 0 { 0 } else { micros as u64 / 1000 }
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, for example `2026-11-20T16:50:00.25Z`; out of its range, the microseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => fmt::Display::fmt(&time, f),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write `2026-11-20T16:50:00Z`, or `2026-11-20 16:50` or `2026-11-20` for UTC")]
pub struct InvalidTime(String);

impl FromStr for Timestamp {
    type Err = InvalidTime;

    /// RFC 3339; a date and a time of day without an offset are UTC, and a date alone is its beginning.
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let utc = |civil: jiff::civil::DateTime| civil.to_zoned(jiff::tz::TimeZone::UTC);
        let read = text.trim().parse::<jiff::Timestamp>();
        let read = read.or_else(|_| utc(text.trim().parse()?).map(|time| time.timestamp()));
        read.map(|time| Self(time.as_microsecond())).map_err(|_| InvalidTime(text.chars().take(40).collect()))
    }
}
