//! The request's body: a text or a card, and the thread that it belongs to.
//!
//! Never an empty text, and never more than Google Chat takes: 4000 characters of text (older spaces refuse
//! more than 4096), 32,000 bytes in all.

use serde_json::{Map, Value, json};
use tocsin_plugin::chat::marked::{self, Piece};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::{is_blank, utf16_length as length};

use crate::markup::{as_written, bare, neutral};
use crate::{Fields, Format, buttons, card, given, own};

/// UTF-16 code units of a text. It is cut, not spread over several messages.
pub(crate) const TEXT_LENGTH: usize = 4_000;
/// Of them for the title and for what are buttons in a card: the message needs the rest.
const TITLE_LENGTH: usize = 500;
const BUTTONS_LENGTH: usize = 1_500;
/// Of one attribute's name and of its value.
const NAME_LENGTH: usize = 100;
const VALUE_LENGTH: usize = 500;
/// What a notification shows of a card.
const FALLBACK_LENGTH: usize = 500;

/// The whole body.
///
/// # Errors
/// A mention that cannot be one.
pub(crate) fn body(context: &Context, settings: &Fields, format: Format) -> Result<Value, Failure> {
    let mentions = given::mentions(context.change.kind, settings)
        .map_err(|problem| Failure::rejected(format!("`mention` of the action: {problem}")))?;
    let mut body = Map::new();
    match format {
        Format::Text => {
            body.insert("text".to_owned(), json!(text(context, settings, &mentions)));
        }
        Format::Card => {
            let own = own::cards(&settings.card)
                .map_err(|problem| Failure::rejected(format!("`card` of the action {problem}")))?;
            // Cards mention nobody; the text above one does. It says as well that a card of the operator's is a test.
            let mark = if own.is_some() && context.test { "TEST " } else { "" };
            let above = format!("{mark}{mentions}");
            if !above.is_empty() {
                body.insert("text".to_owned(), json!(above.trim_end()));
            }
            let fallback = bare(&chat::notification(context, chat::View::Change), FALLBACK_LENGTH);
            body.insert("fallbackText".to_owned(), json!(fallback));
            body.insert(
                "cardsV2".to_owned(),
                json!(own.unwrap_or_else(|| vec![card::card(context, settings)])),
            );
        }
    }
    if settings.threads {
        body.insert("thread".to_owned(), json!({"threadKey": context.incident.id}));
    }
    Ok(Value::Object(body))
}

/// What the message says, as far as no setting of this plugin changes it.
pub(crate) fn summary(context: &Context, settings: &Fields) -> chat::Summary {
    let summary = chat::Summary::of(context, chat::View::Change, &settings.facts, &settings.buttons);
    // Beside a message of the operator's own, an attribute says who it was.
    let has_own = |text: &Option<String>| text::filled(text.as_deref()).is_some();
    if has_own(&settings.title) && !has_own(&settings.message) { summary.without_lead() } else { summary }
}

/// The title that the operator gave, or what happened and the incident's title, before it a mark of how bad it
/// is; marked in a test. On one line, not yet neutral.
pub(crate) fn title(context: &Context, settings: &Fields) -> String {
    match text::filled(settings.title.as_deref()) {
        Some(own) => context.marked(&text::one_line(&marked::plain(own))),
        None => {
            let summary = summary(context, settings);
            format!("{} {}", summary.mark, summary.title_line())
        }
    }
}

/// What changed, what was said and the incident's message: each once.
pub(crate) fn parts(summary: &chat::Summary) -> Vec<String> {
    let changes = summary.changes.join("\n");
    let parts = [changes, summary.said.clone(), summary.description.clone()];
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !is_blank(part)).collect()
}

/// How late the message is, number, times, owner, place and source.
pub(crate) fn essentials(summary: &chat::Summary) -> String {
    let late = summary.late.iter().cloned();
    late.chain([summary.essentials_line()]).collect::<Vec<_>>().join(" · ")
}

/// An operator's text, with the links and mentions that its template made.
fn own(text: &str, room: usize) -> String {
    let mut out = String::new();
    for piece in marked::pieces(text) {
        let left = room.saturating_sub(length(&out));
        let piece = match piece {
            Piece::Text(text) => neutral(text, left),
            Piece::Link { url, text } if !url.contains('|') => {
                let text = neutral(if text.is_empty() { url } else { text }, left).replace(['|', '>'], " ");
                format!("<{url}|{text}>")
            }
            Piece::Link { url, text } => neutral(&format!("{text} {url}"), left),
            Piece::Mention(id) => given::mention(id).unwrap_or_else(|| neutral(&format!("@{id}"), left)),
        };
        if length(&piece) > left {
            break;
        }
        out.push_str(&piece);
    }
    out
}

/// Mentions, title, message and the line of essentials; the pages that have buttons in a card, for which there is
/// always room; attributes and links as far as they fit.
fn text(context: &Context, settings: &Fields, mentions: &str) -> String {
    let summary = summary(context, settings);
    let pages = pages(context, settings);
    let all = TEXT_LENGTH.saturating_sub(length(&pages));
    let mut text = if mentions.is_empty() { String::new() } else { format!("{mentions} ") };
    if let Some(message) = text::filled(settings.message.as_deref()) {
        text.push_str(&own(&context.marked(message), all.saturating_sub(length(&text))));
    } else {
        let title = as_written(&title(context, settings), TITLE_LENGTH);
        text.push_str(&if title.ends_with('`') { title } else { format!("*{title}*") });
        for part in parts(&summary) {
            let room = all.saturating_sub(length(&text) + 1);
            if room > 20 {
                text.push('\n');
                text.push_str(&as_written(&part, room));
            }
        }
        let line = format!("\n{}", as_written(&essentials(&summary), TITLE_LENGTH));
        if length(&text) + length(&line) <= all {
            text.push_str(&line);
        }
    }
    let attributes = attributes(context, settings).into_iter();
    let attributes = attributes.map(|(name, value)| (name, as_written(&value, VALUE_LENGTH)));
    let links = links(context, settings).into_iter();
    // An address that is cut leads elsewhere.
    let links = links.map(|(title, url)| (title, neutral(&url, usize::MAX)));
    for (name, value) in attributes.chain(links) {
        let line = format!("\n*{}:* {value}", neutral(&name, NAME_LENGTH).replace('*', " "));
        if length(&text) + length(&line) > all {
            break;
        }
        text.push_str(&line);
    }
    text + &pages
}

/// What is known of the incident; beside a message of the operator's own, who changed it first.
pub(crate) fn attributes(context: &Context, settings: &Fields) -> Vec<(String, String)> {
    let summary = summary(context, settings);
    let has_own = text::filled(settings.message.as_deref()).is_some();
    let by = settings.facts.user_info(context).filter(|_| has_own).map(|actor| ("By".to_owned(), actor));
    let more = summary.more().map(|more| ("…".to_owned(), more));
    let named = summary.labels.into_iter().map(|attribute| (attribute.label, attribute.value));
    by.into_iter()
        .chain(named)
        .chain(more)
        .filter(|(name, value)| !is_blank(name) && !is_blank(value))
        .collect()
}

/// The incident's links, what they are called and where they lead; none beside a message of the operator's own.
pub(crate) fn links(context: &Context, settings: &Fields) -> Vec<(String, String)> {
    if text::filled(settings.message.as_deref()).is_some() {
        return Vec::new();
    }
    summary(context, settings).links.into_iter().map(|link| (link.title, link.url)).collect()
}

/// A line of links to the pages that have buttons in a card. The words are Tocsin's own, so the markup is safe.
fn pages(context: &Context, settings: &Fields) -> String {
    let mut line = String::new();
    for button in buttons::within(context, settings, BUTTONS_LENGTH) {
        let separator = if line.is_empty() { "\n" } else { " · " };
        let link = format!("{separator}<{}|{}>", button.url, button.label);
        if length(&line) + length(&link) <= BUTTONS_LENGTH {
            line.push_str(&link);
        }
    }
    line
}
