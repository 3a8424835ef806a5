//! Text in the character set that its sender wrote it in, made UTF-8. The one place that decides this, for requests
//! that come in, for kept requests that are decoded again and for those that are only tried.
//!
//! Never changes what is kept: a receipt has the bytes as they were sent. Leaves bodies alone that are no text.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use percent_encoding::percent_decode;
use tocsin_core::plugin::{Pair, SourceRequest};
use url::form_urlencoded;

/// Labels that promise bytes below 128: a body with other bytes breaks the promise, so that the label says nothing.
const ASCII: [&str; 3] = ["ascii", "us-ascii", "ansi_x3.4-1968"];
/// Text among the media types of `application/`, beside `+json` and `+xml`.
const TEXTS: [&str; 9] = [
    "json",
    "xml",
    "x-www-form-urlencoded",
    "javascript",
    "x-ndjson",
    "ndjson",
    "jsonlines",
    "yaml",
    "x-yaml",
];

/// `bytes` as text: UTF-8, or windows-1252 when they are not valid UTF-8. Text that is UTF-8 but for fewer places
/// than it has characters beyond ASCII was cut, as by a tool that counts bytes: it stays UTF-8.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    let Err(_) = std::str::from_utf8(bytes) else { return String::from_utf8_lossy(bytes) };
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad {
        return String::from_utf8_lossy(bytes);
    }
    WINDOWS_1252.decode_without_bom_handling(bytes).0
}

/// A percent-encoded part of an address as text.
pub(crate) fn unescaped(part: &str) -> String {
    text(&percent_decode(part.as_bytes()).collect::<Vec<u8>>()).into_owned()
}

/// The pairs of a query.
pub(crate) fn query(query: &str) -> Vec<Pair> {
    let pair = |(name, value): (Vec<u8>, Vec<u8>)| Pair::new(text(&name), text(&value));
    pairs(query.as_bytes()).map(pair).collect()
}

/// The parts of a form that hold something, as they were sent.
pub(crate) fn form_parts(form: &[u8]) -> impl Iterator<Item = &[u8]> {
    form.split(|byte| *byte == b'&').filter(|part| !part.is_empty())
}

/// Name and value of one part of a form, without escapes.
pub(crate) fn form_pair(part: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let end = part.iter().position(|byte| *byte == b'=');
    let (name, value) = end.map_or((part, &[][..]), |end| (&part[..end], &part[end + 1..]));
    let plain = |part: &[u8]| {
        let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&spaced).collect()
    };
    (plain(name), plain(value))
}

fn pairs(form: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    form_parts(form).map(form_pair)
}

/// `request` with its body in UTF-8, for a plugin to read. The same request when it is no text or is UTF-8 already.
pub(crate) fn readable(request: &SourceRequest) -> Cow<'_, SourceRequest> {
    let media_type = MediaType::of(request);
    let Some(body) = media_type.readable(&request.body) else { return Cow::Borrowed(request) };
    let mut headers = request.headers.clone();
    say_utf8(&mut headers);
    Cow::Owned(SourceRequest {
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers,
        body,
        received_at: request.received_at,
    })
}

/// Has the media type say UTF-8, if it says any character set: the body is in UTF-8 now.
pub(crate) fn say_utf8(headers: &mut [Pair]) {
    for header in headers.iter_mut().filter(|header| header.name == "content-type") {
        let utf8 = |part: &str| match charset_of(part) {
            Some(_) => " charset=utf-8".to_owned(),
            None => part.to_owned(),
        };
        header.value = header.value.split(';').map(utf8).collect::<Vec<_>>().join(";");
    }
}

/// The character set that a parameter of a media type names.
fn charset_of(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']))
}

/// What a media type says about text.
struct MediaType {
    /// `type/subtype` in lower case; empty when there is none.
    essence: String,
    /// The character set that it names, unless that is UTF-8, ASCII or unknown.
    charset: Option<&'static Encoding>,
}

impl MediaType {
    fn of(request: &SourceRequest) -> Self {
        let header = request.headers.iter().find(|header| header.name == "content-type");
        let mut parts = header.map_or("", |header| header.value.as_str()).split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let label = parts.find_map(charset_of).map(str::to_ascii_lowercase);
        let label = label.filter(|label| !ASCII.contains(&label.as_str()));
        let known = label.and_then(|label| Encoding::for_label(label.as_bytes()));
        Self { essence, charset: known.filter(|known| *known != UTF_8 && *known != REPLACEMENT) }
    }

    /// `body` in UTF-8, when that is something else than `body`.
    fn readable(&self, body: &[u8]) -> Option<Vec<u8>> {
        if !self.is_text(body) {
            return None;
        }
        if self.is_form(body) {
            return self.form(body);
        }
        match self.decoded(body) {
            Cow::Borrowed(text) if text.len() == body.len() => None,
            text => Some(text.into_owned().into_bytes()),
        }
    }

    fn is_text(&self, body: &[u8]) -> bool {
        match self.essence.split_once('/') {
            // Without a type, or with something that is none: what comes here is text.
            None => true,
            Some(("text", _)) => true,
            Some(("multipart", _)) => !contains(body, b"filename"),
            Some(("application", subtype)) => {
                TEXTS.contains(&subtype) || subtype.ends_with("+json") || subtype.ends_with("+xml")
            }
            Some(_) => false,
        }
    }

    /// Whether `body` is read as a form: it is said to be one, or looks like one and is said to be nothing else.
    fn is_form(&self, body: &[u8]) -> bool {
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(first, Some(b'{' | b'[' | b'<')) {
            return false;
        }
        match self.essence.as_str() {
            "application/x-www-form-urlencoded" => true,
            "text/plain" => !body.contains(&b'\n') && body.contains(&b'='),
            essence => !essence.contains('/') && !body.contains(&b'\n') && body.contains(&b'='),
        }
    }

    /// The form `body` with what it says in UTF-8, when it says it otherwise.
    fn form(&self, body: &[u8]) -> Option<Vec<u8>> {
        let is_utf8 = |bytes: &[u8]| match self.charset {
            Some(_) => bytes.is_ascii(),
            None => std::str::from_utf8(bytes).is_ok(),
        };
        if pairs(body).all(|(name, value)| is_utf8(&name) && is_utf8(&value)) {
            return None;
        }
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs(body) {
            form.append_pair(&self.decoded(&name), &self.decoded(&value));
        }
        Some(form.finish().into_bytes())
    }

    /// By a byte order mark, else by the character set named, else as [`text`].
    fn decoded<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
            return encoding.decode_without_bom_handling(&bytes[mark..]).0;
        }
        match (self.charset, bytes) {
            // Old servers call everything ISO-8859-1: what is UTF-8 beyond ASCII is nothing else by chance.
            (Some(encoding), _) if encoding == WINDOWS_1252 && std::str::from_utf8(bytes).is_ok() => {
                text(bytes)
            }
            (Some(encoding), _) => encoding.decode_without_bom_handling(bytes).0,
            // JSON in UTF-16 without a mark begins with ASCII, and every other byte is zero.
            (None, [1..=0x7f, 0, 1..=0x7f, 0, ..]) => UTF_16LE.decode_without_bom_handling(bytes).0,
            (None, [0, 1..=0x7f, 0, 1..=0x7f, ..]) => UTF_16BE.decode_without_bom_handling(bytes).0,
            (None, _) => text(bytes),
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

#[cfg(test)]
mod tests;
