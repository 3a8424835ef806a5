//! How two outcomes differ, for a person.
//!
//! Never decides whether they do.

use serde_json::Value;
use similar::TextDiff;

/// Places that are named of one difference.
const PLACES_MAX: usize = 20;

/// The lines that differ, with three lines around them and their numbers in the files.
pub fn lines(expected: &str, found: &str) -> String {
    let diff = TextDiff::from_lines(expected, found);
    diff.unified_diff().context_radius(3).header("expected", "found").to_string()
}

/// The paths at which two values differ, as `body.blocks[0].text`; the first twenty.
pub fn paths(expected: &Value, found: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    walk("", expected, found, &mut paths);
    paths.truncate(PLACES_MAX);
    paths
}

fn walk(at: &str, expected: &Value, found: &Value, paths: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let new = found.keys().filter(|name| !expected.contains_key(*name));
            for name in expected.keys().chain(new) {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                step(&at, expected.get(name), found.get(name), paths);
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            for index in 0..expected.len().max(found.len()) {
                step(&format!("{at}[{index}]"), expected.get(index), found.get(index), paths);
            }
        }
        _ if expected == found => {}
        _ => paths.push(at.to_owned()),
    }
}

fn step(at: &str, expected: Option<&Value>, found: Option<&Value>, paths: &mut Vec<String>) {
    match (expected, found) {
        (Some(expected), Some(found)) => walk(at, expected, found, paths),
        (Some(_), None) => paths.push(format!("{at} is missing")),
        (None, _) => paths.push(format!("{at} is new")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_changed_line_shows_as_one_gone_and_one_new() {
        let shown = lines("a\nb\nc\n", "a\nx\nc\n");
        assert_eq!(shown, "--- expected\n+++ found\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
    }

    #[test]
    fn a_difference_is_named_by_its_path() {
        let (expected, found) = (json!({"a": [{"b": 1}, 2], "c": 3}), json!({"a": [{"b": 2}], "d": 4}));
        assert_eq!(paths(&expected, &found), ["a[0].b", "a[1] is missing", "c is missing", "d is new"]);
        assert!(paths(&found, &found).is_empty());
    }
}
