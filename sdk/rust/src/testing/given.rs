//! Settings as a case gives them, in TOML, in place of the host.
//!
//! Never lenient: a key that the plugin does not have fails the test, with the keys that it has.

use serde_json::{Map, Value};

use crate::{Document, Field, FieldKind, Setting};

/// The settings in these lines. A JSON template is a table, a list or a text of JSON.
///
/// # Errors
/// The key that is unknown, with those that there are, or whose value does not fit its kind.
pub(super) fn settings(text: &str, fields: &[Field]) -> Result<Vec<Setting>, String> {
    let given: Map<String, Value> = toml::from_str(text).map_err(|error| error.to_string())?;
    given.iter().map(|(key, value)| setting(key, value, fields)).collect()
}

fn setting(key: &str, value: &Value, fields: &[Field]) -> Result<Setting, String> {
    let Some(field) = fields.iter().find(|field| field.key == key) else {
        let known: Vec<String> = fields.iter().map(|field| format!("`{}`", field.key)).collect();
        return Err(format!("the plugin has no setting `{key}`; it has {}", known.join(", ")));
    };
    let document = |text: String| crate::Value::Document(Document { text, fixed: Vec::new() });
    let value = match (value, &field.kind) {
        (_, FieldKind::Secret) => return Err(format!("`{key}` is a secret: the host never passes it on")),
        (Value::Bool(yes), FieldKind::Boolean) => crate::Value::Boolean(*yes),
        (Value::Number(number), FieldKind::Integer | FieldKind::Duration) => {
            crate::Value::Integer(number.as_i64().ok_or_else(|| format!("`{key}` is not a whole number"))?)
        }
        (Value::Array(items), FieldKind::Texts | FieldKind::Template) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            crate::Value::Texts(
                texts.collect::<Option<_>>().ok_or_else(|| format!("`{key}` is not a list of texts"))?,
            )
        }
        (Value::String(text), FieldKind::JsonTemplate) => document(text.clone()),
        (Value::Object(_) | Value::Array(_), FieldKind::JsonTemplate) => document(value.to_string()),
        (Value::String(text), kind)
            if !matches!(kind, FieldKind::Boolean | FieldKind::Integer | FieldKind::Texts) =>
        {
            crate::Value::Text(text.clone())
        }
        (_, kind) => return Err(format!("`{key}` is of kind {kind:?} and cannot be {value}")),
    };
    Ok(Setting { key: key.to_owned(), value })
}
