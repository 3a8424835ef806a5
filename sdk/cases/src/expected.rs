//! What cases expect, as values: for the places of a difference, and for tests that look into expected requests.
//!
//! Never decides whether a case holds: the text of its file does.

use serde_json::{Map, Value, json};

use crate::body::{self, Coding};
use crate::diff;
use crate::file::{Case, Kind, Section};

/// What a case expects. An outcome is its JSON; a request is an object of `line`, `query`, `headers` and `body`.
///
/// # Errors
/// The file is no case, or an expected section cannot be read.
pub fn expected(text: &str) -> Result<Vec<Value>, String> {
    let case = Case::parse(text)?;
    case.sections.iter().filter(|section| section.kind.is_expected()).map(value).collect()
}

/// What two files expect differently: a line for each place, with the section and the path in it.
pub(crate) fn places(expected: &Case, found: &[Section]) -> Vec<String> {
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
