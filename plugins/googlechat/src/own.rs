//! A card that the operator wrote as JSON, in place of the default one.
//!
//! Never lets what an alert says become markup in it: a text with placeholders is escaped as a message of the
//! operator's is, and a text without is as the operator wrote it.

use serde_json::{Value, json};
use tocsin_plugin::Document;
use tocsin_plugin::prelude::*;

use crate::card;

/// Cards of one message.
const CARDS_MAX: usize = 10;
/// UTF-16 code units of one text after escaping.
const TEXT_LENGTH: usize = 4_000;
/// Widgets whose texts Google reads as HTML, and those texts.
const FORMATTED: [(&str, &[&str]); 2] =
    [("textParagraph", &["text"]), ("decoratedText", &["topLabel", "text", "bottomLabel"])];

/// What is wrong with the setting.
pub(crate) fn check(card: &Option<Document>) -> Option<SettingProblem> {
    cards(card).err().map(|problem| SettingProblem::new("card", problem))
}

/// The entries of `cardsV2` for the operator's `card`; nothing when there is none. It is a card, an entry of
/// `cardsV2`, a list of either, or a message with `cardsV2`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn cards(card: &Option<Document>) -> Result<Option<Vec<Value>>, String> {
    let Some(given) = card.as_ref().filter(|given| !given.is_blank()) else { return Ok(None) };
    let mut document = given.read(|string| {
        if !string.is_fixed && is_formatted(string.names) {
            *string.text = card::own(string.text, TEXT_LENGTH);
        }
        Ok(())
    })?;
    let listed = document.get_mut("cardsV2").map(Value::take);
    let cards = match listed.unwrap_or(document) {
        Value::Array(cards) => cards,
        one => vec![one],
    };
    if cards.is_empty() || cards.len() > CARDS_MAX {
        return Err(format!("has {} cards: a message has 1 to {CARDS_MAX}", cards.len()));
    }
    let entries = cards.into_iter().enumerate().map(|(at, card)| entry(at, card));
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    let bytes = json!(entries).to_string().len();
    if bytes > card::CARD_BYTES {
        return Err(format!("has {bytes} bytes, and Google Chat takes {} beside the rest", card::CARD_BYTES));
    }
    Ok(Some(entries))
}

/// A card with its id, as `cardsV2` has it.
fn entry(at: usize, card: Value) -> Result<Value, String> {
    let is_card =
        |card: &Value| card.get("sections").is_some_and(Value::is_array) || card.get("header").is_some();
    match card {
        card if is_card(&card) => Ok(json!({"cardId": format!("own-{}", at + 1), "card": card})),
        entry if entry.get("card").is_some_and(is_card) => Ok(entry),
        _ => Err("is no card: Google Chat takes `{\"header\": {…}, \"sections\": […]}`".to_owned()),
    }
}

/// Whether Google reads the text with these names on the way to it as HTML.
fn is_formatted(names: &[String]) -> bool {
    let [.., widget, text] = names else { return false };
    FORMATTED.iter().any(|(known, texts)| known == widget && texts.contains(&text.as_str()))
}
