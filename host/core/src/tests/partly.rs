//! Requests that are understood in part, ignored, or larger than one entry: each event is applied once, whatever
//! is decoded how often.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::memory::Memory;
use super::relay::{HOUR_MS, MINUTE_MS, Relay, SOURCE, event, partly, received, resolve, trigger};
use crate::command::{Command, Decoding, EVENTS_PER_ENTRY, Issued, REJECTED_KEPT_MAX, Received};
use crate::decide::Applied;
use crate::event::{Event, EventChange};
use crate::id::Id;
use crate::incident::IncidentState;
use crate::receipt::ReceiptStatus;
use crate::transition::Transition;

fn counts(state: &Memory) -> Vec<(&str, u64)> {
    state.incidents.values().map(|incident| (incident.key.as_str(), incident.count)).collect()
}

#[test]
fn the_good_events_of_a_partly_refused_request_are_applied() {
    let mut relay = Relay::new(Vec::new());
    let receipt = relay.receive(partly(&[], vec![trigger("a"), trigger("c")], &["alerts[1]"]));
    let ReceiptStatus::PartlyRefused(rejected) = &receipt.status else { panic!("{:?}", receipt.status) };
    assert_eq!((rejected.count, rejected.kept[0].place.as_str()), (1, "alerts[1]"));
    assert!(receipt.status.is_dead_letter());
    assert_eq!(receipt.outcome(), "partly_refused");
    assert_eq!(counts(&relay.state), [("a", 1), ("c", 1)]);
}

#[test]
fn decoding_a_partly_refused_request_again_applies_what_was_not_applied_before() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.receive(partly(&["id:7"], vec![trigger("a"), trigger("c"), trigger("a")], &["1"]));
    assert_eq!(counts(&relay.state), [("a", 2), ("c", 1)]);
    relay.wait_ms(MINUTE_MS);
    // Nothing was mended: nothing changes.
    let again =
        relay.redecode(first.id, partly(&["id:7"], vec![trigger("a"), trigger("c"), trigger("a")], &["1"]));
    assert_eq!(again, first);
    assert_eq!(counts(&relay.state), [("a", 2), ("c", 1)]);
    // A third `a` and the `b` in the middle were not applied before.
    let events = vec![trigger("a"), trigger("b"), trigger("c"), trigger("a"), trigger("a")];
    let mended = relay.redecode(first.id, received(SOURCE, &["id:7"], Decoding::Events(events)));
    assert_eq!(mended.status, ReceiptStatus::Applied);
    let done: Vec<_> = mended.effects.iter().map(|effect| (effect.key.as_str(), effect.transition)).collect();
    use Transition::{Merge, Open};
    assert_eq!(done, [("a", Open), ("b", Open), ("c", Open), ("a", Merge), ("a", Merge)]);
    assert_eq!(counts(&relay.state), [("a", 3), ("c", 1), ("b", 1)]);
}

#[test]
fn another_change_of_the_same_key_is_another_event() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.receive(partly(&[], vec![trigger("a")], &["1"]));
    let events = Decoding::Events(vec![trigger("a"), resolve("a")]);
    let mended = relay.redecode(first.id, received(SOURCE, &[], events));
    assert_eq!(mended.effects.len(), 2);
    let incident = relay.state.incidents.values().next().expect("an incident");
    assert_eq!((incident.state(), incident.count), (IncidentState::Resolved, 1));
}

/// The resolve found nothing while its trigger could not be read.
#[test]
fn an_end_whose_beginning_is_read_only_later_is_applied_then() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.receive(partly(&[], vec![resolve("k")], &["alerts[0]"]));
    assert_eq!(first.effects[0].transition, Transition::Orphan);
    let events = Decoding::Events(vec![trigger("k"), resolve("k")]);
    relay.redecode(first.id, received(SOURCE, &[], events));
    let incident = relay.state.incidents.values().next().expect("an incident");
    assert_eq!(incident.state(), IncidentState::Resolved);
}

/// A plugin that was made worse in between must not have forgotten what was applied.
#[test]
fn a_partly_refused_request_that_is_refused_when_decoded_again_keeps_what_it_did() {
    for worse in [
        Decoding::Refused("no".to_owned()),
        Decoding::Failed("a trap".to_owned()),
        Decoding::Ignored("a test".to_owned()),
    ] {
        let mut relay = Relay::new(Vec::new());
        let first = relay.receive(partly(&["id:7"], vec![trigger("a")], &["1"]));
        let refused = relay.redecode(first.id, received(SOURCE, &["id:7"], worse));
        assert!(refused.status.is_decodable());
        assert_eq!(refused.effects, first.effects);
        let events = Decoding::Events(vec![trigger("b"), trigger("a")]);
        let mended = relay.redecode(first.id, received(SOURCE, &["id:7"], events));
        assert_eq!((mended.status, mended.effects.len()), (ReceiptStatus::Applied, 2));
        assert_eq!(counts(&relay.state), [("a", 1), ("b", 1)]);
    }
}

#[test]
fn what_the_events_of_an_earlier_decoding_did_is_remembered_when_they_are_no_longer_given() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.receive(partly(&[], vec![trigger("a"), trigger("b")], &["1"]));
    let events = Decoding::Events(vec![trigger("c")]);
    let again = relay.redecode(first.id, received(SOURCE, &[], events));
    let keys: Vec<_> = again.effects.iter().map(|effect| effect.key.as_str()).collect();
    assert_eq!(keys, ["c", "a", "b"]);
}

#[test]
fn a_partly_refused_request_is_discarded_like_any_dead_letter_and_keeps_what_it_did() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.receive(partly(&[], vec![trigger("a")], &["1"]));
    relay.apply(Command::Discard { receipts: vec![first.id], actor: "Ada".to_owned() });
    let discarded = &relay.state.receipts[&first.id];
    assert_eq!(discarded.status, ReceiptStatus::Discarded("Ada".to_owned()));
    assert_eq!(discarded.effects, first.effects);
}

#[test]
fn an_ignored_request_can_be_decoded_again() {
    let mut relay = Relay::new(Vec::new());
    let ignored = relay.request(SOURCE, &["id:7"], Decoding::Ignored("an unknown kind".to_owned()));
    assert!(!ignored.status.is_dead_letter());
    relay.wait_ms(48 * HOUR_MS);
    let events = Decoding::Events(vec![trigger("a")]);
    let mended = relay.redecode(ignored.id, received(SOURCE, &["id:7"], events));
    assert_eq!((mended.status, mended.at), (ReceiptStatus::Applied, ignored.at));
    assert_eq!(counts(&relay.state), [("a", 1)]);
}

#[test]
fn a_replay_of_a_partly_refused_request_is_a_duplicate_of_it() {
    let mut relay = Relay::new(Vec::new());
    let first = relay.receive(partly(&["id:7"], vec![trigger("a")], &["1"]));
    let again = relay.receive(partly(&["id:7"], vec![trigger("a")], &["1"]));
    assert_eq!(again.status, ReceiptStatus::Duplicate(first.id));
    assert!(!again.status.is_dead_letter());
    assert_eq!(counts(&relay.state), [("a", 1)]);
}

#[test]
fn remarks_are_remembered_with_the_request_and_replaced_when_it_is_decoded_again() {
    let mut relay = Relay::new(Vec::new());
    let with = |remark: &str, decoding| Received {
        remarks: vec![remark.to_owned()],
        ..received(SOURCE, &[], decoding)
    };
    let refused = relay.receive(with("no status found", Decoding::Refused("no".to_owned())));
    assert_eq!(refused.remarks, ["no status found"]);
    let again = relay.redecode(refused.id, with("no time found", Decoding::Events(vec![trigger("a")])));
    assert_eq!(again.remarks, ["no time found"]);
}

#[test]
fn of_many_elements_that_cannot_be_read_the_first_are_kept_and_all_are_counted() {
    let places: Vec<String> = (0..250).map(|n| n.to_string()).collect();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let received = partly(&[], vec![trigger("a")], &places);
    assert_eq!((received.rejected.count, received.rejected.kept.len()), (250, REJECTED_KEPT_MAX));
    assert_eq!(received.rejected.kept[99].place, "99");
}

/// Applies a request of any size: in as many entries as it needs.
fn apply_all(relay: &mut Relay, received: Received) -> Vec<Applied> {
    let receipt = Id::new(relay.now, 1 << 70);
    let (first, more) = received.split(receipt);
    let entry = Issued { at: relay.now, seed: receipt, command: Command::Receive(first) };
    let more = entry.followed_by(more);
    std::iter::once(entry).chain(more).map(|entry| relay.issue(&entry)).collect()
}

fn many(count: usize) -> Vec<Event> {
    (0..count).map(|n| trigger(&format!("alert-{n}"))).collect()
}

#[test]
fn the_events_of_a_large_request_are_split_over_entries_in_order() {
    for (count, sizes) in
        [(0, vec![0]), (1, vec![1]), (1000, vec![1000]), (1001, vec![1000, 1]), (2500, vec![1000, 1000, 500])]
    {
        let receipt = Id::new(crate::time::Timestamp::from_micros(0), 5);
        let (first, more) = received(SOURCE, &["1"], Decoding::Events(many(count))).split(receipt);
        let Decoding::Events(events) = first.decoding else { panic!("events") };
        let mut split = vec![events];
        for fact in more {
            let Command::Continue { receipt: of, after, events } = fact else { panic!("{fact:?}") };
            assert_eq!((of, after), (receipt, split.iter().map(Vec::len).sum::<usize>() as u64));
            split.push(events);
        }
        assert_eq!(split.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
        assert_eq!(split.concat(), many(count));
    }
    let (_, more) = received(SOURCE, &[], Decoding::Refused("no".to_owned())).split(Id::from_bytes([0; 16]));
    assert!(more.is_empty());
}

#[test]
fn a_request_of_several_entries_has_one_receipt_with_all_its_effects() {
    let mut relay = Relay::new(Vec::new());
    let count = 2 * EVENTS_PER_ENTRY + 200;
    let applied = apply_all(&mut relay, received(SOURCE, &["id:7"], Decoding::Events(many(count))));
    assert_eq!(applied.len(), 3);
    let receipt = applied[2].receipt.as_ref().expect("a receipt");
    assert_eq!((receipt.status.as_str(), receipt.effects.len()), ("applied", count));
    assert_eq!(relay.state.receipts.len(), 1);
    let numbers = receipt.effects.iter().map(|effect| effect.incident.expect("opened").1);
    assert!(numbers.eq(1..=count as u64));
    // The newest incident has the highest number also when they are listed by id.
    assert!(relay.state.incidents.values().map(|incident| incident.number).eq(1..=count as u64));
}

#[test]
fn a_replay_of_a_request_of_several_entries_is_a_replay_as_a_whole() {
    let mut relay = Relay::new(Vec::new());
    let received = received(SOURCE, &["id:7"], Decoding::Events(many(1200)));
    let first = relay.now;
    apply_all(&mut relay, received.clone());
    relay.wait_ms(MINUTE_MS);
    let applied = apply_all(&mut relay, received);
    let receipt = applied[1].receipt.as_ref().expect("a receipt");
    assert_eq!(receipt.status, ReceiptStatus::Duplicate(Id::new(first, 1 << 70)));
    assert!(receipt.effects.is_empty());
    assert!(relay.state.incidents.values().all(|incident| incident.count == 1));
    assert_eq!(relay.state.incidents.len(), 1200);
}

#[test]
fn a_large_request_that_was_partly_refused_is_decoded_again_entry_by_entry() {
    let mut relay = Relay::new(Vec::new());
    let without = |gap: usize| -> Vec<Event> {
        many(2300).into_iter().enumerate().filter(|(n, _)| n % 700 != gap).map(|(_, event)| event).collect()
    };
    let good = without(5);
    let first = apply_all(&mut relay, partly(&["id:7"], good, &["5", "705", "1405", "2105"]));
    let receipt = first[2].receipt.as_ref().expect("a receipt").clone();
    assert_eq!((receipt.status.as_str(), receipt.effects.len()), ("partly_refused", 2296));
    relay.wait_ms(MINUTE_MS);
    let seed = Id::new(relay.now, 1 << 60);
    let (again, more) = received(SOURCE, &["id:7"], Decoding::Events(many(2300))).split(receipt.id);
    let entry =
        Issued { at: relay.now, seed, command: Command::Redecode { receipt: receipt.id, received: again } };
    let more = entry.followed_by(more);
    for entry in std::iter::once(entry).chain(more) {
        relay.issue(&entry);
    }
    let mended = &relay.state.receipts[&receipt.id];
    assert_eq!((mended.status.as_str(), mended.effects.len()), ("applied", 2300));
    let keys = mended.effects.iter().map(|effect| effect.key.clone());
    assert!(keys.eq(many(2300).into_iter().map(|event| event.key)), "in the order of the events");
    assert_eq!(relay.state.incidents.len(), 2300);
    assert!(relay.state.incidents.values().all(|incident| incident.count == 1));
}

#[test]
fn a_request_did_nothing_when_none_of_its_events_did_anything() {
    let mut relay = Relay::new(Vec::new());
    let nothing = vec![resolve("a"), event(EventChange::Note, "b")];
    assert_eq!(relay.request(SOURCE, &[], Decoding::Events(nothing.clone())).outcome(), "nothing");
    assert_eq!(relay.event(trigger("a")).outcome(), "applied");
    let one = [nothing, vec![trigger("c")]].concat();
    assert_eq!(relay.request(SOURCE, &[], Decoding::Events(one)).outcome(), "applied");
    relay.event(resolve("a"));
    assert_eq!(relay.event(resolve("a")).outcome(), "nothing", "it is over already");
    assert_eq!(relay.request(SOURCE, &[], Decoding::Ignored("a test".to_owned())).outcome(), "ignored");
}

/// How many times each key is in there.
fn multiplicities(keys: &[&'static str]) -> BTreeMap<&'static str, u64> {
    let mut found = BTreeMap::new();
    for key in keys {
        *found.entry(*key).or_default() += 1;
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn each_event_is_applied_once_whatever_is_decoded_how_often(
        decodings in prop::collection::vec(
            prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..8), 1..6,
        ),
    ) {
        let mut relay = Relay::new(Vec::new());
        let of = |keys: &[&'static str]| {
            partly(&["id:7"], keys.iter().map(|key| trigger(key)).collect(), &["1"])
        };
        let receipt = relay.receive(of(&decodings[0])).id;
        for again in &decodings[1..] {
            let record = relay.redecode(receipt, of(again));
            prop_assert!(record.effects.iter().zip(again).all(|(effect, key)| effect.key == *key));
        }
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        for keys in &decodings {
            for (key, count) in multiplicities(keys) {
                let most = expected.entry(key).or_default();
                *most = count.max(*most);
            }
        }
        let found: BTreeMap<&str, u64> = counts(&relay.state).into_iter().collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(relay.state.receipts[&receipt].effects.len() as u64, expected.values().sum::<u64>());
    }
}
