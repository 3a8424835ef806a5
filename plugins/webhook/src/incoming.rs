//! The source: one object, from JSON, a form or a query, becomes one event.
//!
//! Never refuses for a severity that it does not know: the source's default counts, and the word is kept.

use serde_json::{Map, Value};
use tocsin_plugin::prelude::*;

/// Where things are in what comes in.
#[derive(Settings)]
pub struct In {
    /// Where the title is. A path of names with dots between reaches into nested JSON, a number into a list:
    /// `alert.name`, `alerts.0.title`.
    #[setting(default = "title")]
    title_field: String,
    /// Where the status is. A request without one opens an incident.
    #[setting(default = "status")]
    status_field: String,
    /// Where the message is.
    #[setting(default = "message")]
    message_field: String,
    /// Where the id is that ties an alert to its end. Without one the title is used.
    #[setting(default = "id")]
    id_field: String,
    /// Where the severity is.
    #[setting(default = "severity")]
    severity_field: String,
    /// Where the time of the event is: RFC 3339, or seconds or milliseconds since 1970. It may be left out.
    time_field: Option<String>,
    /// Further words of the sender for "there is a problem", one on each line, in any case. Usual ones such as
    /// `firing`, `down` or `open` are known.
    trigger_words: Vec<String>,
    /// Further words of the sender for "it is over", one on each line, in any case. Usual ones such as `ok`,
    /// `up` or `closed` are known.
    resolve_words: Vec<String>,
    /// Where the sender's id of the delivery is, if it has one. When it comes again within 24 hours, nothing
    /// happens. `webhook-id` and `idempotency-key` headers are used by themselves.
    delivery_id_field: Option<String>,
}

/// Headers that mean one delivery, however often it is sent.
const DELIVERY_HEADERS: [&str; 2] = ["webhook-id", "idempotency-key"];

pub(crate) fn decode(request: &Request, settings: &In) -> Result<Decoded, Refusal> {
    let document = read(request)?;
    let field = |path: &str| json::text(&document, path);
    let title = field(&settings.title_field)
        .map(|title| text::one_line(&title))
        .filter(|title| !title.is_empty())
        .ok_or_else(|| Refusal::missing(settings.title_field.clone()))?;
    let change = match field(&settings.status_field) {
        Some(word) => change(&word, settings)?,
        None => Change::Trigger,
    };
    let key = field(&settings.id_field).unwrap_or_else(|| title.clone());
    let mut event = Event::new(change, &key, &title).message(message(&document, &settings.message_field));
    if let Some(word) = field(&settings.severity_field) {
        event = event.severity(words::severity(&word));
        if event.severity.is_none() {
            event = event.label("severity", &text::truncate(&text::one_line(&word), 100));
        }
    }
    let time = settings.time_field.as_deref().filter(|path| !path.is_empty());
    event = event.occurred_at(time.and_then(field).and_then(|time| Timestamp::parse(&time)));
    for (name, value) in json::flatten("", &document) {
        if !settings.is_used(&name) {
            event = if name.eq_ignore_ascii_case("url") && text::is_web_address(&value) {
                event.link("Link", &value)
            } else {
                event.label(&name, &value)
            };
        }
    }
    let from_header = DELIVERY_HEADERS.iter().find_map(|name| request.header(name)).map(str::to_owned);
    let from_field = settings.delivery_id_field.as_deref().filter(|path| !path.is_empty()).and_then(field);
    Ok(Decoded::from(event).delivery_id(from_field.or(from_header)))
}

impl In {
    /// Whether a flattened name is one of the fields, so that it is no label as well.
    fn is_used(&self, name: &str) -> bool {
        let required = [
            &self.title_field,
            &self.status_field,
            &self.message_field,
            &self.id_field,
            &self.severity_field,
        ];
        let optional = [&self.time_field, &self.delivery_id_field];
        let all = required.into_iter().chain(optional.into_iter().flatten());
        all.into_iter().any(|path| path.eq_ignore_ascii_case(name))
    }
}

/// The one object. A list of one is unwrapped, as several senders wrap by mistake.
fn read(request: &Request) -> Result<Value, Refusal> {
    let document = match request.payload()? {
        Payload::Json(Value::Array(mut items)) if items.len() == 1 => items.remove(0),
        // A list can still be addressed, as `0.title`.
        Payload::Json(list @ Value::Array(_)) => list,
        Payload::Json(Value::String(inner)) => json::parse(inner.as_bytes()).map_err(|error| {
            Refusal::Malformed(format!("the body is a JSON string whose text is no document: {error}"))
        })?,
        Payload::Json(value) => value,
        form @ Payload::Form(_) => Value::Object(form.into_object().unwrap_or_default()),
        Payload::Empty => {
            let fields = request.query.iter().map(|p| (p.name.clone(), Value::String(p.value.clone())));
            Value::Object(fields.collect::<Map<String, Value>>())
        }
    };
    if document.is_object() || document.is_array() {
        return Ok(document);
    }
    Err(Refusal::Malformed("the body is a single value; a JSON object was expected".to_owned()))
}

fn change(word: &str, settings: &In) -> Result<Change, Refusal> {
    let is_in = |words: &[String]| words.iter().any(|known| words::same(known, word));
    if is_in(&settings.trigger_words) {
        return Ok(Change::Trigger);
    }
    if is_in(&settings.resolve_words) {
        return Ok(Change::Resolve);
    }
    words::change(word).ok_or_else(|| {
        Refusal::invalid(
            settings.status_field.clone(),
            format!(
                "`{}` is not known; send `trigger` or `resolve`, or add the word to the source's trigger_words or \
                 resolve_words",
                text::truncate(&text::one_line(word), 60)
            ),
        )
    })
}

/// The message; a structure is shown as JSON.
fn message(document: &Value, path: &str) -> String {
    match json::at(document, path) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(nested @ (Value::Object(_) | Value::Array(_))) => format!("{nested:#}"),
        Some(scalar) => json::scalar(scalar).unwrap_or_default(),
        None => String::new(),
    }
}
