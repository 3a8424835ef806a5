//! Text of alerts in Google Chat's two markups, within a limit by construction.
//!
//! Never lets through a mention, a link or a tag. Messages take `<users/all>` and `<address|text>`, and show
//! entities as they are written (<https://github.com/librenms/librenms/issues/18234>): there a zero-width space
//! behind each `<` takes its meaning away. Paragraphs of cards take a subset of HTML, and entities.

/// Stands where a sequence would mean something.
const NOTHING: char = '\u{200b}';
/// What a cut ends with.
const ELLIPSIS: char = '…';

/// The length that is counted against Google's limits: UTF-16 code units, which is never less than characters.
pub(crate) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// `plain` for a message's text, a card's header or a label, in at most `room` units; a cut is marked with `…`.
pub(crate) fn neutral(plain: &str, room: usize) -> String {
    within(plain, room, |first| match first {
        '<' => Some(format!("<{NOTHING}")),
        _ => None,
    })
}

/// `plain` for a card's paragraph, in at most `room` units after escaping; a cut is marked with `…` and never
/// falls inside an entity.
pub(crate) fn html(plain: &str, room: usize) -> String {
    within(plain, room, |first| {
        let entity = match first {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            _ => return None,
        };
        Some(entity.to_owned())
    })
}

fn within(plain: &str, room: usize, written: impl Fn(char) -> Option<String>) -> String {
    let plain = plain.replace("\r\n", "\n");
    let (mut out, mut used) = (String::new(), 0);
    // Where the text is still short enough to be followed by an ellipsis.
    let mut last_cut = 0;
    for first in plain.chars() {
        let piece = written(first).unwrap_or_else(|| visible(first));
        used += length(&piece);
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

/// The character, unless it controls something.
fn visible(c: char) -> String {
    match c {
        '\n' | '\t' => c.to_string(),
        // Marks that turn the direction of what follows, so that a text seems to say something else.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => String::new(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    }
}

/// Whether a person would see nothing: white space, control characters, marks without a shape.
pub(crate) fn is_blank(text: &str) -> bool {
    let has_no_shape = |c| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars().all(|c| c.is_whitespace() || c.is_control() || has_no_shape(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_neither_mentions_nor_links_with_another_text() {
        assert_eq!(
            neutral("<users/all> <users/123> <https://evil.example|click> a & b > c", 200),
            "<\u{200b}users/all> <\u{200b}users/123> <\u{200b}https://evil.example|click> a & b > c"
        );
    }

    #[test]
    fn a_paragraph_has_no_tags() {
        assert_eq!(
            html("<a href=\"https://evil.example\">click</a> & &lt;", 200),
            "&lt;a href=&quot;https://evil.example&quot;&gt;click&lt;/a&gt; &amp; &amp;lt;"
        );
    }

    #[test]
    fn control_characters_and_marks_of_direction_go() {
        for written in [neutral("a\u{202e}b\u{0}c\r\nd\te", 100), html("a\u{202e}b\u{0}c\r\nd\te", 100)] {
            assert_eq!(written, "ab c\nd\te");
        }
    }

    #[test]
    fn a_cut_keeps_the_limit_and_falls_between_pieces() {
        for room in 0..40 {
            let cut = html("😀&&<b>\"äöü\"</b>&&", room);
            assert!(length(&cut) <= room, "{room}: {cut}");
            let bare =
                ["&amp;", "&lt;", "&gt;", "&quot;"].iter().fold(cut.clone(), |text, e| text.replace(e, ""));
            assert!(!bare.contains(['&', '<', '>', '"']), "{room}: {cut}");
            let cut = neutral("😀<users/all>", room);
            assert!(length(&cut) <= room && !cut.contains("<u"), "{room}: {cut}");
        }
        assert_eq!(neutral("abc", 3), "abc");
        assert_eq!(neutral("abcd", 3), "ab…");
        assert_eq!(html("a&b", 6), "a…");
        assert_eq!(html("x", 0), "");
    }

    #[test]
    fn what_nobody_would_see_is_blank() {
        for nothing in ["", " \n\t", "\u{0}", "\u{202e}\u{feff} \u{200b}"] {
            assert!(is_blank(nothing), "{nothing:?}");
        }
        assert!(!is_blank("\u{202e}.") && !is_blank("😀"));
    }
}
