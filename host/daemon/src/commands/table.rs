//! Rows of text in columns, for terminals.
//!
//! Shows what senders wrote: cells are without what drives a terminal, so that they are as wide as they look.

use serde_json::Value;

use crate::commands::out::{escaped, say, single, turns};

/// The field of `value` at `path` (names with dots), as text on one line; empty when it is not there.
pub(super) fn text(value: &Value, path: &str) -> String {
    single(&lines(value, path))
}

/// As [`text`], with its lines as they came: to be printed by [`crate::commands::out::quoted`].
pub(super) fn lines(value: &Value, path: &str) -> String {
    let found = path.split('.').try_fold(value, |value, name| value.get(name));
    match found {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The texts of a JSON array, each on one line.
pub(super) fn texts(value: &Value) -> Vec<String> {
    items(value).iter().filter_map(Value::as_str).map(single).collect()
}

/// A time to the second: the rest is in the JSON.
pub(super) fn second(value: &Value, path: &str) -> String {
    let text = text(value, path);
    match (text.get(..10), text.get(11..19)) {
        (Some(day), Some(time)) => format!("{day} {time}"),
        _ => text,
    }
}

/// `text` on one line of at most `width` characters.
pub(super) fn short(text: &str, width: usize) -> String {
    let text: String = text.chars().filter(|c| !turns(*c)).collect();
    tocsin_core::event::single_line(&text, width)
}

/// Prints `rows` below `head`, each column as wide as its widest cell.
pub(super) fn print<const N: usize>(head: [&str; N], rows: &[[String; N]]) {
    let mut widths = head.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        say!("{}", padded.join("  ").trim_end());
    };
    line(head);
    for row in rows {
        line(row.each_ref().map(String::as_str));
    }
}

/// The items of a JSON array.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Prints `value` as JSON.
pub(super) fn json(value: &Value) {
    say!("{}", escaped(&format!("{value:#}")));
}

/// `path?name=value&…` of the pairs that have a value.
pub(super) fn query(path: &str, pairs: &[(&str, Option<String>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    format!("{path}?{}", query.finish())
}

/// `text` as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
