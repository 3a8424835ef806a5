//! Links and mentions in an operator's own text: the private characters that the host's template filters
//! `link("text")` and `mention` write.
//!
//! The host takes these characters out of everything that an incident says before it renders a template, so
//! that an alert can make neither. Use this on rendered settings only, never on an incident's own text.
//!
//! ```text
//! link:     U+E010 address U+E011 text U+E012
//! mention:  U+E013 id U+E012
//! ```

use super::claims_another;
use crate::text;

const LINK: char = '\u{e010}';
const LABEL: char = '\u{e011}';
const END: char = '\u{e012}';
const MENTION: char = '\u{e013}';

/// A part of an operator's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it stands, to be escaped as the peer wants it.
    Text(&'a str),
    /// A web address with the text to show for it. The text may be empty, and is where it claims another address.
    Link {
        /// Absolute http or https, checked.
        url: &'a str,
        /// Not escaped.
        text: &'a str,
    },
    /// An id or a name that the operator mentions, not checked.
    Mention(&'a str),
}

/// The pieces of an operator's text in their order. A mark that is not closed is left out, and so is the address of
/// a link that leads nowhere.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_mark) {
        push_text(&mut pieces, &rest[..at]);
        let marked = &rest[at..];
        let first = marked.chars().next().unwrap_or(END);
        let inside = &marked[first.len_utf8()..];
        match inside.split_once(END) {
            Some((link, after)) if first == LINK && !link.contains([LINK, MENTION]) => {
                push_link(&mut pieces, link);
                rest = after;
            }
            Some((id, after)) if first == MENTION && !id.contains(is_mark) => {
                let id = id.trim();
                if !id.is_empty() {
                    pieces.push(Piece::Mention(id));
                }
                rest = after;
            }
            _ => rest = inside,
        }
    }
    push_text(&mut pieces, rest);
    pieces
}

/// The same for a peer that knows neither: `text (address)`, and a mention as `@id`.
pub fn plain(text: &str) -> String {
    let piece = |piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Link { url, text } if text.is_empty() || text == url => url.to_owned(),
        Piece::Link { url, text } => format!("{text} ({url})"),
        Piece::Mention(id) => format!("@{}", id.trim_start_matches('@')),
    };
    pieces(text).into_iter().map(piece).collect()
}

/// Whether a text has such marks.
pub fn is_marked(text: &str) -> bool {
    text.contains(is_mark)
}

fn is_mark(c: char) -> bool {
    matches!(c, LINK | LABEL | END | MENTION)
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

fn push_link<'a>(pieces: &mut Vec<Piece<'a>>, link: &'a str) {
    let (url, text) = link.split_once(LABEL).unwrap_or((link, ""));
    let (url, text) = (url.trim(), text.trim_matches(is_mark).trim());
    if text::is_web_address(url) {
        let text = if claims_another(text, url) { "" } else { text };
        pieces.push(Piece::Link { url, text });
    } else {
        push_text(pieces, if text.is_empty() { url } else { text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_mentions_are_told_from_text() {
        let text = "see \u{e010}https://a.example/x\u{e011}Wiki\u{e012}, \u{e013}U012AB\u{e012}!";
        let link = Piece::Link { url: "https://a.example/x", text: "Wiki" };
        let expected =
            [Piece::Text("see "), link, Piece::Text(", "), Piece::Mention("U012AB"), Piece::Text("!")];
        assert_eq!(pieces(text), expected);
        assert_eq!(plain(text), "see Wiki (https://a.example/x), @U012AB!");
        assert!(is_marked(text) && !is_marked("see <https://a.example|x>"));
        assert_eq!(plain("\u{e010}https://a.example\u{e011}\u{e012}"), "https://a.example");
    }

    #[test]
    fn a_text_that_claims_another_address_is_not_shown_for_it() {
        let text = "\u{e010}https://evil.example/x\u{e011}ｂａｎｋ．ｅｘａｍｐｌｅ\u{e012}";
        assert_eq!(pieces(text), [Piece::Link { url: "https://evil.example/x", text: "" }]);
        assert_eq!(plain(text), "https://evil.example/x");
    }

    #[test]
    fn a_broken_mark_is_text_without_the_mark() {
        for (text, expected) in [
            ("a\u{e010}https://a.example", "ahttps://a.example"),
            ("\u{e012}\u{e011}x", "x"),
            ("\u{e013}\u{e012}x", "x"),
            ("\u{e010}javascript:x\u{e011}Wiki\u{e012}", "Wiki"),
            ("\u{e010}\u{e013}U1\u{e012}\u{e011}x\u{e012}", "@U1x"),
            ("", ""),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }
}
