//! The message of an incident: a text for notifications and the blocks that people see.
//!
//! Never cuts the message for the sake of what is below it: attributes give way first.

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::utf16_length as length;

use tocsin_plugin::chat::{Summary, View};

use crate::blocks::{self, SECTION_CHARS, cost};
use crate::mention::mentions;
use crate::mrkdwn::{entities, escape, own};
use crate::rich::Rich;
use crate::{Fields, layout};

/// Characters of all blocks as JSON. Slack refuses messages from about 13 200 on without saying what it
/// counts (slackapi/bolt-js#2509, #2867: 11 341 characters of text alone were too many).
pub(crate) const BLOCKS_CHARS: usize = 12_000;
/// Characters of the title: the message needs the rest.
const TITLE_CHARS: usize = 1_000;
/// Characters of the notification's text before escaping (Slack: 40 000 after): a phone shows two lines.
const FALLBACK_CHARS: usize = 200;
/// Characters of a message without a layout, before escaping.
const PLAIN_CHARS: usize = 3_000;

/// A message without its place.
pub(crate) struct Message {
    text: String,
    /// As text alone, for when the layout is refused; empty for `text`.
    plain: String,
    blocks: Vec<Value>,
    attachments: Vec<Value>,
}

impl Message {
    /// As a request's body. Addresses in it are not looked up by Slack: whoever writes an alert must not make
    /// it fetch something.
    pub(crate) fn posted(self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("text".to_owned(), self.text.into());
        if !self.blocks.is_empty() {
            body.insert("blocks".to_owned(), self.blocks.into());
        }
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

    /// From its parts.
    pub(crate) fn new(text: String, blocks: Vec<Value>) -> Self {
        Self { text, plain: String::new(), blocks, attachments: Vec::new() }
    }

    /// The same without a layout: what is sent when Slack refuses that.
    pub(crate) fn plain(self) -> Self {
        let text = if self.plain.is_empty() { self.text } else { self.plain };
        Self { text, plain: String::new(), blocks: Vec::new(), attachments: Vec::new() }
    }
}

/// The message of an incident.
///
/// # Errors
/// Own `blocks` that are none for this incident.
pub(crate) fn compose(context: &Context, settings: &Fields, view: View) -> Result<Message, Failure> {
    let summary = Summary::of(context, view, &settings.facts, &settings.buttons);
    let called =
        if view == View::Change { mentions(context.change.kind, &settings.mention) } else { String::new() };
    let text = fallback(&summary);
    let plain = plain(&summary, &called, context);
    if let Some(own) = text::filled(settings.blocks.as_deref()) {
        let mut blocks = layout::own(own).map_err(|why| Failure::rejected(format!("`blocks` {why}")))?;
        if !called.is_empty() {
            blocks.insert(0, blocks::section(&called));
        }
        return Ok(Message { text, plain, blocks, attachments: Vec::new() });
    }
    let own = own_message(context, settings, &called);
    let summary = if own.is_some() { summary.without_lead() } else { summary };
    let first = own.map_or_else(|| head(context, &summary, &called), |own| vec![own]);
    let line = blocks::essentials(&summary);
    let mut room = BLOCKS_CHARS.saturating_sub(first.iter().map(cost).sum::<usize>() + cost(&line));
    let actions = blocks::actions(&summary, room);
    room = room.saturating_sub(actions.as_ref().map_or(0, cost));
    let is_auto = settings.facts.is_auto();
    let details = blocks::details(&summary, is_auto).filter(|block| cost(block) <= room);
    room = room.saturating_sub(details.as_ref().map_or(0, cost));
    let attributes = if is_auto { None } else { blocks::attributes(&summary.labels, room) };
    let below: Vec<Value> = [Some(line), actions, attributes, details].into_iter().flatten().collect();
    Ok(match settings.highlight_color.as_deref().filter(|color| !color.is_empty()) {
        None => Message { text, plain, blocks: [first, below].concat(), attachments: Vec::new() },
        // The message stays outside: Slack folds long attachments.
        Some(color) => {
            let attachment = json!({"color": format!("#{color}"), "blocks": below});
            Message { text, plain, blocks: first, attachments: vec![attachment] }
        }
    })
}

/// The operator's own text, behind the mentions.
fn own_message(context: &Context, settings: &Fields, called: &str) -> Option<Value> {
    let marked = context.marked("");
    let mut first = if called.is_empty() { marked.clone() } else { format!("{called} {marked}") };
    let room = SECTION_CHARS.saturating_sub(length(&first));
    let given = own(settings.message.as_deref().unwrap_or_default().trim(), room);
    // Nothing may be left of a message of control characters.
    (!given.trim().is_empty()).then(|| {
        first.push_str(&given);
        blocks::section(&first)
    })
}

/// The default's title, what changed, what was said and the description; mentions in a section of their own, which is
/// what Slack notifies for.
fn head(context: &Context, summary: &Summary, called: &str) -> Vec<Value> {
    let mentions = (!called.is_empty()).then(|| blocks::section(called));
    mentions.into_iter().chain([story(context, summary, true)]).collect()
}

/// Emoji, title line, what changed, what was said, the description.
pub(crate) fn story(context: &Context, summary: &Summary, is_whole: bool) -> Value {
    let mut rich = Rich::new(SECTION_CHARS);
    rich.emoji(emoji(context));
    rich.bold(&if is_whole { summary.title_line() } else { summary.lead.clone() }, TITLE_CHARS);
    for line in &summary.changes {
        rich.line(line);
    }
    rich.line(&summary.said);
    // The thread's entry has a description only where that is what changed.
    if is_whole || context.change.changed.iter().any(|name| name == "message") {
        rich.line(&summary.description);
    }
    rich.block()
}

/// What a message says whose incident went to another channel: where it is now, and nothing to press.
pub(crate) fn moved(context: &Context, channel: &str, url: Option<&str>) -> Message {
    let mut rich = Rich::new(SECTION_CHARS);
    rich.emoji("arrow_right");
    rich.bold(&format!("Moved · {}", text::one_line(&context.incident.title)), TITLE_CHARS);
    let pointer = url.filter(|url| text::is_web_address(url));
    let pointer = pointer.map(|url| format!(" · <{}|Open the message>", entities(url))).unwrap_or_default();
    let place = format!("#{} moved to <#{channel}>{pointer}", context.incident.number);
    let text = format!("Moved to <#{channel}>: {}", entities(&text::one_line(&context.incident.title)));
    Message::new(text::truncate(&text, FALLBACK_CHARS), vec![rich.block(), blocks::section(&place)])
}

/// What a notification shows, and clients that cannot show blocks.
pub(crate) fn fallback(summary: &Summary) -> String {
    // Plain text is escaped like markup, but a link would show its brackets.
    entities(&text::truncate(&summary.notification, FALLBACK_CHARS))
}

/// All that matters without a layout.
fn plain(summary: &Summary, called: &str, context: &Context) -> String {
    let mut lines = vec![summary.title_line()];
    lines.extend(summary.changes.iter().cloned());
    lines.extend([summary.said.clone(), summary.description.clone(), summary.essentials_line()]);
    lines.extend(context.url("incident").map(str::to_owned));
    lines.retain(|line| !text::is_blank(line));
    let text = escape(&lines.join("\n"), PLAIN_CHARS);
    if called.is_empty() { text } else { format!("{called} {text}") }
}

/// Says state and severity at a glance, each by another shape.
pub(crate) fn emoji(context: &Context) -> &'static str {
    match (context.incident.state, context.incident.severity) {
        (State::Resolved, _) => "white_check_mark",
        (State::Acknowledged, _) => "eyes",
        (State::Open, Severity::Critical) => "rotating_light",
        (State::Open, Severity::High) => "small_red_triangle",
        (State::Open, Severity::Medium) => "large_orange_diamond",
        (State::Open, Severity::Low) => "large_yellow_circle",
        (State::Open, Severity::Info) => "information_source",
    }
}
