//! What the README shows is what is sent: each of its JSON snippets is a part of some case's request.
//!
//! Never compares layout: members that a snippet leaves out may be there.

use std::path::Path;

use serde_json::Value;

/// Whether `value`, or anything inside it, has all of `snippet`.
fn holds(value: &Value, snippet: &Value) -> bool {
    let inside = match value {
        Value::Object(members) => members.values().any(|inner| holds(inner, snippet)),
        Value::Array(items) => items.iter().any(|inner| holds(inner, snippet)),
        _ => false,
    };
    inside || fits(value, snippet)
}

fn fits(value: &Value, snippet: &Value) -> bool {
    match (value, snippet) {
        (Value::Object(value), Value::Object(snippet)) => {
            snippet.iter().all(|(name, wanted)| value.get(name).is_some_and(|found| fits(found, wanted)))
        }
        (Value::Array(value), Value::Array(snippet)) => {
            value.len() == snippet.len()
                && value.iter().zip(snippet).all(|(value, snippet)| fits(value, snippet))
        }
        _ => value == snippet,
    }
}

#[test]
fn every_snippet_of_the_readme_is_part_of_a_request() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases: Vec<Value> = std::fs::read_dir(folder.join("cases"))
        .expect("cases")
        .flatten()
        .map(|case| std::fs::read(case.path().join("expected.json")).expect("an expected file"))
        .map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
        .collect();
    let readme = include_str!("../../README.md");
    let snippets: Vec<&str> =
        readme.split("```json").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(snippets.len() >= 10, "{} snippets", snippets.len());
    for text in snippets {
        let snippet: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(cases.iter().any(|case| holds(case, &snippet)), "no case sends {text}");
    }
}
