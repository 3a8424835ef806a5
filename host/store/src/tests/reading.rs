//! What is read is in order, paged, and from the right index.

use std::collections::BTreeMap;

use tocsin_core::command::{Command, Decoding, Received, Verdict};
use tocsin_core::decide::Applied;
use tocsin_core::delivery::{Delivery, DeliveryState};
use tocsin_core::event::EventChange;
use tocsin_core::id::{DeliveryId, Id, IncidentId, ReceiptId};
use tocsin_core::incident::IncidentState;
use tocsin_core::journal::Cause;
use tocsin_core::state::Happening;
use tocsin_core::time::Timestamp;

use super::samples::{
    Script, assert_clean, claimed, event, options, outcome, received, rejected, started, write,
};
use crate::{DeliveryQuery, IncidentQuery, JournalQuery, ReceiptQuery, Receipts, Store};

fn incident(applied: &Applied) -> IncidentId {
    applied.receipt.as_ref().unwrap().effects[0].incident.unwrap().0
}

fn open(store: &Store, script: &mut Script, key: &str) -> IncidentId {
    incident(&write(store, script.trigger(key, key)).unwrap())
}

fn resolve(store: &Store, script: &mut Script, key: &str) {
    let resolved = Decoding::Events(vec![event(EventChange::Resolve, key, "")]);
    write(store, script.received(resolved)).unwrap();
}

#[test]
fn incidents_come_newest_first_by_state_by_source_and_in_pages() {
    let (store, mut script) = started(options());
    let ids: Vec<IncidentId> = (0..6).map(|n| open(&store, &mut script, &format!("key-{n}"))).collect();
    resolve(&store, &mut script, "key-1");
    resolve(&store, &mut script, "key-4");
    let list = |query: IncidentQuery| -> Vec<IncidentId> {
        store.incidents(&query).unwrap().items.into_iter().map(|incident| incident.id).collect()
    };
    let all = IncidentQuery { limit: 100, ..IncidentQuery::default() };
    let newest = |places: &[usize]| -> Vec<IncidentId> { places.iter().map(|place| ids[*place]).collect() };

    assert_eq!(list(all.clone()), newest(&[5, 4, 3, 2, 1, 0]));
    let open = IncidentQuery { states: vec![IncidentState::Open], ..all.clone() };
    assert_eq!(list(open.clone()), newest(&[5, 3, 2, 0]));
    let both = IncidentQuery { states: vec![IncidentState::Resolved, IncidentState::Open], ..all.clone() };
    assert_eq!(list(both), newest(&[5, 4, 3, 2, 1, 0]));
    assert_eq!(list(IncidentQuery { limit: 2, ..open.clone() }), newest(&[5, 3]));
    assert_eq!(list(IncidentQuery { before: Some(ids[3]), ..open }), newest(&[2, 0]));
    assert_eq!(list(IncidentQuery { source: Some("nobody".into()), ..all.clone() }), []);
    assert_eq!(list(IncidentQuery { limit: 0, ..all }), []);
    assert_eq!(store.incident(Id::new(script.now, 0)).unwrap(), None);
    assert_eq!(store.incident_by_number(7).unwrap(), None);

    let counts = store.counts().unwrap();
    assert_eq!(counts.incidents_in(IncidentState::Open), 4);
    assert_eq!(counts.incidents_in(IncidentState::Resolved), 2);
    assert_eq!((counts.receipts, counts.entries), (8, 9));
    assert!(counts.file_bytes > 0);
}

#[test]
fn a_timeline_comes_newest_first_and_only_its_own() {
    let (store, mut script) = started(options());
    let first = open(&store, &mut script, "first");
    let second = open(&store, &mut script, "second");
    resolve(&store, &mut script, "first");
    let kinds = |id: IncidentId, limit: usize| -> Vec<&str> {
        let items = store.timeline(id, limit).unwrap().into_iter();
        items
            .map(|item| match item.what {
                Happening::Changed(kind, _) => kind.as_str(),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(kinds(first, 10), ["resolved", "opened"]);
    assert_eq!(kinds(first, 1), ["resolved"]);
    assert_eq!(kinds(second, 10), ["opened"]);
}

#[test]
fn deliveries_are_found_by_state_connection_action_and_incident() {
    let (store, mut script) = started(options());
    let ids: Vec<IncidentId> = (0..3).map(|n| open(&store, &mut script, &format!("key-{n}"))).collect();
    resolve(&store, &mut script, "key-1");
    let list = |query: DeliveryQuery| store.deliveries(&DeliveryQuery { limit: 100, ..query }).unwrap().items;
    let count = |query: DeliveryQuery| list(query).len();
    let all = list(DeliveryQuery::default());
    assert_eq!(all.len(), 8);
    assert!(all.is_sorted_by(|a, b| a.id > b.id));
    for delivery in &all {
        assert_eq!(store.delivery(delivery.id).unwrap().as_ref(), Some(delivery));
    }
    let waiting = DeliveryQuery { states: vec![DeliveryState::Waiting], ..DeliveryQuery::default() };
    assert_eq!(count(waiting.clone()), 2);
    assert_eq!(count(DeliveryQuery { connection: Some("pager".into()), ..waiting.clone() }), 1);
    assert_eq!(count(DeliveryQuery { incident: Some(ids[0]), ..waiting }), 0);
    assert_eq!(count(DeliveryQuery { incident: Some(ids[1]), ..Default::default() }), 4);
    assert_eq!(count(DeliveryQuery { action: Some("page".into()), ..Default::default() }), 4);
    let before = Some(all[2].id);
    assert_eq!(list(DeliveryQuery { before, ..Default::default() }), all[3..]);
    let counts = store.counts().unwrap();
    assert_eq!(counts.deliveries_in(DeliveryState::Due), 6);
    assert_eq!(counts.deliveries_in(DeliveryState::Waiting), 2);
}

#[test]
fn what_is_due_comes_earliest_first_one_of_each_incident() {
    let (store, mut script) = started(options());
    let first = open(&store, &mut script, "first");
    let second = open(&store, &mut script, "second");
    let updated = script.trigger("first", "worse");
    write(&store, updated).unwrap();
    let now = script.now;
    let due = |now| -> Vec<IncidentId> {
        store.due("pager", None, now, 10).unwrap().into_iter().map(|delivery| delivery.incident.id).collect()
    };
    assert_eq!(due(now), [first, second], "the update waits behind the opening");
    assert_eq!(store.due("pager", None, now, 1).unwrap().len(), 1);
    assert_eq!(store.due("page", None, now, 10).unwrap(), [], "a connection is not its name's beginning");
    assert_eq!(store.due_connections().unwrap(), ["chat", "pager"]);

    let opening = store.due("pager", None, now, 1).unwrap().remove(0).id;
    write(&store, script.command(claimed(vec![opening]))).unwrap();
    assert_eq!(due(now), [second]);
    let later = script.now.plus_ms(60_000);
    let retry = Verdict::Retry { reason: "busy".to_owned(), at: later, may_have_arrived: false };
    write(&store, script.settled(opening, retry)).unwrap();
    assert_eq!(due(script.now), [second]);
    assert_eq!(due(later), [second, first]);
    assert_eq!(
        store.next_due("pager", None).unwrap(),
        Some(store.due("pager", None, later, 1).unwrap()[0].next_at)
    );
    assert_eq!(store.next_due("nowhere", None).unwrap(), None);
    let waits = store.due("pager", None, later, 2).unwrap()[1].next_at;
    assert_eq!(
        store.next_due("pager", Some(script.now)).unwrap(),
        Some(waits),
        "what is due now is passed over"
    );
    assert_eq!(store.next_due("pager", Some(waits)).unwrap(), None);
    assert_clean(&store);
}

#[test]
fn sources_that_share_a_connection_take_turns_behind_the_one_that_was_served_last() {
    let (store, mut script) = started(options());
    let mut opened: BTreeMap<IncidentId, String> = BTreeMap::new();
    for (source, count) in [("flood", 20), ("later", 2), ("quiet", 1)] {
        for number in 0..count {
            let key = format!("{number}");
            let decoding = Decoding::Events(vec![event(EventChange::Trigger, &key, &key)]);
            let applied = write(&store, script.write(received(source, decoding))).unwrap();
            opened.insert(incident(&applied), format!("{source} {number}"));
        }
    }
    let names = |due: &[Delivery]| -> Vec<&str> {
        due.iter().map(|delivery| opened[&delivery.incident.id].as_str()).collect()
    };
    let due = |after, limit| store.due("pager", after, script.now, limit).unwrap();
    assert_eq!(names(&due(None, 6)), ["flood 0", "later 0", "quiet 0", "flood 1", "later 1", "flood 2"]);
    assert_eq!(names(&due(Some("flood"), 1)), ["later 0"]);
    assert_eq!(names(&due(Some("later"), 2)), ["quiet 0", "flood 0"]);
    assert_eq!(names(&due(Some("quiet"), 1)), ["flood 0"], "the last one is followed by the first");
    assert_eq!(names(&due(Some("is gone"), 1)), ["flood 0"], "a source without anything has a place, too");
    assert_eq!(due(Some("flood"), 100).len(), 23, "each of them once");
    assert_eq!(due(None, 0), []);

    // What is tried again later does not hide what is due.
    let first: Vec<DeliveryId> = due(None, 3).iter().map(|delivery| delivery.id).collect();
    write(&store, script.command(claimed(first.clone()))).unwrap();
    let later = script.now.plus_ms(60_000);
    for id in first {
        let retry = Verdict::Retry { reason: "busy".to_owned(), at: later, may_have_arrived: false };
        write(&store, script.settled(id, retry)).unwrap();
    }
    let due = store.due("pager", Some("later"), script.now, 2).unwrap();
    assert_eq!(names(&due), ["flood 1", "later 1"]);
    let earliest = store.deliveries(&DeliveryQuery {
        states: vec![DeliveryState::Due],
        limit: 100,
        ..Default::default()
    });
    let earliest =
        earliest.unwrap().items.iter().filter(|one| one.connection == "pager").map(|one| one.next_at).min();
    assert_eq!(store.next_due("pager", None).unwrap(), earliest, "over all sources");
    assert_eq!(store.due_connections().unwrap(), ["chat", "pager"]);
    assert_clean(&store);
}

#[test]
fn a_settled_delivery_lets_the_next_one_of_its_lane_go_and_leaves_references() {
    let (store, mut script) = started(options());
    let incident = open(&store, &mut script, "first");
    let opening = store.due("chat", None, script.now, 10).unwrap().remove(0);
    write(&store, script.command(claimed(vec![opening.id]))).unwrap();
    resolve(&store, &mut script, "first");
    assert_eq!(store.due("chat", None, script.now, 10).unwrap(), []);
    write(&store, script.settled(opening.id, Verdict::Delivered(outcome()))).unwrap();
    let next = store.due("chat", None, script.now, 10).unwrap().remove(0);
    assert_eq!((next.shown, next.incident.state()), (IncidentState::Resolved, IncidentState::Resolved));
    let opening = store.delivery(opening.id).unwrap().unwrap();
    assert_eq!(opening.shown, IncidentState::Open, "as the message showed it");
    assert_eq!(opening.incident.state(), IncidentState::Resolved, "as it is");
    assert_eq!(store.references("chat", incident).unwrap(), outcome().references);
    assert_eq!(store.references("pager", incident).unwrap(), []);
    assert_clean(&store);
}

#[test]
fn a_start_makes_due_what_was_being_sent_and_lets_paused_connections_go_on() {
    let (store, mut script) = started(options());
    for key in ["first", "second"] {
        open(&store, &mut script, key);
    }
    let ids: Vec<DeliveryId> =
        store.due("chat", None, script.now, 10).unwrap().iter().map(|delivery| delivery.id).collect();
    write(&store, script.command(claimed(ids.clone()))).unwrap();
    write(&store, script.settled(ids[0], Verdict::Misconfigured("no token".to_owned()))).unwrap();
    let pauses = store.pauses().unwrap();
    assert_eq!((pauses[0].0.as_str(), pauses[0].1.reason.as_str()), ("chat", "no token"));
    assert_eq!(store.due("chat", None, script.now, 10).unwrap().len(), 1, "paused or not");
    write(&store, script.started(None)).unwrap();
    assert_eq!(store.pauses().unwrap(), []);
    assert_eq!(store.due("chat", None, script.now, 10).unwrap().len(), 2);
    assert_clean(&store);
}

#[test]
fn receipts_come_newest_first_with_the_dead_letters_and_the_ignored_ones_apart() {
    let (store, mut script) = started(options());
    open(&store, &mut script, "first");
    let dead = script.received(Decoding::Refused("no title".to_owned()));
    let dead_id = dead.issued.seed;
    write(&store, dead).unwrap();
    open(&store, &mut script, "second");
    let list = |query: ReceiptQuery| store.receipts(&ReceiptQuery { limit: 10, ..query }).unwrap().items;
    let all = list(ReceiptQuery::default());
    assert_eq!(all.len(), 3);
    assert_eq!(all[1].id, dead_id);
    assert_eq!(list(ReceiptQuery { before: Some(all[0].id), ..Default::default() }), all[1..]);
    assert_eq!(list(ReceiptQuery { which: Receipts::DeadLetters, ..Default::default() }), all[1..2]);
    assert_eq!(list(ReceiptQuery { source: Some("jira".into()), ..Default::default() }), []);
    assert_eq!(store.receipt(dead_id).unwrap().as_ref(), Some(&all[1]));
    assert_eq!(store.counts().unwrap().dead_letters, 1);

    let ignored = script.received(Decoding::Ignored("a test message".to_owned()));
    let events = Decoding::Events(vec![event(EventChange::Trigger, "third", "Third")]);
    let partly = Received { rejected: rejected(1), ..received("grafana", events) };
    let partly = script.write(partly);
    for write_one in [ignored.clone(), partly.clone()] {
        write(&store, write_one).unwrap();
    }
    let ids = |which| -> Vec<ReceiptId> {
        list(ReceiptQuery { which, ..Default::default() }).iter().map(|receipt| receipt.id).collect()
    };
    assert_eq!(ids(Receipts::DeadLetters), [partly.issued.seed, dead_id]);
    assert_eq!(ids(Receipts::Ignored), [ignored.issued.seed]);
    let counts = store.counts().unwrap();
    assert_eq!((counts.dead_letters, counts.ignored), (2, 1));
    let again = received("grafana", Decoding::Events(vec![event(EventChange::Trigger, "fourth", "Fourth")]));
    write(&store, script.command(Command::Redecode { receipt: ignored.issued.seed, received: again }))
        .unwrap();
    assert_eq!(ids(Receipts::Ignored), []);
    assert_clean(&store);
}

#[test]
fn times_before_1970_and_at_the_end_sort_as_times() {
    let times = [i64::MIN, -1, 0, 1, i64::MAX].map(Timestamp::from_micros);
    let keys = times.map(crate::keys::time);
    assert!(keys.is_sorted());
    assert_eq!(keys.map(crate::keys::read_time), times);
}

#[test]
fn the_journal_is_read_page_by_page_from_a_number_a_time_an_incident_or_a_receipt() {
    let store = Store::open_backend(redb::backends::InMemoryBackend::new(), options()).unwrap();
    super::workload::run(&store);
    let whole = store.entries(1, usize::MAX).unwrap();
    let last = whole.len() as u64;
    let numbers = |query: &JournalQuery| {
        let page = store.journal(query).unwrap();
        assert_eq!(page.ends, Some((1, last)));
        let numbers: Vec<u64> = page.entries.iter().map(|(number, _)| *number).collect();
        for (number, entry) in &page.entries {
            assert_eq!(entry.as_ref(), Ok(&whole[usize::try_from(*number).unwrap() - 1].1));
        }
        (numbers, page.next)
    };
    let query = JournalQuery { limit: 4, ..JournalQuery::default() };
    assert_eq!(numbers(&query), ((last - 3..=last).collect(), None), "the last ones when nothing is said");
    assert_eq!(numbers(&JournalQuery { from: Some(3), ..query.clone() }), (vec![3, 4, 5, 6], Some(7)));
    assert_eq!(numbers(&JournalQuery { from: Some(3), to: Some(5), ..query.clone() }), (vec![3, 4, 5], None));
    assert_eq!(numbers(&JournalQuery { from: Some(9), to: Some(5), ..query.clone() }), (vec![], None));
    assert_eq!(numbers(&JournalQuery { from: Some(last + 9), ..query.clone() }), (vec![], None));
    let since = JournalQuery { since: Some(whole[6].1.at), ..query.clone() };
    assert_eq!(numbers(&since), (vec![7, 8, 9, 10], Some(11)));
    assert_eq!(numbers(&JournalQuery { from: Some(9), ..since }), (vec![9, 10, 11, 12], Some(13)));
    // Of an incident: its own facts and those of its deliveries, and no others.
    let disk = store.incident_by_number(1).unwrap().unwrap().id;
    let of_disk = JournalQuery { incident: Some(disk), limit: 100, ..JournalQuery::default() };
    let (found, _) = numbers(&of_disk);
    assert_eq!(found[0], 2, "its opening");
    assert!(found.len() > 4 && found.len() < whole.len(), "{found:?}");
    let settled = |number: &u64| whole[usize::try_from(*number).unwrap() - 1].1.cause == Cause::Outcome;
    assert!(found.iter().any(settled), "the outcomes of its deliveries");
    let (one, next) = numbers(&JournalQuery { limit: 1, ..of_disk.clone() });
    assert_eq!((one, next), (vec![2], Some(3)));
    let receipt = whole[1].1.cause.receipt();
    assert_eq!(numbers(&JournalQuery { receipt, limit: 9, ..JournalQuery::default() }), (vec![2], None));
    assert_eq!(store.journal(&JournalQuery::default()).unwrap().entries, []);
}
