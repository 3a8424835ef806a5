//! A sample's fields, by the shape of its text: JSON, a form, or lines.
//!
//! Where no value looks like an id, the fields whose names say that they are one are changed, then the titles.

use serde_json::Value;
use url::form_urlencoded;

use super::tokens::{Pieces, is_epoch};

/// Names of fields that hold a title, in small letters.
const TITLES: [&str; 8] =
    ["title", "name", "summary", "subject", "alertname", "message", "text", "description"];
/// Whole numbers from here on are ids, whatever their field is called.
const ID_MIN: u64 = 10_000;

/// What a sample is.
pub(super) enum Shape<'a> {
    /// A document.
    Json(Value),
    /// Names and values.
    Form(Vec<(String, String)>),
    /// Anything else.
    Text(&'a str),
}

/// What of a field is changed.
#[derive(Clone, Copy, PartialEq)]
enum By {
    /// What looks like an id, in any value.
    Value,
    /// The end of every text whose field is an id by its name.
    IdName,
    /// The end of every text whose field is a title by its name.
    TitleName,
}

impl By {
    /// What stands before the request's number at the end of a field of this name; none if the field stays.
    fn mark(self, name: &str) -> Option<&'static str> {
        let name = name.to_ascii_lowercase();
        match self {
            Self::IdName if name.ends_with("id") => Some("-"),
            Self::TitleName if TITLES.contains(&name.as_str()) => Some(" "),
            _ => None,
        }
    }
}

impl<'a> Shape<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        if let Ok(document) = serde_json::from_str(text) {
            return Self::Json(document);
        }
        let line = text.trim();
        let is_form = line.contains('=') && !line.contains(char::is_whitespace) && !line.contains(['<', '{']);
        if is_form {
            return Self::Form(form_urlencoded::parse(line.as_bytes()).into_owned().collect());
        }
        Self::Text(text)
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self {
            Self::Json(_) => "application/json",
            Self::Form(_) => "application/x-www-form-urlencoded",
            Self::Text(_) => "text/plain",
        }
    }

    /// The text with places that change; none if it has none.
    pub(super) fn pieces(&self) -> Option<Pieces> {
        let ways = [By::Value, By::IdName, By::TitleName];
        ways.into_iter().map(|by| self.varied(by)).find(Pieces::vary)
    }

    fn varied(&self, by: By) -> Pieces {
        let mut pieces = Pieces::default();
        match self {
            Self::Json(document) => json(document, "", by, &mut pieces),
            Self::Form(fields) => form(fields, by, &mut pieces),
            Self::Text(text) if text.trim().is_empty() => {}
            Self::Text(text) => {
                pieces.text(text.trim_end(), str::to_owned);
                pieces.fixed("\nrequest ");
                pieces.number();
                pieces.fixed("\n");
            }
        }
        pieces
    }
}

fn form(fields: &[(String, String)], by: By, pieces: &mut Pieces) {
    let escape = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for (index, (name, value)) in fields.iter().enumerate() {
        pieces.fixed(if index == 0 { "" } else { "&" });
        pieces.fixed(&escape(name));
        pieces.fixed("=");
        text(value, name, by, escape, pieces);
    }
}

fn json(value: &Value, name: &str, by: By, pieces: &mut Pieces) {
    match value {
        Value::Object(fields) => {
            pieces.fixed("{");
            for (index, (name, value)) in fields.iter().enumerate() {
                pieces.fixed(if index == 0 { "" } else { "," });
                pieces.fixed(&format!("{}:", Value::from(name.as_str())));
                json(value, name, by, pieces);
            }
            pieces.fixed("}");
        }
        Value::Array(items) => {
            pieces.fixed("[");
            for (index, item) in items.iter().enumerate() {
                pieces.fixed(if index == 0 { "" } else { "," });
                json(item, name, by, pieces);
            }
            pieces.fixed("]");
        }
        Value::String(given) => {
            pieces.fixed("\"");
            text(given, name, by, in_json, pieces);
            pieces.fixed("\"");
        }
        Value::Number(number) => {
            match number.as_u64().filter(|number| by == By::Value && is_id(name, *number)) {
                Some(number) => pieces.counted(number),
                None => pieces.fixed(&number.to_string()),
            }
        }
        Value::Bool(_) | Value::Null => pieces.fixed(&value.to_string()),
    }
}

/// A text in a field of this name.
fn text(given: &str, name: &str, by: By, escape: impl Fn(&str) -> String, pieces: &mut Pieces) {
    if by == By::Value && !is_time(given) {
        return pieces.text(given, escape);
    }
    pieces.fixed(&escape(given));
    if let Some(mark) = by.mark(name) {
        pieces.fixed(&escape(mark));
        pieces.number();
    }
}

/// The inside of a JSON string.
fn in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

fn is_id(name: &str, number: u64) -> bool {
    let is_named = name.to_ascii_lowercase().ends_with("id");
    (is_named || number >= ID_MIN) && !is_epoch(&number.to_string())
}

/// Whether it begins as RFC 3339 has it: a moved date would be another time, or none.
fn is_time(text: &str) -> bool {
    let shape = text.bytes().take(10).map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    shape.eq(*b"0000-00-00")
}
