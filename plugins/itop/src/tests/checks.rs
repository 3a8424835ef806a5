//! Mistakes that are told when a configuration is saved, and connections that are tried.

use super::peer::{json_data, response};
use super::*;

fn fields_wrong(given: &[(&str, &str)]) -> Vec<String> {
    let problems = Itop::check_action("peer", &connection(), &settings(given)).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.field).collect()
}

#[test]
fn every_mistake_in_an_action_is_named_with_its_setting() {
    let good = ("organization", "Demo");
    for (given, wrong) in [
        (&[good][..], &[][..]),
        (&[], &["organization"]),
        (&[("fields", r#"{"org_id": 3}"#)], &[]),
        (&[good, ("class", "User Request")], &["class"]),
        (&[good, ("class", "")], &[]),
        (
            &[good, ("fields", "[1]"), ("log_field", "a b"), ("write_back", "ref")],
            &["fields", "write_back", "log_field"],
        ),
        (&[good, ("fields", r#"{"caller_id": "SELECT Person"}"#)], &["fields"]),
        (&[good, ("queries", "x SELECT Person")], &["queries"]),
        (&[good, ("queries", "x = SELECT Person WHERE name = '{{ title }}'")], &["queries"]),
        (&[("organization", "select Organization")], &["organization"]),
        (&[good, ("resolve_path", "a, b, c, d, e")], &["resolve_path"]),
        (&[good, ("resolve_path", "ev-resolve")], &["resolve_path"]),
        (&[good, ("resolve_path", "")], &[]),
        (&[good, ("resolved_states", "")], &["resolved_states"]),
        (&[good, ("key", "12")], &["key"]),
        (&[("operation", "update")], &["fields"]),
        (
            &[("operation", "update"), ("fields", r#"{"a": 1}"#), ("key", "1"), ("criteria", r#"{"a": 1}"#)],
            &["key"],
        ),
        (&[("operation", "get"), ("key", "SELECT X WHERE ref = '$this->labels->ref$'")], &["key"]),
        (&[("operation", "get"), ("key", "SELECT X WHERE ref = 'R-1'")], &[]),
        (&[("operation", "apply_stimulus")], &["stimulus"]),
        (&[("operation", "delete")], &["allow_delete"]),
        (&[("operation", "delete"), ("allow_delete", "true")], &[]),
        (&[("operation", "create"), ("standard_fields", "false")], &["fields"]),
        (&[("standard_fields", "false"), ("fields", r#"{"title": "x"}"#)], &["mark_field"]),
        (&[("standard_fields", "false"), ("mark_field", "tocsin_id")], &[]),
        (&[("operation", "raw")], &["json_data"]),
        (&[("operation", "raw"), ("json_data", r#"{"operation": "core/delete"}"#)], &["allow_delete"]),
        (
            &[("operation", "raw"), ("json_data", r#"{"operation": "x"}"#), ("headers", "Auth-Token: x")],
            &["headers"],
        ),
        (
            &[("operation", "raw"), ("json_data", r#"{"operation": "x"}"#), ("headers", "nonsense")],
            &["headers"],
        ),
    ] {
        assert_eq!(fields_wrong(given), wrong, "{given:?}");
    }
}

#[test]
fn every_mistake_in_a_connection_is_named_with_its_setting() {
    for (given, wrong) in [
        (&[("user", "tocsin")][..], &[][..]),
        (&[], &["user"]),
        (&[("authentication", "token")], &[]),
        (&[("authentication", "basic"), ("user", "a:b")], &["user"]),
        (&[("user", "a:b")], &[]),
        (&[("user", "a"), ("web_url", "https://itop.example/webservices/rest.php")], &["web_url"]),
        (&[("user", "a"), ("settle", "3600s")], &[]),
        (&[("user", "a"), ("settle", "3601s")], &["settle"]),
    ] {
        let problems = Itop::check_connection("peer", &settings(given)).err().unwrap_or_default();
        let found: Vec<String> = problems.into_iter().map(|problem| problem.field).collect();
        assert_eq!(found, wrong, "{given:?}");
    }
}

#[test]
fn a_connection_is_tried_without_a_trace() {
    let probe = Itop::probe("peer", &connection()).expect("there is one");
    assert_eq!(json_data(&probe.request), serde_json::json!({"operation": "list_operations"}));
    let probed = |status, body: &str| Itop::probed("peer", &connection(), &response(status, body));
    let good = r#"{"code":0,"message":"Operations: 2","version":"1.3","operations":[
        {"verb":"core/create","description":"","extension":"CoreServices"},
        {"verb":"core/apply_stimulus","description":"","extension":"CoreServices"}]}"#;
    assert_eq!(probed(200, good).unwrap(), "iTop takes the login and offers 2 operations in version 1.3");
    let wrong = probed(200, r#"{"code":1,"message":"Error: Invalid login"}"#);
    assert!(matches!(wrong, Err(Failure::Misconfigured(why)) if why.contains("check user and password")));
    let profile = r#"{"code":1,"message":"Error: This user is not authorized to use the web services. (The profile REST Services User is required)"}"#;
    assert!(
        matches!(probed(200, profile), Err(Failure::Misconfigured(why)) if why.contains("an administrator too"))
    );
    assert!(matches!(probed(404, ""), Err(Failure::Misconfigured(why)) if why.contains("rest.php")));
    assert!(matches!(probed(200, r#"{"ok":true}"#), Err(Failure::Misconfigured(_))));
    assert!(matches!(probed(200, r#"{"code":0}"#), Err(Failure::Misconfigured(_))));
    assert!(matches!(probed(503, ""), Err(Failure::Retry { .. })));
}
