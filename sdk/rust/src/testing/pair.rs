//! Whether outcomes of a source are about the same incident.
//!
//! Never looks at what else they say.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{cases, expected};

/// Checks that of two files, a case or an outcome, the first opens what the second resolves: the second's key is the
/// first's key or one of its aliases, or the other way round. Files are given below `manifest_dir`.
///
/// # Panics
/// When they do not meet.
pub fn check_pair(manifest_dir: &str, trigger: &str, resolve: &str) {
    let event = |file: &str, change: &str| {
        let text = fs::read_to_string(Path::new(manifest_dir).join(file));
        let text = text.unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_case = Path::new(file).extension().is_some_and(|extension| extension == cases::EXTENSION);
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

/// Whether each outcome but the first has an event that meets one before it.
///
/// # Errors
/// The first that has none.
pub(super) fn check_one_incident(outcomes: &[Value]) -> Result<(), String> {
    for (index, outcome) in outcomes.iter().enumerate().skip(1) {
        let before: Vec<&Value> = outcomes[..index].iter().flat_map(events).collect();
        if !events(outcome).iter().any(|event| before.iter().any(|other| meet(other, event))) {
            return Err(format!(
                "request {} is not about the incident of those before it: no key of theirs is among {outcome:#}",
                index + 1
            ));
        }
    }
    Ok(())
}

fn events(outcome: &Value) -> &[Value] {
    outcome["events"].as_array().map_or(&[], Vec::as_slice)
}

fn meet(one: &Value, other: &Value) -> bool {
    let is_alias = |of: &Value, key: &Value| of["aliases"].as_array().is_some_and(|all| all.contains(key));
    one["key"] == other["key"] || is_alias(one, &other["key"]) || is_alias(other, &one["key"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_of_one_case_share_a_key_or_an_alias() {
        let event = |key: &str, aliases: &[&str]| json!({"events": [{"key": key, "aliases": aliases}]});
        assert_eq!(check_one_incident(&[event("a", &[]), event("b", &["a"]), event("b", &[])]), Ok(()));
        assert_eq!(check_one_incident(&[event("a", &["c"]), event("c", &[])]), Ok(()));
        let error = check_one_incident(&[event("a", &[]), event("a", &[]), event("b", &[])]);
        assert!(error.is_err_and(|error| error.contains("request 3")));
        assert!(check_one_incident(&[event("a", &[]), json!({"ignored": "x"})]).is_err());
    }
}
