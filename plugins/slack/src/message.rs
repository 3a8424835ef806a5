//! The message of an incident: a text for notifications and the blocks that people see.
//!
//! Never cuts the message for the sake of what is below it: attributes give way first.

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::utf16_length as length;

use crate::Fields;
use crate::blocks::{self, SECTION_CHARS, cost};
use crate::mention::mentions;
use crate::mrkdwn::{entities, escape, line};

/// Characters of all blocks as JSON. Slack refuses messages from about 13 200 on without saying what it
/// counts (slackapi/bolt-js#2509, #2867: 11 341 characters of text alone were too many).
pub(crate) const BLOCKS_CHARS: usize = 12_000;
/// Characters of the title inside a section: the message needs the rest.
const TITLE_CHARS: usize = 1_000;
/// Characters of the notification's text before escaping (Slack: 40 000 after): a phone shows two lines.
const FALLBACK_CHARS: usize = 200;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// The change: a message that is read when it comes.
    Change,
    /// The incident as it is now: a message that was edited, whose thread has the changes.
    Present,
}

/// A message without its place.
pub(crate) struct Message {
    text: String,
    blocks: Vec<Value>,
    attachments: Vec<Value>,
}

impl Message {
    /// As a request's body. Addresses in it are not looked up by Slack: whoever writes an alert must not make
    /// it fetch something.
    pub(crate) fn posted(self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("text".to_owned(), self.text.into());
        body.insert("blocks".to_owned(), self.blocks.into());
        if !self.attachments.is_empty() {
            body.insert("attachments".to_owned(), self.attachments.into());
        }
        body.insert("unfurl_links".to_owned(), false.into());
        body.insert("unfurl_media".to_owned(), false.into());
        body
    }

    /// As the body of an edit, where what is left out stays as it was and `parse` falls back to what makes
    /// mentions of names.
    pub(crate) fn edited(self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("text".to_owned(), self.text.into());
        body.insert("blocks".to_owned(), self.blocks.into());
        body.insert("attachments".to_owned(), self.attachments.into());
        body.insert("parse".to_owned(), "none".into());
        body
    }

    /// A message of one section.
    pub(crate) fn short(text: String, section: &str) -> Self {
        Self { text, blocks: vec![blocks::section(section)], attachments: Vec::new() }
    }
}

/// The message of an incident.
///
/// # Errors
/// A mention that is none.
pub(crate) fn compose(context: &Context, settings: &Fields, view: View) -> Result<Message, Failure> {
    let first = blocks::section(&body(context, settings, view)?);
    let by = is_told(context, view).then(|| settings.facts.user_info(context)).flatten();
    let line = blocks::context_line(context, by.as_deref());
    let mut room = BLOCKS_CHARS.saturating_sub(cost(&first) + cost(&line));
    let actions = blocks::actions(context, settings, room);
    room = room.saturating_sub(actions.as_ref().map_or(0, cost));
    let attributes = settings.facts.attributes(&context.incident);
    let mut below = blocks::fields(&attributes, room);
    below.push(line);
    below.extend(actions);
    let text = fallback(context, view);
    Ok(match settings.highlight_color.as_deref().filter(|color| !color.is_empty()) {
        None => Message { text, blocks: [vec![first], below].concat(), attachments: Vec::new() },
        // The message stays outside: Slack folds long attachments.
        Some(color) => {
            let attachment = json!({"color": format!("#{color}"), "blocks": below});
            Message { text, blocks: vec![first], attachments: vec![attachment] }
        }
    })
}

/// Whether the message says this change, with who made it. An edited one only does for what it still is.
fn is_told(context: &Context, view: View) -> bool {
    use ChangeKind::{Acknowledged, Opened, Reopened, Resolved, Unacknowledged};
    let kind = context.change.kind;
    view == View::Change || matches!(kind, Opened | Acknowledged | Unacknowledged | Resolved | Reopened)
}

fn word(context: &Context, view: View) -> &'static str {
    if is_told(context, view) {
        return chat::happened(context.change.kind);
    }
    match context.incident.state {
        State::Open => "Open",
        State::Acknowledged => "Acknowledged",
        State::Resolved => "Resolved",
    }
}

/// What a notification shows, and clients that cannot show blocks: `[HIGH] New: Disk full`.
pub(crate) fn fallback(context: &Context, view: View) -> String {
    let incident = &context.incident;
    let severity = incident.severity.as_str().to_uppercase();
    let headline = format!("[{severity}] {}: {}", word(context, view), text::one_line(&incident.title));
    // Plain text is escaped like markup, but a link would show its brackets.
    entities(&text::truncate(&context.marked(&headline), FALLBACK_CHARS))
}

fn body(context: &Context, settings: &Fields, view: View) -> Result<String, Failure> {
    let mut head = match view {
        View::Change => mentions(context.change.kind, &settings.mention)?,
        View::Present => String::new(),
    };
    head = format!("{head}{}", context.marked(""));
    let room = SECTION_CHARS.saturating_sub(length(&head));
    let own = escape(settings.message.as_deref().unwrap_or_default().trim(), room);
    // Nothing may be left of a message of control characters.
    if own.trim().is_empty() {
        head.push_str(&layout(context, view, room));
    } else {
        head.push_str(&own);
    }
    Ok(head)
}

/// Emoji, what happened, the title; below it what was said, and the message.
fn layout(context: &Context, view: View, chars: usize) -> String {
    let incident = &context.incident;
    let mut text =
        format!("{} *{}: {}*", emoji(context), word(context, view), line(&incident.title, TITLE_CHARS));
    let said = if view == View::Change { context.change.text.trim() } else { "" };
    let message = incident.message.trim();
    for more in [if said == message { "" } else { said }, message] {
        let room = chars.saturating_sub(length(&text) + 1);
        if !text::is_blank(more) && room > 1 {
            text.push('\n');
            text.push_str(&escape(more, room));
        }
    }
    text
}

/// Says state and severity at a glance.
pub(crate) fn emoji(context: &Context) -> &'static str {
    match (context.incident.state, context.incident.severity) {
        (State::Resolved, _) => ":white_check_mark:",
        (State::Acknowledged, _) => ":eyes:",
        (State::Open, Severity::Critical) => ":rotating_light:",
        (State::Open, Severity::High) => ":red_circle:",
        (State::Open, Severity::Medium) => ":large_orange_circle:",
        (State::Open, Severity::Low) => ":large_yellow_circle:",
        (State::Open, Severity::Info) => ":large_blue_circle:",
    }
}
