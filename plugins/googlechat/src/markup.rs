//! Text of alerts in Google Chat's two markups, within a limit by construction.
//!
//! Never lets through a mention, a link or a tag, and never adds a character that nobody sees: addresses and commands
//! are copied. Messages take `<users/all>` and `<address|text>`, and show entities as they are written
//! (<https://github.com/librenms/librenms/issues/18234>): there a blank behind such a `<` takes its meaning away.
//! What `*`, `_`, `~` or a backquote would format stands as code. Paragraphs of cards take a subset of HTML, and
//! entities; a card's title is plain (<https://developers.google.com/workspace/chat/format-messages>).

use tocsin_plugin::text;

/// `plain` for a message's text, in at most `room` units; a cut is marked with `…`. Formatting works.
pub(crate) fn neutral(plain: &str, room: usize) -> String {
    text::written(plain, room, |rest| {
        let mut chars = rest.chars();
        let first = chars.next().unwrap_or(' ');
        let means = first == '<' && chars.next().is_some_and(|next| !next.is_whitespace());
        (if means { "< ".to_owned() } else { text::visible(first) }, first.len_utf8())
    })
}

/// `plain` for a place without markup: a card's header, a label, a notification.
pub(crate) fn bare(plain: &str, room: usize) -> String {
    text::written(plain, room, |rest| {
        let first = rest.chars().next().unwrap_or(' ');
        (text::visible(first), first.len_utf8())
    })
}

/// An alert's text for a message, as it is written: in code where it has what would format it.
pub(crate) fn as_written(plain: &str, room: usize) -> String {
    if has_markup(plain) { text::as_code(plain, room, neutral) } else { neutral(plain, room) }
}

/// Whether `*`, `_` or `~` stand at a word's edge, or there is a backquote, or a line begins like a list's.
fn has_markup(plain: &str) -> bool {
    let chars: Vec<char> = plain.chars().collect();
    let is_word = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
    let is_inside = |at: usize| is_word(at.checked_sub(1)) && is_word(at.checked_add(1));
    chars.iter().enumerate().any(|(at, c)| match c {
        '`' => true,
        '*' | '_' | '~' => !is_inside(at),
        _ => false,
    }) || plain.lines().any(|line| line.trim_start().starts_with("- "))
}

/// `plain` for a card's paragraph, in at most `room` units after escaping; a cut is marked with `…` and never
/// falls inside an entity.
pub(crate) fn html(plain: &str, room: usize) -> String {
    text::written(plain, room, |rest| {
        let first = rest.chars().next().unwrap_or(' ');
        let written = match text::entity(first).filter(|_| first != '\'') {
            Some(entity) => entity.to_owned(),
            None => text::visible(first),
        };
        (written, first.len_utf8())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_neither_mentions_nor_links_with_another_text() {
        assert_eq!(
            neutral("<users/all> <users/123> <https://evil.example|click> a & b > c", 200),
            "< users/all> < users/123> < https://evil.example|click> a & b > c"
        );
    }

    #[test]
    fn what_would_be_formatted_stands_as_code() {
        assert_eq!(as_written("disk 97.5 % on kube_pod_x a<b", 100), "disk 97.5 % on kube_pod_x a< b");
        assert_eq!(as_written("cron * failed *twice*", 100), "`cron * failed *twice*`");
        assert_eq!(as_written("a `b`\n*c*", 100), "```\na `b`\n*c*\n```");
        assert_eq!(as_written("x ```\n<users/all>", 100), "```\nx \"\"\"\n< users/all>\n```");
        assert!(text::utf16_length(&as_written(&"*x* ".repeat(50), 40)) <= 40);
        assert_eq!(bare("a <b> *c*", 100), "a <b> *c*");
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
