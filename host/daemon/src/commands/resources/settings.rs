//! Settings on the command line: `--file` and `--set`.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

/// The key under which a value is read as TOML.
const KEY: &str = "value";

/// The settings in this file of JSON; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is no JSON object.
pub(super) fn read(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("reading standard input")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?
    };
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON object with settings", file.display()))
}

/// Puts `key=value` into the settings; a key has dots for tables in tables.
///
/// # Errors
/// It has another form, or the key is below something that is no table.
pub(super) fn set(settings: &mut Map<String, Value>, given: &str) -> anyhow::Result<()> {
    let (path, value) =
        given.split_once('=').with_context(|| format!("--set {given}: expected key=value"))?;
    let mut keys: Vec<&str> = path.trim().split('.').collect();
    if keys.iter().any(|key| key.is_empty()) {
        bail!("--set {given}: the key has an empty part");
    }
    let last = keys.pop().unwrap_or_default();
    let mut table = settings;
    for key in keys {
        let inner = table.entry(key).or_insert_with(|| Value::Object(Map::new()));
        table = inner.as_object_mut().with_context(|| format!("--set {given}: `{key}` is no table"))?;
    }
    table.insert(last.to_owned(), value_of(value.trim()));
    Ok(())
}

/// A value of TOML, such as `60`, `true` or `["a"]`; anything else is a text.
fn value_of(text: &str) -> Value {
    let read = format!("{KEY} = {text}").parse::<toml::Table>().ok().filter(|table| table.len() == 1);
    let value = read.and_then(|mut table| table.remove(KEY));
    let is_time = value.as_ref().is_some_and(toml::Value::is_datetime);
    let value = value.filter(|_| !is_time).and_then(|value| serde_json::to_value(value).ok());
    value.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_toml_or_else_a_text() {
        let mut settings = Map::new();
        for given in [
            "rate=60",
            "open=true",
            "description=on call = us",
            "settings.channel=#ops",
            "settings.list=[\"a\", \"b\"]",
            "number=\"5\"",
            "token={ credential = \"x\" }",
            "day=2026-01-02",
            "trick=1\nother = 2",
        ] {
            set(&mut settings, given).expect(given);
        }
        let expected = json!({
            "rate": 60, "open": true, "description": "on call = us", "number": "5", "day": "2026-01-02",
            "settings": { "channel": "#ops", "list": ["a", "b"] }, "token": { "credential": "x" },
            "trick": "1\nother = 2",
        });
        assert_eq!(Value::Object(settings.clone()), expected);
        for wrong in ["rate", "=1", "a..b=1", "rate.x=1"] {
            assert!(set(&mut settings, wrong).is_err(), "{wrong}");
        }
    }
}
