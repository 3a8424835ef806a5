//! A plugin's README against what the plugin does.
//!
//! Never compares layout: the order of members, and what a snippet leaves out of an object, are the README's own.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::expected::expected_of_cases;
use crate::{Field, FieldKind};

/// Checks that each of the README's JSON snippets, `least` of them at least, is a part of what some case expects. A
/// list is shown whole; an object may show some of its members.
///
/// # Panics
/// When one is not, or a file cannot be read.
pub fn check_readme_snippets(manifest_dir: &str, least: usize) {
    let folder = Path::new(manifest_dir);
    let expected: Vec<Value> = expected_of_cases(manifest_dir).into_iter().flat_map(|(_, one)| one).collect();
    let readme = read(&folder.join("README.md"));
    let snippets: Vec<&str> =
        readme.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(snippets.len() >= least, "{} snippets", snippets.len());
    for snippet in snippets {
        let part: Value = serde_json::from_str(snippet).unwrap_or_else(|error| panic!("{error}: {snippet}"));
        assert!(expected.iter().any(|case| holds(case, &part)), "no case sends {snippet}");
    }
}

/// Checks that each of these settings is named in the README, between backquotes; a secret may be named as
/// `secrets.token`.
///
/// # Panics
/// When one is not.
pub fn check_readme_settings(manifest_dir: &str, fields: &[Field]) {
    let readme = read(&Path::new(manifest_dir).join("README.md"));
    for field in fields {
        let key = &field.key;
        let is_named = readme.contains(&format!("`{key}`"))
            || (field.kind == FieldKind::Secret && readme.contains(&format!("`secrets.{key}`")));
        assert!(is_named, "`{key}` is not explained");
    }
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Whether `part` stands somewhere in `whole`.
fn holds(whole: &Value, part: &Value) -> bool {
    let inside = match whole {
        Value::Object(members) => members.values().any(|value| holds(value, part)),
        Value::Array(items) => items.iter().any(|value| holds(value, part)),
        _ => false,
    };
    inside || is_part(whole, part)
}

fn is_part(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|found| is_part(found, value)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| is_part(whole, part))
        }
        _ => whole == part,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_may_show_some_of_its_members_and_a_list_is_whole() {
        let whole = json!({"a": [{"b": {"c": 1, "d": 2}}, 3]});
        for part in [json!({"d": 2}), json!({"b": {"c": 1}}), json!([{"b": {}}, 3]), whole.clone(), json!(3)]
        {
            assert!(holds(&whole, &part), "{part}");
        }
        for other in [json!({"d": 1}), json!([3]), json!({"a": {}}), json!(4)] {
            assert!(!holds(&whole, &other), "{other}");
        }
    }
}
