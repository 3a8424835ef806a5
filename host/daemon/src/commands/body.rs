//! A request's or an answer's body for a terminal: JSON with its lines, a form with one field on a line.
//!
//! Never shortens what `--json` prints, and never shows a secret: the relay masked it before.

use serde_json::Value;

use super::table::items;

/// Characters of a body that are printed; `--json` has all of it.
const BODY_CHARS_MAX: usize = 20_000;
/// What a form calls itself.
const FORM: &str = "application/x-www-form-urlencoded";

/// The body of `exchanged`, a request or an answer as the relay shows it.
pub(super) fn readable(exchanged: &Value) -> String {
    let body = &exchanged["body"];
    let Some(text) = body["text"].as_str() else {
        return format!("({} characters of base 64)", body["base64"].as_str().map_or(0, str::len));
    };
    let shown = if is_form(exchanged) { form(text) } else { document(text) };
    match shown.char_indices().nth(BODY_CHARS_MAX) {
        Some((at, _)) => format!("{}… (cut; --json prints all)", &shown[..at]),
        None => shown,
    }
}

fn is_form(exchanged: &Value) -> bool {
    items(&exchanged["headers"]).iter().any(|pair| {
        let part = |at: usize| pair.get(at).and_then(Value::as_str).unwrap_or_default();
        part(0).eq_ignore_ascii_case("content-type") && part(1).to_ascii_lowercase().starts_with(FORM)
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
    use serde_json::json;

    #[test]
    fn a_form_is_shown_by_its_fields_and_json_in_it_by_its_lines() {
        let text = "version=1.3&auth_pwd={{secret:password:form}}&json_data=%7B%22a%22%3A%22b+c%22%7D";
        let sent = json!({ "headers": [["Content-Type", "application/x-www-form-urlencoded"]], "body": { "text": text } });
        let shown = readable(&sent);
        assert!(
            shown.starts_with(
                "version=1.3\nauth_pwd={{secret:password:form}}\njson_data={\n  \"a\": \"b c\"\n}\n"
            ),
            "{shown}"
        );
        let answer = json!({ "headers": [], "body": { "text": "[1]" } });
        assert_eq!(readable(&answer), "[\n  1\n]");
        let other = json!({ "headers": [], "body": { "text": "a=%7B" } });
        assert_eq!(readable(&other), "a=%7B");
    }
}
