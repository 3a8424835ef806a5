//! What iTop does not let the login do: write while iTop is read-only, or write one class. It says both in one text.

use serde_json::Value;

use super::super::{lock, summary};
use super::following;
use super::peer::{Itop, Limits};
use crate::harness::{Receiver, Relay, action, settings, until};

/// Nothing has to settle: a ticket that is not found is made at once.
fn at_once(tables: &str) -> Relay {
    Relay::start(&tables.replace("user = \"tocsin\"", "user = \"tocsin\", settle = \"0s\""))
}

fn is_paused(relay: &Relay) -> bool {
    !relay.list(&["connections", "list"])[0]["paused"].is_null()
}

#[test]
fn a_read_only_itop_loses_no_ticket_and_pauses_nothing() {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    let relay = at_once(&following(&receiver, ""));
    lock(&itop).limits.is_read_only = true;
    super::super::super::open(&relay, "disk", "high");
    super::super::super::open(&relay, "cpu", "high");
    // Longer than any doubt of the relay's: it rejects after six tries what it takes for one message's fault.
    let deliveries = until("both were tried ten times", || {
        let deliveries = relay.list(&["deliveries", "list"]);
        let is_tried = |delivery: &Value| delivery["attempts"].as_u64() >= Some(10);
        (deliveries.len() == 2 && deliveries.iter().all(is_tried)).then_some(deliveries)
    });
    for delivery in &deliveries {
        assert_eq!(delivery["settled"], false, "{delivery:#}");
        let said = summary(delivery);
        assert!(
            said.contains("not have enough permissions for creating data of class UserRequest"),
            "{said}"
        );
        assert!(said.contains("so it is read-only (`access_mode`"), "{said}");
    }
    assert!(!is_paused(&relay));
    assert_eq!(lock(&itop).tickets(), 0, "the question writes nothing");
    lock(&itop).limits.is_read_only = false;
    let deliveries = relay.settled();
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    assert_eq!(lock(&itop).tickets(), 2);
}

#[test]
fn a_right_that_is_missing_on_one_class_rejects_its_deliveries_and_others_go_on() {
    let receiver = Receiver::start();
    let itop = Itop::at(&receiver);
    lock(&itop).limits = Limits { forbidden: vec!["Incident"], ..Limits::default() };
    let other = "class = \"Incident\"\norganization = \"Demo\"\nwrite_back = [\"number = ref\"]";
    let second = format!("{}{}", action("incidents", "itop"), settings("actions.incidents", other));
    let relay = at_once(&format!("{}{second}", following(&receiver, "")));
    for id in ["disk", "cpu", "net"] {
        super::super::super::open(&relay, id, "high");
    }
    let deliveries = until("each incident is settled twice", || {
        Some(relay.settled()).filter(|deliveries| deliveries.len() == 6)
    });
    for delivery in &deliveries {
        let is_refused = delivery["action"] == "incidents";
        assert_eq!(delivery["state"], if is_refused { "rejected" } else { "delivered" }, "{delivery:#}");
        if is_refused {
            let said = summary(delivery);
            assert!(said.contains("for creating data of class Incident; iTop is not read-only"), "{said}");
            assert!(said.contains("this login may write UserRequest"), "{said}");
            assert_eq!(delivery["attempts"], 1);
        }
    }
    assert!(!is_paused(&relay));
    assert_eq!(lock(&itop).tickets(), 3);
}
