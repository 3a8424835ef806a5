//! The JSON of the control interface. Times are RFC 3339, ids text, words as in the configuration.
//!
//! What is not shown here is not known outside: no secret is.

use serde_json::{Map, Value, json};
use tocsin_core::delivery::{Attempt, Delivery, DeliveryState};
use tocsin_core::event::Event;
use tocsin_core::fold::{Effect, Happening, ReceiptRecord, ReceiptStatus, TimelineItem};
use tocsin_core::incident::Incident;
use tocsin_core::journal::RejectedElements;
use tocsin_core::plugin::RejectedElement;
use tocsin_core::time::Timestamp;

use tocsin_store::{Counts, SetAside, Verified};

use crate::words;

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(at.to_string()))
}

pub(super) fn incident(incident: &Incident) -> Value {
    let links: Vec<Value> =
        incident.links.iter().map(|link| json!({ "title": link.title, "url": link.url })).collect();
    json!({
        "id": incident.id.to_string(),
        "number": incident.number,
        "source": incident.source,
        "key": incident.key,
        "title": incident.title,
        "message": incident.message,
        "severity": incident.severity.as_str(),
        "state": incident.state.as_str(),
        "labels": incident.labels,
        "links": links,
        "count": incident.count,
        "flapping": incident.flapping,
        "unmatched": incident.unmatched,
        "opened_at": incident.opened_at.to_string(),
        "updated_at": incident.updated_at.to_string(),
        "acknowledged_at": time(incident.acknowledged_at),
        "resolved_at": time(incident.resolved_at),
    })
}

pub(super) fn timeline(item: &TimelineItem) -> Value {
    let mut shape = json!({
        "at": item.at.to_string(),
        "actor": item.actor,
        "text": item.text,
        "receipt": item.receipt.map(|id| id.to_string()),
    });
    match &item.what {
        Happening::Changed(kind, fields) => {
            shape["what"] = json!(kind.as_str());
            shape["fields"] = json!(fields);
        }
        Happening::Late(change) => shape["what"] = json!(format!("late {}", change.as_str())),
        Happening::Delivery { id, action, state } => {
            shape["what"] = json!(state.as_str());
            shape["action"] = json!(action);
            shape["delivery"] = json!(id.to_string());
        }
    }
    shape
}

pub(super) fn delivery(delivery: &Delivery) -> Value {
    // One that waits behind another has no time; one that is held for its action's delay has.
    let is_held = delivery.state == DeliveryState::Waiting && delivery.next_at > delivery.owed_since;
    let has_time = delivery.state == DeliveryState::Due || is_held;
    json!({
        "id": delivery.id.to_string(),
        "action": delivery.action,
        "connection": delivery.connection,
        "test": delivery.test,
        "incident": { "id": delivery.incident.id.to_string(), "number": delivery.incident.number, "title": delivery.incident.title },
        "change": delivery.change.kind.as_str(),
        "state": delivery.state.as_str(),
        "settled": delivery.state.is_settled(),
        "attempts": delivery.attempts,
        "next_at": has_time.then(|| delivery.next_at.to_string()),
        "owed_since": delivery.owed_since.to_string(),
        "last": delivery.log.last().map(attempt),
    })
}

pub(super) fn delivery_whole(whole: &Delivery) -> Value {
    let mut shape = delivery(whole);
    shape["log"] = whole.log.iter().map(attempt).collect();
    shape["incident"] = incident(&whole.incident);
    shape["text"] = json!(whole.change.text);
    shape["actor"] = json!(whole.change.actor);
    shape
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "number": attempt.number,
        "at": attempt.at.to_string(),
        "took_us": attempt.took_us,
        "status": attempt.status,
        "summary": attempt.summary,
    })
}

pub(super) fn receipt(receipt: &ReceiptRecord) -> Value {
    let reason = match &receipt.status {
        ReceiptStatus::Applied => Value::Null,
        ReceiptStatus::PartlyRefused(elements) => json!(words::rejected(elements)),
        ReceiptStatus::Ignored(why) | ReceiptStatus::Refused(why) | ReceiptStatus::Failed(why) => json!(why),
        ReceiptStatus::Discarded(actor) => json!(format!("discarded by {actor}")),
        ReceiptStatus::Duplicate(first) => json!(format!("the same delivery as {first}")),
    };
    let mut shape = json!({
        "id": receipt.id.to_string(),
        "at": receipt.at.to_string(),
        "source": receipt.source,
        "plugin": receipt.plugin,
        "status": receipt.outcome(),
        "dead_letter": receipt.status.is_dead_letter(),
        "decodable": receipt.status.is_decodable(),
        "reason": reason,
        "effects": receipt.effects.iter().map(effect).collect::<Value>(),
        "remarks": receipt.remarks,
    });
    if let ReceiptStatus::PartlyRefused(elements) = &receipt.status {
        shape["refused"] = refused(elements);
        shape["refused_count"] = json!(elements.count);
    }
    shape
}

/// The elements of a request that could not be read, as far as they are kept.
pub(crate) fn refused(elements: &RejectedElements) -> Value {
    let element = |element: &RejectedElement| json!({ "place": element.place, "reason": element.reason });
    elements.kept.iter().map(element).collect()
}

fn effect(effect: &Effect) -> Value {
    json!({
        "change": effect.change.as_str(),
        "key": effect.key,
        "did": words::transition(effect.transition),
        "incident": effect.incident.map(|(id, number)| json!({ "id": id.to_string(), "number": number })),
    })
}

pub(super) fn counts(counts: &Counts) -> Value {
    let incidents: Map<String, Value> =
        counts.incidents.iter().map(|(state, count)| (state.as_str().to_owned(), json!(count))).collect();
    let deliveries: Map<String, Value> = counts
        .deliveries
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| (state.as_str().to_owned(), json!(count)))
        .collect();
    let dead = counts.deliveries.iter().filter(|(state, _)| state.is_dead_letter());
    let dead: u64 = dead.map(|(_, count)| count).sum();
    json!({
        "incidents": incidents,
        "deliveries": deliveries,
        "receipts": counts.receipts,
        "ignored": counts.ignored,
        "dead_letters": { "in": counts.dead_letters, "out": dead },
        "kept_requests": counts.requests,
        "journal_entries": counts.entries,
        "store_bytes": counts.file_bytes,
    })
}

/// The outcome of a check of the store.
pub fn verified(verified: &Verified) -> Value {
    let differences: Vec<Value> =
        verified.differences.iter().map(|difference| json!(difference.to_string())).collect();
    json!({
        "clean": verified.is_clean(),
        "entries": verified.entries,
        "tables": verified.tables.len(),
        "records": verified.tables.iter().map(|table| table.rows).sum::<u64>(),
        "differing": verified.differing,
        "differences": differences,
        "digest": {
            "right": verified.digest.is_right(),
            "kept": verified.digest.kept.map(|digest| digest.to_string()),
            "rows": verified.digest.rows.to_string(),
        },
        "set_aside": verified.set_aside.iter().map(set_aside).collect::<Vec<_>>(),
    })
}

/// A record that could not be read.
pub(super) fn set_aside(row: &SetAside) -> Value {
    json!({
        "table": row.table,
        "key": row.key,
        "problem": row.problem,
        "incident": row.incident.map(|id| id.to_string()),
        "after_entry": row.after,
        "dismissed": row.dismissed,
        "consequence": words::set_aside(&row.table),
    })
}

pub(crate) fn event(event: &Event) -> Value {
    let links: Vec<Value> =
        event.links.iter().map(|link| json!({ "title": link.title, "url": link.url })).collect();
    json!({
        "change": event.change.as_str(),
        "key": event.key,
        "aliases": event.aliases,
        "title": event.title,
        "message": event.message,
        "severity": event.severity.map(|severity| severity.as_str()),
        "labels": event.labels,
        "links": links,
        "actor": event.actor,
        "occurred_at": time(event.occurred_at),
    })
}
