//! A body as what it is: JSON, a form, or nothing. By its media type, and by its first character where senders
//! are known to forget the type.
//!
//! Never believes a media type over a body that begins with `{`: a form would have that brace encoded.

use serde_json::{Map, Value};

use crate::{Refusal, Request, json, text};

/// What a body holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// Any JSON document.
    Json(Value),
    /// A form, decoded, in order; names may come twice.
    Form(Vec<(String, String)>),
    /// No body, or white space.
    Empty,
}

impl Payload {
    /// The fields of a form or the members of a JSON object as one object; of a name that comes twice, the
    /// last counts. Nothing for an empty body or another JSON document.
    pub fn into_object(self) -> Option<Map<String, Value>> {
        match self {
            Self::Json(Value::Object(object)) => Some(object),
            Self::Form(fields) => {
                Some(fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
            }
            Self::Json(_) | Self::Empty => None,
        }
    }
}

/// A media type without its parameters, in lower case; empty when there is none or it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    suffix: Option<String>,
}

impl MediaType {
    /// From a header's value; never fails.
    pub fn parse(header: &str) -> Self {
        match header.trim().parse::<mime::Mime>() {
            Ok(mime) => Self {
                essence: mime.essence_str().to_ascii_lowercase(),
                suffix: mime.suffix().map(|name| name.as_str().to_ascii_lowercase()),
            },
            // `application/json;` and other endings that senders get wrong still say what they say.
            Err(_) => {
                let essence = header.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
                let suffix = essence.rsplit_once('+').map(|(_, suffix)| suffix.to_owned());
                Self { essence, suffix }
            }
        }
    }

    /// `type/subtype`, or empty.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// `application/json`, `text/json` or `…+json`.
    pub fn is_json(&self) -> bool {
        matches!(self.essence.as_str(), "application/json" | "text/json")
            || self.suffix.as_deref() == Some("json")
    }

    /// `application/x-www-form-urlencoded`.
    pub fn is_form(&self) -> bool {
        self.essence == "application/x-www-form-urlencoded"
    }

    /// `application/xml`, `text/xml` or `…+xml`.
    pub fn is_xml(&self) -> bool {
        matches!(self.essence.as_str(), "application/xml" | "text/xml")
            || self.suffix.as_deref() == Some("xml")
    }
}

/// See [`Request::payload`].
pub(crate) fn read(request: &Request) -> Result<Payload, Refusal> {
    let media_type = request.media_type();
    let body = request.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&request.body);
    let first = body.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let Some(first) = first else { return Ok(Payload::Empty) };
    if media_type.is_json() || matches!(first, b'{' | b'[') {
        return json::parse(body).map(Payload::Json).map_err(Refusal::Malformed);
    }
    if media_type.is_xml() || first == b'<' {
        return Err(Refusal::Unsupported("XML is not read here; send JSON or a form".to_owned()));
    }
    if media_type.essence().starts_with("multipart/") {
        return Err(Refusal::Unsupported(
            "multipart bodies (with files) are not read here; send JSON or a form".to_owned(),
        ));
    }
    let looks_like_form = !body.contains(&b'\n') && body.contains(&b'=');
    if media_type.is_form() || looks_like_form {
        let fields = form_urlencoded::parse(body.trim_ascii()).into_owned().collect();
        return Ok(Payload::Form(fields));
    }
    let what = match media_type.essence() {
        "" => "a body without a content type".to_owned(),
        essence => format!("`{}`", text::truncate(essence, 80)),
    };
    Err(Refusal::Unsupported(format!("{what} is not read here; send JSON or a form")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Header;

    fn request(content_type: &str, body: &str) -> Request {
        let headers = vec![Header { name: "content-type".to_owned(), value: content_type.to_owned() }];
        Request { headers, body: body.as_bytes().to_vec(), ..Request::post_json("") }
    }

    #[test]
    fn json_is_recognised_by_type_and_by_its_first_character() {
        for content_type in [
            "application/json",
            "application/vnd.x+json; charset=utf-8",
            "text/plain",
            "application/x-www-form-urlencoded",
            "",
            "nonsense",
            "application/json;",
        ] {
            let payload = request(content_type, "\n {\"a\": 1}").payload().unwrap();
            assert_eq!(payload, Payload::Json(serde_json::json!({"a": 1})), "{content_type}");
        }
    }

    #[test]
    fn a_form_is_decoded_with_plus_signs_and_utf8() {
        let payload =
            request("application/x-www-form-urlencoded; charset=UTF-8", "a=1+2%2B3&N=Z%C3%BCrich&bad=%FF")
                .payload()
                .unwrap();
        let object = payload.into_object().unwrap();
        assert_eq!(object["a"], "1 2+3");
        assert_eq!(object["N"], "Zürich");
    }

    #[test]
    fn xml_and_multipart_are_unsupported_and_an_empty_body_is_empty() {
        assert!(matches!(request("text/xml", "<a/>").payload(), Err(Refusal::Unsupported(_))));
        assert!(matches!(request("", "<a/>").payload(), Err(Refusal::Unsupported(_))));
        assert!(matches!(
            request("multipart/form-data; boundary=x", "--x").payload(),
            Err(Refusal::Unsupported(_))
        ));
        assert!(matches!(request("text/plain", "hello").payload(), Err(Refusal::Unsupported(_))));
        assert_eq!(request("application/json", " \n").payload(), Ok(Payload::Empty));
    }
}
