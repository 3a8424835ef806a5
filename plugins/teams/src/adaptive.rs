//! An Adaptive Card 1.5 in the envelope that a flow expects.
//!
//! Never a member that the official schema lacks, a null among elements or an address that is not absolute:
//! after a flow has taken a card, nobody tells that it was not shown. Text of an alert is a `TextRun`, which has
//! no markup on any device; only attributes are Markdown, since a `FactSet` has no other texts.

use serde_json::{Value, json};
use tocsin_plugin::chat::{Button, Emphasis};

use crate::content::Content;
use crate::{neutral, runs};

/// The whole body of the request.
pub(crate) fn message(content: &Content) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card(content),
        }],
    })
}

fn card(content: &Content) -> Value {
    let mut body = vec![head(content)];
    let message = runs::of(&content.message);
    if !message.is_empty() {
        body.push(text(message));
    }
    if let Some(actor) = &content.actor {
        let by = neutral::run(&format!("by {actor}"));
        body.push(text(vec![json!({"type": "TextRun", "text": by, "isSubtle": true})]));
    }
    if !content.attributes.is_empty() {
        let facts = content
            .attributes
            .iter()
            .map(|fact| json!({"title": neutral::fact(&fact.label), "value": neutral::fact(&fact.value)}));
        body.push(json!({"type": "FactSet", "facts": facts.collect::<Vec<_>>()}));
    }
    for link in &content.links {
        let label = neutral::run(&format!("{}: ", link.label));
        let label = json!({"type": "TextRun", "text": label, "isSubtle": true});
        body.push(text(vec![label, runs::link(&link.value)]));
    }
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": neutral::fact(&content.title),
        "body": body,
    });
    if !content.buttons.is_empty() {
        card["actions"] = content.buttons.iter().map(action).collect();
    }
    card
}

/// The title in the highlight's style.
fn head(content: &Content) -> Value {
    let title = json!({
        "type": "TextRun",
        "text": neutral::run(&content.title),
        "size": "medium",
        "weight": "bolder",
    });
    json!({
        "type": "Container",
        "style": content.highlight.style(),
        "bleed": true,
        "items": [text(vec![title])],
    })
}

fn text(inlines: Vec<Value>) -> Value {
    json!({"type": "RichTextBlock", "inlines": inlines})
}

/// Teams shows six and puts what is more into a menu.
fn action(button: &Button) -> Value {
    let style = match button.emphasis {
        Emphasis::Primary => "positive",
        Emphasis::Plain => "default",
        Emphasis::Danger => "destructive",
    };
    json!({"type": "Action.OpenUrl", "title": button.label, "url": button.url, "style": style})
}
