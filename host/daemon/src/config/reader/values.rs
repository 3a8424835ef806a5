//! What a value of a table is.

use tocsin_core::settings::Given;
use toml::Value;

/// What a value is, without saying it: it may be a secret.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// A number of bytes, written as a number or with a unit.
pub(super) fn bytes(value: &Value) -> Option<usize> {
    if let Some(number) = value.as_integer() {
        return usize::try_from(number).ok();
    }
    let text = value.as_str()?.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: usize = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" | "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        "GiB" => 1024 * 1024 * 1024,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// A value that a plugin's setting may have.
pub(super) fn given(value: &Value) -> Option<Given> {
    match value {
        Value::String(text) => Some(Given::Text(text.clone())),
        Value::Integer(number) => Some(Given::Integer(*number)),
        Value::Boolean(value) => Some(Given::Boolean(*value)),
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().map(Given::Texts)
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
