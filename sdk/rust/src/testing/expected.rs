//! What cases expect, as values: for the places of a difference, and for tests that look into expected requests.
//!
//! Never decides whether a case holds: the text of its file does.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::body::{self, Coding};
use super::file::{Case, Kind, Section};
use super::{cases, diff};

/// What each case of `<manifest_dir>/cases` expects, under the case's path there. An outcome is its JSON; a request is
/// an object of `line`, `query`, `headers` and `body`.
///
/// # Panics
/// When a case cannot be read.
pub fn expected_of_cases(manifest_dir: &str) -> Vec<(String, Vec<Value>)> {
    let files = cases::files(Path::new(manifest_dir)).into_iter();
    files.map(|(name, text)| (name.clone(), expected(&name, &text))).collect()
}

/// What one case expects.
///
/// # Panics
/// When it cannot be read.
pub(super) fn expected(name: &str, text: &str) -> Vec<Value> {
    let case = Case::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let sections = case.sections.iter().filter(|section| section.kind.is_expected());
    sections.map(|section| value(section).unwrap_or_else(|error| panic!("{name}: {error}"))).collect()
}

/// What two files expect differently: a line for each place, with the section and the path in it.
pub(super) fn places(expected: &Case, found: &[Section]) -> Vec<String> {
    let expected: Vec<&Section> = expected.sections.iter().filter(|one| one.kind.is_expected()).collect();
    let found: Vec<&Section> = found.iter().filter(|one| one.kind.is_expected()).collect();
    let mut places = Vec::new();
    for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
        let title = format!("{} {}", expected.kind.name(), index + 1);
        match (value(expected), value(found)) {
            (Err(error), _) => places.push(format!("{title}: {error}")),
            (Ok(_), _) if expected.kind != found.kind => {
                places.push(format!("{title}: found an {}", found.kind.name()));
            }
            (Ok(expected), Ok(found)) => {
                let paths = diff::paths(&expected, &found).into_iter();
                places.extend(paths.map(|path| format!("{title}: {path}")));
            }
            (Ok(_), Err(error)) => places.push(format!("{title}: found: {error}")),
        }
    }
    if expected.len() != found.len() {
        places.push(format!("{} sections are expected, {} were found", expected.len(), found.len()));
    }
    places
}

fn value(section: &Section) -> Result<Value, String> {
    if section.kind != Kind::ExpectedRequest {
        return serde_json::from_str(&section.text).map_err(|error| format!("it is not JSON: {error}"));
    }
    let (head, body) = section.text.split_once("\n\n").unwrap_or((&section.text, ""));
    let mut lines = head.lines();
    let line = lines.next().unwrap_or_default();
    let (query, headers): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("  "));
    let query: Vec<&str> = query.into_iter().map(|line| line.get(3..).unwrap_or_default()).collect();
    let text = |text: &str| body::document(text).unwrap_or_else(|| json!(text));
    let body = match section.coding {
        Coding::Form => {
            let fields = body::fields(body)?.into_iter().map(|(name, value)| (name, text(&value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Coding::Plain | Coding::Base64 => text(body),
    };
    Ok(json!({"line": line, "query": query, "headers": headers, "body": body}))
}
