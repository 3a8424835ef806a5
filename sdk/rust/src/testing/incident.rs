//! An action's context from a few lines: what they leave out is as in [`example_context`].
//!
//! Never lenient: a misspelt key fails the test, with the keys that there are.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::context::example_context;
use crate::{ChangeKind, Context, Label, Link, Reference, Severity, State, Timestamp, Zone};

/// What a case says of its incident, of the change and of the attempt.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Lines {
    #[serde(deserialize_with = "change")]
    change: ChangeKind,
    #[serde(deserialize_with = "state")]
    state: State,
    #[serde(deserialize_with = "severity")]
    severity: Severity,
    number: u64,
    count: u64,
    key: String,
    title: String,
    message: String,
    source: String,
    labels: BTreeMap<String, String>,
    /// Titles and addresses.
    links: BTreeMap<String, String>,
    actor: Option<String>,
    text: String,
    changed: Vec<String>,
    before: BTreeMap<String, String>,
    references: Vec<Called>,
    attempt: u32,
    test: bool,
    host: String,
    action: String,
    /// Purposes and addresses.
    urls: Option<BTreeMap<String, String>>,
    /// A name and an offset in minutes.
    zone: BTreeMap<String, i32>,
    language: String,
    #[serde(deserialize_with = "time")]
    now: Timestamp,
    #[serde(deserialize_with = "time")]
    owed_since: Timestamp,
    #[serde(deserialize_with = "time")]
    opened_at: Timestamp,
    #[serde(deserialize_with = "time")]
    open_since: Timestamp,
    #[serde(deserialize_with = "some_time")]
    acknowledged_at: Option<Timestamp>,
    #[serde(deserialize_with = "some_time")]
    resolved_at: Option<Timestamp>,
}

/// What the peer calls something.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    key: String,
    value: String,
    url: Option<String>,
}

/// The example with what `file` says: `change`, `text`, `actor`, `changed`, `before`, `attempt`, `test`, `host`,
/// `action`, `urls`, `references` (objects of `key`, `value`, `url`), `zone` (an object of its name and offset in
/// minutes), `language`, and of the incident `title`, `message`, `severity`, `state`, `source`, `key`, `number`, `count`,
/// `labels` and `links` (objects of title and address). Times (`now`, `owed_since`, `opened_at`, `open_since`,
/// `acknowledged_at`, `resolved_at`) are RFC 3339.
///
/// # Errors
/// The member that is unknown, with those that there are, or that is of another shape.
pub fn context_from_json(file: &Value) -> Result<Context, String> {
    Lines::deserialize(file).map(Lines::context).map_err(|error| error.to_string())
}

/// As [`context_from_json`], from TOML.
pub(super) fn context_from_toml(text: &str) -> Result<Context, String> {
    toml::from_str(text).map(Lines::context).map_err(|error| error.to_string())
}

impl Default for Lines {
    fn default() -> Self {
        let Context { incident, change, attempt, test, host, action, now, owed_since, .. } =
            example_context();
        Self {
            change: change.kind,
            state: incident.state,
            severity: incident.severity,
            number: incident.number,
            count: incident.count,
            key: incident.key,
            title: incident.title,
            message: incident.message,
            source: incident.source,
            labels: incident.labels.into_iter().map(|label| (label.key, label.value)).collect(),
            links: incident.links.into_iter().map(|link| (link.title, link.url)).collect(),
            actor: None,
            text: String::new(),
            changed: Vec::new(),
            before: BTreeMap::new(),
            references: Vec::new(),
            attempt,
            test,
            host,
            action,
            urls: None,
            zone: BTreeMap::new(),
            language: String::new(),
            now,
            owed_since,
            opened_at: incident.opened_at,
            open_since: incident.open_since,
            acknowledged_at: None,
            resolved_at: None,
        }
    }
}

impl Lines {
    fn context(self) -> Context {
        let mut context = example_context();
        let incident = &mut context.incident;
        (incident.state, incident.severity) = (self.state, self.severity);
        (incident.number, incident.count) = (self.number, self.count);
        (incident.key, incident.source) = (self.key, self.source);
        (incident.title, incident.message) = (self.title, self.message);
        incident.labels = labels(self.labels);
        incident.links = self.links.into_iter().map(|(title, url)| Link { title, url }).collect();
        (incident.opened_at, incident.open_since) = (self.opened_at, self.open_since);
        (incident.acknowledged_at, incident.resolved_at) = (self.acknowledged_at, self.resolved_at);
        let change = &mut context.change;
        (change.kind, change.actor, change.text) = (self.change, self.actor, self.text);
        (change.changed, change.before) = (self.changed, labels(self.before));
        let called = |Called { key, value, url }| Reference { key, value, url };
        context.references = self.references.into_iter().map(called).collect();
        (context.attempt, context.test) = (self.attempt, self.test);
        (context.host, context.action, context.language) = (self.host, self.action, self.language);
        context.urls = self.urls.map_or(context.urls, labels);
        (context.now, context.owed_since) = (self.now, self.owed_since);
        if let Some((name, offset_minutes)) = self.zone.into_iter().next() {
            context.zone = Zone { id: name.clone(), name, offset_minutes };
        }
        context
    }
}

fn labels(pairs: BTreeMap<String, String>) -> Vec<Label> {
    pairs.into_iter().map(|(key, value)| Label { key, value }).collect()
}

fn change<'de, D: Deserializer<'de>>(from: D) -> Result<ChangeKind, D::Error> {
    word(from, &ChangeKind::ALL, ChangeKind::as_str)
}

fn state<'de, D: Deserializer<'de>>(from: D) -> Result<State, D::Error> {
    word(from, &[State::Open, State::Acknowledged, State::Resolved], State::as_str)
}

fn severity<'de, D: Deserializer<'de>>(from: D) -> Result<Severity, D::Error> {
    word(from, &Severity::ALL, Severity::as_str)
}

fn word<'de, D: Deserializer<'de>, T: Copy>(
    from: D,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, D::Error> {
    let word = String::deserialize(from)?;
    all.iter().copied().find(|one| name(*one) == word).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        D::Error::custom(format!("`{word}` is none of {}", names.join(", ")))
    })
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    Timestamp::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no time; expected RFC 3339")))
}

fn some_time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    time(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_in_the_example() {
        assert_eq!(context_from_toml(""), Ok(example_context()));
        let given = context_from_toml("change = \"resolved\"\nlabels = { a = \"b\" }\nzone = { CET = 60 }\n");
        let given = given.expect("a context");
        assert_eq!((given.change.kind, given.incident.labels.len()), (ChangeKind::Resolved, 1));
        assert_eq!((given.zone.name.as_str(), given.zone.offset_minutes), ("CET", 60));
    }

    #[test]
    fn a_mistyped_line_is_named_with_what_there_is() {
        for (text, parts) in [
            ("titel = \"x\"", &["line 1", "`titel`", "`title`", "`resolved_at`"][..]),
            ("\nstate = \"closed\"", &["line 2", "`closed`", "open, acknowledged, resolved"]),
            ("now = \"noon\"", &["`noon`", "RFC 3339"]),
            ("references = [{ key = \"a\" }]", &["missing field `value`"]),
        ] {
            let error = context_from_toml(text).expect_err(text);
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
    }
}
