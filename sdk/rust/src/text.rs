//! Text for people: cut between characters, kept on one line, written in another's markup.
//!
//! Never cuts inside a character and never lets control characters through to a single line.

mod decoded;
mod entities;
mod folded;
mod written;

pub use decoded::from_bytes;
pub(crate) use decoded::is_utf16;
pub use entities::{entities, entity};
pub use folded::{folded, host_of};
pub use written::{utf16_length, visible, written};

/// `text` with at most `chars` characters; a cut is marked with `…`.
pub fn truncate(text: &str, chars: usize) -> String {
    if text.char_indices().nth(chars).is_none() {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(chars.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    if chars > 0 {
        cut.push('…');
    }
    cut
}

/// `text` on one line: runs of white space and control characters become one space, ends are trimmed.
pub fn one_line(text: &str) -> String {
    let parts: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// The part of `text` around a column (from 1, in bytes), `reach` characters to each side.
pub fn around(text: &str, column: usize, reach: usize) -> String {
    let byte = text.floor_char_boundary(column.saturating_sub(1).min(text.len()));
    let before: Vec<char> = text[..byte].chars().rev().take(reach).collect();
    before.into_iter().rev().chain(text[byte..].chars().take(reach)).filter(|c| !c.is_control()).collect()
}

/// Whether a person would see nothing: white space, control characters, marks without a shape.
pub fn is_blank(text: &str) -> bool {
    let has_no_shape = |c| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars().all(|c| c.is_whitespace() || c.is_control() || has_no_shape(c))
}

/// What an operator gave, trimmed; nothing when a person would see nothing in it.
pub fn filled(given: Option<&str>) -> Option<&str> {
    given.map(str::trim).filter(|text| !is_blank(text))
}

/// Whether this mark turns the direction of what follows, so that a text seems to say something else (Unicode's
/// embeddings, overrides, isolates and the marks of a direction).
pub const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` without the marks that turn the direction of what follows (see [`turns_direction`]).
pub fn unturned(text: &str) -> String {
    text.chars().filter(|c| !turns_direction(*c)).collect()
}

/// Whether this is an absolute http or https address without spaces, at most 2048 bytes.
pub fn is_web_address(text: &str) -> bool {
    let text = text.trim();
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let rest = if lower.starts_with("https://") {
        text.get(8..)
    } else if lower.starts_with("http://") {
        text.get(7..)
    } else {
        None
    };
    rest.is_some_and(|rest| names_a_host(rest.split(['/', '?', '#']).next().unwrap_or_default()))
        && text.len() <= 2048
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
}

/// Whether this, the part of an address before its path, has a host and a port that can be: `[::1` has none.
fn names_a_host(authority: &str) -> bool {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let Some((address, port)) = rest.split_once(']') else { return false };
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            (address, port)
        }
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let number = port.strip_prefix(':').unwrap_or_default();
    let is_port = port.is_empty() || port == ":" || number.parse::<u16>().is_ok();
    !host.is_empty() && is_port && !host.contains(['[', ']', '^', '|', '`', '\\', '{', '}', '%'])
}

/// `text` as one segment or several of a URL's path: everything is percent-encoded but unreserved characters,
/// sub-delimiters and `/`. A percent sign that begins an escape stays.
pub fn encode_path(text: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const RESERVED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `value` as one segment of a URL's path, or a part of one: everything but letters, digits, `-`, `.`, `_` and `~` is
/// percent-encoded, `/` and `%` too. The host refuses a path with a segment `.` or `..`, or a `;` in a value, however
/// often it is encoded.
pub fn encode_segment(value: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(value, RESERVED).to_string()
}

/// Whether `text` has what opens a placeholder in a template's grammars, Jinja's or iTop's: for settings that are
/// taken as they are, where it would be sent as it stands.
pub fn has_placeholder(text: &str) -> bool {
    let names_an_object = |before: &str| {
        let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        name.len() < before.len() && (name.ends_with('$') || before.contains("%24"))
    };
    let arrows = ["->", "-&gt;", "→", "-%3E", "-%3e"];
    text.contains("{{")
        || text.contains("{%")
        || arrows.iter().any(|arrow| text.match_indices(arrow).any(|(at, _)| names_an_object(&text[..at])))
}

/// `plain` as code between backquotes, so that nothing in it formats: in a line, or as a block when it has several lines
/// or a backquote. `write` writes what stands between them in at most so many units; with them, it takes `room`.
pub fn as_code(plain: &str, room: usize, write: impl Fn(&str, usize) -> String) -> String {
    let is_block = plain.trim().contains('\n') || plain.contains('`');
    let (open, close) = if is_block { ("```\n", "\n```") } else { ("`", "`") };
    let inner = write(plain.trim(), room.saturating_sub(open.len() + close.len()));
    // Three backquotes would end the code.
    format!("{open}{}{close}", inner.replace("```", "\"\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_marked_and_counts_itself() {
        assert_eq!(truncate("äöü", 3), "äöü");
        assert_eq!(truncate("äöüß", 3), "äö…");
        assert_eq!(truncate("abc", 0), "");
    }

    #[test]
    fn one_line_drops_line_breaks_and_control_characters() {
        assert_eq!(one_line("  a\r\n\tb\u{0}c \u{2028}d "), "a b c d");
    }

    #[test]
    fn what_nobody_would_see_is_blank() {
        for nothing in ["", " \n\t", "\u{0}", "\u{202e}\u{feff} \u{200b}"] {
            assert!(is_blank(nothing), "{nothing:?}");
            assert_eq!(filled(Some(nothing)), None);
        }
        assert!(!is_blank("\u{202e}.") && !is_blank("😀"));
        assert_eq!((filled(None), filled(Some(" x\n"))), (None, Some("x")));
    }

    #[test]
    fn only_absolute_web_addresses_are_links() {
        for good in [
            "https://a.example/x?y=1",
            "HTTP://a.example",
            "http://[::1]:9090/x",
            "http://10.0.0.1:80",
            "http://a:1#b",
        ] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "https://?x",
            "http://[::1",
            "http://[fe80::zz]/",
            "http://::1/",
            "https://a.example:99999/",
            "https://a.example:port/",
            "https://a b",
            "ftp://x",
            "hüttps",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }

    #[test]
    fn the_surroundings_of_a_column_are_cut_between_characters() {
        assert_eq!(around("äöü", 4, 1), "äö");
        assert_eq!(around("", 9, 5), "");
    }

    #[test]
    fn placeholders_of_both_grammars_are_seen() {
        for text in [
            "{{ title }}",
            "{% if x %}",
            "a $this->title$",
            "$this-&gt;title$",
            "$current_user→login$",
            "%24this->title%24",
            "%24this-%3Etitle%24",
        ] {
            assert!(has_placeholder(text), "{text}");
        }
        for text in ["plain", "a -> b", "costs $5", "$ ->", "{ }", ""] {
            assert!(!has_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_path_keeps_its_slashes_and_nothing_that_ends_it() {
        assert_eq!(encode_path("/a b/ü?x#y"), "/a%20b/%C3%BC%3Fx%23y");
        assert_eq!(encode_path("/a%2Fb"), "/a%2Fb", "what is encoded stays");
    }

    #[test]
    fn a_segment_has_nothing_that_ends_it() {
        assert_eq!(encode_segment("a/b c;d?e#f%2Fg.-_~ü"), "a%2Fb%20c%3Bd%3Fe%23f%252Fg.-_~%C3%BC");
    }
}
