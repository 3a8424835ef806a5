//! The alert's details: the operator's own object, or the message and the attributes that were asked for.
//!
//! Never larger than what is left of an event: PagerDuty takes 512 KB.

use serde_json::{Map, Value};
use tocsin_plugin::prelude::*;

use crate::Fields;

/// Characters of the message; at most 64 KB.
const MESSAGE_CHARS: usize = 16_000;
/// Characters of a name and of a value; with thirty attributes at most 130 KB.
const NAME_CHARS: usize = 100;
const VALUE_CHARS: usize = 1_000;

/// The operator's own details, if there are any.
pub(crate) fn own(settings: &Fields) -> Option<&str> {
    settings.custom_details.as_deref().filter(|template| !template.trim().is_empty())
}

/// # Errors
/// It is not a JSON object, which is all that PagerDuty takes.
pub(crate) fn object(template: &str) -> Result<Map<String, Value>, String> {
    match json::parse(template.as_bytes())? {
        Value::Object(members) => Ok(members),
        _ => Err("is not a JSON object, which PagerDuty wants".to_owned()),
    }
}

/// The details.
///
/// # Errors
/// The operator's own are no object.
pub(crate) fn of(context: &Context, settings: &Fields) -> Result<Map<String, Value>, Failure> {
    if let Some(template) = own(settings) {
        return object(template).map_err(|why| Failure::rejected(format!("`custom_details` {why}")));
    }
    let mut details = Map::new();
    for attribute in settings.facts.record(&context.incident) {
        put(&mut details, &attribute.label, &text::truncate(&attribute.value, VALUE_CHARS));
    }
    let message = settings.message.as_deref().filter(|message| !message.trim().is_empty());
    let message = message.map_or_else(|| context.incident.message.clone(), chat::marked::plain);
    put(&mut details, "Message", &message);
    // Senders repeat the message with each change.
    if context.change.text.trim() != message.trim() {
        put(&mut details, "Change", &context.change.text);
    }
    put(&mut details, "Since", &context.incident.open_since.to_string());
    if let Some(actor) = settings.facts.user_info(context) {
        put(&mut details, "By", &actor);
    }
    put(&mut details, "Incident", &format!("#{}", context.incident.number));
    Ok(details)
}

fn put(details: &mut Map<String, Value>, name: &str, value: &str) {
    let value = text::truncate(plain(value).trim(), MESSAGE_CHARS);
    if !value.is_empty() {
        details.insert(text::truncate(name, NAME_CHARS), Value::from(value));
    }
}

/// Without control characters, except where a line or a column ends.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}
