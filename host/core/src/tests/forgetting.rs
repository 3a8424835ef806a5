//! What was kept for long enough is forgotten, and nothing that is not over.

use super::relay::{HOUR_MS, Relay, SOURCE, action, delivered, received, resolve, retried, trigger};
use crate::command::{BY_BODY, Command, Decoding, Forget, Verdict};
use crate::delivery::DeliveryState;
use crate::event::EventChange;
use crate::id::{Id, IncidentId, ReceiptId};
use crate::receipt::ReceiptStatus;
use crate::time::Timestamp;
use crate::transition::IncidentCommand;

const DAY_MS: u64 = 24 * HOUR_MS;

fn relay() -> Relay {
    Relay::new(vec![action("tell", "chat")])
}

/// Everything that is there, of which that goes which is older than `before`.
fn forget_all(relay: &Relay, before: Timestamp) -> Forget {
    Forget {
        incidents: relay.state.incidents.keys().copied().collect(),
        resolved_before: before,
        receipts: relay.state.receipts.keys().copied().collect(),
        came_before: before,
        dead_letters_came_before: before,
    }
}

fn forget(relay: &mut Relay, before: Timestamp) -> Vec<ReceiptId> {
    let asked = forget_all(relay, before);
    relay.apply(Command::Forget(asked)).forgotten_receipts
}

fn settle_all(relay: &mut Relay) {
    loop {
        let begun = relay.claim();
        if begun.is_empty() {
            return;
        }
        for delivery in begun {
            relay.settle(delivery, delivered());
        }
    }
}

/// An incident that is resolved, of which everything was sent.
fn over(relay: &mut Relay, key: &str) -> IncidentId {
    let id = relay.incident_of(trigger(key)).id;
    relay.event(resolve(key));
    settle_all(relay);
    id
}

#[test]
fn only_a_resolved_incident_that_is_old_enough_and_settled_is_forgotten() {
    let mut relay = relay();
    let old = over(&mut relay, "old");
    let open = relay.incident_of(trigger("open")).id;
    let acknowledged = relay.incident_of(trigger("acknowledged")).id;
    relay.command(acknowledged, IncidentCommand::Acknowledge);
    settle_all(&mut relay);
    let unsettled = relay.incident_of(trigger("unsettled")).id;
    settle_all(&mut relay);
    relay.event(resolve("unsettled"));
    let begun = relay.claim_one();
    relay.wait_ms(DAY_MS);
    let before = relay.now;
    // Resolved at the very time.
    let young = over(&mut relay, "young");
    forget(&mut relay, before);
    let kept: Vec<IncidentId> = relay.state.incidents.keys().copied().collect();
    assert_eq!(kept, [open, acknowledged, unsettled, young]);
    assert!(!relay.state.timelines.contains_key(&old));
    assert!(relay.state.deliveries.values().all(|delivery| delivery.incident.id != old));
    assert_eq!(relay.state.find_in(&SOURCE.into(), "old"), None);
    relay.settle(begun, delivered());
    forget(&mut relay, before);
    assert!(!relay.state.incidents.contains_key(&unsettled), "now everything of it is sent");
}

#[test]
fn a_delivery_that_waits_for_its_next_attempt_keeps_its_incident_and_a_dead_letter_does_not() {
    let mut relay = relay();
    let id = relay.incident_of(trigger("disk")).id;
    settle_all(&mut relay);
    relay.event(resolve("disk"));
    let delivery = relay.claim_one();
    let at = relay.now.plus_ms(HOUR_MS);
    relay.settle(delivery, Verdict::Retry { reason: "busy".to_owned(), at, may_have_arrived: false });
    relay.wait_ms(DAY_MS);
    let before = relay.now;
    forget(&mut relay, before);
    assert!(relay.state.incidents.contains_key(&id));
    while let Some(due) = relay.claim().first() {
        relay.settle(*due, Verdict::Rejected("no such channel".to_owned()));
    }
    assert_eq!(relay.state.deliveries[&delivery].state, DeliveryState::Rejected);
    relay.apply(retried(delivery));
    forget(&mut relay, before);
    assert!(relay.state.incidents.contains_key(&id), "somebody wants it sent after all");
    while let Some(due) = relay.claim().first() {
        relay.settle(*due, Verdict::Rejected("no such channel".to_owned()));
    }
    forget(&mut relay, before);
    assert!(relay.state.incidents.is_empty() && relay.state.deliveries.is_empty());
}

#[test]
fn no_more_than_what_is_named_is_forgotten_in_that_order() {
    let mut relay = relay();
    let ids: Vec<IncidentId> = ["a", "b", "c"].map(|key| over(&mut relay, key)).into();
    let receipts: Vec<ReceiptId> = relay.state.receipts.keys().copied().collect();
    relay.wait_ms(DAY_MS);
    let asked = Forget {
        incidents: vec![ids[1], ids[0], Id::from_bytes([7; 16])],
        receipts: receipts[..2].to_vec(),
        ..forget_all(&relay, relay.now)
    };
    let applied = relay.apply(Command::Forget(asked.clone()));
    assert_eq!(relay.state.incidents.keys().copied().collect::<Vec<_>>(), [ids[2]]);
    assert_eq!(relay.state.receipts.keys().copied().collect::<Vec<_>>(), receipts[2..]);
    assert_eq!(applied.forgotten_receipts, receipts[..2]);
    let entry = relay.state.position.entry;
    assert!(relay.apply(Command::Forget(asked)).forgotten_receipts.is_empty());
    assert_eq!(relay.state.position.entry, entry, "what is not there any more leaves no entry");
}

#[test]
fn a_dead_letter_is_kept_for_its_own_time() {
    let mut relay = relay();
    let why = || "why".to_owned();
    let decodings = [Decoding::Refused(why()), Decoding::Failed(why()), Decoding::Ignored(why())];
    let [refused, failed, ignored] = decodings.map(|decoding| relay.request(SOURCE, &[], decoding).id);
    relay.wait_ms(DAY_MS);
    let dead_letters_came_before = relay.now.minus_ms(2 * DAY_MS);
    let asked = Forget { dead_letters_came_before, ..forget_all(&relay, relay.now) };
    assert_eq!(relay.apply(Command::Forget(asked)).forgotten_receipts, [ignored]);
    assert_eq!(relay.state.receipts.keys().copied().collect::<Vec<_>>(), [refused, failed]);
    relay.apply(Command::Discard { receipts: vec![failed], actor: "Ada".to_owned() });
    let asked = Forget { dead_letters_came_before, ..forget_all(&relay, relay.now) };
    assert_eq!(relay.apply(Command::Forget(asked)).forgotten_receipts, [failed], "it is no dead letter now");
}

/// The body alone says no more than that the same happened: of an incident that is forgotten, it happened again.
#[test]
fn an_equal_body_about_a_forgotten_incident_opens_another() {
    let mut relay = relay();
    let body = format!("{BY_BODY}1");
    let say =
        |change| received(SOURCE, &[&body], Decoding::Events(vec![super::relay::event(change, "disk")]));
    let first = relay.receive(say(EventChange::Trigger)).effects[0].incident.expect("an incident").0;
    assert!(matches!(relay.receive(say(EventChange::Trigger)).status, ReceiptStatus::Duplicate(_)));
    settle_all(&mut relay);
    relay.command(first, IncidentCommand::Resolve);
    settle_all(&mut relay);
    relay.wait_ms(HOUR_MS);
    let receipts = relay.state.receipts.len();
    let asked = Forget { receipts: Vec::new(), ..forget_all(&relay, relay.now) };
    relay.apply(Command::Forget(asked));
    assert!(relay.state.incidents.is_empty() && relay.state.receipts.len() == receipts);
    let again = relay.receive(say(EventChange::Trigger));
    assert_eq!(again.status, ReceiptStatus::Applied);
    assert_eq!(again.effects[0].incident.expect("an incident").1, 2, "the number is not given twice");
}

#[test]
fn identities_that_are_no_replay_any_more_go_along() {
    let mut relay = relay();
    let asked =
        |relay: &Relay| Command::Forget(Forget { receipts: Vec::new(), ..forget_all(relay, relay.now) });
    relay.request(SOURCE, &["1"], Decoding::Events(vec![trigger("disk")]));
    relay.apply(asked(&relay));
    assert_eq!(relay.state.identities.len(), 1);
    relay.wait_ms(relay.policy.longest_replay_window_ms() + 1);
    relay.apply(asked(&relay));
    assert!(relay.state.identities.is_empty());
}
