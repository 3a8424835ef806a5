//! A card within a limit of bytes: details go first, then the end of the message, then buttons.
//!
//! Never counts characters: Teams measures the bytes of the JSON document.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use crate::content::Content;

/// The largest card of `content` that has fewer than `bytes` bytes.
///
/// # Errors
/// When even the title alone has more.
pub(crate) fn within(
    content: &Content,
    bytes: usize,
    render: fn(&Content) -> Value,
) -> Result<Value, Failure> {
    let (details, chars, buttons) =
        (content.details(), content.message.chars().count(), content.buttons.len());
    let attempt = |details: usize, chars: usize, buttons: usize| {
        let card = render(&content.reduced(details, chars, buttons));
        (card.to_string().len() < bytes).then_some(card)
    };
    largest(details, |details| attempt(details, chars, buttons))
        .or_else(|| largest(chars, |chars| attempt(0, chars, buttons)))
        .or_else(|| largest(buttons, |buttons| attempt(0, 0, buttons)))
        .ok_or_else(|| {
            Failure::rejected(format!(
                "the card has more than {bytes} bytes with its title alone, and Teams would drop it without a \
                 word: shorten `title`"
            ))
        })
}

/// What `attempt` makes of the largest amount up to `most` that it succeeds with, by halving: more never
/// succeeds where less fails.
fn largest(most: usize, attempt: impl Fn(usize) -> Option<Value>) -> Option<Value> {
    if let Some(card) = attempt(most) {
        return Some(card);
    }
    let mut best = attempt(0)?;
    let (mut good, mut bad) = (0, most);
    while good + 1 < bad {
        let middle = good + (bad - good) / 2;
        match attempt(middle) {
            Some(card) => (best, good) = (card, middle),
            None => bad = middle,
        }
    }
    Some(best)
}
