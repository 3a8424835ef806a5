//! A request's or an answer's body for a terminal: JSON with its lines, a form with one field on a line.
//!
//! Never shortens what `--json` prints, and never shows a secret: the relay masked it before.

use serde_json::Value;

use crate::operate::api::Pair;
use crate::operate::api::body::Body;

/// Characters of a body that are printed; `--json` has all of it.
const BODY_CHARS_MAX: usize = 20_000;
/// What a form calls itself.
const FORM: &str = "application/x-www-form-urlencoded";

/// The body of a request or an answer with these headers, as the relay shows it.
pub(super) fn readable(headers: &[Pair], body: &Body) -> String {
    let text = match body {
        Body::Text(text) => text,
        Body::Base64(binary) => return format!("({} characters of base 64)", binary.len()),
    };
    let shown = if is_form(headers) { form(text) } else { document(text) };
    match shown.char_indices().nth(BODY_CHARS_MAX) {
        Some((at, _)) => format!("{}… (cut; --json prints all)", &shown[..at]),
        None => shown,
    }
}

fn is_form(headers: &[Pair]) -> bool {
    headers.iter().any(|Pair { name, value }| {
        name.eq_ignore_ascii_case("content-type") && value.to_ascii_lowercase().starts_with(FORM)
    })
}

/// A form's fields, decoded, with a word that this is not how they are sent.
fn form(text: &str) -> String {
    let fields = url::form_urlencoded::parse(text.as_bytes());
    let fields: Vec<String> = fields.map(|(name, value)| format!("{name}={}", document(&value))).collect();
    format!("{}\n(a form, shown decoded; --json prints it as it is sent)", fields.join("\n"))
}

/// JSON with its lines; other text as it is.
fn document(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(document @ (Value::Object(_) | Value::Array(_))) => format!("{document:#}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_shown_by_its_fields_and_json_in_it_by_its_lines() {
        let text = "version=1.3&auth_pwd={{secret:password:form}}&json_data=%7B%22a%22%3A%22b+c%22%7D";
        let headers =
            [Pair { name: "Content-Type".to_owned(), value: "application/x-www-form-urlencoded".to_owned() }];
        let shown = readable(&headers, &Body::Text(text.to_owned()));
        assert!(
            shown.starts_with(
                "version=1.3\nauth_pwd={{secret:password:form}}\njson_data={\n  \"a\": \"b c\"\n}\n"
            ),
            "{shown}"
        );
        assert_eq!(readable(&[], &Body::Text("[1]".to_owned())), "[\n  1\n]");
        assert_eq!(readable(&[], &Body::Text("a=%7B".to_owned())), "a=%7B");
    }
}
