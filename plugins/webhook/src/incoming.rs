//! The source: one object, from JSON, a form or a query, becomes one event; or whatever a program makes of it.
//!
//! Never refuses for a severity that it does not know: the source's default counts, and the word is kept.

use serde_json::{Map, Value};
use tocsin_plugin::prelude::*;

use crate::jq::Program;
use crate::{Recipe, mapped};

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
    /// A ready program for a tool. With it, or with `jq`, the fields above are not used; `trigger_words` and
    /// `resolve_words` are.
    recipe: Option<Recipe>,
    /// A jq program that makes events of a request. Its input is the body: the JSON document, or an object of a
    /// form's fields, or of the query when there is no body; `$request` has `method`, `path`, `query`, `headers`
    /// and `received_at`. It gives objects with `status`, `key`, `title`, `message`, `severity`, `labels`,
    /// `links`, `aliases`, `actor` and `occurred_at`, or `{ignored: "why"}`; giving nothing refuses the request.
    #[setting(label = "jq program", kind = "expression")]
    jq: Option<String>,
}

/// Headers that mean one delivery, however often it is sent.
const DELIVERY_HEADERS: [&str; 2] = ["webhook-id", "idempotency-key"];

pub(crate) fn decode(request: &Request, settings: &In) -> Result<Decoded, Refusal> {
    let decoded = match settings.program() {
        Some((name, code)) => mapped::decode(request, &document(request)?, name, code, settings)?,
        None => simple(request, settings)?,
    };
    let from_header = || DELIVERY_HEADERS.iter().find_map(|name| request.header(name)).map(str::to_owned);
    let delivery_id = decoded.delivery_id.clone().or_else(from_header);
    Ok(decoded.delivery_id(delivery_id))
}

/// Mistakes in the settings: a program that does not compile.
pub(crate) fn check(settings: &In) -> Result<(), Vec<Problem>> {
    match (settings.jq.as_deref().filter(|code| !code.trim().is_empty()), settings.recipe) {
        (Some(_), Some(_)) => {
            let problem =
                "is given beside a recipe; take one of them out, or copy the recipe's program and change it";
            Err(vec![Problem::new("jq", problem)])
        }
        (Some(code), None) => match Program::compile(code, mapped::VARIABLES) {
            Ok(_) => Ok(()),
            Err(why) => Err(vec![Problem::new("jq", format!("is not a program that jq can run: {why}"))]),
        },
        (None, _) => Ok(()),
    }
}

/// One event, from the fields that the settings name.
fn simple(request: &Request, settings: &In) -> Result<Decoded, Refusal> {
    let document = read(request)?;
    let field = |path: &str| json::text(&document, path);
    let title = field(&settings.title_field)
        .map(|title| text::one_line(&title))
        .filter(|title| !title.is_empty())
        .ok_or_else(|| Refusal::missing(settings.title_field.clone()))?;
    let changes = match field(&settings.status_field) {
        Some(word) => settings.changes(&word, &settings.status_field)?,
        None => &[Change::Trigger],
    };
    let key = field(&settings.id_field).unwrap_or_else(|| title.clone());
    let mut event = Event::new(Change::Trigger, &key, &title).message(message(&document, &settings.message_field));
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
    let from_field = settings.delivery_id_field.as_deref().filter(|path| !path.is_empty()).and_then(field);
    Ok(Decoded::from(event.for_each(changes)).delivery_id(from_field))
}

impl In {
    /// The program that is in force, with the name that a sender is told.
    fn program(&self) -> Option<(&str, &str)> {
        let own =
            self.jq.as_deref().filter(|code| !code.trim().is_empty()).map(|code| ("the jq program", code));
        own.or_else(|| self.recipe.map(|recipe| ("the recipe", recipe.program())))
    }

    /// The events that a word for the status stands for; `field` is where it stands.
    pub(crate) fn changes(&self, word: &str, field: &str) -> Result<&'static [Change], Refusal> {
        let is_in = |words: &[String]| words.iter().any(|known| words::same(known, word));
        if is_in(&self.trigger_words) {
            return Ok(&[Change::Trigger]);
        }
        if is_in(&self.resolve_words) {
            return Ok(&[Change::Resolve]);
        }
        words::changes(word).ok_or_else(|| {
            let word = text::truncate(&text::one_line(word), 60);
            let problem = format!(
                "`{word}` is not known; send `trigger` or `resolve`, or add the word to the source's trigger_words \
                 or resolve_words"
            );
            Refusal::invalid(field, problem)
        })
    }

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
    match document(request)? {
        Value::Array(mut items) if items.len() == 1 => Ok(items.remove(0)),
        // A list can still be addressed, as `0.title`.
        document @ (Value::Object(_) | Value::Array(_)) => Ok(document),
        Value::String(_) => Err(Refusal::Malformed(
            "the body is a JSON string whose text is no document; a JSON object was expected".to_owned(),
        )),
        _ => Err(Refusal::Malformed("the body is a single value; a JSON object was expected".to_owned())),
    }
}

/// The body as one JSON value, or the query where there is none. A text that holds a document is that document.
fn document(request: &Request) -> Result<Value, Refusal> {
    Ok(match request.payload()? {
        Payload::Json(Value::String(inner)) => match json::parse(inner.as_bytes()) {
            Ok(document @ (Value::Object(_) | Value::Array(_))) => document,
            _ => Value::String(inner),
        },
        Payload::Json(value) => value,
        form @ Payload::Form(_) => Value::Object(form.into_object().unwrap_or_default()),
        Payload::Empty => {
            let fields = request.query.iter().map(|p| (p.name.clone(), Value::String(p.value.clone())));
            Value::Object(fields.collect::<Map<String, Value>>())
        }
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
