//! Time zones by their IANA names, such as `Europe/Paris`, from a database that comes with the program.
//!
//! Never reads the machine's own zone or its files.

use std::str::FromStr;

use jiff::tz::{self, TimeZoneDatabase};
use strsim::levenshtein;

use crate::time::Timestamp;

/// Names that an error suggests at most.
const SUGGESTIONS_MAX: usize = 3;
/// Letters that a name may differ in and still be suggested.
const DISTANCE_MAX: usize = 3;

/// The zone that times for people are written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(tz::TimeZone);

/// Universal time, where nothing else is configured.
static UTC: TimeZone = TimeZone(tz::TimeZone::UTC);

impl TimeZone {
    /// Universal time.
    pub fn utc() -> &'static Self {
        &UTC
    }

    /// Its name in the database, such as `Europe/Berlin`.
    pub(crate) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The zone's abbreviation at `at`, and its offset in minutes east of UTC: `CET` in winter, `CEST` in summer. A
    /// zone without an abbreviation has its offset there, such as `-03`. None outside of the calendar's range.
    pub(crate) fn at(&self, at: Timestamp) -> Option<(String, i32)> {
        let info = self.0.to_offset_info(instant(at)?);
        Some((info.abbreviation().to_owned(), info.offset().seconds() / 60))
    }

    /// The date and time at `at` in this zone; none outside of the calendar's range.
    pub(crate) fn local(&self, at: Timestamp) -> Option<jiff::Zoned> {
        Some(instant(at)?.to_zoned(self.0.clone()))
    }
}

fn instant(at: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(at.micros()).ok()
}

/// A name that is no time zone's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a time zone: {hint}")]
pub struct UnknownTimeZone {
    name: String,
    hint: String,
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    /// Finds the zone of this name, in any case.
    ///
    /// # Errors
    /// No zone has it; the error suggests names that are like it.
    fn from_str(name: &str) -> Result<Self, UnknownTimeZone> {
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) if !zone.is_unknown() => Ok(Self(zone)),
            Ok(_) | Err(_) => {
                Err(UnknownTimeZone { name: name.chars().take(80).collect(), hint: hint(name.trim()) })
            }
        }
    }
}

/// What to write instead of `name`.
fn hint(name: &str) -> String {
    let likely = suggestions(name);
    if likely.is_empty() {
        return "write an IANA name such as `Europe/Paris` or `America/New_York`, or `UTC`".to_owned();
    }
    format!("did you mean {}?", likely.join(" or "))
}

/// Names that are like `name`, in quotes, the likeliest first: those of its city, else those with few other letters.
fn suggestions(name: &str) -> Vec<String> {
    let wanted = plain(name);
    if wanted.len() < 2 || wanted.len() > 64 {
        return Vec::new();
    }
    let database = TimeZoneDatabase::bundled();
    let mut found: Vec<(usize, String)> = database
        .available()
        .filter_map(|known| {
            let known = known.to_string();
            let whole = plain(&known);
            let city = whole.rsplit('/').next().unwrap_or_default();
            let mut far = levenshtein(&wanted, &whole).min(levenshtein(&wanted, city));
            // `Germany/Berlin`: the city is right.
            if wanted.rsplit('/').next() == Some(city) {
                far = far.min(1);
            }
            (far <= DISTANCE_MAX && far * 2 < wanted.len()).then_some((far, known))
        })
        .collect();
    found.sort();
    let nearest = found.first().map_or(0, |(far, _)| *far);
    let near = found.into_iter().filter(|(far, _)| *far == nearest);
    near.take(SUGGESTIONS_MAX).map(|(_, name)| format!("`{name}`")).collect()
}

/// `name` without case and with one kind of space.
fn plain(name: &str) -> String {
    name.to_lowercase().replace([' ', '-'], "_")
}
