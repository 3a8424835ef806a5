//! The default document: the whole incident.
//!
//! Never drops a member from one version to the next: receivers read them. New ones may come.

use serde_json::{Map, Value, json};
use tocsin_plugin::{Context, Label, Timestamp};

/// Names on the way to a record; more are left out of a document that nobody could read.
const DEPTH_MAX: usize = 16;

/// The incident, the change and the addresses in Tocsin.
pub(crate) fn whole(context: &Context) -> Value {
    let incident = &context.incident;
    let links: Vec<Value> =
        incident.links.iter().map(|link| json!({"title": link.title, "url": link.url})).collect();
    json!({
        "type": format!("incident.{}", context.change.kind.as_str()),
        "delivery": context.delivery_id,
        "attempt": context.attempt,
        "test": context.test,
        "change": {
            "kind": context.change.kind.as_str(),
            "at": time(Some(context.change.at)),
            "actor": context.change.actor,
            "text": context.change.text,
            "changed": context.change.changed,
        },
        "incident": {
            "id": incident.id,
            "number": incident.number,
            "source": incident.source,
            "key": incident.key,
            "title": context.marked(&incident.title),
            "message": incident.message,
            "severity": incident.severity.as_str(),
            "state": incident.state.as_str(),
            "labels": object(&incident.labels),
            "links": links,
            "count": incident.count,
            "opened_at": time(Some(incident.opened_at)),
            "updated_at": time(Some(incident.updated_at)),
            "acknowledged_at": time(incident.acknowledged_at),
            "resolved_at": time(incident.resolved_at),
        },
        "urls": object(&context.urls),
    })
}

/// `record` below the names of `location`, which has `/` between.
pub(crate) fn nested(record: Value, location: &str) -> Value {
    let names: Vec<&str> =
        location.split('/').map(str::trim).filter(|name| !name.is_empty()).take(DEPTH_MAX).collect();
    names.iter().rev().fold(record, |inner, name| {
        let mut object = Map::new();
        object.insert((*name).to_owned(), inner);
        Value::Object(object)
    })
}

fn object(labels: &[Label]) -> Value {
    Value::Object(labels.iter().map(|label| (label.key.clone(), json!(label.value))).collect())
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(at.to_string()))
}
