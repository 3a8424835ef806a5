//! Text in Slack's markup, within a limit by construction.
//!
//! Never cuts inside `&amp;` or `<…>`: a piece is taken whole or not at all. Never produces a mention: `<` is
//! only ever written here, around a web address, and for an operator's own mentions.

use tocsin_plugin::chat::ShownLink;
use tocsin_plugin::chat::marked::{self, Piece};
use tocsin_plugin::text::{self, utf16_length as length};

use crate::mention;
use crate::rich::web_address;

/// What Slack wants escaped.
const ESCAPED: [char; 3] = ['&', '<', '>'];

/// `plain` escaped as Slack wants it (`&`, `<` and `>`, nothing else), with web addresses as links, of at most
/// `limit` UTF-16 code units after escaping: Slack counts `&amp;` as five, and no character as more than two.
pub(crate) fn escape(plain: &str, limit: usize) -> String {
    text::written(plain, limit, |rest| next(rest, limit))
}

/// A link of the incident: `Source (prometheus.example.com)`. Its own title gives way to the host where it would
/// be markup or looks like another address.
pub(crate) fn incident_link(link: &ShownLink, limit: usize) -> Option<String> {
    let is_plain = !is_like_an_address(&link.title) && !link.title.contains(['*', '_', '~', '`', ':', '|']);
    let text = if is_plain { link.text() } else { link.host.clone() };
    let text: String = text.chars().map(|c| if "|<>".contains(c) { ' ' } else { c }).collect();
    let is_link = text::is_web_address(&link.url) && !link.url.contains('|');
    let written = format!("<{}|{}>", entities(&link.url), entities(&text));
    (is_link && length(&written) <= limit).then_some(written)
}

/// Whether people could take this for where a link leads.
fn is_like_an_address(label: &str) -> bool {
    let label = text::folded(label);
    let chars: Vec<char> = label.chars().collect();
    let has_dot = |w: &[char]| w[0].is_alphanumeric() && w[1] == '.' && w[2].is_alphanumeric();
    label.contains("://") || chars.windows(3).any(has_dot)
}

/// `&`, `<` and `>` as entities; nothing else becomes markup or hidden.
pub(crate) fn entities(plain: &str) -> String {
    text::entities(&text::unturned(plain), &ESCAPED)
}

/// An operator's own text: escaped as every text is, its marked links and mentions as Slack writes them. One that no
/// longer fits is left out with what follows.
pub(crate) fn own(marked: &str, limit: usize) -> String {
    if !marked::is_marked(marked) {
        return escape(marked, limit);
    }
    let mut out = String::new();
    for piece in marked::pieces(marked) {
        let room = limit.saturating_sub(length(&out));
        let piece = match piece {
            Piece::Text(text) => escape(text, room),
            Piece::Link { url, text } => own_link(url, text),
            Piece::Mention(name) => mention::parse(name).unwrap_or_else(|_| entities(name)),
        };
        if length(&piece) > room {
            break;
        }
        out.push_str(&piece);
    }
    out
}

/// The operator's word is taken for a link's text.
fn own_link(url: &str, text: &str) -> String {
    let text: String = text.chars().map(|c| if c == '|' { ' ' } else { c }).collect();
    let text = entities(&text::one_line(&text));
    let url = entities(url).replace('|', "%7C");
    if text.is_empty() { format!("<{url}>") } else { format!("<{url}|{text}>") }
}

/// The next piece that must not be cut, escaped, and the bytes of `rest` that it stands for.
fn next(rest: &str, limit: usize) -> (String, usize) {
    if rest.starts_with("http://") || rest.starts_with("https://") {
        let url = web_address(rest);
        let link = format!("<{}>", entities(url));
        if text::is_web_address(url) && length(&link) < limit {
            return (link, url.len());
        }
    }
    let first = rest.chars().next().unwrap_or(' ');
    let piece = match text::entity(first).filter(|_| ESCAPED.contains(&first)) {
        Some(entity) => entity.to_owned(),
        None => text::visible(first),
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

    fn shown(title: &str, url: &str) -> Option<String> {
        let link = ShownLink { title: title.to_owned(), host: "a.example".to_owned(), url: url.to_owned() };
        incident_link(&link, 200)
    }

    #[test]
    fn a_links_text_can_neither_end_the_link_nor_claim_another_address() {
        assert_eq!(
            shown("Graph", "https://a.example").as_deref(),
            Some("<https://a.example|Graph (a.example)>")
        );
        for title in [
            "x|y> <!here>",
            "bank.example/login",
            "go to bank.example",
            "go to ｂａｎｋ．example",
            "bank。example",
            "*a*",
            ":x:",
            "~a~",
        ] {
            assert_eq!(
                shown(title, "https://a.example").as_deref(),
                Some("<https://a.example|a.example>"),
                "{title}"
            );
        }
        assert_eq!(shown("x", "javascript:x"), None);
        assert_eq!(shown("x", "https://a.example/|y"), None);
    }

    #[test]
    fn an_operators_links_and_mentions_are_slacks() {
        let text = "\u{e010}https://a.example/?a&b\u{e011}Wiki <1>\u{e012} \u{e013}U024BE7LH\u{e012} <!here> \u{e013}bob\u{e012}";
        assert_eq!(
            own(text, 200),
            "<https://a.example/?a&amp;b|Wiki &lt;1&gt;> <@U024BE7LH> &lt;!here&gt; bob"
        );
        for limit in 0..90 {
            assert!(length(&own(text, limit)) <= limit, "{limit}");
        }
    }

    #[test]
    fn text_cannot_turn_the_direction_of_what_follows() {
        assert_eq!(escape("a\u{202e}b\u{0}c", 10), "ab c");
    }
}
