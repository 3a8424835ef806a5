//! Lines of text as elements of a card: runs of a `RichTextBlock`, which have no markup, or a `TextBlock` for a line
//! with links.
//!
//! Never gives an address another text than itself, never links an address that was cut, and never puts text into a
//! `TextBlock` that Markdown could read as more than text.
//!
//! A `TextBlock` is used where it can be, since Teams may draw the links of a `RichTextBlock` as plain text on
//! desktops and in browsers (microsoft/AdaptiveCards#9100).

use serde_json::{Value, json};
use tocsin_plugin::chat::marked::{self, Piece};

use crate::{address, neutral};

/// Addresses of one text that become links; the rest stays text.
const LINKS_MAX: usize = 10;

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Link { text: String, url: String },
}

/// One element for each line of an alert's text, with its web addresses as links.
pub(crate) fn of(text: &str) -> Vec<Value> {
    elements(&lines_of(&[Piece::Text(text)]))
}

/// The same for an operator's text, with the links that its template made; a mention stands as `@id`.
pub(crate) fn of_own(text: &str) -> Vec<Value> {
    elements(&lines_of(&marked::pieces(text)))
}

/// A line with links of other texts than their addresses, which are the relay's own words and a host.
pub(crate) fn of_links(links: &[(String, String)]) -> Option<Value> {
    let mut parts = Vec::new();
    for (text, url) in links {
        if !parts.is_empty() {
            parts.push(Part::Text(" · ".to_owned()));
        }
        parts.push(link(text, url));
    }
    (!parts.is_empty()).then(|| element(&parts))
}

/// Runs of a text without markup, each with `style`. The date functions, which a renderer may obey in any text, are
/// cut into two runs.
pub(crate) fn plain(text: &str, style: &Value) -> Vec<Value> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(at) = neutral::DATE_FUNCTIONS.iter().filter_map(|function| rest.find(function)).min() {
        runs.push(run(&rest[..=at], style));
        rest = &rest[at + 1..];
    }
    if !rest.is_empty() {
        runs.push(run(rest, style));
    }
    runs
}

fn run(text: &str, style: &Value) -> Value {
    let mut run = json!({"type": "TextRun", "text": text});
    if let (Value::Object(run), Value::Object(style)) = (&mut run, style) {
        run.extend(style.clone());
    }
    run
}

fn lines_of(pieces: &[Piece<'_>]) -> Vec<Vec<Part>> {
    let mut links = LINKS_MAX;
    let mut lines = vec![Vec::new()];
    for piece in pieces {
        let text = match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Mention(id) => format!("@{}", id.trim_start_matches('@')),
            Piece::Link { url, text } => {
                let shown = if text.is_empty() { url } else { text };
                lines.last_mut().into_iter().for_each(|line| line.push(link(shown, url)));
                continue;
            }
        };
        for (at, part) in text.split('\n').enumerate() {
            if at > 0 {
                lines.push(Vec::new());
            }
            let found = addresses(part, &mut links);
            lines.last_mut().into_iter().for_each(|line| line.extend(found.clone()));
        }
    }
    lines
}

/// A link, or its text where a card cannot hold the address.
fn link(text: &str, url: &str) -> Part {
    let has_function = neutral::DATE_FUNCTIONS.iter().any(|function| text.contains(function));
    match address::of(url) {
        // Encoded, it has none.
        Some(url) if has_function => Part::Link { text: url.clone(), url },
        Some(url) => Part::Link { text: text.to_owned(), url },
        None if text == url => Part::Text(text.to_owned()),
        None => Part::Text(format!("{text} ({url})")),
    }
}

/// One element for each line that has a text; an empty line is the space above the next.
fn elements(lines: &[Vec<Part>]) -> Vec<Value> {
    let mut elements: Vec<Value> = Vec::new();
    let mut is_after_empty = false;
    for line in lines {
        if line.is_empty() {
            is_after_empty = true;
            continue;
        }
        let mut element = element(line);
        if !elements.is_empty() && !is_after_empty {
            element["spacing"] = "none".into();
        }
        elements.push(element);
        is_after_empty = false;
    }
    elements
}

fn element(line: &[Part]) -> Value {
    match markdown(line) {
        Some(text) => json!({"type": "TextBlock", "text": text, "wrap": true}),
        None => {
            let runs = line.iter().flat_map(|part| match part {
                Part::Text(text) => plain(text, &Value::Null),
                Part::Link { text, url } => {
                    plain(text, &json!({"selectAction": {"type": "Action.OpenUrl", "url": url}}))
                }
            });
            json!({"type": "RichTextBlock", "inlines": runs.collect::<Vec<_>>()})
        }
    }
}

/// A line with links as Markdown, where nothing else in it means anything.
fn markdown(line: &[Part]) -> Option<String> {
    line.iter().find(|part| matches!(part, Part::Link { .. }))?;
    let plain: String = line
        .iter()
        .map(|part| match part {
            Part::Text(text) | Part::Link { text, .. } => text.as_str(),
        })
        .collect();
    if !neutral::is_inert(&plain) {
        return None;
    }
    let written = line.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Link { text, url } => {
            format!("[{text}]({})", url.replace('(', "%28").replace(')', "%29"))
        }
    });
    Some(written.collect())
}

/// A line without line feeds, with its web addresses as links.
fn addresses(line: &str, links: &mut usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some((start, url)) = first_address(rest).filter(|_| *links > 0) {
        if start > 0 {
            parts.push(Part::Text(rest[..start].to_owned()));
        }
        parts.push(link(url, url));
        rest = &rest[start + url.len()..];
        *links -= 1;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    parts
}

/// The first address in `text` and where it begins. A full stop or bracket at its end belongs to the sentence.
fn first_address(text: &str) -> Option<(usize, &str)> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find("http") {
        let start = from + found;
        let tail = &text[start..];
        let end = tail.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"|".contains(c));
        let word = &tail[..end.unwrap_or(tail.len())];
        let url = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'']);
        if !url.contains('…') && address::of(url).is_some() {
            return Some((start, url));
        }
        from = start + "http".len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        let element = |element: Value| match element["inlines"].as_array() {
            None => element["text"].as_str().unwrap_or("").to_owned(),
            Some(runs) => {
                let shown = runs.iter().map(|run| {
                    let text = run["text"].as_str().unwrap_or("");
                    match run["selectAction"]["url"].as_str() {
                        Some(url) => format!("<{text}→{url}>"),
                        None => text.to_owned(),
                    }
                });
                shown.collect::<Vec<_>>().join("|")
            }
        };
        of_own(text).into_iter().map(element).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn addresses_lead_to_themselves_without_the_sentence_around() {
        let url = "https://a.example/?a=1&b=2";
        assert_eq!(seen(&format!("see ({url}).")), format!("see ([{url}]({url}))."));
        assert_eq!(seen("[x](https://a.example) y"), "[x](|<https://a.example→https://a.example>|) y");
        let mixed = "http https:// httphttp://a.example";
        assert_eq!(seen(mixed), "http https:// http[http://a.example](http://a.example)");
        assert_eq!(seen("https://a.example/ü"), "[https://a.example/ü](https://a.example/%C3%BC)");
        assert_eq!(seen("https://a.example/(x)"), "[https://a.example/(x](https://a.example/%28x))");
        assert_eq!(seen("https://a@b.example"), "https://a@b.example");
        assert_eq!(seen("javascript:alert(1)"), "javascript:alert(1)");
        assert_eq!(seen(""), "");
    }

    #[test]
    fn links_and_mentions_of_an_operators_text_are_shown() {
        let link =
            "see \u{e010}https://w.example/_a_\u{e011}the wiki\u{e012}, \u{e013}anna@example.com\u{e012}";
        assert_eq!(seen(link), "see [the wiki](https://w.example/_a_), @anna@example.com");
        let starred = "*see* \u{e010}https://w.example\u{e011}the wiki\u{e012}";
        assert_eq!(seen(starred), "*see* |<the wiki→https://w.example>");
        let login = "\u{e010}https://a@b.example\u{e011}x\u{e012}";
        assert_eq!(seen(login), "x (https://a@b.example)", "an address in doubt is shown");
        let made = of("\u{e010}https://w.example\u{e011}bank.example\u{e012}")[0].to_string();
        assert!(!made.contains("[bank"), "an alert makes no link: {made}");
    }

    #[test]
    fn each_line_is_an_element_and_an_empty_one_is_space() {
        let lines = of("one\ntwo\n\nthree");
        let spacing: Vec<&str> =
            lines.iter().map(|line| line["spacing"].as_str().unwrap_or("default")).collect();
        assert_eq!(spacing, ["default", "none", "default"]);
    }

    #[test]
    fn a_date_function_of_an_alert_is_two_runs() {
        assert_eq!(seen("at {{TIME(x)}} {{DATE(y)}}"), "at {|{TIME(x)}} {|{DATE(y)}}");
    }

    #[test]
    fn an_address_that_was_cut_is_no_link() {
        assert_eq!(seen("https://a.example/run…"), "https://a.example/run…");
    }

    #[test]
    fn a_text_of_addresses_has_ten_links_and_keeps_the_rest() {
        let text = "https://a.example ".repeat(30);
        assert_eq!(seen(&text).matches("](").count(), LINKS_MAX);
    }
}
