//! A card that the operator wrote as JSON.
//!
//! Never a document that its target does not take: the kind is checked, and the size.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;

use crate::target::Target;
use crate::{adaptive, neutral};

/// What is wrong with the setting.
pub(crate) fn check(card: Option<&str>, target: Target) -> Option<SettingProblem> {
    read(card, target).err().map(|problem| SettingProblem::new("card", problem))
}

/// The body of the request for the operator's `card`; nothing when there is none.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn body(context: &Context, card: Option<&str>, target: Target) -> Result<Option<Value>, String> {
    let Some(mut card) = read(card, target)? else { return Ok(None) };
    if context.test {
        mark(context, &mut card, target);
    }
    Ok(Some(match target {
        Target::Workflow if !is(&card, "type", "message") => {
            adaptive::envelope(card, &neutral::line(&chat::notification(context, chat::View::Change)))
        }
        Target::Workflow | Target::Connector => card,
    }))
}

fn read(card: Option<&str>, target: Target) -> Result<Option<Value>, String> {
    let Some(card) = text::filled(card) else { return Ok(None) };
    let card = json::parse(card.as_bytes())?;
    let has_attachments = card.get("attachments").is_some_and(Value::is_array);
    let (fits, kinds) = match target {
        Target::Workflow => (
            is(&card, "type", "AdaptiveCard") || is(&card, "type", "message") && has_attachments,
            "is no Adaptive Card: a flow takes `\"type\": \"AdaptiveCard\"`, or a whole message with `attachments`",
        ),
        Target::Connector => (
            is(&card, "@type", "MessageCard"),
            "is no MessageCard: a connector takes `\"@type\": \"MessageCard\"`",
        ),
    };
    if fits { Ok(Some(card)) } else { Err(kinds.to_owned()) }
}

fn is(card: &Value, name: &str, kind: &str) -> bool {
    card.get(name).and_then(Value::as_str) == Some(kind)
}

/// Says on the card that the action is being tried out.
fn mark(context: &Context, card: &mut Value, target: Target) {
    if target == Target::Connector {
        for name in ["title", "summary"] {
            if let Some(text) = card.get(name).and_then(Value::as_str).map(|text| context.marked(text)) {
                card[name] = text.into();
            }
        }
        return;
    }
    let attachments = card.get_mut("attachments").and_then(Value::as_array_mut);
    let cards: Vec<&mut Value> = match attachments {
        Some(attachments) => attachments.iter_mut().filter_map(|one| one.get_mut("content")).collect(),
        None => vec![card],
    };
    for card in cards {
        if let Some(body) = card.get_mut("body").and_then(Value::as_array_mut) {
            body.insert(0, json!({"type": "TextBlock", "text": "TEST", "weight": "bolder"}));
        }
    }
}
