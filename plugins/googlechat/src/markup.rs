//! Text of alerts in Google Chat's two markups, within a limit by construction.
//!
//! Never lets through a mention, a link or a tag. Messages take `<users/all>` and `<address|text>`, and show
//! entities as they are written (<https://github.com/librenms/librenms/issues/18234>): there a zero-width space
//! behind each `<` takes its meaning away. Paragraphs of cards take a subset of HTML, and entities.

use tocsin_plugin::text;

/// Stands where a sequence would mean something.
const NOTHING: char = '\u{200b}';

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

fn within(plain: &str, room: usize, special: impl Fn(char) -> Option<String>) -> String {
    text::written(plain, room, |rest| {
        let first = rest.chars().next().unwrap_or(' ');
        (special(first).unwrap_or_else(|| text::visible(first)), first.len_utf8())
    })
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
            assert!(text::utf16_length(&cut) <= room, "{room}: {cut}");
            let bare =
                ["&amp;", "&lt;", "&gt;", "&quot;"].iter().fold(cut.clone(), |text, e| text.replace(e, ""));
            assert!(!bare.contains(['&', '<', '>', '"']), "{room}: {cut}");
            let cut = neutral("😀<users/all>", room);
            assert!(text::utf16_length(&cut) <= room && !cut.contains("<u"), "{room}: {cut}");
        }
        assert_eq!(neutral("abc", 3), "abc");
        assert_eq!(neutral("abcd", 3), "ab…");
        assert_eq!(html("a&b", 6), "a…");
        assert_eq!(html("x", 0), "");
    }
}
