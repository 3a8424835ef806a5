//! A fact in words, and with its fields.
//!
//! One exhaustive match, so that a new fact cannot be left out. Words are for people; the fields have what is recorded.

use serde_json::{Value, json};
use tocsin_core::id::{Id, IncidentId, Kind};
use tocsin_core::journal::{Fact, Fields, Opening, Receipted, Recorded, StateChange};
use tocsin_core::receipt::ReceiptStatus;

use super::{Names, Shown, deliveries, object};
use crate::operate::api::journal as api;
use crate::operate::control::shapes;
use crate::runtime::wording;

/// Ids that are named in words; more are counted.
const NAMED: usize = 3;

/// `fact` as the API answers it.
pub(in super::super) fn fact(fact: &Fact, names: &mut Names<'_>) -> api::Fact {
    let (kind, description, fields) = match fact {
        Fact::IncidentOpened(opening) => opened(opening, names),
        Fact::IncidentChanged { incident, fields } => changed(*incident, fields, names),
        Fact::StateChanged { incident, by } => {
            let by = state_change(*by);
            let fields = json!({ "incident": incident.to_string(), "by": by });
            ("state_changed", format!("{} is {by}", names.incident(*incident)), fields)
        }
        Fact::ChangeRecorded(recorded) => change_recorded(recorded, names),
        Fact::EventLate { incident, change, actor, title } => {
            let of = names.incident(*incident);
            let fields = json!({
                "incident": incident.to_string(), "change": change.as_str(), "actor": actor, "title": title,
            });
            ("event_late", format!("{of}: {} came too late to count: {title}", change.as_str()), fields)
        }
        Fact::KeysBound { incident, source, keys } => {
            let fields = json!({ "incident": incident.to_string(), "source": source.as_str(), "keys": keys });
            let of = names.incident(*incident);
            ("keys_bound", format!("{of} is known to {source} as {}", keys.join(", ")), fields)
        }
        Fact::IncidentHeard { incident } => (
            "incident_heard",
            format!("{} was heard of by its source", names.incident(*incident)),
            json!({ "incident": incident.to_string() }),
        ),
        Fact::IncidentsForgotten { incidents } => (
            "incidents_forgotten",
            format!("forgot incidents: {}", some(incidents)),
            json!({ "incidents": texts(incidents) }),
        ),
        Fact::ReceiptRecorded(_)
        | Fact::ReceiptsDiscarded { .. }
        | Fact::IdentitiesSeen { .. }
        | Fact::IdentitiesForgotten { .. }
        | Fact::ReceiptsForgotten { .. } => of_request(fact, names),
        Fact::DeliveryQueued(_)
        | Fact::DeliveryHeld { .. }
        | Fact::DeliveryReleased { .. }
        | Fact::DeliveryClaimed { .. }
        | Fact::DeliverySettled(_)
        | Fact::DeliveryDropped { .. }
        | Fact::DeliveryRetried { .. }
        | Fact::AttemptLost { .. }
        | Fact::ReferencesSet { .. }
        | Fact::TimerSet { .. }
        | Fact::ConnectionPaused { .. }
        | Fact::ConnectionResumed { .. } => deliveries::fact(fact, names),
    };
    api::Fact { fact: kind.to_owned(), description, fields: object(fields) }
}

fn opened(opening: &Opening, names: &mut Names<'_>) -> Shown {
    let name = names.numbered(opening.id, opening.number);
    let severity = opening.severity.as_str();
    let description = format!("{name} opened by {} ({severity}): {}", opening.source, opening.title);
    let fields = json!({
        "id": opening.id.to_string(),
        "number": opening.number,
        "source": opening.source.as_str(),
        "key": opening.key,
        "title": opening.title,
        "message": opening.message,
        "severity": severity,
        "labels": opening.labels,
        "links": shapes::links(&opening.links),
        "occurred_at": shapes::time(opening.occurred_at),
        "unmatched": opening.unmatched,
    });
    ("incident_opened", description, fields)
}

fn changed(incident: IncidentId, fields: &Fields, names: &mut Names<'_>) -> Shown {
    let Fields { title, message, severity, labels, links, count, occurred_at, reopened, flapping, unmatched } =
        fields;
    let reopened = reopened.as_ref().map(|times| times.iter().map(ToString::to_string).collect::<Vec<_>>());
    let all = [
        ("title", json!(title)),
        ("message", json!(message)),
        ("severity", json!(severity.map(|severity| severity.as_str()))),
        ("labels", if labels.is_empty() { Value::Null } else { json!(labels) }),
        ("links", json!(links.as_ref().map(|links| shapes::links(links)))),
        ("count", json!(count)),
        ("occurred_at", json!(shapes::time(*occurred_at))),
        ("reopened", json!(reopened)),
        ("flapping", json!(flapping)),
        ("unmatched", json!(unmatched)),
    ];
    let there: Vec<(&str, Value)> = all.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let word = |(name, value): &(&str, Value)| match value {
        // Long ones are in the fields.
        _ if ["message", "labels", "links", "reopened"].contains(name) => (*name).to_owned(),
        Value::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    };
    let words: Vec<String> = there.iter().map(word).collect();
    let description = format!("{} changed: {}", names.incident(incident), words.join(", "));
    let fields: serde_json::Map<String, Value> =
        there.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    ("incident_changed", description, json!({ "incident": incident.to_string(), "fields": fields }))
}

const fn state_change(by: StateChange) -> &'static str {
    match by {
        StateChange::Acknowledged => "acknowledged",
        StateChange::Unacknowledged => "unacknowledged",
        StateChange::Resolved => "resolved",
        StateChange::Reopened => "reopened",
    }
}

fn change_recorded(recorded: &Recorded, names: &mut Names<'_>) -> Shown {
    let Recorded { incident, kind, actor, text, changed, before } = recorded;
    let mut description = format!("timeline of {}: {}", names.incident(*incident), kind.as_str());
    if !changed.is_empty() {
        description.push_str(&format!(" ({})", changed.join(", ")));
    }
    if let Some(actor) = actor {
        description.push_str(&format!(" by {actor}"));
    }
    let text = text.to_string();
    if !text.is_empty() {
        description.push_str(&format!(": {text}"));
    }
    let before: serde_json::Map<String, Value> =
        before.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let fields = json!({
        "incident": incident.to_string(), "kind": kind.as_str(), "actor": actor, "text": text,
        "changed": changed, "before": before,
    });
    ("change_recorded", description, fields)
}

fn of_request(fact: &Fact, names: &mut Names<'_>) -> Shown {
    match fact {
        Fact::ReceiptRecorded(receipted) => receipt_recorded(receipted, names),
        Fact::ReceiptsDiscarded { receipts, actor } => (
            "receipts_discarded",
            format!("{actor} gave up on requests: {}", some(receipts)),
            json!({ "receipts": texts(receipts), "actor": actor }),
        ),
        Fact::IdentitiesSeen { source, identities, receipt } => (
            "identities_seen",
            format!("request {receipt} of {source} is known again by {}", identities.join(", ")),
            json!({ "source": source.as_str(), "identities": identities, "receipt": receipt.to_string() }),
        ),
        Fact::IdentitiesForgotten { before, most } => (
            "identities_forgotten",
            format!("forgot identities of requests from before {before}, {most} at most"),
            json!({ "before": before.to_string(), "most": most }),
        ),
        Fact::ReceiptsForgotten { receipts } => (
            "receipts_forgotten",
            format!("forgot receipts: {}", some(receipts)),
            json!({ "receipts": texts(receipts) }),
        ),
        // `fact` gives no other.
        _ => ("", String::new(), Value::Null),
    }
}

fn receipt_recorded(receipted: &Receipted, names: &mut Names<'_>) -> Shown {
    let Receipted { receipt, source, plugin, status, kept, effects, remarks } = receipted;
    let reason = match status {
        ReceiptStatus::Applied => None,
        ReceiptStatus::PartlyRefused(elements) => Some(wording::rejected(elements)),
        ReceiptStatus::Ignored(why) => Some(why.to_string()),
        ReceiptStatus::Refused(why) | ReceiptStatus::Failed(why) => Some(why.clone()),
        ReceiptStatus::Discarded(actor) => Some(format!("by {actor}")),
        ReceiptStatus::Duplicate(first) => Some(format!("the same delivery as {first}")),
    };
    let mut description = format!("receipt {receipt} of {source}: {}", status.as_str().replace('_', " "));
    description.extend(reason.iter().map(|reason| format!(": {reason}")));
    for effect in effects.iter().take(NAMED) {
        description.push_str("; ");
        match effect.incident {
            Some((id, number)) => {
                let incident = names.numbered(id, number);
                description.push_str(&format!("{incident} {}", wording::transition(effect.transition)));
            }
            None => description.push_str(&wording::effect(effect)),
        }
    }
    if effects.len() > NAMED {
        description.push_str(&format!("; {} more effects", effects.len() - NAMED));
    }
    let fields = json!({
        "receipt": receipt.to_string(), "source": source.as_str(), "plugin": plugin, "status": status.as_str(),
        "reason": reason, "kept": kept, "effects": effects.iter().map(shapes::effect).collect::<Vec<_>>(),
        "remarks": remarks,
    });
    ("receipt_recorded", description, fields)
}

fn texts<K: Kind>(ids: &[Id<K>]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The first of these ids, and how many more there are.
pub(in super::super) fn some<K: Kind>(ids: &[Id<K>]) -> String {
    let named = texts(&ids[..ids.len().min(NAMED)]).join(", ");
    match ids.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
