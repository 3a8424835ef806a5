//! Markers of links and mentions, on both sides of a plugin: none in an incident, none in a request.
//!
//! A plugin that knows them has turned them into its peer's markup; what another left in its request becomes text
//! here, so that no peer ever sees one. Never touches a secret or a body that is not text.

use std::borrow::Cow;

use tocsin_core::markers::{
    self, ALL, AS_TEXT, Written, clean_change, clean_incident, clean_links, clean_references, plain_as,
};
use tocsin_core::plugin::{ActionRequest, Context, Part};

/// What stands around an address where text is percent-encoded.
const AS_PERCENT: Written<'static> = Written { before: "%20%28", after: "%29" };

/// Takes the characters out of everything in `context` but the operator's own settings.
pub(crate) fn clean(context: &mut Context) {
    clean_incident(&mut context.incident);
    clean_change(&mut context.change);
    clean_references(&mut context.references);
    clean_links(&mut context.urls);
}

/// Writes what a plugin left of markers as text.
pub(crate) fn write_plainly(request: &mut ActionRequest) {
    replace(&mut request.path, |path| written(path, AS_PERCENT));
    for pair in &mut request.query {
        replace(&mut pair.name, markers::plain);
        replace(&mut pair.value, markers::plain);
    }
    let in_headers = request.headers.iter_mut().flat_map(|(_, parts)| parts);
    for part in in_headers.chain(&mut request.body) {
        if let Part::Bytes(bytes) = part
            && let Ok(text) = std::str::from_utf8(bytes)
            && let Cow::Owned(plain) = written(text, AS_TEXT)
        {
            *bytes = plain.into_bytes();
        }
    }
}

fn replace(text: &mut String, with: impl FnOnce(&str) -> Cow<'_, str>) {
    if let Cow::Owned(plain) = with(text) {
        *text = plain;
    }
}

/// `text` with its markers as text, however they are encoded: as they are, as forms encode them, as JSON may.
fn written<'a>(text: &'a str, raw: Written<'_>) -> Cow<'a, str> {
    let mut text = plain_as(text, raw);
    if let Some(decoded) = decoded(&text, percent) {
        text = plain_as(&decoded, AS_PERCENT).into_owned().into();
    }
    if let Some(decoded) = decoded(&text, escape) {
        text = plain_as(&decoded, AS_TEXT).into_owned().into();
    }
    text
}

/// `text` with what `encoding` finds as the markers themselves; none where it finds none.
fn decoded(text: &str, encoding: impl Fn(&str, usize) -> Option<(char, usize)>) -> Option<String> {
    let (mut out, mut from) = (String::new(), 0);
    for (at, _) in text.match_indices(['%', '\\']) {
        if at >= from
            && let Some((marker, length)) = encoding(text, at)
        {
            out.push_str(&text[from..at]);
            out.push(marker);
            from = at + length;
        }
    }
    out.push_str(&text[from..]);
    (from > 0).then_some(out)
}

/// The marker that stands at `at` as `%EE%80%90`, and its length.
fn percent(text: &str, at: usize) -> Option<(char, usize)> {
    let found = text.get(at..at + 9)?;
    let marker = ALL.into_iter().find(|marker| {
        let mut bytes = [0; 4];
        let encoded: String =
            marker.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect();
        found.eq_ignore_ascii_case(&encoded)
    })?;
    Some((marker, 9))
}

/// The marker that stands at `at` as `\ue010`, and its length. After another backslash it is text.
fn escape(text: &str, at: usize) -> Option<(char, usize)> {
    let backslashes = text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
    let digits = text.get(at..at + 6)?.strip_prefix("\\u").filter(|_| backslashes % 2 == 0)?;
    let marker = char::from_u32(u32::from_str_radix(digits, 16).ok()?).filter(|c| ALL.contains(c))?;
    Some((marker, 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_becomes_text_in_every_encoding() {
        for (body, plain) in [
            ("no marker \\u0041 %41", "no marker \\u0041 %41"),
            (
                "see \u{e010}https://a.example/?x=1&y\u{e011}Runbook\u{e012}!",
                "see Runbook (https://a.example/?x=1&y)!",
            ),
            (
                "\u{e013}U1\u{e012} \u{e010}https://a.example\u{e011}https://a.example\u{e012}",
                "U1 https://a.example",
            ),
            (
                r#"{"t":"\ue010https://a.example\uE011Run \"1\"\ue012"}"#,
                r#"{"t":"Run \"1\" (https://a.example)"}"#,
            ),
            (r#"{"t":"\\ue010"}"#, r#"{"t":"\\ue010"}"#),
            ("t=%EE%80%90https%3A%2F%2Fa%ee%80%91Run+1%EE%80%92", "t=Run+1%20%28https%3A%2F%2Fa%29"),
            ("cut \u{e010}https://a.exa", "cut https://a.exa"),
            ("\u{e012}\u{e011}\u{e010}", ""),
        ] {
            assert_eq!(written(body, AS_TEXT), plain, "{body}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay_as_they_are() {
        let bytes = vec![0xff, 0xee, 0x80, 0x90];
        let mut request = ActionRequest {
            method: "POST".to_owned(),
            path: "/a%EE%80%93b\u{e012}".to_owned(),
            query: Vec::new(),
            headers: vec![("x".to_owned(), vec![Part::Bytes("\u{e013}U1\u{e012}".into())])],
            content_type: String::new(),
            body: vec![Part::Bytes(bytes.clone())],
            signing: Vec::new(),
        };
        write_plainly(&mut request);
        assert_eq!(request.path, "/ab");
        assert_eq!(request.headers[0].1, [Part::Bytes(b"U1".to_vec())]);
        assert_eq!(request.body, [Part::Bytes(bytes)]);
    }
}
