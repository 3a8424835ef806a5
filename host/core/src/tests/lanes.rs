//! Order: of one incident to one connection only the oldest unsettled delivery is due.

use super::relay::{MINUTE_MS, Relay, action, delivered, event, retried, trigger};
use crate::command::{Outcome, Verdict};
use crate::delivery::DeliveryState::{
    self, Accepted, Delivered, Due, Expired, Rejected, Sending, Skipped, Waiting,
};
use crate::delivery::{ATTEMPTS_KEPT, ChangeKind};
use crate::event::EventChange;
use crate::id::DeliveryId;
use crate::state::Happening;
use crate::transition::IncidentCommand;

/// A relay that owes three changes of one incident to one action: opened, acknowledged, noted.
fn three_owed() -> (Relay, [DeliveryId; 3]) {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.event(event(EventChange::Acknowledge, "disk"));
    relay.event(event(EventChange::Note, "disk"));
    let ids: Vec<_> = relay.state.deliveries_of("chat").iter().map(|delivery| delivery.id).collect();
    let ids = ids.try_into().expect("three deliveries");
    (relay, ids)
}

fn expired() -> Verdict {
    Verdict::Expired { reason: "three days".to_owned(), may_have_arrived: false }
}

fn states(relay: &Relay, ids: [DeliveryId; 3]) -> [DeliveryState; 3] {
    ids.map(|id| relay.state.deliveries[&id].state)
}

fn retry_at(relay: &Relay, ms: u64) -> Verdict {
    Verdict::Retry { reason: "503".to_owned(), at: relay.now.plus_ms(ms), may_have_arrived: false }
}

#[test]
fn only_the_oldest_delivery_of_an_incident_to_a_connection_is_due() {
    let (mut relay, ids) = three_owed();
    assert_eq!(states(&relay, ids), [Due, Waiting, Waiting]);
    assert_eq!(relay.claim(), [ids[0]]);
    assert_eq!(states(&relay, ids), [Sending, Waiting, Waiting]);
    assert_eq!(relay.claim(), [], "nothing else while it is being sent");
}

#[test]
fn the_next_becomes_due_when_the_one_before_it_is_settled() {
    let (mut relay, ids) = three_owed();
    let ends = [delivered(), Verdict::Skipped("nothing to say".to_owned())];
    for (at, end) in ends.into_iter().enumerate() {
        relay.wait_ms(MINUTE_MS);
        assert_eq!(relay.claim_one(), ids[at]);
        relay.settle(ids[at], end);
    }
    assert_eq!(states(&relay, ids), [Delivered, Skipped, Due]);
    assert_eq!(relay.state.deliveries[&ids[2]].next_at, relay.now);
    assert_eq!(relay.claim_one(), ids[2]);
    relay.settle(ids[2], Verdict::Accepted(Outcome::default()));
    assert_eq!(states(&relay, ids), [Delivered, Skipped, Accepted]);
    assert!(relay.state.lanes.is_empty());
}

#[test]
fn a_retry_keeps_the_order() {
    let (mut relay, ids) = three_owed();
    relay.claim();
    let again = relay.settle(ids[0], retry_at(&relay, MINUTE_MS));
    assert_eq!((again.state, again.attempts), (Due, 1));
    assert_eq!(states(&relay, ids), [Due, Waiting, Waiting]);
    assert_eq!(relay.claim(), [], "not before its time, and nothing overtakes it");
    relay.wait_ms(MINUTE_MS);
    assert_eq!(relay.claim_one(), ids[0]);
    assert_eq!(relay.state.deliveries[&ids[0]].attempts, 2);
}

#[test]
fn a_dead_letter_lets_the_next_go() {
    for (end, state) in [(Verdict::Rejected("400".to_owned()), Rejected), (expired(), Expired)] {
        let (mut relay, ids) = three_owed();
        relay.claim();
        relay.settle(ids[0], end);
        assert_eq!(states(&relay, ids), [state, Due, Waiting]);
    }
}

#[test]
fn a_dead_letter_that_is_retried_goes_behind_what_is_owed_already() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.event(trigger("disk"));
    let opening = relay.claim_one();
    relay.settle(opening, delivered());
    for _ in 0..3 {
        relay.event(event(EventChange::Note, "disk"));
    }
    let ids: Vec<_> = relay.state.deliveries_of("chat")[1..].iter().map(|delivery| delivery.id).collect();
    let ids = ids.try_into().expect("three deliveries");
    let [first, second, third] = ids;
    relay.claim();
    relay.settle(first, Verdict::Rejected("400".to_owned()));
    relay.apply(retried(first));
    assert_eq!(states(&relay, ids), [Waiting, Due, Waiting]);
    for id in [second, third, first] {
        assert_eq!(relay.claim_one(), id);
        relay.settle(id, delivered());
    }
    assert!(relay.state.lanes.is_empty());
}

#[test]
fn a_dead_letter_of_an_empty_lane_is_due_at_once_when_it_is_retried_and_its_schedule_starts_anew() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.event(trigger("disk"));
    let id = relay.claim_one();
    relay.settle(id, expired());
    relay.wait_ms(MINUTE_MS);
    assert!(relay.apply(retried(id)).scheduled);
    let delivery = &relay.state.deliveries[&id];
    assert_eq!((delivery.state, delivery.next_at, delivery.owed_since), (Due, relay.now, relay.now));
    assert_eq!(relay.claim(), [id]);
}

#[test]
fn a_delivery_that_waits_for_its_time_is_due_at_once_when_it_is_retried() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.event(trigger("disk"));
    let id = relay.claim_one();
    relay.settle(id, retry_at(&relay, 60 * MINUTE_MS));
    relay.wait_ms(MINUTE_MS);
    assert_eq!(relay.claim(), []);
    relay.apply(retried(id));
    assert_eq!(relay.claim(), [id]);
}

#[test]
fn two_incidents_do_not_wait_for_each_other() {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.event(trigger("memory"));
    assert_eq!(relay.claim().len(), 2);
}

#[test]
fn two_connections_do_not_wait_for_each_other_and_two_actions_of_one_do() {
    let mut relay = Relay::new(vec![action("a", "slack"), action("b", "slack"), action("c", "teams")]);
    relay.event(trigger("disk"));
    let claimed = relay.claim();
    let of = |name: &str| relay.state.deliveries_of(name)[0].id;
    assert_eq!(claimed, [of("a"), of("c")]);
}

#[test]
fn an_attempt_that_a_restart_interrupted_is_due_again_and_counts() {
    let (mut relay, ids) = three_owed();
    relay.claim();
    relay.wait_ms(MINUTE_MS);
    assert!(relay.restart(None).scheduled);
    let delivery = &relay.state.deliveries[&ids[0]];
    assert_eq!((delivery.state, delivery.attempts, delivery.next_at), (Due, 1, relay.now));
    assert_eq!(states(&relay, ids), [Due, Waiting, Waiting]);
    assert!(relay.state.sending.is_empty());
    assert_eq!(relay.claim(), [ids[0]]);
    assert_eq!(relay.state.deliveries[&ids[0]].attempts, 2);
}

#[test]
fn how_a_delivery_ended_is_in_the_incidents_timeline() {
    let (mut relay, ids) = three_owed();
    relay.claim();
    let incident = relay.settle(ids[0], retry_at(&relay, 0)).incident.id;
    let before = relay.state.timelines[&incident].len();
    relay.claim();
    relay.settle(ids[0], Verdict::Rejected("no such channel".to_owned()));
    let news = &relay.state.timelines[&incident][before..];
    let what = Happening::Delivery { id: ids[0], action: "chat".into(), state: Rejected };
    assert_eq!(news.len(), 1);
    assert_eq!((&news[0].what, news[0].text.to_string().as_str()), (&what, "no such channel"));
}

#[test]
fn a_deliverys_log_keeps_the_first_attempt_and_the_latest() {
    let (mut relay, ids) = three_owed();
    for _ in 0..25 {
        relay.claim();
        relay.settle(ids[0], retry_at(&relay, 0));
    }
    let log = &relay.state.deliveries[&ids[0]].log;
    let numbers: Vec<_> = log.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
    assert_eq!(numbers.len(), ATTEMPTS_KEPT);
    assert_eq!(
        (log[0].status, log[0].took_us, log[0].summary.to_string().as_str()),
        (Some(200), 1500, "503")
    );
}

#[test]
fn what_an_operator_does_is_owed_in_the_same_lane() {
    let (mut relay, ids) = three_owed();
    let incident = relay.state.deliveries[&ids[0]].incident.id;
    relay.command(incident, IncidentCommand::Note);
    let last = relay.state.deliveries_of("chat")[3];
    assert_eq!((last.change.kind, last.state), (ChangeKind::Noted, Waiting));
    assert_eq!(last.change.actor.as_deref(), Some("Ada"));
}
