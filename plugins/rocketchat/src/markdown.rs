//! Text of alerts in Rocket.Chat's markdown, within a limit by construction.
//!
//! Never lets through a mention, a link whose text is not its address, or a direction mark; every other
//! character is shown as it came. Rocket.Chat has no escape that all of its versions and clients know, so a
//! zero-width space takes the meaning away. What has one is read off the server's own parsers:
//! `packages/message-parser/src/grammar.pegjs` and `apps/meteor/app/mentions/lib/MentionsParser.ts`.

use tocsin_plugin::text;

/// Stands where a sequence would mean something.
const NOTHING: char = '\u{200b}';

/// `plain` without any effect, in at most `room` UTF-16 code units, which is what Rocket.Chat counts; a cut is
/// marked with `…`.
pub(crate) fn neutral(plain: &str, room: usize) -> String {
    let mut in_address = false;
    text::written(plain, room, |rest| {
        let first = rest.chars().next().unwrap_or(' ');
        in_address = is_in_address(in_address, rest, first);
        (piece(rest, first, in_address), first.len_utf8())
    })
}

/// Whether `rest` begins inside a web address, when what stood before did or did not.
fn is_in_address(before: bool, rest: &str, first: char) -> bool {
    if rest.starts_with("http://") || rest.starts_with("https://") {
        return true;
    }
    before && !first.is_whitespace() && !first.is_control() && !"<>\"[]()".contains(first)
}

/// What is written for the first character of `rest`.
fn piece(rest: &str, first: char, in_address: bool) -> String {
    let next = rest.chars().nth(1);
    match first {
        // `@all`, `@here`, `@user`; in an address the same character can be written otherwise.
        '@' if in_address => "%40".to_owned(),
        '@' => format!("@{NOTHING}"),
        // `<address|text>`, `<t:…>`, tags.
        '<' => format!("<{NOTHING}"),
        // `[text](address)`, `![text](address)`, `[text][name]` and `[name]: address`, whatever is put behind.
        ']' if matches!(next, None | Some('(' | '[' | ':')) => format!("]{NOTHING}"),
        // `\(…\)` and `\[…\]` are formulas, which can be made as large as the window.
        '\\' if matches!(next, Some('(' | '[')) => format!("\\{NOTHING}"),
        c => text::visible(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_only_text() {
        assert_eq!(
            neutral("@all @here,@bob a@b", 100),
            "@\u{200b}all @\u{200b}here,@\u{200b}bob a@\u{200b}b"
        );
        assert_eq!(
            neutral("https://npm.example/@scope/x @all", 100),
            "https://npm.example/%40scope/x @\u{200b}all"
        );
        assert_eq!(neutral("https://a.example>@all", 100), "https://a.example>@\u{200b}all");
    }

    #[test]
    fn a_link_cannot_have_another_text() {
        for attack in [
            "[click](https://evil.example)",
            "![x](https://evil.example)",
            "<https://evil.example|click>",
            "[click][1]\n[1]: https://evil.example",
            "<a href=\"https://evil.example\">click</a>",
        ] {
            let hidden =
                attack.replace("](", "]\u{202e}(").replace("][", "]\u{2066}[").replace("]:", "]\u{2069}:");
            assert_eq!(neutral(&hidden, 200), neutral(attack, 200), "marks of direction hide nothing");
            let text = neutral(attack, 200);
            for forbidden in ["](", "][", "]:", "<h", "<a", "</"] {
                assert!(!text.contains(forbidden), "{forbidden} in {text}");
            }
            assert_eq!(text.replace(NOTHING, ""), attack);
        }
    }

    #[test]
    fn other_characters_stay_as_they_are_and_marks_of_direction_go() {
        let text = "a & b > c \"d\" 'e' ]]> *f* _g_ C:\\temp 😀\n\tx";
        assert_eq!(neutral(text, 100), text);
        assert_eq!(neutral("a\u{202e}b\u{0}c\r\nd", 100), "ab c\nd");
        assert_eq!(neutral("\\\u{202d}(x\\\u{202d})", 100), "\\\u{200b}(x\\)");
        assert_eq!(neutral("\\(\\rule{9999em}{9999em}\\)", 100), "\\\u{200b}(\\rule{9999em}{9999em}\\)");
    }

    #[test]
    fn a_cut_keeps_the_limit_and_never_frees_what_was_bound() {
        for room in 0..60 {
            let cut = neutral("😀@all [a](https://b.example/@c) <https://d.example|e> äöü", room);
            assert!(text::utf16_length(&cut) <= room, "{room}: {cut}");
            for forbidden in ["@a", "](", "<h", "@c"] {
                assert!(!cut.contains(forbidden), "{room}: {cut}");
            }
        }
        assert_eq!(neutral("abc", 3), "abc");
        assert_eq!(neutral("abcd", 3), "ab…");
        assert_eq!(neutral("a@b", 3), "a…");
        assert_eq!(neutral("x", 0), "");
    }
}
