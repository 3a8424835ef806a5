//! A MessageCard for the connectors that are left.
//!
//! Never without a summary, which a connector refuses, nor with more than four buttons. Summaries are plain
//! text in Teams, titles HTML, sections and facts HTML and Markdown (healthchecks/healthchecks#426); text of an
//! alert is escaped for the place where it stands.

use serde_json::{Value, json};
use tocsin_plugin::chat::Button;
use tocsin_plugin::chat::marked::{self, Piece};

use crate::content::Content;
use crate::neutral;

/// Buttons that a connector takes.
const BUTTONS_MAX: usize = 4;

/// The whole body of the request.
pub(crate) fn message(content: &Content) -> Value {
    let mut card = json!({
        "@type": "MessageCard",
        "@context": "https://schema.org/extensions",
        "summary": content.notification,
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

/// The message and the line of essentials, then facts: labels and links.
fn section(content: &Content) -> Value {
    let mut section = json!({});
    let message = if content.is_own { own(&content.message) } else { neutral::markdown(&content.message) };
    let texts = [message, neutral::markdown(&content.essentials_as_text())];
    let text = texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    if !text.is_empty() {
        section["text"] = text.into();
    }
    let attributes = content.attributes.iter().map(|a| (a.label.clone(), neutral::markdown(&a.value)));
    let more = content.more.iter().map(|more| ("…".to_owned(), neutral::markdown(more)));
    let links =
        content.links.iter().map(|(text, url)| ("Link".to_owned(), neutral::markdown_link(text, url)));
    let facts: Vec<Value> = attributes
        .chain(more)
        .chain(links)
        .map(|(name, value)| json!({"name": neutral::markdown(&name), "value": value}))
        .collect();
    if !facts.is_empty() {
        section["facts"] = facts.into();
    }
    section
}

/// An operator's message: its links are links, a mention stands as `@id`.
fn own(message: &str) -> String {
    let written = marked::pieces(message).into_iter().map(|piece| match piece {
        Piece::Text(text) => neutral::markdown_around(text),
        Piece::Link { url, text } => neutral::markdown_link(if text.is_empty() { url } else { text }, url),
        Piece::Mention(id) => neutral::markdown(&format!("@{}", id.trim_start_matches('@'))),
    });
    written.collect()
}

fn action(button: &Button) -> Value {
    json!({
        "@type": "OpenUri",
        "name": button.label,
        "targets": [{"os": "default", "uri": button.url}],
    })
}
