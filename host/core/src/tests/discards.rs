//! Operators give up on deliveries, whether or not these are dead letters.

use super::relay::{MINUTE_MS, Relay, action, delivered, event, trigger};
use crate::command::{Command, Verdict};
use crate::decide::Rejection;
use crate::delivery::DeliveryState::{self, Discarded, Due, Sending, Waiting};
use crate::event::EventChange;
use crate::id::DeliveryId;
use crate::routing::ActionRule;
use crate::state::Happening;
use crate::timer::Timer;

fn given_up(deliveries: &[DeliveryId]) -> Command {
    Command::GiveUp { deliveries: deliveries.to_vec(), actor: "Ada".to_owned() }
}

/// A relay with one incident whose three changes are owed, in one lane.
fn three_owed() -> (Relay, Vec<DeliveryId>) {
    let mut relay = Relay::new(vec![action("chat", "slack")]);
    relay.event(trigger("disk"));
    relay.event(event(EventChange::Note, "disk"));
    relay.event(event(EventChange::Note, "disk"));
    let ids = relay.state.deliveries.keys().copied().collect();
    (relay, ids)
}

fn states(relay: &Relay, ids: &[DeliveryId]) -> Vec<DeliveryState> {
    ids.iter().map(|id| relay.state.deliveries[id].state).collect()
}

#[test]
fn giving_up_on_what_is_due_has_the_next_one_go() {
    let (mut relay, ids) = three_owed();
    relay.wait_ms(MINUTE_MS);
    assert!(relay.apply(given_up(&ids[..1])).scheduled);
    assert_eq!(states(&relay, &ids), [Discarded, Due, Waiting]);
    assert_eq!(relay.state.deliveries[&ids[1]].next_at, relay.now);
    let incident = relay.state.deliveries[&ids[0]].incident.id;
    let last = relay.state.timelines[&incident].last().expect("a line");
    let what = Happening::Delivery { id: ids[0], action: "chat".into(), state: Discarded };
    assert_eq!((&last.what, last.text.to_string().as_str()), (&what, "by Ada"));
}

#[test]
fn giving_up_on_what_waits_leaves_the_order_of_the_others() {
    let (mut relay, ids) = three_owed();
    relay.apply(given_up(&ids[1..2]));
    assert_eq!(states(&relay, &ids), [Due, Discarded, Waiting]);
    let first = relay.claim_one();
    relay.settle(first, delivered());
    assert_eq!(relay.claim(), [ids[2]]);
}

#[test]
fn giving_up_on_a_whole_lane_leaves_none() {
    let (mut relay, ids) = three_owed();
    relay.apply(given_up(&ids));
    assert_eq!(states(&relay, &ids), [Discarded; 3]);
    assert!(relay.state.lanes.is_empty() && relay.state.due.is_empty());
}

#[test]
fn giving_up_on_what_is_held_stops_its_timer() {
    let mut relay = Relay::new(vec![ActionRule { delay_ms: Some(MINUTE_MS), ..action("late", "slack") }]);
    relay.event(trigger("disk"));
    let held = *relay.state.deliveries.keys().next().expect("a delivery");
    assert!(relay.state.timers.contains_key(&Timer::Held(held)));
    relay.apply(given_up(&[held]));
    assert!(!relay.state.timers.contains_key(&Timer::Held(held)));
    relay.wait_ms(2 * MINUTE_MS);
    relay.apply(Command::Tick);
    assert_eq!(states(&relay, &[held]), [Discarded]);
}

#[test]
fn what_waits_for_a_paused_connection_can_be_given_up() {
    let (mut relay, ids) = three_owed();
    relay.claim();
    relay.settle(ids[0], Verdict::Misconfigured("the token is wrong".to_owned()));
    relay.apply(given_up(&ids[..1]));
    assert_eq!(states(&relay, &ids), [Discarded, Due, Waiting]);
    assert!(relay.state.pauses.contains_key("slack"));
}

#[test]
fn nothing_that_is_in_flight_or_has_arrived_can_be_given_up() {
    let (mut relay, ids) = three_owed();
    relay.claim();
    let expected = "only one that waits, is held, due, rejected or expired can be discarded";
    let wrong = |state| Err(Rejection::WrongState { id: ids[0], state, expected });
    assert_eq!(relay.try_apply(given_up(&ids[..1])), wrong(Sending));
    relay.settle(ids[0], delivered());
    assert_eq!(relay.try_apply(given_up(&ids[..1])), wrong(DeliveryState::Delivered));
}
