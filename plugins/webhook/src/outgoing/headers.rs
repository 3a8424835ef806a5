//! Headers that an operator adds, as lines or with placeholders.
//!
//! Never lets a value begin another header, and never shows a value in a mistake: somebody may have put a
//! token there.

use serde_json::Value;
use tocsin_plugin::prelude::*;

use super::media::Media;
use super::{Connection, Out};

/// Headers of one request; the host takes 64, and some are the connection's.
const HEADERS_MAX: usize = 48;
/// Characters of a value: servers refuse requests whose headers have more than 8 KiB together.
const VALUE_CHARS: usize = 2_000;
/// Headers that are the host's or the protocol's own.
const RESERVED: [&str; 8] =
    ["connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// What the operator's headers say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    /// All but the content type.
    pub(super) lines: Vec<(String, String)>,
    /// The media type, if one of them names it.
    pub(super) content_type: Option<Media>,
}

/// The headers of the action, over this connection.
///
/// # Errors
/// The first mistake, under the field that it is in.
pub(super) fn read(connection: &Connection, settings: &Out) -> Result<Headers, SettingProblem> {
    let mut headers = Headers::default();
    for (number, line) in settings.headers.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |why: String| SettingProblem::new("headers", format!("line {}: {why}", number + 1));
        if text::has_placeholder(line) {
            return Err(wrong(
                "is sent as it is; a line with placeholders belongs into `header_template`".to_owned(),
            ));
        }
        headers.add(connection, line).map_err(wrong)?;
    }
    let template = settings.header_template.as_deref().filter(|template| !template.trim().is_empty());
    for line in template.map(templated).transpose()?.into_iter().flatten() {
        // A placeholder that this incident has nothing for makes no header.
        if line.split_once(':').is_some_and(|(_, value)| value.trim().is_empty()) {
            continue;
        }
        headers.add(connection, &line).map_err(|why| SettingProblem::new("header_template", why))?;
    }
    if headers.lines.len() > HEADERS_MAX {
        let why = format!("makes {} headers; {HEADERS_MAX} are the most", headers.lines.len());
        return Err(SettingProblem::new("headers", why));
    }
    Ok(headers)
}

impl Headers {
    fn add(&mut self, connection: &Connection, line: &str) -> Result<(), String> {
        let (header, value) = line.split_once(':').ok_or("is not `Name: value`")?;
        let (header, value) = (header.trim(), text::truncate(value.trim(), VALUE_CHARS));
        if header.eq_ignore_ascii_case("content-type") {
            if self.content_type.is_some() {
                return Err("there is more than one content type".to_owned());
            }
            self.content_type = Some(Media::parse(&value)?);
            return Ok(());
        }
        name(header)?;
        if connection.sets(header) {
            return Err(format!("the header `{header}` is set by the connection's settings"));
        }
        self.lines.push((header.to_owned(), value));
        Ok(())
    }
}

/// The lines of a document: an object of names and values, or a list of `Name: value`. Each value stands in a
/// string of its own, so that where it ends is known whatever is in it.
fn templated(template: &str) -> Result<Vec<String>, SettingProblem> {
    let wrong = |why: &str| SettingProblem::new("header_template", why);
    let document = json::parse(template.as_bytes()).map_err(|why| wrong(&why))?;
    match document {
        // A colon in a name would move the place where the value begins.
        Value::Object(members) if members.keys().any(|name| name.contains(':')) => {
            Err(wrong("has a name with a colon in it"))
        }
        Value::Object(members) => Ok(members
            .iter()
            .map(|(name, value)| format!("{name}: {}", json::scalar(value).unwrap_or_default()))
            .collect()),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| wrong("is a list of something else than texts")),
        _ => Err(wrong("is neither an object of names and values nor a list of `Name: value`")),
    }
}

/// Whether an operator may name this header.
///
/// # Errors
/// Why not.
pub(super) fn name(name: &str) -> Result<(), String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(format!("`{}` is not a header's name", text::truncate(&text::one_line(name), 60)));
    }
    let lower = name.to_ascii_lowercase();
    if lower == "authorization" {
        return Err("the header `authorization` holds a secret; choose `authentication` in the connection: \
                    `bearer`, `basic`, or `header` with `header_name = \"Authorization\"`"
            .to_owned());
    }
    if lower == "content-type" {
        return Err("the header `content-type` is the action's: set `content_type`".to_owned());
    }
    if RESERVED.contains(&lower.as_str()) {
        return Err(format!("the header `{lower}` is set by Tocsin"));
    }
    Ok(())
}
