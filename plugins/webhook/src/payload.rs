//! The default document: the whole incident.
//!
//! Never drops a member from one version to the next: receivers read them. New ones may come.

use serde_json::{Map, Value, json};
use tocsin_plugin::{Context, Label, Timestamp};

/// The incident, the change, the addresses in Tocsin and what the service calls the incident.
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
        "references": references(context),
    })
}

/// What stands before and after a record that is below the names of `location`.
pub(crate) fn around<'a>(location: impl Iterator<Item = &'a str>) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    for name in location {
        before.push_str(&format!("{{{}:", Value::from(name)));
        after.push('}');
    }
    (before, after)
}

/// What the service calls the incident, as templates see it: the address has `_url` behind its name.
fn references(context: &Context) -> Value {
    let mut members = Map::new();
    for reference in &context.references {
        if let Some(url) = &reference.url {
            members.insert(format!("{}_url", reference.key), json!(url));
        }
    }
    members.extend(context.references.iter().map(|r| (r.key.clone(), json!(r.value))));
    Value::Object(members)
}

fn object(labels: &[Label]) -> Value {
    Value::Object(labels.iter().map(|label| (label.key.clone(), json!(label.value))).collect())
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(at.to_string()))
}
