//! What a plugin answered, as JSON that a person reads: fields that are empty are left out, bodies are shown as what
//! they are.
//!
//! Never the host's format: it exists for the files of cases only. Words, such as those of a change, are the runner's
//! to give as the plugin API has them.

use serde_json::{Map, Value, json};

use crate::http::{Pair, Sent};

/// One event of a source.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// `trigger`, `acknowledge`, `resolve` or `note`.
    pub change: String,
    /// What tells the problem from others.
    pub key: String,
    /// Other keys of it.
    pub aliases: Vec<String>,
    /// One line.
    pub title: String,
    /// Plain text.
    pub message: String,
    /// A word, if it is said.
    pub severity: Option<String>,
    /// Facts.
    pub labels: Vec<Pair>,
    /// Titles and addresses.
    pub links: Vec<Pair>,
    /// Who did it.
    pub actor: Option<String>,
    /// RFC 3339 in UTC.
    pub occurred_at: Option<String>,
}

/// An answer that the sender needs to see.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// In order.
    pub headers: Vec<Pair>,
    /// As it is sent.
    pub body: Vec<u8>,
}

/// What a source made of a request.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// In order.
    pub events: Vec<Event>,
    /// Places of elements that could not be read, and why.
    pub rejected: Vec<Pair>,
    /// For the operator.
    pub remarks: Vec<String>,
    /// The sender's id of the delivery.
    pub delivery_id: Option<String>,
    /// In place of the host's answer.
    pub reply: Option<Reply>,
    /// Why there is no event.
    pub ignored: Option<String>,
    /// An address to confirm.
    pub confirm: Option<String>,
}

/// Why a source took nothing.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// A media type or method that it does not read.
    Unsupported(String),
    /// Not what its media type says.
    Malformed(String),
    /// A field that must be there.
    Missing(String),
    /// A field that is wrong, and why.
    Invalid(String, String),
}

/// What came of a delivery.
#[derive(Clone, Debug, Default)]
pub struct Receipt {
    /// `delivered` or `accepted`.
    pub certainty: String,
    /// One line.
    pub summary: String,
    /// Key, value and address of what the peer calls it.
    pub references: Vec<(String, String, Option<String>)>,
    /// Labels that are written to the incident.
    pub updates: Vec<Pair>,
}

/// What an action answered.
#[derive(Clone, Debug)]
pub enum Step {
    /// It wants a request sent.
    Send(Sent),
    /// Done.
    Delivered(Receipt),
    /// Nothing to send; why.
    Skipped(String),
    /// Not now, why, and after how many milliseconds.
    Retry(String, Option<u64>),
    /// Never; why.
    Rejected(String),
    /// Nothing on the connection will work; why.
    Misconfigured(String),
}

/// What a source answered.
pub fn of_source(outcome: &Result<Decoded, Refusal>) -> Value {
    match outcome {
        Ok(decoded) => {
            let reply = decoded.reply.as_ref().map(|reply| {
                let headers = headers(&reply.headers);
                json!({"status": reply.status, "headers": headers, "body": bytes(&reply.body)})
            });
            let rejected = |(place, why): &Pair| json!({"place": place, "because": why});
            object([
                ("events", json!(decoded.events.iter().map(event).collect::<Vec<_>>())),
                ("rejected", Value::Array(decoded.rejected.iter().map(rejected).collect())),
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
        Err(Refusal::Invalid(field, problem)) => {
            json!({"refused": "invalid", "field": field, "because": problem})
        }
    }
}

/// What an action answered.
pub fn of_action(outcome: &Step) -> Value {
    match outcome {
        Step::Send(request) => json!({"send": request_to_json(request)}),
        Step::Skipped(why) => json!({"skipped": why}),
        Step::Delivered(receipt) => {
            let reference = |(key, value, url): &(_, _, _)| json!({"key": key, "value": value, "url": url});
            let mut shown = object([
                ("summary", json!(receipt.summary)),
                ("references", receipt.references.iter().map(reference).collect()),
                ("updates", members(&receipt.updates)),
            ]);
            if let Value::Object(fields) = &mut shown {
                fields.insert("certainty".to_owned(), json!(receipt.certainty));
            }
            json!({"delivered": shown})
        }
        Step::Retry(reason, after_ms) => json!({"retry": reason, "after_ms": after_ms}),
        Step::Rejected(why) => json!({"rejected": why}),
        Step::Misconfigured(why) => json!({"misconfigured": why}),
    }
}

/// A request that an action wants sent.
pub fn request_to_json(request: &Sent) -> Value {
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let signing: Vec<String> =
        request.signing.iter().map(|(how, secret)| format!("{how} with {secret}")).collect();
    object([
        ("method", json!(request.method)),
        ("path", json!(request.path)),
        ("query", json!(query)),
        ("headers", json!(headers(&request.headers))),
        ("content_type", json!(request.content_type)),
        ("body", bytes(&request.body)),
        ("signing", json!(signing)),
    ])
}

fn event(event: &Event) -> Value {
    object([
        ("change", json!(event.change)),
        ("key", json!(event.key)),
        ("aliases", json!(event.aliases)),
        ("title", json!(event.title)),
        ("message", json!(event.message)),
        ("severity", json!(event.severity)),
        ("labels", members(&event.labels)),
        ("links", members(&event.links)),
        ("actor", json!(event.actor)),
        ("occurred_at", json!(event.occurred_at)),
    ])
}

fn members(pairs: &[Pair]) -> Value {
    Value::Object(pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>())
}

fn headers(pairs: &[Pair]) -> Vec<String> {
    pairs.iter().map(|(name, value)| format!("{name}: {value}")).collect()
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
