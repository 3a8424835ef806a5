//! Text of an alert as runs of a `RichTextBlock`, which have no markup.
//!
//! Never gives a link another text than its own address, and never links an address that was cut.

use serde_json::{Value, json};

use crate::{address, neutral};

/// Addresses of one text that become links; the rest stays text.
const LINKS_MAX: usize = 10;

/// The text with its web addresses as links.
pub(crate) fn of(text: &str) -> Vec<Value> {
    let mut runs = Vec::new();
    let (mut rest, mut links) = (text, 0);
    while let Some((start, url)) = first_address(rest).filter(|_| links < LINKS_MAX) {
        runs.extend(plain(&rest[..start]));
        runs.push(link(url));
        rest = &rest[start + url.len()..];
        links += 1;
    }
    runs.extend(plain(rest));
    runs
}

/// A web address that is shown and leads to itself; one that a card cannot hold is only shown.
pub(crate) fn link(url: &str) -> Value {
    let mut run = json!({"type": "TextRun", "text": neutral::run(url)});
    if let Some(target) = address::of(url) {
        run["selectAction"] = json!({"type": "Action.OpenUrl", "url": target});
    }
    run
}

fn plain(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| json!({"type": "TextRun", "text": neutral::run(text)}))
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
        let shown = of(text).into_iter().map(|run| {
            let text = run["text"].as_str().unwrap_or("").to_owned();
            match run["selectAction"]["url"].as_str() {
                Some(url) if url == text => format!("<{url}>"),
                Some(url) => format!("<{text}→{url}>"),
                None => text,
            }
        });
        shown.collect()
    }

    #[test]
    fn addresses_lead_to_themselves_without_the_sentence_around() {
        assert_eq!(seen("see (https://a.example/?a=1&b=2)."), "see (<https://a.example/?a=1&b=2>).");
        assert_eq!(seen("[x](https://a.example) y"), "[x](<https://a.example>) y");
        assert_eq!(seen("http https:// httphttp://a.example"), "http https:// http<http://a.example>");
        assert_eq!(seen("https://a.example/ü"), "<https://a.example/ü→https://a.example/%C3%BC>");
        assert_eq!(seen("https://a@b.example"), "https://a@b.example");
        assert_eq!(seen("javascript:alert(1)"), "javascript:alert(1)");
        assert_eq!(seen(""), "");
    }

    #[test]
    fn an_address_that_was_cut_is_no_link() {
        assert_eq!(seen("https://a.example/run…"), "https://a.example/run…");
    }

    #[test]
    fn a_text_of_addresses_has_ten_links_and_keeps_the_rest() {
        let text = "https://a.example ".repeat(30);
        assert_eq!(seen(&text).matches('<').count(), LINKS_MAX);
        assert_eq!(seen(&text).replace(['<', '>'], ""), text);
    }
}
