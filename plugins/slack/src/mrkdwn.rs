//! Text in Slack's markup, within a limit by construction.
//!
//! Never cuts inside `&amp;` or `<…>`: a piece is taken whole or not at all. Never produces a mention: `<` is
//! only ever written here, around a web address.

use tocsin_plugin::text;

/// What a cut ends with.
const ELLIPSIS: char = '…';

/// `plain` escaped as Slack wants it (`&`, `<` and `>`, nothing else), with web addresses as links, in at most
/// `chars` characters after escaping: Slack counts `&amp;` as five.
pub(crate) fn escape(plain: &str, chars: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    let mut rest = plain;
    while !rest.is_empty() {
        let (piece, taken) = next(rest, chars);
        let is_last = taken == rest.len();
        let length = piece.chars().count();
        // Room is kept for the ellipsis unless this is the end.
        if used + length + usize::from(!is_last) > chars {
            if used < chars {
                out.push(ELLIPSIS);
            }
            return out;
        }
        out.push_str(&piece);
        used += length;
        rest = &rest[taken..];
    }
    out
}

/// A link with a text of its own. Nothing when the address is none or too long for `chars`.
pub(crate) fn link(url: &str, label: &str, chars: usize) -> Option<String> {
    if !text::is_web_address(url) || url.contains('|') {
        return None;
    }
    let label = text::one_line(&label.replace(['|', '<', '>'], " "));
    let link = format!("<{}|{}>", entities(url), entities(&text::truncate(&label, 100)));
    (link.chars().count() <= chars).then_some(link)
}

/// `&`, `<` and `>` as entities.
pub(crate) fn entities(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The next piece that must not be cut, escaped, and the bytes of `rest` that it stands for.
fn next(rest: &str, chars: usize) -> (String, usize) {
    if rest.starts_with("http://") || rest.starts_with("https://") {
        let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || "<>\"|".contains(c));
        let end = end.unwrap_or(rest.len());
        // A full stop or bracket at the end belongs to the sentence.
        let url = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '\'']);
        let link = format!("<{}>", entities(url));
        if text::is_web_address(url) && link.chars().count() < chars {
            return (link, url.len());
        }
    }
    let first = rest.chars().next().unwrap_or(' ');
    let piece = match first {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        c if c.is_control() && c != '\n' && c != '\t' => " ".to_owned(),
        c => c.to_string(),
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
            assert!(cut.chars().count() <= limit, "{limit}: {cut}");
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
}
