//! Attachments that the operator wrote as JSON, in place of the default one.
//!
//! Never lets what an alert says become markup in them: a text with placeholders is written as a message of the
//! operator's is, and a text without is as the operator wrote it.

use serde_json::Value;
use tocsin_plugin::Document;
use tocsin_plugin::prelude::*;

use crate::message;

/// Attachments of one message.
const ATTACHMENTS_MAX: usize = 10;
/// UTF-16 code units of all that is written in them.
const DOCUMENT_LENGTH: usize = 20_000;
/// Members whose text Rocket.Chat reads as Markdown, or shows as it is.
const TEXTS: [&str; 7] = ["author_name", "description", "pretext", "text", "title", "value", "footer"];

/// What is wrong with the setting.
pub(crate) fn check(given: &Option<Document>) -> Option<SettingProblem> {
    attachments(given).err().map(|problem| SettingProblem::new("attachments", problem))
}

/// The list for the operator's `attachments`; nothing when there is none. It is a list, one attachment, or a message
/// with `attachments`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn attachments(given: &Option<Document>) -> Result<Option<Value>, String> {
    let Some(given) = given.as_ref().filter(|given| !given.is_blank()) else { return Ok(None) };
    let mut document = given.read(|string| {
        let is_text = string.names.last().is_some_and(|name| TEXTS.contains(&name.as_str()));
        if !string.is_fixed && is_text {
            *string.text = message::own(string.text, message::TEXT_LENGTH);
        }
        Ok(())
    })?;
    let listed = document.get_mut("attachments").map(Value::take);
    let list = match listed.unwrap_or(document) {
        Value::Array(list) => list,
        one => vec![one],
    };
    if list.is_empty() || list.len() > ATTACHMENTS_MAX {
        return Err(format!("has {} attachments: a message has 1 to {ATTACHMENTS_MAX}", list.len()));
    }
    if let Some(at) = list.iter().position(|one| !one.is_object()) {
        return Err(format!(
            "has no object in place {}: an attachment is `{{\"title\": …, \"text\": …}}`",
            at + 1
        ));
    }
    let list = Value::Array(list);
    let units = text::utf16_length(&list.to_string());
    if units > DOCUMENT_LENGTH {
        return Err(format!("has {units} characters: clients fail with more than {DOCUMENT_LENGTH}"));
    }
    Ok(Some(list))
}
