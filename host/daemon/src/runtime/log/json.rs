//! The format for programs: one JSON object for each line.

use std::fmt::Write;

use serde_json::{Map, Value as Json, json};

use super::escape::is_harmful;
use super::line::{Line, Value};

/// The line as an object, with its end.
pub(super) fn write(line: &Line<'_>) -> Vec<u8> {
    let fields = line.fields.iter().map(|(name, value)| ((*name).to_owned(), json_of(value)));
    let object = json!({
        "time": format!("{:.6}", line.at),
        "level": line.level.as_str().to_ascii_lowercase(),
        "target": line.target,
        "message": line.message,
        "fields": fields.collect::<Map<_, _>>(),
    });
    let mut text = harmless(&object.to_string());
    text.push('\n');
    text.into_bytes()
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Signed(number) => json!(number),
        Value::Unsigned(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Flag(flag) => json!(flag),
        Value::Text(text) | Value::Printed(text) => json!(text),
    }
}

/// The same object with escapes in place of harmful characters. JSON itself wants them only below U+0020, so what is
/// left of them is in texts alone.
fn harmless(object: &str) -> String {
    let mut text = String::with_capacity(object.len() + 1);
    for c in object.chars() {
        if is_harmful(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}
