//! The card: header, message, attributes, links and buttons.
//!
//! Never larger than 28 kB as JSON, and never with an empty paragraph, for which the whole message is refused.
//! The shapes are those of <https://developers.google.com/workspace/chat/api/reference/rest/v1/cards>.

use serde_json::{Value, json};
use tocsin_plugin::prelude::*;
use tocsin_plugin::text::{is_blank, utf16_length as length};

use crate::markup::{html, neutral};
use crate::{Fields, buttons, message};

/// Bytes of the card as JSON. A message has at most 32,000, of which the rest is for what is around the card.
const CARD_BYTES: usize = 27_000;
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
        let parts = [message.as_slice(), facts, buttons.as_slice()];
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
    let incident = &context.incident;
    let title = neutral(&message::title(context, settings), TITLE_LENGTH);
    let source = text::one_line(&incident.source);
    let subtitle = neutral(&format!("Incident #{} · {source}", incident.number), TITLE_LENGTH);
    json!({"title": title, "subtitle": subtitle})
}

/// The operator's message, or a note's text and the incident's message, one paragraph each; before them the
/// title, when it is longer than the header's one line.
fn paragraphs(context: &Context, settings: &Fields) -> Vec<Value> {
    let title = message::title(context, settings);
    let title = (length(&title) > LINE_LENGTH).then(|| format!("<b>{}</b>", html(&title, LONG_TITLE_LENGTH)));
    let own = text::filled(settings.message.as_deref()).map(|own| context.marked(own));
    let texts = match &own {
        Some(own) => vec![own.as_str()],
        None => vec![context.change.text.trim(), context.incident.message.trim()],
    };
    let texts: Vec<&str> = texts.into_iter().filter(|text| !is_blank(text)).collect();
    let room = MESSAGE_LENGTH / texts.len().max(1);
    let shown = texts.iter().map(|text| html(text, room)).filter(|text| !is_blank(text));
    title.into_iter().chain(shown).map(|text| json!({"textParagraph": {"text": text}})).collect()
}

/// Attributes, then the incident's links. A link's text is its address, so that a name cannot hide one.
fn facts(context: &Context, settings: &Fields) -> Vec<Value> {
    let attributes = message::attributes(context, settings).into_iter();
    let attributes = attributes.map(|(name, value)| fact(&name, &html(&value, VALUE_LENGTH)));
    let links = message::links(context, settings).into_iter().map(|(title, url)| {
        let address = html(url, usize::MAX);
        fact(&title, &format!("<a href=\"{address}\">{address}</a>"))
    });
    attributes.chain(links).collect()
}

/// `text` is HTML already.
fn fact(name: &str, text: &str) -> Value {
    json!({"decoratedText": {"topLabel": neutral(name, NAME_LENGTH), "text": text, "wrapText": true}})
}

fn button_list(context: &Context, settings: &Fields) -> Vec<Value> {
    let buttons: Vec<Value> = buttons::within(context, settings, ADDRESSES_BYTES)
        .into_iter()
        .map(|button| json!({"text": button.label, "onClick": {"openLink": {"url": button.url}}}))
        .collect();
    if buttons.is_empty() { Vec::new() } else { vec![json!({"buttonList": {"buttons": buttons}})] }
}
