//! A request that comes twice is applied once and answered like the first.

use std::collections::BTreeMap;

use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, received, resolve, trigger};
use crate::command::{BY_BODY, Command, Decoding};
use crate::event::Event;
use crate::incident::IncidentState;
use crate::receipt::ReceiptStatus;
use crate::routing::{Routing, SourceRule};

fn one_event() -> Decoding {
    Decoding::Events(vec![trigger("disk")])
}

#[test]
fn a_repeated_identity_is_a_duplicate_of_the_first_and_applied_once() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.request(SOURCE, &["delivery-7"], one_event());
    relay.wait_ms(24 * HOUR_MS - 1);
    let second = relay.request(SOURCE, &["delivery-7"], one_event());
    let third = relay.request(SOURCE, &["delivery-7"], one_event());
    assert_eq!(first.status, ReceiptStatus::Applied);
    assert_eq!(second.status, ReceiptStatus::Duplicate(first.id));
    assert_eq!(third.status, ReceiptStatus::Duplicate(first.id), "of the first, not of the second");
    assert!(second.effects.is_empty());
    assert_eq!(relay.state.incidents.len(), 1);
    assert_eq!(relay.state.incidents.values().next().map(|incident| incident.count), Some(1));
}

#[test]
fn an_identity_is_new_again_after_its_window() {
    let mut relay = Relay::new(Vec::new());
    relay.request(SOURCE, &["delivery-7"], one_event());
    relay.wait_ms(24 * HOUR_MS);
    let second = relay.request(SOURCE, &["delivery-7"], one_event());
    assert_eq!(second.status, ReceiptStatus::Applied);
    let third = relay.request(SOURCE, &["delivery-7"], one_event());
    assert_eq!(third.status, ReceiptStatus::Duplicate(second.id));
}

#[test]
fn duplicates_do_not_prolong_the_window() {
    let mut relay = Relay::new(Vec::new());
    relay.request(SOURCE, &["delivery-7"], one_event());
    relay.wait_ms(23 * HOUR_MS);
    relay.request(SOURCE, &["delivery-7"], one_event());
    relay.wait_ms(HOUR_MS);
    assert_eq!(relay.request(SOURCE, &["delivery-7"], one_event()).status, ReceiptStatus::Applied);
}

#[test]
fn one_known_identity_among_several_is_enough() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.request(SOURCE, &["delivery-7", "digest-a"], one_event());
    let by_id = relay.request(SOURCE, &["delivery-7", "digest-b"], one_event());
    let by_digest = relay.request(SOURCE, &["delivery-8", "digest-a"], one_event());
    assert_eq!(by_id.status, ReceiptStatus::Duplicate(first.id));
    assert_eq!(by_digest.status, ReceiptStatus::Duplicate(first.id));
}

/// A Zap says `resolve` in the same words each time: the second outage of a day once stayed open.
#[test]
fn an_equal_body_is_a_replay_only_while_nothing_else_has_happened() {
    let mut relay = Relay::new(Vec::new());
    let mut say = |body: &str, event: Event| {
        relay.wait_ms(MINUTE_MS);
        relay.request(SOURCE, &[&format!("{BY_BODY}{body}")], Decoding::Events(vec![event])).status
    };
    assert_eq!(say("down", resolve("disk")), ReceiptStatus::Applied, "about nothing yet");
    assert_eq!(say("up", trigger("disk")), ReceiptStatus::Applied);
    for round in 0..3 {
        assert!(matches!(say("up", trigger("disk")), ReceiptStatus::Duplicate(_)), "{round}");
        assert_eq!(say("down", resolve("disk")), ReceiptStatus::Applied, "{round}");
        assert!(matches!(say("down", resolve("disk")), ReceiptStatus::Duplicate(_)), "{round}");
        assert_eq!(say("up", trigger("disk")), ReceiptStatus::Applied, "{round}");
    }
    let incident = relay.state.incidents.values().next().expect("an incident");
    assert_eq!((incident.state(), incident.count), (IncidentState::Open, 4));
}

#[test]
fn identities_of_two_sources_are_different_identities() {
    let mut relay = Relay::new(Vec::new());
    relay.request(SOURCE, &["1"], one_event());
    assert_eq!(relay.request("other", &["1"], one_event()).status, ReceiptStatus::Applied);
}

#[test]
fn a_request_that_was_not_decoded_does_not_make_its_repetition_a_duplicate() {
    let mut relay = Relay::new(Vec::new());
    let failed = relay.request(SOURCE, &["1"], Decoding::Failed("out of memory".to_owned()));
    assert_eq!(failed.status, ReceiptStatus::Failed("out of memory".to_owned()));
    assert_eq!(relay.request(SOURCE, &["1"], one_event()).status, ReceiptStatus::Applied);
}

#[test]
fn a_dead_letter_is_decoded_again_under_its_own_receipt_and_time() {
    let mut relay = Relay::new(Vec::new());
    let refused = relay.request(SOURCE, &["1"], Decoding::Refused("no `id`".to_owned()));
    relay.wait_ms(MINUTE_MS);
    let received = received(SOURCE, &["1"], one_event());
    let applied = relay.apply(Command::Redecode { receipt: refused.id, received });
    let again = applied.receipt.expect("a receipt");
    assert_eq!((again.id, again.at), (refused.id, refused.at));
    assert_eq!(again.status, ReceiptStatus::Applied);
    assert_eq!(relay.state.receipts[&refused.id], again);
    assert_eq!(relay.state.incidents.len(), 1);
}

#[test]
fn a_dead_letter_whose_sender_tried_again_by_itself_is_a_duplicate_when_decoded_again() {
    let mut relay = Relay::new(Vec::new());
    let failed = relay.request(SOURCE, &["1"], Decoding::Failed("trap".to_owned()));
    let second = relay.request(SOURCE, &["1"], one_event());
    let received = received(SOURCE, &["1"], one_event());
    let applied = relay.apply(Command::Redecode { receipt: failed.id, received });
    let again = applied.receipt.expect("a receipt");
    assert_eq!(again.status, ReceiptStatus::Duplicate(second.id));
}

/// Old identities were once forgotten by the window of whichever source had just been heard of: a source
/// with a short window took another's identities with it, and that one's repetitions were applied again.
#[test]
fn a_source_with_a_short_window_does_not_shorten_anothers() {
    let short = SourceRule { replay_window_ms: MINUTE_MS, ..SourceRule::default() };
    let sources = BTreeMap::from([
        ("short".into(), short),
        (SOURCE.into(), SourceRule { replay_window_ms: 48 * HOUR_MS, ..SourceRule::default() }),
    ]);
    let mut relay = Relay::with_routing(Routing { sources, actions: Vec::new() });
    let first = relay.request(SOURCE, &["1"], one_event());
    let unconfigured = relay.request("gone", &["1"], one_event());
    relay.wait_ms(HOUR_MS);
    relay.request("short", &["1"], one_event());
    let again = relay.request("gone", &["1"], one_event());
    assert_eq!(again.status, ReceiptStatus::Duplicate(unconfigured.id));
    relay.wait_ms(46 * HOUR_MS);
    relay.request("short", &["2"], one_event());
    let again = relay.request(SOURCE, &["1"], one_event());
    assert_eq!(again.status, ReceiptStatus::Duplicate(first.id));
}

#[test]
fn what_nobody_needs_any_more_is_forgotten() {
    let mut relay = Relay::new(Vec::new());
    for n in 0..20 {
        relay.request(SOURCE, &[&n.to_string()], one_event());
    }
    relay.wait_ms(25 * HOUR_MS);
    for n in 20..24 {
        relay.request(SOURCE, &[&n.to_string()], one_event());
    }
    assert_eq!(relay.state.identities.len(), 4);
}
