//! JSON to TOML and back, and the text of a file in `managed`.

use serde_json::{Map, Number, Value as Json};
use toml::{Table, Value};

use super::kind::Kind;
use crate::config::error::ConfigProblem;
use crate::config::export::{commented, quoted_key, section};

/// A JSON object as a table of TOML. `path` is its path.
///
/// # Errors
/// A value that TOML does not have, such as null: all of them, with their paths.
pub(super) fn table(object: &Map<String, Json>, path: &str) -> Result<Table, Vec<ConfigProblem>> {
    let mut problems = Vec::new();
    let table = Reading(&mut problems).table(object, path);
    if problems.is_empty() { Ok(table) } else { Err(problems) }
}

struct Reading<'a>(&'a mut Vec<ConfigProblem>);

impl Reading<'_> {
    fn table(&mut self, object: &Map<String, Json>, path: &str) -> Table {
        let mut table = Table::new();
        for (key, value) in object {
            if let Some(value) = self.value(value, &format!("{path}.{key}")) {
                table.insert(key.clone(), value);
            }
        }
        table
    }

    fn value(&mut self, value: &Json, path: &str) -> Option<Value> {
        let value = match value {
            Json::Null => return self.refuse(path, "is null: leave it out for its default"),
            Json::Bool(value) => Value::Boolean(*value),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Value::Integer(number),
                None if number.is_u64() => {
                    return self.refuse(path, "is larger than a number of TOML can be");
                }
                None => Value::Float(number.as_f64()?),
            },
            Json::String(text) => Value::String(text.clone()),
            Json::Array(items) => {
                let items = items.iter().enumerate();
                Value::Array(
                    items.filter_map(|(at, item)| self.value(item, &format!("{path}[{at}]"))).collect(),
                )
            }
            Json::Object(object) => Value::Table(self.table(object, path)),
        };
        Some(value)
    }

    fn refuse(&mut self, path: &str, problem: &str) -> Option<Value> {
        self.0.push(ConfigProblem::new(path, problem));
        None
    }
}

/// A value of TOML as JSON. A date is a text. `path` is its path; `mask` says which paths are replaced by
/// [`super::resource::MASK`].
pub(super) fn json(value: &Value, path: &str, mask: &impl Fn(&str) -> Option<Json>) -> Json {
    if let Some(masked) = mask(path) {
        return masked;
    }
    match value {
        Value::String(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Boolean(value) => Json::from(*value),
        Value::Datetime(time) => Json::from(time.to_string()),
        Value::Array(items) => items.iter().map(|item| json(item, path, mask)).collect(),
        Value::Table(table) => Json::Object(object(table, path, mask)),
    }
}

/// As [`json`], of a table.
pub(super) fn object(table: &Table, path: &str, mask: &impl Fn(&str) -> Option<Json>) -> Map<String, Json> {
    table.iter().map(|(key, value)| (key.clone(), json(value, &format!("{path}.{key}"), mask))).collect()
}

/// The text of a file with this one thing. `remark` says who had it written, and when.
pub(super) fn text(kind: Kind, name: &str, settings: &Table, remark: &str) -> String {
    let mut text = format!(
        "# {}\n# The next change there replaces this file. To edit it by hand, move it to the folder conf.d and run\n\
         # `tocsin reload`.\n\n",
        commented(remark)
    );
    section(&mut text, &format!("{}.{}", kind.as_str(), quoted_key(name)), settings);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object_of(value: &Json) -> &Map<String, Json> {
        value.as_object().expect("an object")
    }

    #[test]
    fn settings_are_the_same_after_the_way_over_toml() {
        let given = json!({
            "plugin": "webhook", "rate": 60, "ratio": 1.5, "large": i64::MAX, "open": true, "none": "",
            "settings": { "body": "first\n\"\"\"second\\\u{1b}\u{202e}\r\n", "a b.c": ["x", "y\n"], "deep": { "e": {} } },
            "token": { "sha256": "00" }, "flapping": { "reopenings": 3, "window": "1h" },
        });
        let table = table(object_of(&given), "sources.x").expect("it is TOML");
        let text = text(Kind::Sources, "x", &table, "by ada\n[sources.y]\u{1b}[2J");
        let read: Table = text.parse().unwrap_or_else(|error| unreachable!("{error}: {text}"));
        assert_eq!((read.len(), read["sources"].as_table().map(Table::len)), (1, Some(1)), "{text}");
        let back = object(read["sources"]["x"].as_table().expect("a table"), "sources.x", &|_| None);
        assert_eq!(Json::Object(back), given);
        assert!(
            text.starts_with("# by ada [sources.y] [2J\n") && text.contains("token = { sha256 = \"00\" }\n")
        );
    }

    #[test]
    fn what_toml_does_not_have_is_refused_by_its_path() {
        let given = json!({ "a": null, "settings": { "b": [1, null], "c": u64::MAX } });
        let problems = table(object_of(&given), "actions.x").expect_err("it is no TOML");
        let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["actions.x.a", "actions.x.settings.b[1]", "actions.x.settings.c"]);
    }
}
