//! Simple mode: an object, or each object of a list, becomes an event by the names of its fields.
//!
//! Never asks for more than a key where there is nothing to open.

mod status;

use serde_json::Value;
use tocsin_plugin::notes::{Draft, Notes};
use tocsin_plugin::prelude::*;

use crate::In;
use status::Status;

pub(crate) fn decode(document: Value, settings: &In) -> Result<Decoded, Refusal> {
    let mut notes = Notes::default();
    let decoded = match document {
        // Several senders wrap one alert by mistake.
        Value::Array(mut items) if items.len() == 1 => one(&items.remove(0), settings, &mut notes)?,
        // The settings may address an element of the list: `0.title`.
        list @ Value::Array(_) if begins_with_a_number(&settings.title_field) => {
            one(&list, settings, &mut notes)?
        }
        Value::Array(items) if items.is_empty() => {
            return Err(Refusal::Malformed("the list is empty; an alert was expected in it".to_owned()));
        }
        Value::Array(items) => {
            let events = items.iter().map(|item| event(item, settings, &mut notes));
            let outcomes: Vec<_> = events.collect();
            Decoded::of_elements(outcomes, |index| format!("[{index}]"))?
        }
        Value::String(_) => {
            let why = "the body is a JSON string whose text is no document; a JSON object was expected";
            return Err(Refusal::Malformed(why.to_owned()));
        }
        document => one(&document, settings, &mut notes)?,
    };
    Ok(Decoded { remarks: notes.into_remarks(), ..decoded })
}

fn begins_with_a_number(path: &str) -> bool {
    path.split('.').next().is_some_and(|first| first.parse::<usize>().is_ok())
}

/// The events of the one alert of a request.
fn one(document: &Value, settings: &In, notes: &mut Notes) -> Result<Decoded, Refusal> {
    let events = event(document, settings, notes)?;
    let path = settings.delivery_id_field.as_deref().filter(|path| !path.is_empty());
    Ok(Decoded::from(events).delivery_id(path.and_then(|path| json::text(document, path))))
}

fn event(document: &Value, settings: &In, notes: &mut Notes) -> Result<Vec<Event>, Refusal> {
    if !document.is_object() && !document.is_array() {
        return Err(Refusal::Malformed("the body is a single value; a JSON object was expected".to_owned()));
    }
    let field = |path: &str| json::text(document, path);
    let written =
        field(&settings.title_field).map(|title| text::one_line(&title)).filter(|title| !title.is_empty());
    let id = field(&settings.id_field);
    if written.is_none() && id.is_none() {
        return Err(Refusal::missing(settings.title_field.clone()));
    }
    let Status { changes, title, key, field: status_field } =
        Status::find(document, settings, written.as_deref(), notes)?;
    let opens = changes.contains(&Change::Trigger);
    let Some(key) = id.or(key).or_else(|| title.clone()) else {
        return Err(Refusal::missing(settings.id_field.clone()));
    };
    if opens && title.is_none() {
        return Err(Refusal::missing(settings.title_field.clone()));
    }
    let event = Event::new(Change::Trigger, &key, &title.unwrap_or_default())
        .message(message(document, &settings.message_field));
    let mut draft = Draft::new(event, notes);
    let severity = json::at(document, &settings.severity_field).and_then(json::word);
    draft.severity(severity.as_deref(), &settings.severities());
    if let Some(path) = settings.time_field.as_deref().filter(|path| !path.is_empty()) {
        draft.time(path, field(path).as_deref());
    }
    for (name, value) in json::flatten("", document) {
        let is_status = status_field.as_ref().is_some_and(|path| path.eq_ignore_ascii_case(&name));
        if is_status || settings.is_used(&name) {
            continue;
        }
        let is_url = name.eq_ignore_ascii_case("url");
        if is_url {
            draft.link("Link", &value);
        }
        if !is_url || !text::is_web_address(&value) {
            draft.label(&name, &value);
        }
    }
    Ok(draft.finish().for_each(changes))
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
