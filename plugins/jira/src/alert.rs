//! Alerts of Jira Service Management's operations (formerly Opsgenie), as its outgoing webhook sends them.
//!
//! Never takes an action for a state that it does not name: an alert that somebody tags, assigns or looks at is neither
//! new nor over.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::{Fields, issue};

/// Characters of a description, a note or a detail that go into an event.
const TEXT_CHARS: usize = 4_000;
const LABEL_CHARS: usize = 1_000;
/// Actions that say what the alert is now: it is there, somebody is on it, it is over.
const STATES: [(&str, Change); 12] = [
    ("Create", Change::Trigger),
    ("Escalate", Change::Trigger),
    ("EscalateNext", Change::Trigger),
    ("SnoozeEnded", Change::Trigger),
    ("UnAcknowledge", Change::Trigger),
    ("UpdateDescription", Change::Trigger),
    ("UpdateMessage", Change::Trigger),
    ("UpdatePriority", Change::Trigger),
    ("Acknowledge", Change::Acknowledge),
    ("Snooze", Change::Acknowledge),
    ("Close", Change::Resolve),
    ("Delete", Change::Resolve),
];
/// Actions that are notes, and what they say.
const NOTES: [(&str, &str); 12] = [
    ("AddDetails", "Details were added"),
    ("AddNote", "Note"),
    ("AddRecipient", "A recipient was added"),
    ("AddResponder", "A responder was added"),
    ("AddTags", "Tags were added"),
    ("AddTeam", "A team was added"),
    ("AssignOwnership", "The alert was assigned"),
    ("RemoveDetails", "Details were removed"),
    ("RemoveResponder", "A responder was removed"),
    ("RemoveTags", "Tags were removed"),
    ("SlaBreached", "The alert's SLA was breached"),
    ("TakeOwnership", "Somebody took the alert"),
];
/// Actions that mean nothing to an incident.
const IGNORED: [(&str, &str); 2] =
    [("Seen", "somebody saw the alert"), ("TestAction", "it is the test of the webhook integration")];

/// The event of one action on an alert.
pub(crate) fn decode(body: &Value, settings: &Fields) -> Result<Decoded, Refusal> {
    let action = json::text(body, "action").unwrap_or_default();
    let is = |name: &str| vocabulary::same(name, &action);
    if let Some((_, why)) = IGNORED.iter().find(|(name, _)| is(name)) {
        return Ok(Decoded::ignored(*why));
    }
    let state = STATES.iter().find(|(name, _)| is(name)).map(|(_, change)| *change);
    let note = NOTES.iter().find(|(name, _)| is(name)).map(|(_, lead)| *lead);
    let change = state.or(note.map(|_| Change::Note)).ok_or_else(|| {
        let action = text::truncate(&text::one_line(&action), 80);
        let problem = format!(
            "`{action}` is no action that the documentation names; clear custom actions in the integration, or use \
             the plugin `webhook`"
        );
        Refusal::invalid("action", problem)
    })?;
    let text = |name: &str| json::text(body, &format!("alert.{name}")).unwrap_or_default();
    let id = [text("alertId"), text("alias")].into_iter().find(|id| !id.is_empty());
    let id = id.ok_or_else(|| Refusal::missing("alert.alertId"))?;
    let title = match text::one_line(&text("message")) {
        message if message.is_empty() => format!("Alert {id}"),
        message => message,
    };
    let at = if change == Change::Trigger && is("Create") { "createdAt" } else { "updatedAt" };
    let event = Event::new(change, &id, &title)
        .message(text::truncate(&message(body, change, note), TEXT_CHARS))
        .severity(issue::severity_of(json::text(body, "alert.priority"), None, settings))
        .actor(&text::truncate(&text("username"), 200))
        .occurred_at(Timestamp::parse(&text(at)));
    Ok(labels(event, body).into())
}

fn message(body: &Value, change: Change, note: Option<&str>) -> String {
    let text = |name: &str| json::text(body, &format!("alert.{name}")).unwrap_or_default();
    let Some(lead) = note else {
        return if change == Change::Trigger { text("description") } else { text("note") };
    };
    let detail = ["note", "addedTags", "removedTags", "newOwner", "owner", "recipient", "team", "responder"];
    let detail = detail.iter().map(|name| text(name)).find(|detail| !detail.is_empty());
    match detail.or_else(|| json::text(body, "escalationNotify.name")) {
        Some(detail) => format!("{lead}: {detail}"),
        None => format!("{lead}."),
    }
}

fn labels(mut event: Event, body: &Value) -> Event {
    for (label, path) in [
        ("alert", "alert.tinyId"),
        ("alias", "alert.alias"),
        ("entity", "alert.entity"),
        ("priority", "alert.priority"),
        ("integration", "integrationName"),
        ("alert_source", "alert.source"),
    ] {
        event = event.label(label, &text::truncate(&json::text(body, path).unwrap_or_default(), LABEL_CHARS));
    }
    let tags = body.pointer("/alert/tags").and_then(Value::as_array).into_iter().flatten();
    let tags: Vec<String> = tags.filter_map(json::scalar).collect();
    event = event.label("tags", &text::truncate(&tags.join(", "), LABEL_CHARS));
    let details = body.pointer("/alert/details").map(|details| json::flatten("", details));
    for (name, value) in details.into_iter().flatten() {
        if !event.labels.iter().any(|label| label.key == name) {
            event = event.label(&name, &value);
        }
    }
    event
}
