//! Whether outcomes of a source are about the same incident.
//!
//! Never looks at what else they say.

use serde_json::Value;

/// Whether each outcome but the first has an event that meets one before it.
///
/// # Errors
/// The first that has none.
pub fn check_one_incident(outcomes: &[Value]) -> Result<(), String> {
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

/// The events of an outcome.
pub fn events(outcome: &Value) -> &[Value] {
    outcome["events"].as_array().map_or(&[], Vec::as_slice)
}

/// Whether two events are about the same incident: the key of one is the other's key or one of its aliases.
pub fn meet(one: &Value, other: &Value) -> bool {
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
