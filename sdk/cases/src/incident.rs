//! What an action is told, from a few lines: what they leave out is as in the usual incident.
//!
//! Never lenient: a misspelt key fails the test, with the keys that there are.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use toml::value::{Datetime, Offset};

/// The words for what happened to an incident.
pub const CHANGES: [&str; 11] = [
    "opened",
    "updated",
    "acknowledged",
    "unacknowledged",
    "resolved",
    "reopened",
    "noted",
    "repeated",
    "flapping",
    "steady",
    "referenced",
];
/// The words for where an incident is in its life.
pub const STATES: [&str; 3] = ["open", "acknowledged", "resolved"];
/// The words for how bad an incident is, worst first.
pub const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

/// When everything happens, unless a case says otherwise: 2026-01-02T03:04:05Z.
const USUAL: Time = Time(1_767_323_045_000_000);

/// A point in time, in microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub i64);

/// What the peer calls something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// What it is.
    pub key: String,
    /// What the peer calls it.
    pub value: String,
    /// Where it is.
    pub url: Option<String>,
}

/// The incident, the change and the attempt that an action is told of.
///
/// The default is the usual incident: 42, critical, open, with a message, two labels and a link; just opened; first
/// attempt at 2026-01-02T03:04:05Z; the addresses that an open incident has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Told {
    /// One of [`CHANGES`].
    #[serde(deserialize_with = "change")]
    pub change: String,
    /// One of [`STATES`].
    #[serde(deserialize_with = "state")]
    pub state: String,
    /// One of [`SEVERITIES`].
    #[serde(deserialize_with = "severity")]
    pub severity: String,
    /// What people say.
    pub number: u64,
    /// Triggers merged into it.
    pub count: u64,
    /// What tells it from others of the source.
    pub key: String,
    /// One line.
    pub title: String,
    /// Plain text.
    pub message: String,
    /// The source's name.
    pub source: String,
    /// Facts.
    pub labels: BTreeMap<String, String>,
    /// Titles and addresses.
    pub links: BTreeMap<String, String>,
    /// Who made the change.
    pub actor: Option<String>,
    /// A note's text, or why.
    pub text: String,
    /// The fields that differ from before.
    pub changed: Vec<String>,
    /// What they were.
    pub before: BTreeMap<String, String>,
    /// What the peer called it in earlier deliveries.
    pub references: Vec<Reference>,
    /// From 1.
    pub attempt: u32,
    /// Whether to mark what a person reads.
    pub test: bool,
    /// The host name of the connection's URL.
    pub host: String,
    /// The action's name.
    pub action: String,
    /// Purposes and addresses in Tocsin's own interface. None: those of [`usual_urls`].
    pub urls: Option<BTreeMap<String, String>>,
    /// A name and an offset in minutes; its id is the same text as its name. Empty: UTC.
    pub zone: BTreeMap<String, i32>,
    /// The reader's language, as BCP 47 writes it; empty when nobody says.
    pub language: String,
    /// When the attempt began.
    #[serde(deserialize_with = "time")]
    pub now: Time,
    /// Since when the delivery is owed.
    #[serde(deserialize_with = "time")]
    pub owed_since: Time,
    /// When it was first opened.
    #[serde(deserialize_with = "time")]
    pub opened_at: Time,
    /// When it was last opened.
    #[serde(deserialize_with = "time")]
    pub open_since: Time,
    /// When it was acknowledged. Does not follow from the state.
    #[serde(deserialize_with = "some_time")]
    pub acknowledged_at: Option<Time>,
    /// When it was resolved. Does not follow from the state.
    #[serde(deserialize_with = "some_time")]
    pub resolved_at: Option<Time>,
}

/// The id of the incident of every case.
pub const ID: &str = "01KDYQ3M8800000000000000AA";
/// The id of the delivery of every case.
pub const DELIVERY_ID: &str = "01KDYQ3M8800000000000000DD";
/// When the incident of every case was updated, and the change of every case was made.
pub const UPDATED_AT: Time = USUAL;

/// The addresses in Tocsin's own interface that an open incident has: purposes and addresses.
pub fn usual_urls() -> Vec<(String, String)> {
    let purposes = ["incident", "acknowledge", "resolve", "note", "modify", "delete"];
    let url = |purpose: &str| format!("https://tocsin.example/incidents/42?do={purpose}");
    purposes.iter().map(|purpose| ((*purpose).to_owned(), url(purpose))).collect()
}

impl Default for Told {
    fn default() -> Self {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        Self {
            change: "opened".to_owned(),
            state: "open".to_owned(),
            severity: "critical".to_owned(),
            number: 42,
            count: 1,
            key: "db-1-disk".to_owned(),
            title: "Disk full on db-1".to_owned(),
            message: "/var is at 97 %.".to_owned(),
            source: "monitoring".to_owned(),
            labels: map(&[("host", "db-1"), ("team", "storage")]),
            links: map(&[("Graph", "https://graphs.example/db-1")]),
            actor: None,
            text: String::new(),
            changed: Vec::new(),
            before: BTreeMap::new(),
            references: Vec::new(),
            attempt: 1,
            test: false,
            host: "peer.example".to_owned(),
            action: "ops".to_owned(),
            urls: None,
            zone: BTreeMap::new(),
            language: String::new(),
            now: USUAL,
            owed_since: USUAL,
            opened_at: USUAL,
            open_since: USUAL,
            acknowledged_at: None,
            resolved_at: None,
        }
    }
}

impl Told {
    /// The usual incident with what `file` says: its members are the fields of this type. `labels`, `links`, `before`,
    /// `urls` and `zone` are objects, `references` are objects of `key`, `value` and `url`, and times are RFC 3339.
    ///
    /// # Errors
    /// The member that is unknown, with those that there are, or that is of another shape.
    pub fn from_json(file: &Value) -> Result<Self, String> {
        Self::deserialize(file).map_err(|error| error.to_string())
    }

    /// As [`Told::from_json`], from TOML.
    ///
    /// # Errors
    /// As [`Told::from_json`].
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The addresses in Tocsin's own interface: purposes and addresses.
    pub fn addresses(&self) -> Vec<(String, String)> {
        match &self.urls {
            Some(urls) => urls.iter().map(|(purpose, url)| (purpose.clone(), url.clone())).collect(),
            None => usual_urls(),
        }
    }

    /// The zone's name, which is its id as well, and its offset in minutes.
    pub fn time_zone(&self) -> (String, i32) {
        let zone = self.zone.iter().next().map(|(name, offset)| (name.clone(), *offset));
        zone.unwrap_or_else(|| ("UTC".to_owned(), 0))
    }
}

fn change<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    word(from, &CHANGES)
}

fn state<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    word(from, &STATES)
}

fn severity<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    word(from, &SEVERITIES)
}

fn word<'de, D: Deserializer<'de>>(from: D, all: &[&str]) -> Result<String, D::Error> {
    let word = String::deserialize(from)?;
    if all.contains(&word.as_str()) {
        return Ok(word);
    }
    Err(D::Error::custom(format!("`{word}` is none of {}", all.join(", "))))
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no time; expected RFC 3339")))
}

fn some_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Time>, D::Error> {
    time(from).map(Some)
}

/// RFC 3339; without an offset, UTC.
fn parse(text: &str) -> Option<Time> {
    let Datetime { date: Some(date), time: Some(time), offset } = text.trim().parse().ok()? else {
        return None;
    };
    let offset = match offset {
        Some(Offset::Custom { minutes }) => i64::from(minutes),
        Some(Offset::Z) | None => 0,
    };
    let days = days_from_civil(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let minutes = (days * 24 + i64::from(time.hour)) * 60 + i64::from(time.minute) - offset;
    let seconds = minutes * 60 + i64::from(time.second.unwrap_or(0));
    Some(Time(seconds * 1_000_000 + i64::from(time.nanosecond.unwrap_or(0) / 1_000)))
}

/// Days since the epoch of a date in the proleptic Gregorian calendar. Years begin in March here, so that the leap day
/// is the last (Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_usual() {
        assert_eq!(Told::from_toml(""), Ok(Told::default()));
        let given = Told::from_toml("change = \"resolved\"\nlabels = { a = \"b\" }\nzone = { CET = 60 }\n");
        let given = given.expect("an incident");
        assert_eq!((given.change.as_str(), given.labels.len()), ("resolved", 1));
        assert_eq!(given.time_zone(), ("CET".to_owned(), 60));
    }

    #[test]
    fn a_time_is_read_to_the_microsecond() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-01-02T03:04:05Z", USUAL.0),
            ("2026-01-02T04:04:05.25+01:00", USUAL.0 + 250_000),
            ("2024-02-29 00:00:00", 1_709_164_800_000_000),
            ("1969-12-31T23:59:59Z", -1_000_000),
        ] {
            assert_eq!(parse(text), Some(Time(micros)), "{text}");
        }
        assert_eq!((parse("noon"), parse("2026-01-02"), parse("03:04:05")), (None, None, None));
    }

    #[test]
    fn a_mistyped_line_is_named_with_what_there_is() {
        for (text, parts) in [
            ("titel = \"x\"", &["line 1", "`titel`", "`title`", "`resolved_at`"][..]),
            ("\nstate = \"closed\"", &["line 2", "`closed`", "open, acknowledged, resolved"]),
            ("now = \"noon\"", &["`noon`", "RFC 3339"]),
            ("references = [{ key = \"a\" }]", &["missing field `value`"]),
        ] {
            let error = Told::from_toml(text).expect_err(text);
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
    }
}
