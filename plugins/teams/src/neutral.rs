//! Text of an alert, made to show as it is wherever a card puts it.
//!
//! Never adds a character that nobody sees: addresses, numbers and commands are copied from a card, and a character
//! of no width breaks them. Text that a renderer could read as markup goes where there is no markup, a `TextRun`.

use tocsin_plugin::text::entities;

use crate::address;

/// What indents without being Markdown's indentation: U+00A0, no-break space.
const NO_BREAK_SPACE: char = '\u{A0}';
/// What Adaptive Cards replace by a local date or time.
pub(crate) const DATE_FUNCTIONS: [&str; 2] = ["{{DATE(", "{{TIME("];
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

/// One line for places that have no runs: `fallbackText`, `speak`, `summary`. A blank takes the meaning of the date
/// functions away.
pub(crate) fn line(text: &str) -> String {
    DATE_FUNCTIONS
        .iter()
        .fold(text.to_owned(), |text, function| text.replace(function, &format!("{{ {}", &function[1..])))
}

/// Whether a line means nothing as Markdown, on a desktop and on a phone alike, so that a `TextBlock` shows it as it
/// is. What is in doubt is not.
pub(crate) fn is_inert(line: &str) -> bool {
    let chars: Vec<char> = line.chars().collect();
    let is_inert_at = |at: usize, c: char| {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let next = chars.get(at + 1);
        match c {
            // Within a word it has no meaning.
            '_' => before.is_some_and(|c| c.is_alphanumeric()) && next.is_some_and(|c| c.is_alphanumeric()),
            '&' => !is_entity(chars.get(at + 1..).unwrap_or_default()),
            '*' | '`' | '~' | '[' | ']' | '<' | '>' | '\\' | '|' | '{' | '}' => false,
            c => !c.is_control(),
        }
    };
    !begins_a_block(&chars) && chars.iter().enumerate().all(|(at, c)| is_inert_at(at, *c))
}

/// Whether a line begins with what makes a list, a heading, a line or code of it.
fn begins_a_block(chars: &[char]) -> bool {
    let ends = |at: usize| chars.get(at).is_none_or(|c| c.is_whitespace());
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    match chars.get(digits) {
        Some('.' | ')') if digits > 0 => ends(digits + 1),
        Some('#') if digits == 0 => ends(chars.iter().take_while(|c| **c == '#').count()),
        Some('-' | '+' | '=') => digits == 0,
        Some(c) => digits == 0 && c.is_whitespace(),
        None => false,
    }
}

/// Whether these are the rest of an entity such as `&lt;` or `&#x3c;`.
fn is_entity(rest: &[char]) -> bool {
    let name = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '#').count();
    name > 0 && rest.get(name) == Some(&';')
}

/// A MessageCard's title: HTML, no Markdown.
pub(crate) fn html(text: &str) -> String {
    entities(text, &['&', '<', '>', '"'])
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

/// The same for a piece of a text: blanks and line ends around it stay.
pub(crate) fn markdown_around(text: &str) -> String {
    let is_edge = |c: char| c == ' ' || c == '\n';
    let edge = |edge: &str| match edge {
        "" => String::new(),
        edge if edge.contains('\n') => "\n\n".to_owned(),
        _ => " ".to_owned(),
    };
    let core = text.trim_matches(is_edge);
    let (before, after) = match text.find(core).filter(|_| !core.is_empty()) {
        Some(at) => (&text[..at], &text[at + core.len()..]),
        None => (text, ""),
    };
    format!("{}{}{}", edge(before), markdown(core), edge(after))
}

/// A link in a connector's Markdown; text and address when it is no web address.
pub(crate) fn markdown_link(text: &str, url: &str) -> String {
    match address::of(url) {
        Some(target) => {
            let target = target.replace('(', "%28").replace(')', "%29");
            format!("[{}]({})", markdown(text), html(&target))
        }
        None if text == url => markdown(url),
        None => markdown(&format!("{text} ({url})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_would_read_is_not_inert() {
        for inert in [
            "plain 97 % (of 1 TB), 97.5; -5",
            "10.0.0.1:8080",
            "kube_pod_name on db-1",
            "#186 since 02:58",
            "a & b",
            "https://a.example/x?a=1&b=2",
            "1.5 GB",
        ] {
            assert!(is_inert(inert), "{inert}");
        }
        for markup in [
            "[click](https://evil.example)",
            "[a]: https://evil.example",
            "![x](https://evil.example/p.png)",
            "**bold**",
            "_it_",
            "__init__",
            "~~s~~",
            "`code`",
            "<at>Anna</at>",
            "a &lt; &#60;",
            r"C:\Users",
            "- item",
            "1. one",
            "1.",
            "# head",
            "  code",
            "a|b",
            "{{DATE(2026-01-02T03:04:05Z,SHORT)}}",
            "a\nb",
        ] {
            assert!(!is_inert(markup), "{markup}");
        }
    }

    #[test]
    fn lines_are_kept_and_control_characters_are_not() {
        assert_eq!(lines("\r\n a\r\nb\rc\u{0}\u{1b}[1m\td \n\n"), " a\nb\nc  [1m\td");
        assert_eq!(lines(" \n\t\n"), "");
        assert_eq!(line("{{TIME(x)}} {{x}}"), "{ {TIME(x)}} {{x}}");
    }

    #[test]
    fn a_connector_is_given_neither_html_nor_markdown() {
        assert_eq!(html("<b>\"x\" & y</b>"), "&lt;b&gt;&quot;x&quot; &amp; y&lt;/b&gt;");
        assert_eq!(
            markdown("a_b [x](https://e.example)\n\n    at *main*\n<b>"),
            "a\\_b \\[x\\]\\(https://e\\.example\\)\n\n\u{A0}\u{A0}\u{A0}\u{A0}at \\*main\\*\n\n&lt;b&gt;"
        );
        assert_eq!(
            markdown_link("Graph (a.example)", "https://a.example/x_(y)?a=1&b=2"),
            r"[Graph \(a\.example\)](https://a.example/x_%28y%29?a=1&amp;b=2)"
        );
        assert_eq!(markdown_around("\n see *x* "), "\n\nsee \\*x\\* ");
    }
}
