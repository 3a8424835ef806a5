//! What a person did in a ticket stays, whatever happens to the incident.

use serde_json::json;

use super::super::{act, lock, newest, summary};
use super::start;

const PEOPLE: &str = r#"acknowledge_fields = '{"team_id": 15, "agent_id": 9}'
resolve_fields = '{"service_id": 4, "resolution_code": "other"}'"#;

#[test]
fn a_resolution_overwrites_no_assignment_field_or_solution_that_a_person_set() {
    let (relay, itop) = start(PEOPLE);
    super::super::super::open(&relay, "disk", "high");
    relay.settled();
    lock(&itop).edit(json!({"status": "pending", "agent_id": "77", "resolution_code": "assistance",
        "service_id": "12", "solution": "<p>Rebooted by hand</p>"}));
    act(&relay, &["resolve", "1", "the check is green"]);
    assert_eq!(summary(&newest(&relay)), "R-000001: resolved, wrote to the case log");
    let itop = lock(&itop);
    let ticket = itop.ticket();
    assert_eq!((&ticket["status"], &ticket["agent_id"]), (&json!("resolved"), &json!("77")));
    assert_eq!(
        (&ticket["service_id"], &ticket["solution"]),
        (&json!("12"), &json!("<p>Rebooted by hand</p>"))
    );
    assert_eq!(ticket["team_id"], 15, "what was empty is filled");
    assert_eq!(ticket["resolution_code"], "other", "it is in `overwrite`");
    assert!(ticket["private_log"].to_string().contains("the check is green"), "{ticket:#?}");
    assert_eq!(itop.operations(), ["create", "get", "ev_assign", "ev_resolve", "update"]);
    assert_eq!(itop.asked[2]["fields"], json!({"team_id": 15}));
}

#[test]
fn an_assignment_that_needs_nothing_is_sent_without_fields_and_keeps_the_agent() {
    let (relay, itop) = start(PEOPLE);
    super::super::super::open(&relay, "disk", "high");
    relay.settled();
    lock(&itop).edit(json!({"status": "pending", "agent_id": "77", "team_id": "7"}));
    act(&relay, &["ack", "1"]);
    let itop = lock(&itop);
    let ticket = itop.ticket();
    assert_eq!(itop.operations(), ["create", "get", "ev_assign"]);
    assert_eq!(itop.asked[2]["fields"], json!({}));
    assert_eq!((&ticket["status"], &ticket["agent_id"]), (&json!("assigned"), &json!("77")));
    assert_eq!(ticket["team_id"], "7");
}

#[test]
fn a_solution_of_an_earlier_resolution_by_tocsin_is_replaced() {
    let (relay, itop) = start(PEOPLE);
    super::super::super::open(&relay, "disk", "high");
    relay.settled();
    for said in ["first", "second"] {
        act(&relay, &["resolve", "1", said]);
        assert!(lock(&itop).ticket()["solution"].to_string().contains(said), "{said}");
        act(&relay, &["reopen", "1"]);
    }
    assert_eq!(lock(&itop).tickets(), 1);
}
