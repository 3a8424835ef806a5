//! Makes text harmless in a line: nothing in it ends the line, drives a terminal or turns the direction of what follows.

use std::borrow::Cow;
use std::fmt::Write;

use tocsin_core::event::turns_direction;

/// Whether a line must not have this character as it is.
pub(super) fn is_harmful(c: char) -> bool {
    // The two separators are no control characters, but end a line all the same.
    c.is_control() || turns_direction(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// `text` with escapes such as `\n` and `\u{1b}` in place of harmful characters.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            c if is_harmful(c) => drop(write!(clean, "\\u{{{:x}}}", u32::from(c))),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}
