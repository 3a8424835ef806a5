//! A MessageCard for the connectors that are left.
//!
//! Never without a summary, which a connector refuses, nor with more than four buttons. Summaries are plain
//! text in Teams, titles HTML, sections and facts HTML and Markdown (healthchecks/healthchecks#426); text of an
//! alert is escaped for the place where it stands.

use serde_json::{Value, json};
use tocsin_plugin::chat::Button;

use crate::content::Content;
use crate::neutral;

/// Buttons that a connector takes.
const BUTTONS_MAX: usize = 4;

/// The whole body of the request.
pub(crate) fn message(content: &Content) -> Value {
    let mut card = json!({
        "@type": "MessageCard",
        "@context": "https://schema.org/extensions",
        "summary": content.title,
        "title": neutral::html(&content.title),
    });
    if let Some(color) = content.highlight.hex() {
        card["themeColor"] = color.into();
    }
    let section = section(content);
    if section.as_object().is_some_and(|section| !section.is_empty()) {
        card["sections"] = json!([section]);
    }
    if !content.buttons.is_empty() {
        card["potentialAction"] = content.buttons.iter().take(BUTTONS_MAX).map(action).collect();
    }
    card
}

fn section(content: &Content) -> Value {
    let mut section = json!({});
    let by = content.actor.as_ref().map(|actor| format!("by {actor}")).unwrap_or_default();
    let texts = [neutral::markdown(&content.message), neutral::markdown(&by)];
    let text = texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    if !text.is_empty() {
        section["text"] = text.into();
    }
    let attributes = content.attributes.iter().map(|a| (&a.label, neutral::markdown(&a.value)));
    let links = content.links.iter().map(|link| (&link.label, neutral::markdown_link(&link.value)));
    let facts: Vec<Value> = attributes
        .chain(links)
        .map(|(name, value)| json!({"name": neutral::markdown(name), "value": value}))
        .collect();
    if !facts.is_empty() {
        section["facts"] = facts.into();
    }
    section
}

fn action(button: &Button) -> Value {
    json!({
        "@type": "OpenUri",
        "name": button.label,
        "targets": [{"os": "default", "uri": button.url}],
    })
}
