//! What the README shows is what is sent: each of its JSON snippets is a part of some case's request.
//!
//! Never compared as text: layout and order of members are the README's own.

use std::fs;
use std::path::Path;

use super::*;

/// Whether `part` stands somewhere in `whole`: an object may show some of the members only.
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

#[test]
fn every_snippet_of_the_readme_is_part_of_a_request() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let expected: Vec<Value> = fs::read_dir(cases)
        .expect("cases")
        .flatten()
        .map(|case| serde_json::from_slice(&read(&case.path().join("expected.json"))).expect("JSON"))
        .collect();
    let readme = include_str!("../../README.md");
    let snippets: Vec<&str> =
        readme.split("```json").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(snippets.len() >= 10, "{} snippets", snippets.len());
    for snippet in snippets {
        let part: Value = serde_json::from_str(snippet).unwrap_or_else(|error| panic!("{error}: {snippet}"));
        assert!(expected.iter().any(|case| holds(case, &part)), "no case sends {snippet}");
    }
}

#[test]
fn every_setting_stands_in_the_readme() {
    let readme = include_str!("../../README.md");
    for field in Fields::fields().iter().chain(&Workspace::fields()) {
        assert!(readme.contains(&format!("`{}`", field.key)), "`{}` is not explained", field.key);
    }
}
