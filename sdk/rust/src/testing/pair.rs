//! Whether outcomes of a source are about the same incident.
//!
//! Never looks at what else they say.

use std::fs;
use std::path::Path;

use tocsin_cases::folder::EXTENSION;
use tocsin_cases::pair::{events, meet};

use super::expected;

/// Checks that of two files, a case or an outcome, the first opens what the second resolves: the second's key is the
/// first's key or one of its aliases, or the other way round. Files are given below `manifest_dir`.
///
/// # Panics
/// When they do not meet.
pub fn check_pair(manifest_dir: &str, trigger: &str, resolve: &str) {
    let event = |file: &str, change: &str| {
        let text = fs::read_to_string(Path::new(manifest_dir).join(file));
        let text = text.unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_case = Path::new(file).extension().is_some_and(|extension| extension == EXTENSION);
        let outcomes = match is_case {
            true => expected::expected(file, &text),
            false => vec![serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))],
        };
        let found = outcomes.iter().flat_map(events).find(|event| event["change"] == change).cloned();
        found.unwrap_or_else(|| panic!("{file} holds no {change}"))
    };
    let (opened, over) = (event(trigger, "trigger"), event(resolve, "resolve"));
    let is_met = meet(&opened, &over);
    assert!(is_met, "{trigger} and {resolve} do not meet: {} and {}", opened["key"], over["key"]);
}
