//! Bodies in the file of a case: text as it is, a form line by line, anything else in base64.
//!
//! Never shows a body in a way that does not lead back to the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// What a line between two sections of a file begins with.
pub const MARK: &str = "== ";
/// What a value of a form is indented by when it does not fit on the line of its name.
const INDENT: &str = "  ";

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Plain,
    /// `name=value` on a line each, decoded.
    Form,
    /// Bytes that are no text, or text that would not come back from a file.
    Base64,
}

impl Coding {
    /// As it stands behind a section's name; empty for a plain one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Form => "form",
            Self::Base64 => "base64",
        }
    }

    /// The coding of this name.
    ///
    /// # Errors
    /// There is no such coding.
    pub fn parse(name: &str) -> Result<Self, String> {
        match name {
            "form" => Ok(Self::Form),
            "base64" => Ok(Self::Base64),
            other => Err(format!("a body is not written in `{other}`; there are `form`, `base64`")),
        }
    }

    /// The bytes that were written like this.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read(self, text: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Plain => Ok(text.as_bytes().to_vec()),
            Self::Form => Ok(encoded(&fields(text)?).into_bytes()),
            Self::Base64 => {
                let text: String = text.split_whitespace().collect();
                STANDARD.decode(text).map_err(|error| format!("the body is not base64: {error}"))
            }
        }
    }
}

/// How these bytes are written, and as what.
pub fn write(bytes: &[u8], is_form: bool) -> (Coding, String) {
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| is_plain(text)) else {
        return (Coding::Base64, STANDARD.encode(bytes));
    };
    if is_form && let Some(form) = write_form(text) {
        return (Coding::Form, form);
    }
    (Coding::Plain, text.to_owned())
}

/// Whether a text comes back from a file as it was.
fn is_plain(text: &str) -> bool {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    !text.contains(is_control) && !text.ends_with('\n') && text.lines().all(|line| !line.starts_with(MARK))
}

/// The fields of a form in a file. A value is on the line of its name, or indented below it; a JSON document there is
/// sent on one line.
///
/// # Errors
/// The line that is no field.
pub fn fields(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(more) = line.strip_prefix(INDENT) {
            let (_, value) = fields.last_mut().ok_or_else(|| format!("`{line}` belongs to no field"))?;
            if !value.is_empty() {
                value.push('\n');
            }
            value.push_str(more);
        } else {
            let (name, value) = line
                .split_once('=')
                .ok_or_else(|| format!("`{line}` is no field of a form; expected `name=value`"))?;
            fields.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(fields)
}

/// The document that a value of a form is.
pub fn document(value: &str) -> Option<Value> {
    serde_json::from_str(value).ok().filter(|value: &Value| value.is_object() || value.is_array())
}

/// The form on the wire. A value with `{{` has a secret's name in it and is as on the wire already.
fn encoded(fields: &[(String, String)]) -> String {
    let encode = |text: &str| -> String {
        if text.contains("{{") {
            text.to_owned()
        } else {
            form_urlencoded::byte_serialize(text.as_bytes()).collect()
        }
    };
    let field = |(name, value): &(String, String)| {
        let value = if value.contains('\n') { document(value).map(|value| value.to_string()) } else { None }
            .unwrap_or_else(|| value.clone());
        format!("{}={}", encode(name), encode(&value))
    };
    fields.iter().map(field).collect::<Vec<_>>().join("&")
}

/// The form as it stands in a file, when that leads back to the same bytes.
fn write_form(text: &str) -> Option<String> {
    let decode = |text: &str| -> Option<String> {
        if text.contains("{{") {
            return Some(text.to_owned());
        }
        percent_decode_str(&text.replace('+', " ")).decode_utf8().ok().map(Into::into)
    };
    let mut lines = Vec::new();
    for field in text.split('&') {
        let (name, value) = field.split_once('=')?;
        let (name, value) = (decode(name)?, decode(value)?);
        let value = match document(&value).map(|document| (document.to_string(), document)) {
            Some((compact, document)) if compact == value => format!("{document:#}"),
            _ => value,
        };
        if value.contains('\n') {
            lines.push(format!("{name}="));
            lines.extend(value.split('\n').map(|line| format!("{INDENT}{line}")));
        } else {
            lines.push(format!("{name}={value}"));
        }
    }
    let form = lines.join("\n");
    let comes_back = is_plain(&form) && fields(&form).is_ok_and(|fields| encoded(&fields) == text);
    comes_back.then_some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_comes_back_and_is_shown_as_plainly_as_it_can_be() {
        for (bytes, coding, shown) in [
            (&b"{\"a\": 1}"[..], Coding::Plain, "{\"a\": 1}"),
            (b"a=1&b=", Coding::Form, "a=1\nb="),
            (b"a=x+y%26&a=%C3%BC", Coding::Form, "a=x y&\na=\u{fc}"),
            (b"a=one%0Atwo&b=c", Coding::Form, "a=\n  one\n  two\nb=c"),
            (b"d=%7B%22a%22%3A%5B1%5D%7D", Coding::Form, "d=\n  {\n    \"a\": [\n      1\n    ]\n  }"),
            (b"p={{secret:token:form}}&t=x+y", Coding::Form, "p={{secret:token:form}}\nt=x y"),
            // Written in another way than ours, or so that a part of it could be taken for another.
            (b"a=x%20y", Coding::Plain, "a=x%20y"),
            (b"a=%7B+%7D", Coding::Form, "a={ }"),
            (b"a=%7B%7Bsecret:token%7D%7D", Coding::Plain, "a=%7B%7Bsecret:token%7D%7D"),
            (b"a", Coding::Plain, "a"),
            (b"a=%DF", Coding::Plain, "a=%DF"),
            (b"a=%0A", Coding::Plain, "a=%0A"),
            (b"a\n", Coding::Base64, "YQo="),
            (b"a\n== request", Coding::Base64, "YQo9PSByZXF1ZXN0"),
            (b"\xff\x00", Coding::Base64, "/wA="),
        ] {
            assert_eq!(write(bytes, true), (coding, shown.to_owned()));
            assert_eq!(coding.read(shown).as_deref(), Ok(bytes), "{shown}");
        }
        assert_eq!(write(b"a=1", false), (Coding::Plain, "a=1".to_owned()));
    }

    #[test]
    fn a_mistyped_body_says_what_is_wrong() {
        assert!(Coding::Form.read("a").expect_err("no field").contains("`a` is no field"));
        assert!(Coding::Form.read("  a").expect_err("no field").contains("belongs to no field"));
        assert!(Coding::Base64.read("?").expect_err("no base64").contains("base64"));
    }
}
