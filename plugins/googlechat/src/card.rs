//! The card: header, message, attributes, links and buttons.
//!
//! Never larger than 28 kB as JSON, and never with an empty paragraph, for which the whole message is refused.
//! The shapes are those of <https://developers.google.com/workspace/chat/api/reference/rest/v1/cards>.

use serde_json::{Value, json};
use tocsin_plugin::chat::marked::{self, Piece};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::{is_blank, utf16_length as length};

use crate::markup::{bare, html};
use crate::{Fields, buttons, message};

/// Bytes of the card as JSON. A message has at most 32,000, of which the rest is for what is around the card.
pub(crate) const CARD_BYTES: usize = 27_000;
/// UTF-16 code units of each of the header's two lines, of what is seen of one, of a title that is longer than
/// that, and of the message, both after escaping.
const TITLE_LENGTH: usize = 200;
const LINE_LENGTH: usize = 60;
const LONG_TITLE_LENGTH: usize = 500;
const MESSAGE_LENGTH: usize = 4_000;
/// Of one attribute's name and of its value.
const NAME_LENGTH: usize = 100;
const VALUE_LENGTH: usize = 1_000;
/// Bytes of all buttons' addresses.
const ADDRESSES_BYTES: usize = 8_000;

/// One entry of `cardsV2`.
pub(crate) fn card(context: &Context, settings: &Fields) -> Value {
    let message = paragraphs(context, settings);
    let buttons = button_list(context, settings);
    let whole = |facts: &[Value]| {
        let parts = [message.as_slice(), buttons.as_slice(), facts];
        let sections: Vec<Value> =
            parts.iter().filter(|part| !part.is_empty()).map(|part| json!({"widgets": part})).collect();
        let mut card = json!({"header": header(context, settings)});
        if !sections.is_empty() {
            card["sections"] = json!(sections);
        }
        json!({"cardId": "incident", "card": card})
    };
    let frame = whole(&[]).to_string().len() + r#"{"widgets":[]},"#.len();
    let mut used = frame;
    let mut facts = facts(context, settings);
    facts.retain(|fact| {
        let more = used + fact.to_string().len() + 1;
        let fits = more <= CARD_BYTES;
        used = if fits { more } else { used };
        fits
    });
    whole(&facts)
}

fn header(context: &Context, settings: &Fields) -> Value {
    let title = bare(&message::title(context, settings), TITLE_LENGTH);
    let essentials = text::one_line(&message::essentials(&message::summary(context, settings)));
    let subtitle = bare(&essentials, TITLE_LENGTH);
    json!({"title": title, "subtitle": subtitle})
}

/// The operator's message, or a note's text and the incident's message, one paragraph each; before them the
/// title, when it is longer than the header's one line.
fn paragraphs(context: &Context, settings: &Fields) -> Vec<Value> {
    let title = message::title(context, settings);
    let title = (length(&title) > LINE_LENGTH).then(|| format!("<b>{}</b>", html(&title, LONG_TITLE_LENGTH)));
    let summary = message::summary(context, settings);
    let essentials = message::essentials(&summary);
    let mut texts: Vec<String> = match text::filled(settings.message.as_deref()) {
        Some(message) => vec![own(&context.marked(message), MESSAGE_LENGTH)],
        None => {
            let parts = message::parts(&summary);
            let room = MESSAGE_LENGTH / parts.len().max(1);
            parts.iter().map(|part| html(part, room)).collect()
        }
    };
    // The header shows one line of it.
    if length(&essentials) > LINE_LENGTH {
        texts.push(html(&essentials, TITLE_LENGTH));
    }
    let shown = texts.into_iter().filter(|text| !is_blank(text));
    title.into_iter().chain(shown).map(|text| json!({"textParagraph": {"text": text}})).collect()
}

/// An operator's text as HTML, with the links that its template made; a mention stands as `@id`, since cards mention
/// nobody.
pub(crate) fn own(plain: &str, room: usize) -> String {
    let mut out = String::new();
    for piece in marked::pieces(plain) {
        let left = room.saturating_sub(length(&out));
        let piece = match piece {
            Piece::Text(text) => html(text, left),
            Piece::Mention(id) => html(&format!("@{}", id.trim_start_matches('@')), left),
            Piece::Link { url, text } => {
                let text = html(if text.is_empty() { url } else { text }, left);
                format!("<a href=\"{}\">{text}</a>", html(url, usize::MAX))
            }
        };
        if length(&piece) > left {
            break;
        }
        out.push_str(&piece);
    }
    out
}

/// Attributes, then the incident's links. A link's text is its address, so that a name cannot hide one.
fn facts(context: &Context, settings: &Fields) -> Vec<Value> {
    let attributes = message::attributes(context, settings).into_iter();
    let attributes = attributes.map(|(name, value)| fact(&name, &html(&value, VALUE_LENGTH)));
    let links = message::links(context, settings).into_iter().map(|(title, url)| {
        let address = html(&url, usize::MAX);
        fact(&title, &format!("<a href=\"{address}\">{address}</a>"))
    });
    attributes.chain(links).collect()
}

/// `text` is HTML already.
fn fact(name: &str, text: &str) -> Value {
    json!({"decoratedText": {"topLabel": bare(name, NAME_LENGTH), "text": text, "wrapText": true}})
}

fn button_list(context: &Context, settings: &Fields) -> Vec<Value> {
    let buttons: Vec<Value> = buttons::within(context, settings, ADDRESSES_BYTES)
        .into_iter()
        .map(|button| json!({"text": button.label, "onClick": {"openLink": {"url": button.url}}}))
        .collect();
    if buttons.is_empty() { Vec::new() } else { vec![json!({"buttonList": {"buttons": buttons}})] }
}
