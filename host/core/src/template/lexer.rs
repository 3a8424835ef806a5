//! Takes the code of an expression or statement apart: words, strings, operators.
//!
//! Never fails and never evaluates: what the engine refuses is told elsewhere.

use super::scan::string_end;

/// A part of code, with the bytes that it stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// A string's content, everything else as written.
    pub(super) text: &'a str,
    pub(super) from: usize,
    pub(super) to: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Text,
    Sign,
}

impl Token<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// Signs of two characters.
const DOUBLE: [&str; 8] = ["==", "!=", "<=", ">=", "&&", "||", "//", "**"];

/// The parts of `code`, in order, without spaces.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut from = 0;
    while let Some(first) = code[from..].chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let rest = &code[from..];
        let (kind, to) = match first {
            '"' | '\'' => (Kind::Text, (string_end(code.as_bytes(), from) + 1).min(code.len())),
            _ if is_word(first) => (Kind::Word, from + rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            _ if DOUBLE.iter().any(|sign| rest.starts_with(sign)) => (Kind::Sign, from + 2),
            _ => (Kind::Sign, from + first.len_utf8()),
        };
        let written = &code[from..to];
        let text = match kind {
            Kind::Text => written[1..].strip_suffix(first).unwrap_or(&written[1..]),
            Kind::Word | Kind::Sign => written,
        };
        if !first.is_whitespace() {
            tokens.push(Token { kind, text, from, to });
        }
        from = to;
    }
    tokens
}
