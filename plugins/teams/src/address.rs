//! Web addresses as a card may hold them: absolute, and addresses to every reader of them.
//!
//! Never changes where an address leads: what stands for itself stays, and one whose host is in doubt is none.

use tocsin_plugin::text;

/// What an address may hold beside letters and digits (RFC 3986), in its path, query and fragment.
const ALLOWED: &str = "-._~!$&'()*+,;=:@/?";

/// `url` with everything percent-encoded that an address may not hold. Nothing when it is no absolute http or
/// https address of at most 2048 bytes, or when its host is not a plain name or number with a port.
pub(crate) fn of(url: &str) -> Option<String> {
    let url = url.trim();
    if !text::is_web_address(url) {
        return None;
    }
    let host = url.find("://")? + "://".len();
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |end| host + end);
    let authority = &url[host..end];
    let (name, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || !name.chars().all(is_name) || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut out = url[..end].to_owned();
    let mut has_fragment = false;
    for (at, c) in url[end..].char_indices() {
        let keeps = match c {
            '#' => !std::mem::replace(&mut has_fragment, true),
            '%' => is_escape(&url[end + at..]),
            c => c.is_ascii_alphanumeric() || ALLOWED.contains(c),
        };
        if keeps {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| out.push_str(&format!("%{byte:02X}")));
        }
    }
    text::is_web_address(&out).then_some(out)
}

/// Whether this begins with `%` and two hexadecimal digits.
fn is_escape(text: &str) -> bool {
    text.as_bytes().get(1..3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_and_what_it_may_not_hold_is_encoded() {
        for (url, expected) in [
            (" https://a.example ", "https://a.example"),
            ("http://10.0.0.1:8080?x=1", "http://10.0.0.1:8080?x=1"),
            ("https://a.example/x_(y)?a=1&b=%20#c", "https://a.example/x_(y)?a=1&b=%20#c"),
            ("http://prom_server:9090/graph", "http://prom_server:9090/graph"),
            ("https://a.example/%zz/[a]/{b}#c#d", "https://a.example/%25zz/%5Ba%5D/%7Bb%7D#c%23d"),
            ("https://a.example/ü|", "https://a.example/%C3%BC%7C"),
            ("https://a.example/%", "https://a.example/%25"),
        ] {
            assert_eq!(of(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn what_may_lead_elsewhere_is_no_address() {
        for url in [
            "/relative",
            "mailto:a@b.example",
            "https://bank.example@evil.example/",
            "https://evil.example[a",
            "https://[::1]/",
            "https://ex\u{430}mple.com/",
            "https://a.example:80x/",
            "https://:80/",
            "https://a.example\\@b.example",
        ] {
            assert_eq!(of(url), None, "{url}");
        }
        let long = format!("https://a.example/{}", "ü".repeat(900));
        assert!(text::is_web_address(&long) && of(&long).is_none(), "too long once it is encoded");
    }
}
