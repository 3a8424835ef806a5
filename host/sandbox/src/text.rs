//! Text that a plugin or its file wrote, made harmless: one line, no control characters, a bounded length.
//!
//! Everything that leaves the sandbox in a sentence goes through here once, so that no place that prints or logs
//! has to remember it. Never judges what a text means.

/// Characters of a name that is quoted in a sentence.
const QUOTED_CHARS_MAX: usize = 80;

/// Whether it ends a line, drives a terminal or turns the direction of what follows.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || turns(c)
}

/// Whether it turns the direction of the text after it.
fn turns(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` on one line of at most `chars` characters; a cut is marked with `…`. Reads no more of it than that.
pub(crate) fn line(text: &str, chars: usize) -> String {
    let mut clean = text.trim_start().chars().filter(|c| !turns(*c));
    let one = |c: char| if is_harmful(c) { ' ' } else { c };
    let mut line: String = clean.by_ref().take(chars).map(one).collect();
    line.truncate(line.trim_end().len());
    if clean.next().is_some() {
        if line.chars().count() == chars {
            line.pop();
        }
        line.push('…');
    }
    line
}

/// `text` as it is quoted in a sentence: its beginning, with what is harmful as escapes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == QUOTED_CHARS_MAX {
            quoted.push('…');
            break;
        }
        if is_harmful(c) { quoted.extend(c.escape_default()) } else { quoted.push(c) }
    }
    quoted
}

/// What is wrong with `text` as a line of at most `chars` characters.
pub(crate) fn flaw(text: &str, chars: usize) -> Option<String> {
    if let Some(c) = text.chars().find(|c| is_harmful(*c)) {
        return Some(format!("has the character {}, and may have no control characters", c.escape_default()));
    }
    let count = text.chars().count();
    (count > chars).then(|| format!("has {count} characters, the limit is {chars}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_without_what_drives_a_terminal() {
        let forged = "  first\nTimeline\r\u{1b}[2J \u{202e}x\u{2066}y\u{2028}z\u{9b}1m ";
        assert_eq!(line(forged, 100), "first Timeline  [2J xy z 1m");
        assert_eq!(line("\n\n", 10), "");
    }

    #[test]
    fn a_line_is_cut_where_it_says() {
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdef", 5), "abcd…");
        assert_eq!(line(&"ä".repeat(1 << 20), 3), "ää…");
    }

    #[test]
    fn a_quoted_name_shows_what_is_harmful_and_is_bounded() {
        assert_eq!(quoted("a\nb\u{1b}c"), "a\\nb\\u{1b}c");
        assert_eq!(quoted(&"x".repeat(1 << 20)).chars().count(), QUOTED_CHARS_MAX + 1);
    }

    #[test]
    fn a_flaw_names_the_character_or_the_length() {
        assert_eq!(flaw("Jira", 10), None);
        assert!(flaw("Jira\n", 10).is_some_and(|flaw| flaw.contains("\\n")));
        assert_eq!(flaw("Jira and more", 10).as_deref(), Some("has 13 characters, the limit is 10"));
    }
}
