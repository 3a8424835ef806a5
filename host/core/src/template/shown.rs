//! What a value is to a filter: a list, a link, a text. Every filter of this relay's own reads values by these.
//!
//! Never escapes anything.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use crate::view::is_map;

/// `value`, unless it is not there.
///
/// # Errors
/// It is not there.
pub(super) fn defined(value: &Value) -> Result<&Value, Error> {
    if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(value) }
}

/// The items of a list.
pub(super) fn items(value: &Value) -> Option<Vec<Value>> {
    let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) && !is_map(value);
    is_list.then(|| value.try_iter().map(Iterator::collect).unwrap_or_default())
}

/// Title and address, when that is what `value` is.
pub(super) fn link(value: &Value) -> Option<(String, String)> {
    let url = value.get_attr("url").ok().filter(|url| !url.is_undefined())?;
    let title = value.get_attr("title").ok().filter(|title| !title.is_undefined())?;
    (value.kind() == ValueKind::Map).then(|| (title.to_string(), url.to_string()))
}

/// `value` as text: a line for each item or entry.
pub(super) fn plain(value: &Value) -> String {
    if let Some(items) = items(value) {
        return items.iter().map(plain).collect::<Vec<_>>().join("\n");
    }
    if let Some((title, url)) = link(value) {
        return if title.is_empty() { url } else { format!("{title}: {url}") };
    }
    if is_map(value) {
        let entry = |key: Value| {
            let entry = value.get_item(&key).unwrap_or_default();
            format!("{key}: {}", plain(&entry))
        };
        return value
            .try_iter()
            .map(|keys| keys.map(entry).collect::<Vec<_>>().join("\n"))
            .unwrap_or_default();
    }
    if value.is_none() { String::new() } else { value.to_string() }
}
