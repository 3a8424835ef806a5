//! Text in Slack's markup, within a limit by construction.
//!
//! Never cuts inside `&amp;` or `<…>`: a piece is taken whole or not at all. Never produces a mention: `<` is
//! only ever written here, around a web address.

use tocsin_plugin::text::{self, utf16_length as length};

/// Characters of a link's text.
const LABEL_CHARS: usize = 100;

/// `plain` escaped as Slack wants it (`&`, `<` and `>`, nothing else), with web addresses as links, of at most
/// `limit` UTF-16 code units after escaping: Slack counts `&amp;` as five, and no character as more than two.
pub(crate) fn escape(plain: &str, limit: usize) -> String {
    text::written(plain, limit, |rest| next(rest, limit))
}

/// One line of [`escape`].
pub(crate) fn line(plain: &str, limit: usize) -> String {
    escape(&text::one_line(plain), limit)
}

/// A link with a text of its own, of a length of at most `limit`. A text that looks like another address gives
/// way to the address itself. Nothing when the address is none or too long.
pub(crate) fn link(url: &str, label: &str, limit: usize) -> Option<String> {
    let url = url.trim();
    if !text::is_web_address(url) || url.contains('|') {
        return None;
    }
    let label: String = label.chars().map(|c| if "|<>".contains(c) { ' ' } else { c }).collect();
    let label = text::truncate(&text::one_line(&text::unturned(&label)), LABEL_CHARS);
    let link = if label.is_empty() || (is_like_an_address(&label) && !is_begun_by(url, &label)) {
        format!("<{}>", entities(url))
    } else {
        format!("<{}|{}>", entities(url), entities(&label))
    };
    (length(&link) <= limit).then_some(link)
}

/// Whether people could take this for where a link leads.
fn is_like_an_address(label: &str) -> bool {
    let chars: Vec<char> = label.chars().collect();
    let has_dot = |w: &[char]| w[0].is_alphanumeric() && w[1] == '.' && w[2].is_alphanumeric();
    label.contains("://") || chars.windows(3).any(has_dot)
}

/// Whether `label` is where `url` leads: its host, with as much of the rest as there is.
fn is_begun_by(url: &str, label: &str) -> bool {
    let bare = |text: &str| text.split_once("://").map_or(text, |(_, rest)| rest).to_lowercase();
    let (url, label) = (bare(url), bare(label));
    let ends = |rest: &str| rest.is_empty() || label.ends_with('/') || rest.starts_with(['/', '?', '#']);
    url.strip_prefix(&label).is_some_and(ends)
}

/// `&`, `<` and `>` as entities; nothing else becomes markup or hidden.
pub(crate) fn entities(plain: &str) -> String {
    text::unturned(plain).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The next piece that must not be cut, escaped, and the bytes of `rest` that it stands for.
fn next(rest: &str, limit: usize) -> (String, usize) {
    if rest.starts_with("http://") || rest.starts_with("https://") {
        let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"|".contains(c));
        let end = end.unwrap_or(rest.len());
        // A full stop or bracket at the end belongs to the sentence.
        let url = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'']);
        let link = format!("<{}>", entities(url));
        if text::is_web_address(url) && length(&link) < limit {
            return (link, url.len());
        }
    }
    let first = rest.chars().next().unwrap_or(' ');
    let piece = match first {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c => text::visible(c),
    };
    (piece, first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_three_characters_are_escaped() {
        assert_eq!(
            escape("a < b & c > \"d\" 'e' <!channel> <@U1>", 100),
            "a &lt; b &amp; c &gt; \"d\" 'e' &lt;!channel&gt; &lt;@U1&gt;"
        );
    }

    #[test]
    fn a_cut_never_falls_inside_an_entity_or_a_link() {
        for limit in 0..40 {
            let cut = escape("&&& https://a.example/x?y=1&z=2. <<<<", limit);
            assert!(length(&cut) <= limit, "{limit}: {cut}");
            let bare = cut.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            assert!(
                !bare.contains('&') && bare.matches('<').count() == bare.matches('>').count(),
                "{limit}: {cut}"
            );
        }
        assert_eq!(escape("abc", 3), "abc");
        assert_eq!(escape("abcd", 3), "ab…");
        assert_eq!(escape("a&b", 6), "a…");
    }

    #[test]
    fn an_emoji_counts_as_the_two_that_slack_may_count() {
        assert_eq!(escape("🔥🔥", 4), "🔥🔥");
        assert_eq!(escape("🔥🔥", 3), "🔥…");
    }

    #[test]
    fn addresses_become_links_without_the_sentence_around() {
        assert_eq!(
            escape("see (https://a.example/?a=1&b=2).", 100),
            "see (<https://a.example/?a=1&amp;b=2>)."
        );
        assert_eq!(escape("https://", 100), "https://");
    }

    #[test]
    fn a_links_text_cannot_end_the_link() {
        assert_eq!(
            link("https://a.example", "x|y> <!here>", 200).as_deref(),
            Some("<https://a.example|x y !here>")
        );
        assert_eq!(link("javascript:x", "x", 200), None);
    }

    #[test]
    fn a_links_text_cannot_claim_another_address() {
        for label in ["https://bank.example", "bank.example/login", "go to bank.example", ""] {
            assert_eq!(
                link("https://a.example", label, 200).as_deref(),
                Some("<https://a.example>"),
                "{label}"
            );
        }
        for (url, label) in [
            ("https://a.example/x", "a.example"),
            ("https://a.example/x?y=1", "https://A.example/x"),
            ("https://a.example?y=1", "a.example"),
        ] {
            let expected = format!("<{url}|{label}>");
            assert_eq!(link(url, label, 200), Some(expected));
        }
        for (url, label) in [
            ("https://evil.example/bank.example", "bank.example"),
            ("https://evil.example/?https://bank.example/login", "https://bank.example/login"),
            ("https://bank.example.evil.example/", "bank.example"),
            ("https://bank.example:x@evil.example/", "bank.example"),
        ] {
            assert_eq!(link(url, label, 200), Some(format!("<{url}>")), "{label}");
        }
    }

    #[test]
    fn text_cannot_turn_the_direction_of_what_follows() {
        assert_eq!(escape("a\u{202e}b\u{0}c", 10), "ab c");
        assert_eq!(link("https://a.example", "x\u{2066}", 50).as_deref(), Some("<https://a.example|x>"));
    }
}
