//! JSON as senders really write it: parse errors with their place, lookups in any case, numbers where texts
//! were meant.
//!
//! Never fails on a shape: what is not there is `None`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::text;

mod pruned;

/// Characters of a label's value that are worth keeping.
const LABEL_CHARS_MAX: usize = 1000;
/// How deep [`flatten`] goes; deeper values are written as JSON.
const DEPTH_MAX: usize = 6;

/// The document in `bytes`, whose text is read as [`text::from_bytes`] does: windows-1252 where it is not UTF-8.
///
/// # Errors
/// One sentence with line and column, and what stands there.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    parse_without(bytes, |_| false)
}

/// The document in `bytes` without the members whose names `skip` picks, at any depth. What is skipped is
/// read over, not kept: worth it for senders that send far more than is asked for.
///
/// # Errors
/// As [`parse`]; also within what is skipped.
pub fn parse_without(bytes: &[u8], skip: fn(&str) -> bool) -> Result<Value, String> {
    read(bytes, |bytes| pruned::parse(bytes, skip))
}

/// What `reader` makes of the document in `bytes`, which it gets as UTF-8.
///
/// # Errors
/// As [`parse`].
pub(crate) fn read<T>(
    bytes: &[u8],
    reader: impl FnOnce(&[u8]) -> Result<T, serde_json::Error>,
) -> Result<T, String> {
    let bytes = utf8(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty; a JSON document was expected".to_owned());
    }
    reader(&bytes).map_err(|error| {
        let line = error.line().saturating_sub(1);
        let text = String::from_utf8_lossy(&bytes);
        let near: String = text.lines().nth(line).unwrap_or("").chars().collect();
        let near = text::around(&near, error.column(), 20);
        let near = if near.is_empty() { String::new() } else { format!(", near `{near}`") };
        format!("the body is not JSON: {error}{near}")
    })
}

/// `bytes` as UTF-8 without a byte order mark; copied only where they are something else.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text::is_utf16(bytes) || std::str::from_utf8(bytes).is_err() {
        return Cow::Owned(text::from_bytes(bytes).into_bytes());
    }
    Cow::Borrowed(bytes)
}

/// Done with a document. In a component it is left as it is: the instance ends with the call, and taking a tree
/// apart piece by piece is a sixth of what reading it took.
pub fn discard(document: Value) {
    if cfg!(target_family = "wasm") {
        std::mem::forget(document);
    }
}

/// The member of this name in any case; the exact name wins.
pub fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| is_same(key, name)).map(|(_, value)| value))
}

/// Whether `key` is `name` in any case, with blanks around it or not. Asked of every member when a name is
/// missing, so what differs in length is told apart by that.
fn is_same(key: &str, name: &str) -> bool {
    if key.len() <= name.len() {
        return key.len() == name.len() && key.eq_ignore_ascii_case(name);
    }
    (key.ends_with(char::is_whitespace) || key.starts_with(char::is_whitespace))
        && key.trim().eq_ignore_ascii_case(name)
}

/// A scalar as trimmed text: numbers and booleans as written; nothing for null, empty texts, lists, objects.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|text| !text.is_empty())
}

/// The value at a path of names and list positions with dots between: `alert.labels.0`. Names in any case; a
/// name that itself holds dots is found too.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Value::Object(object) => {
            let inner = path.split_once('.').and_then(|(head, rest)| at(get(object, head)?, rest));
            // Longest name first would be a search; a name with a dot inside a longer path is too rare.
            inner.or_else(|| get(object, path))
        }
        Value::Array(items) => {
            let (head, rest) = path.split_once('.').unwrap_or((path, ""));
            at(items.get(head.parse::<usize>().ok()?)?, rest)
        }
        _ => None,
    }
}

/// Members of an object that hold its word.
const WORDS: [&str; 4] = ["name", "value", "label", "text"];

/// The word that a value holds: a scalar, the one entry of a list, or an object's `name`, `value`, `label` or `text`.
pub fn word(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => match items.as_slice() {
            [single] => scalar(single),
            _ => None,
        },
        Value::Object(members) => WORDS.iter().find_map(|name| get(members, name).and_then(scalar)),
        single => scalar(single),
    }
}

/// The scalar at a path as text; see [`at`] and [`scalar`].
pub fn text(value: &Value, path: &str) -> Option<String> {
    at(value, path).and_then(scalar)
}

/// Every scalar below `value` as a label: names joined with dots, lists of scalars with commas. Empty values
/// are left out, long ones cut.
pub fn flatten(prefix: &str, value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(prefix, value, 0, &mut found);
    found
}

fn collect(name: &str, value: &Value, depth: usize, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) if depth < DEPTH_MAX => {
            for (key, inner) in object {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                collect(&name, inner, depth + 1, found);
            }
        }
        Value::Array(items)
            if items.iter().any(|item| item.is_object() || item.is_array()) && depth < DEPTH_MAX =>
        {
            for (index, inner) in items.iter().enumerate() {
                collect(&format!("{name}.{index}"), inner, depth + 1, found);
            }
        }
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            push(name, &items.iter().filter_map(scalar).collect::<Vec<_>>().join(", "), found);
        }
        Value::Array(_) | Value::Object(_) => push(name, &value.to_string(), found),
        scalar_value => push(name, &scalar(scalar_value).unwrap_or_default(), found),
    }
}

fn push(name: &str, value: &str, found: &mut Vec<(String, String)>) {
    if !value.is_empty() && !name.is_empty() {
        found.push((name.to_owned(), text::truncate(value, LABEL_CHARS_MAX)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_names_line_column_and_what_stands_there() {
        let error = parse(br#"{"title":"a "quoted" thing"}"#).unwrap_err();
        assert!(error.contains("line 1 column 14") && error.contains("quoted"), "{error}");
        assert!(parse(b" \n").unwrap_err().contains("empty"));
        assert!(parse(b"\xff\xfe{}").is_err());
        assert_eq!(parse(b"\xef\xbb\xbf{}").unwrap(), json!({}));
    }

    #[test]
    fn a_document_that_is_not_utf8_is_read_in_its_own_encoding() {
        assert_eq!(parse(b"{\"M\xfcnchen\": \"\x80\"}").unwrap(), json!({"München": "€"}));
        let bytes: Vec<u8> = "\u{feff}{\"a\": \"ü\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(parse(&bytes).unwrap(), json!({"a": "ü"}));
    }

    #[test]
    fn a_path_goes_through_objects_lists_and_names_with_dots() {
        let value = json!({"a": {"B": [{"c": 7}]}, "x.y": "dot", "n": null});
        assert_eq!(text(&value, "A.b.0.c").as_deref(), Some("7"));
        assert_eq!(text(&value, "x.y").as_deref(), Some("dot"));
        assert_eq!(text(&value, "a.b.9.c"), None);
        assert_eq!(text(&value, "n"), None);
    }

    #[test]
    fn flattening_keeps_scalars_and_joins_lists() {
        let value = json!({"a": {"b": 1, "empty": ""}, "l": ["x", 2], "o": [{"k": true}], "n": null});
        let labels = flatten("", &value);
        let expected = [("a.b", "1"), ("l", "x, 2"), ("o.0.k", "true")];
        assert_eq!(labels, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}
