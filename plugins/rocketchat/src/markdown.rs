//! Text of alerts in Rocket.Chat's markdown, within a limit by construction.
//!
//! Never lets through a mention, a link whose text is not its address, or a direction mark, and never adds a character
//! that nobody sees: addresses and commands are copied. Rocket.Chat has no escape that all of its versions and clients
//! know, so a blank takes the meaning of a mention or a link away, and what would be formatted stands as code. What has
//! a meaning is read off the server's own parsers:
//! `packages/message-parser/src/grammar.pegjs` and `apps/meteor/app/mentions/lib/MentionsParser.ts`.

use tocsin_plugin::text;

/// Stands where a sequence would mean something.
const NOTHING: char = ' ';

/// `plain` without a mention or a link, in at most `room` UTF-16 code units, which is what Rocket.Chat counts; a cut is
/// marked with `…`.
pub(crate) fn neutral(plain: &str, room: usize) -> String {
    let (mut in_address, mut before) = (false, ' ');
    text::written(plain, room, |rest| {
        let first = rest.chars().next().unwrap_or(' ');
        in_address = is_in_address(in_address, rest, first);
        let written = piece(rest, before, in_address);
        before = first;
        (written, first.len_utf8())
    })
}

/// An alert's text as it is written: in code where it has what would format it.
pub(crate) fn as_written(plain: &str, room: usize) -> String {
    if has_markup(plain) { text::as_code(plain, room, neutral) } else { neutral(plain, room) }
}

/// Whether something in it would be bold, code, an emoji, a channel, a hidden text, a list, a heading or a quotation.
fn has_markup(plain: &str) -> bool {
    let chars: Vec<char> = plain.chars().collect();
    let is_word = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
    let is_marked = |at: usize, c: char| match c {
        '`' => true,
        // Within a word they have no meaning.
        '*' | '_' | '~' => !(is_word(at.checked_sub(1)) && is_word(at.checked_add(1))),
        '#' => {
            !is_word(at.checked_sub(1)) && chars.get(at + 1).is_some_and(|c| c.is_alphabetic() || *c == ' ')
        }
        '|' => chars.get(at + 1) == Some(&'|'),
        ':' => is_emoji(chars.get(at + 1..).unwrap_or_default()),
        _ => false,
    };
    let begins_a_block = |line: &str| {
        let digits = line.chars().take_while(char::is_ascii_digit).count();
        line.starts_with("- ") || line.starts_with('>') || (digits > 0 && line[digits..].starts_with(". "))
    };
    chars.iter().enumerate().any(|(at, c)| is_marked(at, *c)) || plain.lines().any(begins_a_block)
}

/// Whether these are the rest of a `:name:`. A number between colons is none, as in a time or an address.
fn is_emoji(rest: &[char]) -> bool {
    let name = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || "_-+.".contains(**c)).count();
    let has_letter = rest.iter().take(name).any(|c| c.is_ascii_alphabetic());
    has_letter && rest.get(name) == Some(&':')
}

/// Whether `rest` begins inside a web address, when what stood before did or did not.
fn is_in_address(before: bool, rest: &str, first: char) -> bool {
    if rest.starts_with("http://") || rest.starts_with("https://") {
        return true;
    }
    before && !first.is_whitespace() && !first.is_control() && !"<>\"[]()".contains(first)
}

/// What is written for the first character of `rest`, which stands behind `before`.
fn piece(rest: &str, before: char, in_address: bool) -> String {
    let mut chars = rest.chars();
    let (first, next) = (chars.next().unwrap_or(' '), chars.next());
    match first {
        // `@all`, `@here`, `@user`; in an address the same character can be written otherwise. Within a word, as in
        // `root@db-1`, it mentions nobody.
        '@' if in_address => "%40".to_owned(),
        '@' if !before.is_alphanumeric() => format!("@{NOTHING}"),
        // `<address|text>`, `<t:…>`, tags.
        '<' if next.is_some_and(|next| !next.is_whitespace()) => format!("<{NOTHING}"),
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
        assert_eq!(neutral("@all @here,@bob a@b", 100), "@ all @ here,@ bob a@b");
        assert_eq!(neutral("https://npm.example/@scope/x @all", 100), "https://npm.example/%40scope/x @ all");
        assert_eq!(neutral("https://a.example>@all", 100), "https://a.example>@ all");
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
            assert_eq!(text.replace(NOTHING, ""), attack.replace(NOTHING, ""));
        }
    }

    #[test]
    fn other_characters_stay_as_they_are_and_marks_of_direction_go() {
        let text = "a & b > c \"d\" 'e' ]]> *f* _g_ C:\\temp 😀\n\tx";
        assert_eq!(neutral(text, 100), text);
        assert_eq!(neutral("a\u{202e}b\u{0}c\r\nd", 100), "ab c\nd");
        assert_eq!(neutral("\\\u{202d}(x\\\u{202d})", 100), "\\ (x\\)");
        assert_eq!(neutral("\\(\\rule{9999em}{9999em}\\)", 100), "\\ (\\rule{9999em}{9999em}\\)");
    }

    #[test]
    fn what_would_be_formatted_stands_as_code() {
        for plain in
            ["ssh root@10.0.0.1:22 at 03:04:05", "kube_pod_x at 97.5 %; -5", "ticket #186", "a | b > c"]
        {
            assert_eq!(as_written(plain, 100), plain);
        }
        assert_eq!(as_written("port aa:cd:ab down", 100), "`port aa:cd:ab down`");
        assert_eq!(as_written("cron * failed *twice*", 100), "`cron * failed *twice*`");
        assert_eq!(as_written("a `b`\n- c", 100), "```\na `b`\n- c\n```");
        assert_eq!(as_written("*x* ``` @all", 100), "```\n*x* \"\"\" @ all\n```");
        assert!(text::utf16_length(&as_written(&"*x* ".repeat(50), 40)) <= 40);
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
        assert_eq!(neutral(" @b", 3), " …");
        assert_eq!(neutral("x", 0), "");
    }
}
