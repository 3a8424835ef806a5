//! A body as what it is: JSON, a form, or nothing. By its media type, and by its first character where senders
//! are known to forget the type.
//!
//! Never believes a media type over a body that begins with `{`: a form would have that brace encoded.

mod form;

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

    /// The document in a form of one field (`payload={…}`, or the document alone); anything else as it is.
    /// [`Request::payload`] has done so; this is for the fields of a query.
    #[must_use]
    pub fn unwrapped(self) -> Self {
        if let Self::Form(fields) = &self
            && let [(name, value)] = fields.as_slice()
            && let Some(document) = document(if value.trim().is_empty() { name } else { value })
        {
            return Self::Json(document);
        }
        self
    }
}

/// The object or list that a text is; nothing for another text.
fn document(text: &str) -> Option<Value> {
    let is_document = matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['));
    is_document.then(|| json::parse(text.as_bytes()).ok()).flatten()
}

/// A media type without its parameters, in lower case; empty when there is none or it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    suffix: Option<String>,
    boundary: Option<String>,
}

impl MediaType {
    /// From a header's value; never fails.
    pub fn parse(header: &str) -> Self {
        match header.trim().parse::<mime::Mime>() {
            Ok(mime) => Self {
                essence: mime.essence_str().to_ascii_lowercase(),
                suffix: mime.suffix().map(|name| name.as_str().to_ascii_lowercase()),
                boundary: mime.get_param("boundary").map(|boundary| boundary.as_str().to_owned()),
            },
            // `application/json;` and other endings that senders get wrong still say what they say.
            Err(_) => {
                let essence = header.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
                let suffix = essence.rsplit_once('+').map(|(_, suffix)| suffix.to_owned());
                Self { essence, suffix, boundary: None }
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

    /// `multipart/form-data` and its kin.
    pub fn is_multipart(&self) -> bool {
        self.essence.starts_with("multipart/")
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
    if media_type.is_multipart() && !starts_as_json(&request.body) {
        return multipart(&request.body, &media_type);
    }
    let body = json::utf8(&request.body);
    let first = body.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let Some(first) = first else { return Ok(Payload::Empty) };
    if media_type.is_json() || matches!(first, b'{' | b'[') {
        return json::parse(&body).map(Payload::Json).map_err(Refusal::Malformed);
    }
    if media_type.is_xml() || first == b'<' {
        return Err(Refusal::Unsupported("XML is not read here; send JSON or a form".to_owned()));
    }
    let looks_like_form = !body.contains(&b'\n') && body.contains(&b'=');
    if media_type.is_form() || looks_like_form {
        return Ok(Payload::Form(form::urlencoded(body.trim_ascii())).unwrapped());
    }
    let what = match media_type.essence() {
        "" => "a body without a content type".to_owned(),
        essence => format!("`{}`", text::truncate(essence, 80)),
    };
    Err(Refusal::Unsupported(format!("{what} is not read here; send JSON or a form")))
}

/// See [`Request::json`]: the document, also where a form of one field holds it.
pub(crate) fn json(request: &Request, skip: fn(&str) -> bool) -> Result<Value, Refusal> {
    let media_type = request.media_type();
    if (media_type.is_form() || media_type.is_multipart())
        && !starts_as_json(&request.body)
        && let Ok(Payload::Json(document)) = read(request)
    {
        return Ok(document);
    }
    json::parse_without(&request.body, skip).map_err(Refusal::Malformed)
}

fn starts_as_json(body: &[u8]) -> bool {
    matches!(body.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['))
}

/// A multipart form. A file counts only where it is the one part, and JSON.
fn multipart(body: &[u8], media_type: &MediaType) -> Result<Payload, Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(Payload::Empty);
    }
    let form::Multipart { fields, files } =
        form::multipart(body, media_type.boundary.as_deref()).map_err(Refusal::Malformed)?;
    if let ([], [file]) = (fields.as_slice(), files.as_slice())
        && let Some(document) = document(file)
    {
        return Ok(Payload::Json(document));
    }
    if fields.is_empty() {
        let why = "the multipart body has no text field; files are not read here, send JSON or a form";
        return Err(Refusal::Unsupported(why.to_owned()));
    }
    Ok(Payload::Form(fields).unwrapped())
}

#[cfg(test)]
mod tests;
