//! What a peer answered: its names for the incident, and labels.

use super::relay::{Relay, action, event, labels, trigger};
use crate::command::{Outcome, Verdict};
use crate::delivery::Reference;
use crate::event::EventChange;
use crate::id::{DeliveryId, IncidentId};
use crate::routing::{ActionRule, ActionStatus};

fn reference(key: &str, value: &str) -> Reference {
    Reference { key: key.to_owned(), value: value.to_owned(), url: None }
}

fn outcome(references: Vec<Reference>, updates: &[(&str, &str)]) -> Outcome {
    let updates = updates.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Outcome { summary: "created".to_owned(), references, updates }
}

/// A relay with one incident, whose first delivery is being sent.
fn sending() -> (Relay, IncidentId, DeliveryId) {
    let mut relay = Relay::new(vec![action("ticket", "itop")]);
    let incident = relay.incident_of(trigger("disk")).id;
    let delivery = relay.claim_one();
    (relay, incident, delivery)
}

#[test]
fn references_are_kept_for_the_incident_and_the_connection() {
    let (mut relay, incident, delivery) = sending();
    relay.settle(delivery, Verdict::Delivered(outcome(vec![reference("ticket", "R-1")], &[])));
    assert_eq!(relay.state.references[&("itop".into(), incident)], [reference("ticket", "R-1")]);
    assert_eq!(relay.state.references.len(), 1);
}

#[test]
fn a_reference_of_the_same_key_replaces_the_one_before() {
    let (mut relay, incident, delivery) = sending();
    let first = vec![reference("ticket", "R-1"), reference("thread", "17.3")];
    relay.settle(delivery, Verdict::Delivered(outcome(first, &[])));
    relay.event(event(EventChange::Acknowledge, "disk"));
    let delivery = relay.claim_one();
    relay.settle(delivery, Verdict::Accepted(outcome(vec![reference("ticket", "R-2")], &[])));
    let kept = &relay.state.references[&("itop".into(), incident)];
    assert_eq!(kept, &[reference("ticket", "R-2"), reference("thread", "17.3")]);
}

#[test]
fn references_are_kept_up_to_a_limit() {
    let (mut relay, incident, delivery) = sending();
    let many = (0..40).map(|n| reference(&n.to_string(), "x")).collect();
    relay.settle(delivery, Verdict::Delivered(outcome(many, &[])));
    assert_eq!(relay.state.references[&("itop".into(), incident)].len(), 16);
}

#[test]
fn labels_are_written_to_the_incident_and_nobody_is_told() {
    let (mut relay, incident, delivery) = sending();
    let before = relay.state.incidents[&incident].clone();
    let (owed, told) = (relay.state.deliveries.len(), relay.state.timelines[&incident].len());
    relay.wait_ms(1000);
    relay.settle(delivery, Verdict::Delivered(outcome(Vec::new(), &[("itop_ref", "R-1")])));
    let after = &relay.state.incidents[&incident];
    assert_eq!(after.labels, labels(&[("itop_ref", "R-1")]));
    assert_eq!(after.updated_at, before.updated_at);
    assert_eq!(relay.state.deliveries.len(), owed, "no notification");
    assert_eq!(relay.state.timelines[&incident].len(), told + 1, "only how the delivery ended");
}

#[test]
fn a_delivery_that_did_not_arrive_writes_nothing_back() {
    let (mut relay, incident, delivery) = sending();
    relay.settle(delivery, Verdict::Rejected("no".to_owned()));
    assert!(relay.state.references.is_empty());
    assert!(relay.state.incidents[&incident].labels.is_empty());
}

#[test]
fn labels_that_a_peer_writes_back_are_within_bounds() {
    let (mut relay, incident, delivery) = sending();
    let long = "k".repeat(129);
    let value = "v".repeat(5000);
    let mut updates = vec![("", "x"), (long.as_str(), "x"), ("big", value.as_str())];
    let names: Vec<_> = (0..100).map(|n| format!("n{n}")).collect();
    updates.extend(names.iter().map(|name| (name.as_str(), "x")));
    relay.settle(delivery, Verdict::Delivered(outcome(Vec::new(), &updates)));
    let kept = &relay.state.incidents[&incident].labels;
    assert_eq!(kept.len(), 64);
    assert!(kept.values().all(|value| value.len() <= 4096));
    assert!(kept.keys().all(|key| !key.is_empty() && key.len() <= 128));
}

/// An action in test whose test connection another action uses in earnest.
fn in_test() -> Relay {
    let test = ActionRule {
        status: ActionStatus::Test,
        test_connection: Some("itop".into()),
        ..action("tried", "slack")
    };
    Relay::new(vec![test, action("ticket", "itop")])
}

/// A test once gave the incident its labels, and had real deliveries write to its own ticket.
#[test]
fn what_a_test_brings_back_stays_with_the_test() {
    let mut relay = in_test();
    let incident = relay.incident_of(trigger("disk")).id;
    let tried = relay.claim_one();
    assert!(relay.state.deliveries[&tried].test);
    let test = outcome(vec![reference("ticket", "TEST-1")], &[("itop_ref", "TEST-1")]);
    relay.settle(tried, Verdict::Delivered(test));
    assert_eq!(relay.state.incidents[&incident].labels, labels(&[]));
    assert!(!relay.state.references.contains_key(&("itop".into(), incident)));
    let real = relay.claim_one();
    relay.settle(real, Verdict::Delivered(outcome(vec![reference("ticket", "R-1")], &[("itop_ref", "R-1")])));
    assert_eq!(relay.state.incidents[&incident].labels, labels(&[("itop_ref", "R-1")]));

    let all: Vec<_> =
        relay.state.references.iter().map(|((name, _), kept)| (name.to_string(), kept.clone())).collect();
    let of = |id: DeliveryId| relay.state.deliveries[&id].referred(all.clone());
    assert_eq!(of(real), [("itop".to_owned(), vec![reference("ticket", "R-1")])]);
    assert_eq!(of(tried), [("itop".to_owned(), vec![reference("ticket", "TEST-1")])]);
}
