//! What senders call things, for people: bounded, on one line, and without a secret of a source.

use crate::shared::app::App;

/// The minimum length of a token, in bytes.
const TOKEN_BYTES_MIN: usize = 16;
/// Characters that are shown.
const NAME_CHARS_MAX: usize = 64;

/// The parts of a name that may be tokens and whose beginning people would see. Anyone can send a long name of many
/// parts, so only a few are examined.
fn parts_shown(name: &str) -> impl Iterator<Item = &str> {
    let shown = name.char_indices().nth(NAME_CHARS_MAX).map_or(name.len(), |(at, _)| at);
    let mut at = 0;
    let parts = name.split(['&', '=', '?', '/', ';']).take_while(move |part| {
        let begins = at;
        at += part.len() + 1;
        begins <= shown
    });
    parts.filter(|part| part.len() >= TOKEN_BYTES_MIN)
}

/// A name that is no source's, or another path, for people. A name that holds a secret of a source is not shown:
/// `&token=…` typed for `?token=…` puts one there. Of a token only the digest may be known: then each part of the name
/// is tried.
pub(super) fn shown(app: &App, name: &str) -> String {
    let config = app.config();
    let mut secrets = config.sources.values().flat_map(|source| source.authentication.secrets());
    let is_token = |part: &str| {
        let mut tokens = config.sources.values().flat_map(|source| &source.authentication.tokens);
        tokens.any(|(_, token)| token.is(part))
    };
    if secrets.any(|secret| !secret.is_blank() && name.contains(secret.reveal()))
        || parts_shown(name).any(is_token)
    {
        return "(a name with a secret in it)".to_owned();
    }
    tocsin_core::event::single_line(name, NAME_CHARS_MAX)
}
