//! Takes a template's text apart once: what is literal, what is Jinja's, what is iTop's.
//!
//! Nothing is looked for in values, and neither grammar is looked for inside the other: `$this->title$` in a
//! Jinja string or comment is text, `{{ title }}` in a path of iTop's is a wrong path.

use super::placeholder::{self, Placeholder};

/// A part of a template, in the order of the text; together they are the whole of it.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// Put out as it is.
    Text(&'a str),
    /// `{{ … }}` or `{% … %}`, with its delimiters.
    Code(&'a str),
    /// A comment or a raw block, with its delimiters: Jinja's to read, nothing in it is a placeholder.
    Inert(&'a str),
    /// `$this->title$`.
    Itop(Placeholder<'a>),
}

/// The pieces of `text`.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut literal_from, mut next) = (0, 0);
    while let Some(at) = text[next..].find(['{', '$', '%']).map(|found| next + found) {
        let Some((piece, length)) = opened(&text[at..]) else {
            next = at + 1;
            continue;
        };
        if literal_from < at {
            pieces.push(Piece::Text(&text[literal_from..at]));
        }
        pieces.push(piece);
        next = at + length;
        literal_from = next;
    }
    if literal_from < text.len() {
        pieces.push(Piece::Text(&text[literal_from..]));
    }
    pieces
}

/// Whether anything in `text` is to be replaced.
pub(super) fn has_placeholders(text: &str) -> bool {
    pieces(text).iter().any(|piece| !matches!(piece, Piece::Text(_)))
}

/// The piece that `text` begins with, unless that is literal text, and its length.
fn opened(text: &str) -> Option<(Piece<'_>, usize)> {
    if let Some(placeholder) = placeholder::placeholder(text) {
        let length = placeholder.text.len();
        return Some((Piece::Itop(placeholder), length));
    }
    let length = match text.get(..2)? {
        "{#" => text[2..].find("#}").map_or(text.len(), |end| end + 4),
        "{{" => code_length(text, "}}"),
        "{%" => match raw_length(text) {
            Some(length) => length,
            None => code_length(text, "%}"),
        },
        _ => return None,
    };
    let piece = &text[..length];
    let inert = text.starts_with("{#") || raw_length(text).is_some();
    Some((if inert { Piece::Inert(piece) } else { Piece::Code(piece) }, length))
}

/// The bytes of the code that `text` begins with, up to `closing` outside of strings and brackets. What is not
/// closed goes to the end: the engine says what is wrong with it.
fn code_length(text: &str, closing: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (2, 0_i32);
    while let Some(byte) = bytes.get(at) {
        if depth == 0 && bytes[at..].starts_with(closing.as_bytes()) {
            return at + closing.len();
        }
        match byte {
            b'"' | b'\'' => at = string_end(bytes, at),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Where the string that begins at `from` ends: the place of its closing quote, or the end.
pub(super) fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while at < bytes.len() && bytes[at] != bytes[from] {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// The bytes of the raw block that `text` begins with.
fn raw_length(text: &str) -> Option<usize> {
    let body = tag_length(text, "raw")?;
    let ends = text[body..].match_indices("{%").map(|(at, _)| body + at);
    let end = ends.filter_map(|at| Some(at + tag_length(&text[at..], "endraw")?)).next();
    Some(end.unwrap_or(text.len()))
}

/// The bytes of `{% name %}` at the beginning of `text`.
fn tag_length(text: &str, name: &str) -> Option<usize> {
    let signs = ['-', '+'];
    let inner = text.strip_prefix("{%")?;
    let inner = inner.strip_prefix(signs).unwrap_or(inner).trim_ascii_start();
    let inner = inner.strip_prefix(name)?.trim_ascii_start();
    let rest = inner.strip_prefix(signs).unwrap_or(inner).strip_prefix("%}")?;
    Some(text.len() - rest.len())
}
