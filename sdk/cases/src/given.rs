//! Settings as a case gives them, in TOML, in place of the host.
//!
//! Never lenient: a key that the plugin does not have fails the test, with the keys that it has.

use serde_json::{Map, Value as Json};

/// What of a field's kind decides how a case may write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// A text with a unit, or a whole number of seconds.
    Duration,
    /// A list of lines.
    Texts,
    /// A text, or a list of lines; rendered already.
    Template,
    /// A document; rendered already.
    JsonTemplate,
    /// The host's alone.
    Secret,
    /// A text.
    Text,
}

/// A setting that a plugin has.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its name in a configuration.
    pub key: &'a str,
    /// How it may be written.
    pub kind: Kind,
}

/// A setting's value, as the plugin gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// A list of lines.
    Texts(Vec<String>),
    /// The text of a JSON document.
    Document(String),
}

/// The settings in these lines, by key. A JSON template is a table, a list or a text of JSON.
///
/// # Errors
/// The key that is unknown, with those that there are, or whose value does not fit its kind.
pub fn settings(text: &str, fields: &[Field<'_>]) -> Result<Vec<(String, Value)>, String> {
    let given: Map<String, Json> = toml::from_str(text).map_err(|error| error.to_string())?;
    given.iter().map(|(key, value)| Ok((key.clone(), setting(key, value, fields)?))).collect()
}

fn setting(key: &str, value: &Json, fields: &[Field<'_>]) -> Result<Value, String> {
    let Some(field) = fields.iter().find(|field| field.key == key) else {
        let known: Vec<String> = fields.iter().map(|field| format!("`{}`", field.key)).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!("the plugin has no setting `{key}`; it has {known}"));
    };
    match (value, field.kind) {
        (_, Kind::Secret) => Err(format!("`{key}` is a secret: the host never passes it on")),
        (Json::Bool(yes), Kind::Boolean) => Ok(Value::Boolean(*yes)),
        (Json::Number(number), Kind::Integer | Kind::Duration) => {
            let number = number.as_i64().ok_or_else(|| format!("`{key}` is not a whole number"))?;
            Ok(Value::Integer(number))
        }
        (Json::Array(items), Kind::Texts | Kind::Template) => {
            let texts: Option<_> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map(Value::Texts).ok_or_else(|| format!("`{key}` is not a list of texts"))
        }
        (Json::String(text), Kind::JsonTemplate) => Ok(Value::Document(text.clone())),
        (Json::Object(_) | Json::Array(_), Kind::JsonTemplate) => Ok(Value::Document(value.to_string())),
        (Json::String(text), Kind::Text | Kind::Template | Kind::Duration) => Ok(Value::Text(text.clone())),
        (_, kind) => Err(format!("`{key}` is of kind {kind:?} and cannot be {value}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_its_kind_says_and_what_does_not_fit_is_named() {
        let fields = [("wait", Kind::Duration), ("layout", Kind::JsonTemplate), ("token", Kind::Secret)];
        let fields = fields.map(|(key, kind)| Field { key, kind });
        let given = settings("wait = \"5m\"\nlayout = { a = [1] }\n", &fields).expect("settings");
        assert_eq!(
            given,
            [
                ("layout".to_owned(), Value::Document("{\"a\":[1]}".to_owned())),
                ("wait".to_owned(), Value::Text("5m".to_owned()))
            ]
        );
        for (text, parts) in [
            ("token = \"x\"", &["`token` is a secret"][..]),
            ("wait = true", &["`wait` is of kind Duration", "true"]),
            ("severe = 1", &["`severe`", "`wait`, `layout`, `token`"]),
        ] {
            let error = settings(text, &fields).expect_err(text);
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
    }
}
