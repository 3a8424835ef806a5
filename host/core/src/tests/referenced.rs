//! A peer's answer that brings something new is a change of its own.

use super::relay::{Relay, action, event, resolve, trigger};
use crate::command::{Outcome, Verdict};
use crate::delivery::{ChangeKind, Delivery, Reference};
use crate::event::EventChange;
use crate::routing::ActionRule;

fn on(name: &str, connection: &str, on: &[ChangeKind]) -> ActionRule {
    ActionRule { on: on.to_vec(), ..action(name, connection) }
}

fn answer(labels: &[(&str, &str)], references: &[(&str, &str)]) -> Verdict {
    let reference = |(key, value): &(&str, &str)| Reference {
        key: (*key).to_owned(),
        value: (*value).to_owned(),
        url: None,
    };
    Verdict::Delivered(Outcome {
        summary: "created".to_owned(),
        references: references.iter().map(reference).collect(),
        updates: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    })
}

/// A mirror in Berlin, and Paris, which listens to what Berlin answers.
fn mirrored() -> Relay {
    use ChangeKind::{Opened, Referenced, Resolved};
    let mut relay = Relay::new(vec![
        on("mirror", "berlin", &[Opened, Resolved, Referenced]),
        on("tell", "paris", &[Referenced]),
    ]);
    relay.event(trigger("disk"));
    relay
}

fn told(relay: &Relay) -> Vec<Delivery> {
    relay.state.deliveries_of("tell").into_iter().cloned().collect()
}

#[test]
fn a_new_label_reaches_the_actions_that_listen_at_once_but_not_the_one_that_brought_it() {
    let mut relay = mirrored();
    let mirror = relay.claim_one();
    relay.settle(mirror, answer(&[("remote_status", "new")], &[("ticket", "12")]));
    let deliveries = told(&relay);
    assert_eq!(deliveries.len(), 1);
    let change = &deliveries[0].change;
    assert_eq!(
        (change.kind, change.text.to_string().as_str()),
        (ChangeKind::Referenced, "berlin: remote_status is new")
    );
    assert_eq!(change.changed, ["labels", "labels.remote_status"]);
    assert_eq!(deliveries[0].incident.labels["remote_status"], "new");
    assert_eq!(relay.state.deliveries_of("mirror").len(), 1);

    relay.claim_one();
    relay.settle(deliveries[0].id, answer(&[], &[]));
    relay.event(resolve("disk"));
    let resolution = relay.claim_one();
    relay.settle(resolution, answer(&[("remote_status", "resolved")], &[("ticket", "12")]));
    let last = told(&relay).pop().expect("it is there");
    assert_eq!(last.incident.labels["remote_status"], "resolved", "the last state, without a further change");
    assert_eq!(last.change.before, [("labels.remote_status".to_owned(), "new".to_owned())]);
}

#[test]
fn the_answer_to_a_referenced_delivery_makes_no_further_change() {
    let mut relay = mirrored();
    let mirror = relay.claim_one();
    relay.settle(mirror, answer(&[("a", "1")], &[]));
    let tell = relay.claim_one();
    relay.settle(tell, answer(&[("b", "2")], &[("note", "7")]));
    let incident = relay.state.incidents.values().next().expect("there is one");
    assert_eq!(incident.labels["b"], "2", "it is kept all the same");
    assert_eq!(relay.state.deliveries.len(), 2, "and nobody answers to it");
}

#[test]
fn an_answer_that_says_nothing_new_is_no_change() {
    let mut relay = mirrored();
    let mirror = relay.claim_one();
    relay.settle(mirror, answer(&[("a", "1")], &[("ticket", "12")]));
    let tell = relay.claim_one();
    relay.settle(tell, answer(&[], &[]));
    relay.event(resolve("disk"));
    let resolution = relay.claim_one();
    relay.settle(resolution, answer(&[("a", "1")], &[("ticket", "12")]));
    assert_eq!(told(&relay).len(), 1);
}

#[test]
fn a_new_reference_alone_is_a_change_too_and_a_test_makes_none() {
    let mut relay = mirrored();
    let mirror = relay.claim_one();
    relay.settle(mirror, answer(&[], &[("ticket", "12")]));
    assert_eq!(told(&relay)[0].change.text, "berlin: ticket: 12");

    let testing = ActionRule {
        status: crate::routing::ActionStatus::Test,
        test_connection: Some("sandbox".into()),
        ..on("mirror", "berlin", &[ChangeKind::Opened])
    };
    let mut relay = Relay::new(vec![testing, on("tell", "paris", &[ChangeKind::Referenced])]);
    relay.event(trigger("disk"));
    let test = relay.claim_one();
    relay.settle(test, answer(&[], &[("ticket", "12")]));
    assert!(told(&relay).is_empty());
}

#[test]
fn an_answer_that_comes_after_the_resolution_is_passed_on() {
    let mut relay = mirrored();
    let opening = relay.claim_one();
    relay.event(event(EventChange::Acknowledge, "disk"));
    relay.event(resolve("disk"));
    relay.settle(opening, answer(&[("remote_ref", "I-12")], &[]));
    assert_eq!(told(&relay)[0].incident.labels["remote_ref"], "I-12");
}
