//! Plain text in a peer's markup, within the peer's limit by construction.
//!
//! Never cuts inside a piece (an entity, a link, an escape): it is taken whole or not at all.

/// What a cut ends with.
const ELLIPSIS: char = '…';

/// The length in UTF-16 code units, which is never less than in characters: what services count that are
/// written in JavaScript, Java or C#, and on the safe side for those that count characters.
pub fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The character as it may be shown: line feeds and tabs as they are, other control characters as a space.
pub fn visible(c: char) -> String {
    match c {
        '\n' | '\t' => c.to_string(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    }
}

/// `plain` in at most `room` UTF-16 code units of markup; a cut falls between two pieces and is marked with `…`.
///
/// `next` is called with what is left of `plain`, which is never empty, and says how that begins in the markup,
/// and how many bytes of it are written by this (one character at least). Line ends `\r\n` are `\n` before, and
/// marks of direction are gone: one between two characters must not hide from `next` what they mean together.
pub fn written(plain: &str, room: usize, mut next: impl FnMut(&str) -> (String, usize)) -> String {
    let plain = super::unturned(&plain.replace("\r\n", "\n"));
    let (mut out, mut used, mut rest) = (String::new(), 0, plain.as_str());
    // Where the text is still short enough to be followed by an ellipsis.
    let mut last_cut = 0;
    while let Some(first) = rest.chars().next() {
        let (piece, taken) = next(rest);
        rest = rest.get(taken.max(first.len_utf8())..).unwrap_or_default();
        used += utf16_length(&piece);
        if used > room {
            out.truncate(last_cut);
            if room > 0 {
                out.push(ELLIPSIS);
            }
            return out;
        }
        out.push_str(&piece);
        if used < room {
            last_cut = out.len();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `&` as an entity, `(…)` as one piece.
    fn example(plain: &str, room: usize) -> String {
        written(plain, room, |rest| {
            let first = rest.chars().next().unwrap_or(' ');
            match rest.find(')') {
                Some(end) if first == '(' => (format!("<{}>", &rest[1..end]), end + 1),
                _ if first == '&' => ("&amp;".to_owned(), 1),
                _ => (visible(first), first.len_utf8()),
            }
        })
    }

    #[test]
    fn a_cut_keeps_the_limit_and_falls_between_pieces() {
        for room in 0..40 {
            let cut = example("😀&&(link)\"äöü\"&(a)&", room);
            assert!(utf16_length(&cut) <= room, "{room}: {cut}");
            let bare = ["&amp;", "<link>", "<a>"].iter().fold(cut.clone(), |text, e| text.replace(e, ""));
            assert!(!bare.contains(['&', '<', '>']), "{room}: {cut}");
        }
        assert_eq!(example("abc", 3), "abc");
        assert_eq!(example("abcd", 3), "ab…");
        assert_eq!(example("a&b", 6), "a…");
        assert_eq!(example("🔥🔥", 3), "🔥…");
        assert_eq!(example("x", 0), "");
        assert_eq!(example("", 5), "");
    }

    #[test]
    fn control_characters_and_marks_of_direction_go() {
        assert_eq!(example("a\u{202e}b\u{0}c\r\nd\te", 100), "ab c\nd\te");
        assert_eq!(example("abc\u{202e}", 3), "abc");
        assert_eq!(example("(a\u{2066})", 100), "<a>", "a piece is seen without them");
    }

    #[test]
    fn a_piece_that_takes_nothing_or_too_much_ends_all_the_same() {
        assert_eq!(written("ab", 10, |_| ("x".to_owned(), 0)), "xx");
        assert_eq!(written("ab", 10, |_| ("x".to_owned(), 99)), "x");
        assert_eq!(written("äb", 10, |_| ("x".to_owned(), 1)), "xx");
    }
}
