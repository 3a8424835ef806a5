//! The request's body: a text or a card, and the thread that it belongs to.
//!
//! Never an empty text, and never more than Google Chat takes: 4000 characters of text (older spaces refuse
//! more than 4096), 32,000 bytes in all.

use serde_json::{Map, Value, json};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::{is_blank, utf16_length as length};

use crate::markup::neutral;
use crate::{Fields, Format, buttons, card, given};

/// UTF-16 code units of a text. It is cut, not spread over several messages.
pub(crate) const TEXT_LENGTH: usize = 4_000;
/// Of them for the title and for what are buttons in a card: the message needs the rest.
const TITLE_LENGTH: usize = 500;
const BUTTONS_LENGTH: usize = 1_500;
/// Of one attribute's name and of its value.
const NAME_LENGTH: usize = 100;
const VALUE_LENGTH: usize = 500;
/// Links of the incident that are shown.
const LINKS_MAX: usize = 5;
/// What a notification shows of a card.
const FALLBACK_LENGTH: usize = 500;

/// The whole body.
///
/// # Errors
/// A mention that cannot be one.
pub(crate) fn body(context: &Context, settings: &Fields) -> Result<Value, Failure> {
    let mentions = given::mentions(context.change.kind, settings)
        .map_err(|problem| Failure::rejected(format!("`mention` of the action: {problem}")))?;
    let mut body = Map::new();
    match settings.format {
        Format::Text => {
            body.insert("text".to_owned(), json!(text(context, settings, &mentions)));
        }
        Format::Card => {
            // Cards mention nobody; the text above one does.
            if !mentions.is_empty() {
                body.insert("text".to_owned(), json!(mentions));
            }
            let fallback = neutral(&title(context, settings), FALLBACK_LENGTH);
            body.insert("fallbackText".to_owned(), json!(fallback));
            body.insert("cardsV2".to_owned(), json!([card::card(context, settings)]));
        }
    }
    if settings.threads {
        body.insert("thread".to_owned(), json!({"threadKey": context.incident.id}));
    }
    Ok(Value::Object(body))
}

/// The title that the operator gave, or what happened and the incident's title, before it a mark of how bad it
/// is; marked in a test. On one line, not yet neutral.
pub(crate) fn title(context: &Context, settings: &Fields) -> String {
    match text::filled(settings.title.as_deref()) {
        Some(own) => context.marked(&text::one_line(own)),
        None => format!("{} {}", chat::mark(&context.incident), chat::headline(context)),
    }
}

/// Mentions, title and message; the pages that have buttons in a card, for which there is always room; attributes
/// and links as far as they fit.
fn text(context: &Context, settings: &Fields, mentions: &str) -> String {
    let pages = pages(context, settings);
    let all = TEXT_LENGTH.saturating_sub(length(&pages));
    let mut text = if mentions.is_empty() { String::new() } else { format!("{mentions} ") };
    if let Some(own) = text::filled(settings.message.as_deref()) {
        text.push_str(&neutral(&context.marked(own), all.saturating_sub(length(&text))));
    } else {
        text.push_str(&format!("*{}*", neutral(&title(context, settings), TITLE_LENGTH)));
        for part in [context.change.text.trim(), context.incident.message.trim()] {
            let room = all.saturating_sub(length(&text) + 1);
            if !is_blank(part) && room > 1 {
                text.push('\n');
                text.push_str(&neutral(part, room));
            }
        }
    }
    let attributes = attributes(context, settings).into_iter();
    let attributes = attributes.map(|(name, value)| (name, neutral(&value, VALUE_LENGTH)));
    let links = links(context, settings).into_iter();
    // An address that is cut leads elsewhere.
    let links = links.map(|(title, url)| (title, neutral(url, usize::MAX)));
    for (name, value) in attributes.chain(links) {
        let line = format!("\n*{}:* {value}", neutral(&name, NAME_LENGTH));
        if length(&text) + length(&line) > all {
            break;
        }
        text.push_str(&line);
    }
    text + &pages
}

/// What is known of the incident, who changed it first.
pub(crate) fn attributes(context: &Context, settings: &Fields) -> Vec<(String, String)> {
    let by = settings.facts.user_info(context).map(|actor| ("By".to_owned(), actor));
    let attributes = settings.facts.attributes(&context.incident).into_iter();
    let named = attributes.map(|attribute| (attribute.label, attribute.value));
    by.into_iter().chain(named).filter(|(name, value)| !is_blank(name) && !is_blank(value)).collect()
}

/// The incident's links, what they are called and where they lead; none beside a message of the operator's own.
pub(crate) fn links<'a>(context: &'a Context, settings: &Fields) -> Vec<(String, &'a str)> {
    if text::filled(settings.message.as_deref()).is_some() {
        return Vec::new();
    }
    let known = context.incident.links.iter().filter(|link| text::is_web_address(&link.url));
    let named = known.map(|link| {
        let title = text::one_line(&link.title);
        (if is_blank(&title) { "Link".to_owned() } else { title }, link.url.trim())
    });
    named.take(LINKS_MAX).collect()
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
