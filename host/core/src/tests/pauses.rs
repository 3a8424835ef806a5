//! A connection on which nothing can work is paused until it works again, and is tried meanwhile.

use super::relay::{Relay, action, delivered, retried, trigger};
use crate::command::{Command, Verdict};
use crate::decide::Rejection;
use crate::delivery::DeliveryState;
use crate::id::DeliveryId;

/// A relay whose connection `slack` was found to be misconfigured by this delivery.
fn paused() -> (Relay, DeliveryId) {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.event(trigger("disk"));
    let id = relay.claim_one();
    relay.wait_ms(100);
    relay.settle(id, Verdict::Misconfigured("the token is wrong".to_owned()));
    (relay, id)
}

#[test]
fn a_misconfigured_connection_is_paused_and_says_why() {
    let (relay, id) = paused();
    let pause = &relay.state.pauses["slack"];
    assert_eq!((pause.reason.as_str(), pause.since), ("the token is wrong", relay.now));
    assert_eq!(relay.state.deliveries[&id].state, DeliveryState::Due, "it waits with its connection");
    assert_eq!(relay.state.deliveries[&id].log.len(), 1);
}

#[test]
fn nothing_is_sent_over_a_paused_connection_and_nothing_is_lost() {
    let (mut relay, id) = paused();
    relay.event(trigger("memory"));
    relay.wait_ms(1_000_000);
    assert_eq!(relay.claim(), []);
    relay.restart(None);
    let claimed = relay.claim();
    assert_eq!(claimed.len(), 2);
    assert!(claimed.contains(&id));
}

#[test]
fn a_restart_resumes_every_paused_connection() {
    let (mut relay, id) = paused();
    assert!(relay.restart(None).scheduled);
    assert!(relay.state.pauses.is_empty());
    assert_eq!(relay.claim(), [id]);
}

#[test]
fn a_reload_resumes_a_paused_connection_that_changed_and_no_other() {
    let (mut relay, _) = paused();
    let connection = relay.state.pauses.keys().next().cloned().expect("one is paused");
    relay.reload(relay.routing().clone(), &[], &["another"]);
    assert!(relay.state.pauses.contains_key(&connection));
    relay.reload(relay.routing().clone(), &[], &[connection.as_str()]);
    assert!(relay.state.pauses.is_empty());
}

#[test]
fn a_retry_resumes_the_connection() {
    let (mut relay, id) = paused();
    assert!(relay.apply(retried(id)).scheduled);
    assert!(relay.state.pauses.is_empty());
    assert_eq!(relay.claim(), [id]);
    assert_eq!(relay.settle(id, delivered()).attempts, 2);
}

#[test]
fn another_connection_goes_on() {
    let mut relay = Relay::new(vec![action("chat", "slack"), action("page", "pager")]);
    relay.event(trigger("disk"));
    let claimed = relay.claim();
    let verdicts = [Verdict::Misconfigured("no".to_owned()), delivered()];
    for (id, verdict) in claimed.into_iter().zip(verdicts) {
        relay.settle(id, verdict);
    }
    relay.event(trigger("memory"));
    let next = relay.claim_one();
    assert_eq!(relay.state.deliveries[&next].connection, "pager");
}

#[test]
fn a_trial_begins_over_a_paused_connection_and_nothing_else_does() {
    let (mut relay, id) = paused();
    let claimed = relay.try_apply(Command::Claim { deliveries: vec![id], records: Vec::new() });
    assert_eq!(claimed, Err(Rejection::Paused { id, connection: "slack".into() }));
    relay.apply(Command::Try { delivery: id, record: false });
    let delivery = &relay.state.deliveries[&id];
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Sending, 2));
    assert!(relay.state.pauses.contains_key("slack"), "until it is known what comes of it");
}

#[test]
fn a_trial_that_arrives_ends_the_pause() {
    let (mut relay, id) = paused();
    relay.event(trigger("memory"));
    relay.apply(Command::Try { delivery: id, record: false });
    let applied = relay.apply(super::relay::settled(id, delivered()));
    assert!(applied.scheduled && relay.state.pauses.is_empty());
    assert_eq!(relay.claim().len(), 1);
}

#[test]
fn a_trial_in_vain_leaves_the_pause_as_old_as_it_is() {
    let (mut relay, id) = paused();
    let since = relay.state.pauses["slack"].since;
    relay.wait_ms(30_000);
    relay.apply(Command::Try { delivery: id, record: false });
    relay.settle(id, Verdict::Misconfigured("the token is gone".to_owned()));
    let pause = &relay.state.pauses["slack"];
    assert_eq!((pause.since, pause.reason.as_str()), (since, "the token is gone"));
    relay.apply(Command::Try { delivery: id, record: false });
    relay.settle(id, Verdict::Retry { reason: "503".to_owned(), at: relay.now, may_have_arrived: false });
    assert!(relay.state.pauses.contains_key("slack"), "nobody can tell");
}

#[test]
fn a_connection_whose_probe_succeeds_goes_on_with_nothing_lost() {
    let (mut relay, id) = paused();
    let resumed = || Command::Resume { connection: "slack".into(), reason: "it works".to_owned() };
    assert!(relay.apply(resumed()).scheduled && relay.state.pauses.is_empty());
    assert_eq!(relay.claim(), [id]);
    assert!(!relay.apply(resumed()).scheduled, "one that is not paused needs no word of it");
}
