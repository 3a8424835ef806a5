//! Outcomes as JSON that a person reads: fields that are empty are left out, bodies are shown as what they
//! are.
//!
//! Never the host's format: it exists for files under `cases/` only.

use serde_json::{Map, Value, json};

use crate::{
    Decoded, Event, Failure, Header, HeaderLine, HttpRequest, Label, Link, Part, Refusal, Rejection,
    SecretEncoding, Signature, Step,
};

/// What a source answered.
pub(super) fn decoded_to_json(outcome: &Result<Decoded, Refusal>) -> Value {
    match outcome {
        Ok(decoded) => {
            let reply = decoded.reply.as_ref().map(|reply| {
                let headers: Vec<String> = reply.headers.iter().map(header).collect();
                json!({"status": reply.status, "headers": headers, "body": bytes(&reply.body)})
            });
            object([
                ("events", json!(decoded.events.iter().map(event).collect::<Vec<_>>())),
                ("rejected", Value::Array(decoded.rejected.iter().map(rejection).collect())),
                ("remarks", json!(decoded.remarks)),
                ("delivery_id", json!(decoded.delivery_id)),
                ("reply", json!(reply)),
                ("ignored", json!(decoded.ignored)),
                ("confirm", json!(decoded.confirm)),
            ])
        }
        Err(Refusal::Unsupported(why)) => json!({"refused": "unsupported", "because": why}),
        Err(Refusal::Malformed(why)) => json!({"refused": "malformed", "because": why}),
        Err(Refusal::Missing(field)) => json!({"refused": "missing", "because": field}),
        Err(Refusal::Invalid { field, problem }) => {
            json!({"refused": "invalid", "field": field, "because": problem})
        }
    }
}

/// What an action answered.
pub(super) fn step_to_json(outcome: &Result<Step, Failure>) -> Value {
    match outcome {
        Ok(Step::Send(request, _)) => json!({"send": request_to_json(request)}),
        Ok(Step::Skipped(why)) => json!({"skipped": why}),
        Ok(Step::Delivered(outcome)) => {
            let reference = |r: &crate::Reference| json!({"key": r.key, "value": r.value, "url": r.url});
            let certainty = format!("{:?}", outcome.certainty).to_lowercase();
            let mut shown = object([
                ("summary", json!(outcome.summary)),
                ("references", json!(outcome.references.iter().map(reference).collect::<Vec<_>>())),
                ("updates", labels(&outcome.updates)),
            ]);
            if let Value::Object(fields) = &mut shown {
                fields.insert("certainty".to_owned(), json!(certainty));
            }
            json!({"delivered": shown})
        }
        Err(Failure::Retry { reason, after_ms }) => json!({"retry": reason, "after_ms": after_ms}),
        Err(Failure::Rejected(why)) => json!({"rejected": why}),
        Err(Failure::Misconfigured(why)) => json!({"misconfigured": why}),
    }
}

/// A request that an action wants sent. Secrets show as `{{secret:name}}`.
pub fn request_to_json(request: &HttpRequest) -> Value {
    let query: Vec<String> = request.query.iter().map(|p| format!("{}={}", p.name, p.value)).collect();
    let line = |l: &HeaderLine| format!("{}: {}", l.name, text_of(&l.value));
    let headers: Vec<String> = request.headers.iter().map(line).collect();
    let signing: Vec<String> = request
        .signing
        .iter()
        .map(|signing| match &signing.signature {
            Signature::StandardWebhooks => format!("standard-webhooks with {}", signing.secret),
            Signature::BodyHmac(hmac) => format!("{} with {}", hmac.header, signing.secret),
        })
        .collect();
    object([
        ("method", json!(request.method)),
        ("path", json!(request.path)),
        ("query", json!(query)),
        ("headers", json!(headers)),
        ("content_type", json!(request.content_type)),
        ("body", bytes(&bytes_of(&request.body))),
        ("signing", json!(signing)),
    ])
}

fn event(event: &Event) -> Value {
    let links: Map<String, Value> =
        event.links.iter().map(|Link { title, url }| (title.clone(), json!(url))).collect();
    object([
        ("change", json!(event.change.as_str())),
        ("key", json!(event.key)),
        ("aliases", json!(event.aliases)),
        ("title", json!(event.title)),
        ("message", json!(event.message)),
        ("severity", json!(event.severity.map(crate::Severity::as_str))),
        ("labels", labels(&event.labels)),
        ("links", Value::Object(links)),
        ("actor", json!(event.actor)),
        ("occurred_at", json!(event.occurred_at.map(|at| at.to_string()))),
    ])
}

fn rejection(found: &Rejection) -> Value {
    json!({"place": found.place, "because": found.reason})
}

fn labels(labels: &[Label]) -> Value {
    Value::Object(labels.iter().map(|label| (label.key.clone(), json!(label.value))).collect())
}

fn header(header: &Header) -> String {
    format!("{}: {}", header.name, header.value)
}

/// The pieces as text.
pub(super) fn text_of(parts: &[Part]) -> String {
    String::from_utf8_lossy(&bytes_of(parts)).into_owned()
}

/// The pieces one after the other. Secrets show as `{{secret:name}}`.
pub(super) fn bytes_of(parts: &[Part]) -> Vec<u8> {
    let piece = |part: &Part| match part {
        Part::Bytes(bytes) => bytes.clone(),
        Part::Secret(name, SecretEncoding::Raw) => format!("{{{{secret:{name}}}}}").into_bytes(),
        Part::Secret(name, SecretEncoding::Json) => format!("{{{{secret:{name}:json}}}}").into_bytes(),
        Part::Secret(name, SecretEncoding::Form) => format!("{{{{secret:{name}:form}}}}").into_bytes(),
        Part::Credentials { user, password } => format!("{{{{basic:{user}:{password}}}}}").into_bytes(),
    };
    parts.iter().flat_map(piece).collect()
}

/// JSON as JSON, text as text, anything else as its length.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok("") => Value::Null,
        Ok(text) => match serde_json::from_str::<Value>(text) {
            Ok(document @ (Value::Object(_) | Value::Array(_))) => document,
            _ => json!(text),
        },
        Err(_) => json!(format!("{} bytes that are not text", bytes.len())),
    }
}

/// An object of these fields without those that are null, empty texts, lists or objects.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    let kept = fields.into_iter().filter(|(_, value)| !empty(value));
    Value::Object(kept.map(|(name, value)| (name.to_owned(), value)).collect())
}
