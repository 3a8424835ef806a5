//! Finds ids in a text, and writes it again with each of them changed by a request's number.
//!
//! The same id becomes the same other id wherever it stands in one request, and another one in every request.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Fewest digits that are an id by themselves, or right behind letters: `10040`, `INC0012345`.
const DIGITS_MIN: usize = 5;
/// Fewest digits that are an id behind a hyphen or an underscore: `OPS-41`, `db_07`.
const PART_DIGITS_MIN: usize = 2;
/// Most digits that are counted up; those before them stay.
const DIGITS_COUNTED: usize = 15;
/// Fewest hexadecimal digits that are an id.
const HEX_MIN: usize = 12;
/// Hexadecimal digits that hold the number.
const HEX_COUNTED: usize = 8;

/// A text with places that change.
#[derive(Default)]
pub(in crate::commands::bench) struct Pieces(Vec<Piece>);

enum Piece {
    /// Stays as it is.
    Fixed(String),
    /// Is counted up by the request's number, with at least this many digits.
    Decimal { from: u64, width: usize },
    /// Hexadecimal digits that hold the request's number, moved by this.
    Hex { moved: u32, upper: bool },
    /// The request's number.
    Number,
}

impl Pieces {
    /// Adds what stays as it is.
    pub(super) fn fixed(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Fixed(last)) => last.push_str(text),
            _ => self.0.push(Piece::Fixed(text.to_owned())),
        }
    }

    /// Adds the request's number.
    pub(super) fn number(&mut self) {
        self.0.push(Piece::Number);
    }

    /// Adds a whole number that is counted up.
    pub(super) fn counted(&mut self, from: u64) {
        self.0.push(Piece::Decimal { from, width: 1 });
    }

    /// Adds a text with its ids; `escape` writes what stays.
    pub(super) fn text(&mut self, text: &str, escape: impl Fn(&str) -> String) {
        let mut rest = text;
        while let Some(at) = rest.find(is_part) {
            let end = rest[at..].find(|c| !is_part(c)).map_or(rest.len(), |length| at + length);
            self.fixed(&escape(&rest[..at]));
            self.token(&rest[at..end], &escape);
            rest = &rest[end..];
        }
        self.fixed(&escape(rest));
    }

    /// Adds one word.
    fn token(&mut self, word: &str, escape: &impl Fn(&str) -> String) {
        if is_hex(word) {
            let split = word.len() - HEX_COUNTED;
            self.fixed(&word[..split]);
            let upper = word.contains(|c: char| c.is_ascii_uppercase());
            self.0.push(Piece::Hex { moved: moved(word), upper });
            return;
        }
        let digits = word.len() - word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let before = &word[..word.len() - digits];
        let fewest = if before.ends_with(['-', '_']) { PART_DIGITS_MIN } else { DIGITS_MIN };
        if digits < fewest || is_epoch(word) {
            self.fixed(&escape(word));
            return;
        }
        let counted = digits.min(DIGITS_COUNTED);
        let (kept, number) = word.split_at(word.len() - counted);
        self.fixed(&escape(kept));
        match number.parse() {
            Ok(from) => self.0.push(Piece::Decimal { from, width: counted }),
            Err(_) => self.fixed(number),
        }
    }

    /// Whether two requests differ.
    pub(super) fn vary(&self) -> bool {
        self.0.iter().any(|piece| !matches!(piece, Piece::Fixed(_)))
    }

    /// The text of this request.
    pub(super) fn render(&self, number: u64) -> String {
        use std::fmt::Write as _;

        let mut text = String::new();
        for piece in &self.0 {
            // Writing to a `String` cannot fail.
            let _ = match piece {
                Piece::Fixed(fixed) => text.write_str(fixed),
                Piece::Decimal { from, width } => {
                    write!(text, "{:0width$}", from.saturating_add(number), width = *width)
                }
                Piece::Hex { moved, upper } => {
                    // The lowest 32 bits of the number: a measurement sends fewer requests than that.
                    let value = (number as u32).wrapping_add(*moved);
                    if *upper { write!(text, "{value:08X}") } else { write!(text, "{value:08x}") }
                }
                Piece::Number => write!(text, "{number}"),
            };
        }
        text
    }
}

/// Whether it can stand in an id.
fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// Whether it is a long hexadecimal number or a UUID: digits and letters, and at least 12 of them at its end.
fn is_hex(word: &str) -> bool {
    let last = word.rsplit('-').next().unwrap_or_default();
    let is_all = word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let has_both =
        word.contains(|c: char| c.is_ascii_digit()) && word.contains(|c: char| c.is_ascii_alphabetic());
    is_all && has_both && last.len() >= HEX_MIN
}

/// Whether it is a time, in seconds or milliseconds since 1970, between 2001 and 2033.
pub(super) fn is_epoch(word: &str) -> bool {
    matches!(word.len(), 10 | 13) && word.starts_with('1') && word.chars().all(|c| c.is_ascii_digit())
}

/// By how much the number in this word is moved, so that different ids stay different.
fn moved(word: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish() as u32
}
