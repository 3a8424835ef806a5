//! An action's context from a few lines: what they leave out is as in [`example_context`](super::example_context).
//!
//! Never decides what a case may write: that is the format's.

use std::collections::BTreeMap;

use serde_json::Value;
use tocsin_cases::http::Pair;
use tocsin_cases::incident::{DELIVERY_ID, ID, Time, Told, UPDATED_AT};

use crate::{
    ChangeKind, Context, Incident, IncidentChange, Label, Link, Reference, Severity, State, Timestamp, Zone,
};

/// The example with what `file` says: `change`, `text`, `actor`, `changed`, `before`, `attempt`, `test`, `host`,
/// `action`, `urls`, `references` (objects of `key`, `value`, `url`), `zone` (an object of its name and offset in
/// minutes; its id is the same text as its name), `language`, and of the incident `title`, `message`, `severity`, `state`, `source`, `key`, `number`, `count`,
/// `labels` and `links` (objects of title and address). Times (`now`, `owed_since`, `opened_at`, `open_since`,
/// `acknowledged_at`, `resolved_at`) are RFC 3339.
///
/// # Errors
/// The member that is unknown, with those that there are, or that is of another shape.
pub fn context_from_json(file: &Value) -> Result<Context, String> {
    context(Told::from_json(file)?)
}

/// As [`context_from_json`], from TOML.
pub(super) fn context_from_toml(text: &str) -> Result<Context, String> {
    context(Told::from_toml(text)?)
}

/// What an action is told, as it gets it.
///
/// # Errors
/// A word that the plugin API does not have.
pub(super) fn context(told: Told) -> Result<Context, String> {
    let urls = told.addresses().into_iter().map(label).collect();
    let (name, offset_minutes) = told.time_zone();
    let references = told.references.into_iter();
    let references = references.map(|one| Reference { key: one.key, value: one.value, url: one.url });
    Ok(Context {
        change: IncidentChange {
            kind: word(&ChangeKind::ALL, ChangeKind::as_str, &told.change)?,
            at: time(UPDATED_AT),
            actor: told.actor,
            text: told.text,
            changed: told.changed,
            before: labels(told.before),
        },
        attempt: told.attempt,
        delivery_id: DELIVERY_ID.to_owned(),
        test: told.test,
        now: time(told.now),
        owed_since: time(told.owed_since),
        zone: Zone { id: name.clone(), name, offset_minutes },
        language: told.language,
        action: told.action,
        references: references.collect(),
        settings: Vec::new(),
        connection: Vec::new(),
        host: told.host,
        urls,
        incident: Incident {
            id: ID.to_owned(),
            number: told.number,
            source: told.source,
            key: told.key,
            title: told.title,
            message: told.message,
            severity: word(&Severity::ALL, Severity::as_str, &told.severity)?,
            state: word(&[State::Open, State::Acknowledged, State::Resolved], State::as_str, &told.state)?,
            labels: labels(told.labels),
            links: told.links.into_iter().map(|(title, url)| Link { title, url }).collect(),
            count: told.count,
            opened_at: time(told.opened_at),
            open_since: time(told.open_since),
            updated_at: time(UPDATED_AT),
            acknowledged_at: told.acknowledged_at.map(time),
            resolved_at: told.resolved_at.map(time),
            extra: Vec::new(),
        },
    })
}

fn word<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, word: &str) -> Result<T, String> {
    all.iter().copied().find(|one| name(*one) == word).ok_or_else(|| format!("`{word}` is not known"))
}

fn time(time: Time) -> Timestamp {
    Timestamp::from_micros(time.0)
}

fn labels(pairs: BTreeMap<String, String>) -> Vec<Label> {
    pairs.into_iter().map(label).collect()
}

fn label((key, value): Pair) -> Label {
    Label { key, value }
}

#[cfg(test)]
mod tests {
    use tocsin_cases::incident::{CHANGES, SEVERITIES, STATES};

    use super::*;

    #[test]
    fn what_is_left_out_is_as_in_the_example() {
        assert_eq!(context_from_toml(""), Ok(super::super::example_context()));
        let given = context_from_toml("change = \"resolved\"\nlabels = { a = \"b\" }\nzone = { CET = 60 }\n");
        let given = given.expect("a context");
        assert_eq!((given.change.kind, given.incident.labels.len()), (ChangeKind::Resolved, 1));
        assert_eq!((given.zone.name.as_str(), given.zone.offset_minutes), ("CET", 60));
    }

    #[test]
    fn the_words_of_a_case_are_those_of_the_plugin_api() {
        assert_eq!(ChangeKind::ALL.map(ChangeKind::as_str), CHANGES);
        assert_eq!(Severity::ALL.map(Severity::as_str), SEVERITIES);
        assert_eq!([State::Open, State::Acknowledged, State::Resolved].map(State::as_str), STATES);
    }
}
