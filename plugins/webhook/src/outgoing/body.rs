//! The body: the operator's document, what a program makes of the incident, a text, or the whole incident.
//!
//! Never copies a document more often than it must: one may have tens of megabytes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tocsin_plugin::Part;
use tocsin_plugin::prelude::*;

use super::media::Media;
use super::{Method, Out};
use crate::jq::Program;
use crate::payload;

/// What `application/x-www-form-urlencoded` leaves as it is (WHATWG URL, section 5.2, without `*`).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Names on the way to a record: a document that is deeper is one that nobody could read.
const LOCATION_NAMES: usize = 16;
/// Characters of a name in a refusal.
const NAME_CHARS: usize = 60;

/// Where the body comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// No body.
    Nothing,
    /// The incident, the change and all that belongs to them.
    Whole,
    /// A JSON document.
    Document(&'a str),
    /// A jq program.
    Program(&'a str),
    /// Text of any kind.
    Text(&'a str),
}

/// What the settings ask for.
///
/// # Errors
/// Settings that exclude each other.
pub(super) fn content(settings: &Out) -> Result<Content<'_>, SettingProblem> {
    fn given(text: Option<&str>) -> Option<&str> {
        text.filter(|text| !text.trim().is_empty())
    }
    let own = [
        ("payload", given(settings.payload.as_deref()).map(Content::Document)),
        ("payload_jq", given(settings.payload_jq.as_deref()).map(Content::Program)),
        ("payload_text", given(settings.payload_text.as_deref()).map(Content::Text)),
    ];
    let mut own = own.into_iter().filter_map(|(field, content)| content.map(|content| (field, content)));
    let first = own.next();
    if let (Some((kept, _)), Some((field, _))) = (first, own.next()) {
        return Err(SettingProblem::new(field, format!("is given beside `{kept}`; take one of them out")));
    }
    let content = match (first, settings.method) {
        (Some((field, _)), Method::Get | Method::Head) => {
            let why = format!(
                "is given and {} sends no body; take it out, or choose another method",
                settings.method.as_str()
            );
            return Err(SettingProblem::new(field, why));
        }
        (Some((_, content)), _) => content,
        (None, Method::Post | Method::Put | Method::Patch) => Content::Whole,
        (None, Method::Get | Method::Head | Method::Delete) => Content::Nothing,
    };
    let is_located = settings.location().next().is_some();
    match content {
        Content::Text(_) if is_located => {
            Err(SettingProblem::new("data_location", "is for JSON; a `payload_text` is sent as it is"))
        }
        _ if settings.location().count() > LOCATION_NAMES => {
            Err(SettingProblem::new("data_location", format!("has more than {LOCATION_NAMES} names")))
        }
        content => Ok(content),
    }
}

/// What would be sent as the name of a member and is meant as something else.
pub(super) fn location_problem(settings: &Out) -> Option<SettingProblem> {
    let written = "a document with such a name is written out in `payload`";
    let why = if text::has_placeholder(settings.data_location.as_deref().unwrap_or("")) {
        format!("takes no placeholders, they would be sent as they stand; {written}")
    } else {
        let name = settings.location().find(|name| name.contains('.'))?;
        let (name, parts) =
            (text::truncate(name, NAME_CHARS), text::truncate(&name.replace('.', "/"), NAME_CHARS));
        format!("has a dot in `{name}`, and dots part no names here: write `{parts}`; {written}")
    };
    Some(SettingProblem::new("data_location", why))
}

/// The media type of this content: `asked` if it fits, or the usual one.
///
/// # Errors
/// A type that promises something else than what is sent.
pub(super) fn media(
    settings: &Out,
    content: Content<'_>,
    asked: Option<Media>,
) -> Result<Media, SettingProblem> {
    let own = settings.content_type.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let wrong = |why: &str| SettingProblem::new("content_type", why);
    let asked = match (own, asked) {
        (Some(_), Some(_)) => {
            return Err(wrong("is given beside a header `Content-Type`; take one of them out"));
        }
        (Some(text), None) => Some(Media::parse(text).map_err(|why| wrong(&why))?),
        (None, asked) => asked,
    };
    let usual = if matches!(content, Content::Text(_)) { "text/plain" } else { "application/json" };
    let Some(media) = asked else {
        return Media::parse(&format!("{usual}; charset=utf-8")).map_err(|why| wrong(&why));
    };
    let document = "belongs into `payload`, where text of an alert cannot break it";
    match content {
        Content::Text(_) if media.is_json() => Err(wrong(&format!("is JSON; such a document {document}"))),
        Content::Text(_) if media.is_form() => Err(wrong(&format!(
            "is a form; an object of its names and values {document}: it is sent as a form then"
        ))),
        Content::Text(_) => Ok(media),
        _ if media.is_other_structure() => {
            Err(wrong("is not what is sent: `payload` is JSON; for another format write `payload_text`"))
        }
        _ if media.is_form() && settings.location().next().is_some() => {
            Err(wrong("is a form, which has no place for a `data_location`"))
        }
        _ => Ok(media),
    }
}

/// `request` with the body.
///
/// # Errors
/// A program that fails on this incident, or a document that this media type cannot hold.
pub(super) fn put(
    mut request: HttpRequest,
    context: &Context,
    settings: &Out,
    content: Content<'_>,
    media: &Media,
) -> Result<HttpRequest, Failure> {
    let document = match content {
        Content::Nothing => return Ok(request),
        Content::Text(text) => return Ok(request.body(media.as_str(), text)),
        Content::Whole => payload::whole(context).to_string().into_bytes(),
        Content::Document(text) => {
            let text = text.trim().trim_start_matches('\u{feff}');
            // Read over, not kept: what is sent is the text itself.
            json::parse_without(text.as_bytes(), |_| true)
                .map_err(|why| Failure::rejected(format!("`payload`: {why}")))?;
            text.as_bytes().to_vec()
        }
        Content::Program(code) => Program::compile(code, &[])
            .and_then(|program| program.document(&payload::whole(context)))
            .map_err(|why| Failure::rejected(format!("`payload_jq` could not be applied: {why}")))?,
    };
    let parts = if media.is_form() {
        vec![form(&document)?.into_bytes()]
    } else {
        let (before, after) = payload::around(settings.location());
        vec![before.into_bytes(), document, after.into_bytes()]
    };
    request.content_type = media.as_str().to_owned();
    request.body = parts.into_iter().filter(|part| !part.is_empty()).map(Part::Bytes).collect();
    Ok(request)
}

/// An object's members as a form: scalars as text, null as nothing, lists and objects as JSON.
fn form(document: &[u8]) -> Result<String, Failure> {
    let Ok(Value::Object(members)) = json::parse(document) else {
        return Err(Failure::rejected("a form is made of a JSON object, and this document is none"));
    };
    let encoded = |text: &str| utf8_percent_encode(text, FORM).to_string().replace("%20", "+");
    let pair = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::Null => String::new(),
            Value::String(text) => encoded(text),
            other => encoded(&other.to_string()),
        };
        format!("{}={value}", encoded(name))
    };
    Ok(members.iter().map(pair).collect::<Vec<_>>().join("&"))
}
