//! The entry in an incident's thread: what happened, by whom, and what is different.
//!
//! Never the whole incident again: the message above it has that.

use tocsin_plugin::prelude::*;
use tocsin_plugin::text::utf16_length as length;

use crate::Fields;
use crate::blocks::SECTION_CHARS;
use crate::mention::mentions;
use crate::message::{Message, View, emoji, fallback};
use crate::mrkdwn::{escape, line};

/// Characters of the title, of a name, of what is said, and of each new value.
const TITLE_CHARS: usize = 500;
const NAME_CHARS: usize = 100;
const SAID_CHARS: usize = 1_500;
const VALUE_CHARS: usize = 300;

/// `:eyes: *Acknowledged* by jane`, the text below it, and each new value. The title is in it when the entry
/// is shown in the channel too.
///
/// # Errors
/// A mention that is none.
pub(crate) fn entry(context: &Context, settings: &Fields, is_broadcast: bool) -> Result<Message, Failure> {
    let change = &context.change;
    let mut text = mentions(change.kind, &settings.mention)?;
    text.push_str(&context.marked(""));
    text.push_str(&format!("{} *{}", emoji(context), chat::happened(change.kind)));
    if is_broadcast {
        text.push_str(&format!(": {}", line(&context.incident.title, TITLE_CHARS)));
    }
    text.push('*');
    if let Some(by) = settings.facts.user_info(context) {
        text.push_str(&format!(" by {}", line(&by, NAME_CHARS)));
    }
    let mut lines = Vec::new();
    if !change.text.trim().is_empty() {
        lines.push(escape(change.text.trim(), SAID_CHARS));
    }
    lines.extend(differences(context));
    for more in lines {
        if length(&text) + 1 + length(&more) > SECTION_CHARS {
            break;
        }
        text.push('\n');
        text.push_str(&more);
    }
    Ok(Message::short(fallback(context, View::Change), &text))
}

/// The new values of an update, for the fields of one line.
fn differences(context: &Context) -> Vec<String> {
    let change = &context.change;
    if change.kind != ChangeKind::Updated {
        return Vec::new();
    }
    let is_shown = |name: &&String| matches!(name.as_str(), "title" | "severity");
    let names: Vec<String> = change.changed.iter().filter(is_shown).cloned().collect();
    let values = chat::attributes(&context.incident, &names);
    let mut lines: Vec<String> =
        values.iter().map(|a| format!("*{}:* {}", a.label, line(&a.value, VALUE_CHARS))).collect();
    let has = |field: &str| change.changed.iter().any(|name| name == field);
    if has("message") && change.text.trim() != context.incident.message.trim() {
        lines.push(format!("*Message:* {}", line(&context.incident.message, VALUE_CHARS)));
    }
    if has("labels") {
        lines.push("Labels are different, see above.".to_owned());
    }
    lines
}
