//! Text of an alert, made to show as it is wherever a card puts it.
//!
//! Never trusts one renderer: desktops and browsers read a card's Markdown as CommonMark, phones with a parser
//! of their own that knows no backslash before a bracket. What only one of them would obey is broken with a
//! character that nobody sees.

use crate::address;

/// Takes no room and no part in any markup: U+200B, zero width space.
const BREAK: char = '\u{200B}';
/// What indents without being Markdown's indentation: U+00A0, no-break space.
const NO_BREAK_SPACE: char = '\u{A0}';
/// What Adaptive Cards replace by a local date or time, in every text.
const DATE_FUNCTIONS: [&str; 2] = ["{{DATE(", "{{TIME("];
/// What a connector's Markdown gives a meaning, as seen in Teams by those who send names with underscores
/// (healthchecks/healthchecks#426).
const CONNECTOR_MARKUP: &str = "\\`*_{}[]()#+-.!|~";

/// Lines as they came, with line feeds between, without other control characters; nothing around them.
pub(crate) fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String =
        text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect();
    let lines: Vec<&str> = clean.trim_end().lines().map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    lines.get(first..).unwrap_or_default().join("\n")
}

/// Text of a `TextRun`, which has no markup but the date functions.
pub(crate) fn run(text: &str) -> String {
    let mut out = text.to_owned();
    for function in DATE_FUNCTIONS {
        let broken = format!("{{{BREAK}{}", &function[1..]);
        out = out.replace(function, &broken);
    }
    out
}

/// One line for a `Fact` and for `fallbackText`, which are Markdown.
pub(crate) fn fact(line: &str) -> String {
    let chars: Vec<char> = run(line).chars().collect();
    let mut out = String::with_capacity(line.len() + 8);
    if begins_a_block(&chars) {
        out.push(BREAK);
    }
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).copied();
        let next = chars.get(at + 1).copied();
        let is_inside = before.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric);
        match c {
            '*' | '`' => out.push('\\'),
            // Within a word it has no meaning, and a phone would show the backslash.
            '_' if !is_inside => out.push('\\'),
            '~' if before == Some('~') || next == Some('~') => out.push('\\'),
            '\\' if next.is_none_or(|next| next.is_ascii_punctuation()) => out.push('\\'),
            _ => {}
        }
        out.push(c);
        let breaks = match c {
            ']' => matches!(next, Some('(' | '[' | ':')),
            '<' => next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')),
            '&' => is_entity(chars.get(at + 1..).unwrap_or_default()),
            _ => false,
        };
        if breaks {
            out.push(BREAK);
        }
    }
    out
}

/// Whether a line begins with what makes a list, a heading, a quotation or a table of it.
fn begins_a_block(chars: &[char]) -> bool {
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    match chars.get(digits) {
        Some('.' | ')') if digits > 0 => true,
        Some('-' | '+' | '#' | '>' | '=' | '|' | '~') => digits == 0,
        _ => false,
    }
}

/// Whether these are the rest of an entity such as `&lt;` or `&#x3c;`.
fn is_entity(rest: &[char]) -> bool {
    let name = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '#').count();
    name > 0 && rest.get(name) == Some(&';')
}

/// A MessageCard's title: HTML, no Markdown.
pub(crate) fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Lines for a MessageCard's section or fact: HTML and Markdown. An empty line stands between two lines, which
/// is what Markdown takes for a new one.
pub(crate) fn markdown(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let indented = line.len() - line.trim_start().len();
        let (indent, rest) = line.split_at(indented);
        let mut out: String = indent.chars().map(|_| NO_BREAK_SPACE).collect();
        for c in html(rest).chars() {
            if CONNECTOR_MARKUP.contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        out
    });
    lines.collect::<Vec<_>>().join("\n\n")
}

/// A web address that leads to itself, in a connector's Markdown; as text when it is none.
pub(crate) fn markdown_link(url: &str) -> String {
    match address::of(url) {
        Some(target) => {
            let target = target.replace('(', "%28").replace(')', "%29");
            format!("[{}]({})", markdown(url), html(&target))
        }
        None => markdown(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A break where one is, so that a test can be read.
    fn seen(text: &str) -> String {
        fact(text).replace(BREAK, "¦")
    }

    #[test]
    fn a_fact_has_neither_links_nor_formats() {
        for (text, expected) in [
            ("plain 97 % (of 1 TB)", "plain 97 % (of 1 TB)"),
            ("[click](https://evil.example)", "[click]¦(https://evil.example)"),
            ("[a]: https://evil.example", "[a]¦: https://evil.example"),
            ("![x](https://evil.example/p.png)", "![x]¦(https://evil.example/p.png)"),
            ("**bold** _it_ ~~s~~", r"\*\*bold\*\* \_it\_ \~\~s\~\~"),
            ("kube_pod_name ~/x", "kube_pod_name ~/x"),
            ("<at>Anna</at> <https://evil.example>", "<¦at>Anna<¦/at> <¦https://evil.example>"),
            ("a < b & c &lt; &#60;", "a < b & c &¦lt; &¦#60;"),
            (r"C:\Users\x \[ \", r"C:\Users\x \\[ \\"),
            ("- item", "¦- item"),
            ("1. one", "¦1. one"),
            ("10.0.0.1", "¦10.0.0.1"),
            ("# head", "¦# head"),
            ("{{DATE(2026-01-02T03:04:05Z,SHORT)}} {{x}}", "{¦{DATE(2026-01-02T03:04:05Z,SHORT)}} {{x}}"),
        ] {
            assert_eq!(seen(text), expected, "{text}");
        }
    }

    #[test]
    fn lines_are_kept_and_control_characters_are_not() {
        assert_eq!(lines("\r\n a\r\nb\rc\u{0}\u{1b}[1m\td \n\n"), " a\nb\nc  [1m\td");
        assert_eq!(lines(" \n\t\n"), "");
        assert_eq!(run("{{TIME(x)}}"), "{\u{200B}{TIME(x)}}");
    }

    #[test]
    fn a_connector_is_given_neither_html_nor_markdown() {
        assert_eq!(html("<b>\"x\" & y</b>"), "&lt;b&gt;&quot;x&quot; &amp; y&lt;/b&gt;");
        assert_eq!(
            markdown("a_b [x](https://e.example)\n\n    at *main*\n<b>"),
            "a\\_b \\[x\\]\\(https://e\\.example\\)\n\n\u{A0}\u{A0}\u{A0}\u{A0}at \\*main\\*\n\n&lt;b&gt;"
        );
        assert_eq!(
            markdown_link("https://a.example/x_(y)?a=1&b=2"),
            r"[https://a\.example/x\_\(y\)?a=1&amp;b=2](https://a.example/x_%28y%29?a=1&amp;b=2)"
        );
    }
}
