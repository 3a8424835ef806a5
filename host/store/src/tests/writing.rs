//! What becomes of what is submitted: queueing, rejecting, one entry's trouble staying its own, raw requests.

use std::sync::mpsc;

use tocsin_core::command::{Command, Decoding, EVENTS_PER_ENTRY};
use tocsin_core::decide::Rejection;
use tocsin_core::event::EventChange;
use tocsin_core::id::{Id, ReceiptId};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::journal::{Cause, Fact};
use tocsin_core::receipt::ReceiptStatus;
use tocsin_core::transition::IncidentCommand;

use super::disk::Disk;
use super::samples::{Gate, Script, assert_clean, event, options, received, routing, started, submit, write};
use crate::record::Stored;
use crate::{Busy, Fault, Keep, Options, Store, Write, WriteError, raw, tables};

#[test]
fn a_full_queue_is_busy_and_what_waits_is_written_all_the_same() {
    let (store, mut script) = started(Options { queue: 2, ..options() });
    let gate = Gate::close(&store, script.trigger("first", "First"));
    let waiting = [
        submit(&store, script.trigger("second", "Second")),
        submit(&store, script.trigger("third", "Third")),
    ];
    assert_eq!(store.submit(script.trigger("fourth", "Fourth"), |_| panic!("answered")), Err(Busy));
    drop(gate);
    for answer in waiting {
        answer.recv().unwrap().unwrap();
    }
    write(&store, script.trigger("fifth", "Fifth")).unwrap();
    assert_eq!(assert_clean(&store), 5);
}

#[test]
fn closing_writes_what_is_queued() {
    let (store, mut script) = started(options());
    let gate = Gate::close(&store, script.trigger("first", "First"));
    let answers: Vec<_> = (0..5).map(|n| submit(&store, script.trigger(&format!("{n}"), "Queued"))).collect();
    drop(gate);
    store.close();
    for answer in answers {
        answer.recv().unwrap().unwrap();
    }
}

#[test]
fn a_rejected_entry_is_not_journaled_and_does_not_disturb_its_batch() {
    let (store, mut script) = started(options());
    let nobody = Id::new(script.now, 7);
    let gate = Gate::close(&store, script.trigger("first", "First"));
    let before = submit(&store, script.trigger("before", "Before"));
    let command = Command::Operate {
        incident: nobody,
        command: IncidentCommand::Resolve,
        actor: "operator".to_owned(),
        text: String::new(),
    };
    let rejected = submit(&store, script.command(command));
    let after = submit(&store, script.trigger("after", "After"));
    drop(gate);
    before.recv().unwrap().unwrap();
    assert_eq!(rejected.recv().unwrap(), Err(WriteError::Rejected(Rejection::NoIncident(nobody))));
    after.recv().unwrap().unwrap();
    assert_eq!(assert_clean(&store), 4);
}

fn many(count: usize) -> Decoding {
    Decoding::Events((0..count).map(|n| event(EventChange::Trigger, &format!("alert-{n}"), "Down")).collect())
}

#[test]
fn a_request_of_more_events_than_an_entry_holds_is_written_at_once() {
    let (store, mut script) = started(options());
    let large = script.received(many(EVENTS_PER_ENTRY + 200));
    assert_eq!(large.more.len(), 1);
    let gate = Gate::close(&store, script.trigger("first", "First"));
    let large = submit(&store, large);
    let after = submit(&store, script.trigger("after", "After"));
    drop(gate);
    let applied = large.recv().unwrap().unwrap();
    assert!(applied.scheduled);
    let receipt = applied.receipt.unwrap();
    assert_eq!(receipt.effects.len(), EVENTS_PER_ENTRY + 200);
    after.recv().unwrap().unwrap();
    assert_eq!(store.receipt(receipt.id).unwrap(), Some(receipt));
    assert_eq!(store.counts().unwrap().incidents_in(IncidentState::Open), EVENTS_PER_ENTRY as u64 + 202);
    assert_eq!(store.counts().unwrap().receipts, 3);
    assert_eq!(assert_clean(&store), 5);
}

/// An entry that does not fit takes those with it that are written with it, and no others.
#[test]
fn of_entries_that_are_written_together_all_are_kept_or_none() {
    let (store, mut script) = started(options());
    let mut torn = script.received(many(EVENTS_PER_ENTRY + 1));
    let receipt = torn.issued.seed;
    let Some(Command::Continue { after, .. }) = torn.more.last_mut().map(|issued| &mut issued.command) else {
        panic!("two entries")
    };
    *after += 1;
    let after = *after;
    let gate = Gate::close(&store, script.trigger("first", "First"));
    let before = submit(&store, script.trigger("before", "Before"));
    let torn = submit(&store, torn);
    let behind = submit(&store, script.trigger("behind", "Behind"));
    drop(gate);
    before.recv().unwrap().unwrap();
    let rejection = Rejection::NotContinued { id: receipt, after };
    assert_eq!(torn.recv().unwrap(), Err(WriteError::Rejected(rejection)));
    let behind = behind.recv().unwrap().unwrap().receipt.unwrap();
    assert_eq!(behind.effects[0].incident.unwrap().1, 3, "no number was given away");
    assert_eq!(store.receipt(receipt).unwrap(), None);
    assert_eq!(store.request(receipt).unwrap(), None);
    assert_eq!(assert_clean(&store), 4);
}

/// A store with the incident `broken`, whose record was changed so.
fn damaged(change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> (Store, Script) {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    let applied = write(&store, script.trigger("broken", "Broken")).unwrap();
    let (id, _) = applied.receipt.unwrap().effects[0].incident.unwrap();
    drop(store);
    raw::alter(disk.clone(), tables::INCIDENTS, &id.to_bytes(), |record| Some(change(record.unwrap())));
    (Store::open_backend(disk, options()).unwrap(), script)
}

#[test]
fn a_command_on_an_unreadable_record_is_carried_out_without_it() {
    let (store, mut script) = damaged(|record| record[..record.len() / 2].to_vec());
    let gate = Gate::close(&store, script.trigger("other", "Other"));
    let before = submit(&store, script.trigger("before", "Before"));
    let broken = submit(&store, script.trigger("broken", "Broken again"));
    let after = submit(&store, script.trigger("after", "After"));
    drop(gate);
    before.recv().unwrap().unwrap();
    let applied = broken.recv().unwrap().unwrap();
    assert_eq!(applied.receipt.unwrap().effects[0].incident.unwrap().1, 4, "it opens an incident of its own");
    after.recv().unwrap().unwrap();
    assert_eq!(store.counts().unwrap().entries, 6);
    let set_aside = store.set_aside().unwrap();
    assert_eq!((set_aside.len(), set_aside[0].table.as_str()), (1, "incidents"));
    assert!(set_aside[0].problem.contains("decompressed"), "{set_aside:?}");
}

#[test]
fn a_command_whose_decision_panics_fails_alone() {
    // One more trigger overflows the count.
    let (store, mut script) = damaged(|record| {
        let incident = Incident::read(&record).unwrap();
        Incident { count: u64::MAX, ..incident }.to_bytes().unwrap()
    });
    let gate = Gate::close(&store, script.trigger("other", "Other"));
    let broken = submit(&store, script.trigger("broken", "Broken again"));
    let after = submit(&store, script.trigger("after", "After"));
    drop(gate);
    let error = broken.recv().unwrap().unwrap_err();
    assert!(matches!(error, WriteError::Storage(Fault::Panicked(_))), "{error}");
    after.recv().unwrap().unwrap();
    write(&store, script.trigger("later", "Later")).unwrap();
}

/// What changes nothing need not be read for ever.
#[test]
fn a_command_that_nothing_follows_from_writes_nothing() {
    let (store, mut script) = started(options());
    write(&store, script.trigger("disk", "Disk full")).unwrap();
    let before = (store.counts().unwrap().entries, store.entries(1, 100).unwrap());
    for command in [
        Command::Tick,
        Command::Claim { deliveries: Vec::new(), records: Vec::new() },
        Command::Resume { connection: "chat".into(), reason: "it was never paused".to_owned() },
    ] {
        let applied = write(&store, script.command(command)).unwrap();
        assert_eq!((applied.receipt, applied.incident), (None, None));
    }
    assert_eq!((store.counts().unwrap().entries, store.entries(1, 100).unwrap()), before);
    write(&store, script.started(None)).unwrap();
    assert_eq!(store.counts().unwrap().entries, before.0 + 1, "a start is kept");
    assert_eq!(assert_clean(&store), 3);
}

#[test]
fn entries_are_read_from_a_number_on_with_their_numbers() {
    let (store, mut script) = started(options());
    let trigger = script.trigger("disk", "Disk full");
    write(&store, trigger.clone()).unwrap();
    write(&store, script.trigger("disk", "Disk fuller")).unwrap();
    let all = store.entries(1, 100).unwrap();
    assert!(all.iter().map(|(number, _)| *number).eq(1..=3));
    assert_eq!(all[1].1.cause, Cause::Request(trigger.issued.seed, None));
    assert_eq!((all[1].1.at, all[1].1.policy), (trigger.issued.at, trigger.policy.digest()));
    let opens = |fact: &Fact| matches!(fact, Fact::IncidentOpened(_));
    assert!(all[1].1.facts.iter().any(opens), "{:?}", all[1].1.facts);
    assert_eq!(store.entries(0, 100).unwrap(), all);
    assert_eq!(store.entries(2, 1).unwrap(), all[1..2]);
    assert_eq!(store.entries(4, 100).unwrap(), []);
}

#[test]
fn a_panicking_answer_does_not_end_the_writer() {
    let (store, mut script) = started(options());
    store.submit(script.trigger("first", "First"), |_| panic!("the caller's")).unwrap();
    write(&store, script.trigger("second", "Second")).unwrap();
}

#[test]
fn a_store_whose_last_clone_an_answer_drops_writes_what_is_queued() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    let gate = Gate::close(&store, script.started(Some(routing())));
    let (done, first) = mpsc::channel();
    let theirs = store.clone();
    let close = move |result| {
        drop(theirs);
        drop(done.send(result));
    };
    store.submit(script.trigger("first", "First"), close).unwrap();
    let second = submit(&store, script.trigger("second", "Second"));
    // The answer now holds the last clone.
    drop(store);
    drop(gate);
    let first: Result<_, WriteError> = first.recv().unwrap();
    assert!(first.is_ok());
    second.recv().unwrap().unwrap();
}

fn requests(store: &Store, ids: &[ReceiptId]) -> Vec<bool> {
    ids.iter().map(|id| store.request(*id).unwrap().is_some()).collect()
}

#[test]
fn raw_requests_are_kept_beside_their_receipts_and_dropped_by_age_dead_letters_later() {
    let second = 1000;
    let keep = Keep { requests_ms: 10 * second, dead_letters_ms: 60 * second, ..Keep::default() };
    let keep = Options { keep, ..options() };
    let (store, mut script) = started(keep);
    let decoded = script.trigger("disk", "Disk full");
    let dead = script.received(Decoding::Refused("no title".to_owned()));
    let mended = script.received(Decoding::Failed("a trap".to_owned()));
    let ids = [decoded.issued.seed, dead.issued.seed, mended.issued.seed];
    for written in [decoded.clone(), dead, mended] {
        write(&store, written).unwrap();
    }
    assert_eq!(store.request(ids[0]).unwrap(), decoded.request);
    assert_eq!(requests(&store, &ids), [true, true, true]);

    let decoding = Decoding::Events(vec![event(EventChange::Trigger, "mended", "Mended")]);
    let again = Command::Redecode { receipt: ids[2], received: received("grafana", decoding) };
    let applied = write(&store, script.command(again)).unwrap();
    assert_eq!(applied.receipt.unwrap().status, ReceiptStatus::Applied);
    assert_eq!(requests(&store, &ids), [true, true, true]);

    script.now = script.now.plus_ms(20 * second);
    write(&store, script.started(None)).unwrap();
    assert_eq!(requests(&store, &ids), [false, true, false]);
    script.now = script.now.plus_ms(60 * second);
    write(&store, script.started(None)).unwrap();
    assert_eq!(requests(&store, &ids), [false, false, false]);
    assert_eq!(store.counts().unwrap().receipts, 3);
    assert_clean(&store);
}

/// The bytes of an ignored request once stayed among those that are dropped after a week, whatever came of it.
#[test]
fn raw_requests_move_to_where_the_outcome_of_decoding_them_again_keeps_them() {
    let second = 1000;
    let keep = Keep { requests_ms: 10 * second, dead_letters_ms: 60 * second, ..Keep::default() };
    let keep = Options { keep, ..options() };
    let (store, mut script) = started(keep);
    let ignored = script.received(Decoding::Ignored("an unknown kind".to_owned()));
    let id = ignored.issued.seed;
    write(&store, ignored.clone()).unwrap();
    let refused = Decoding::Refused("not recognised".to_owned());
    write(&store, script.command(Command::Redecode { receipt: id, received: received("grafana", refused) }))
        .unwrap();
    script.now = script.now.plus_ms(20 * second);
    write(&store, script.started(None)).unwrap();
    assert_eq!(store.request(id).unwrap(), ignored.request);
    assert_clean(&store);
}

#[test]
fn a_request_without_a_receipt_is_not_kept() {
    let (store, mut script) = started(options());
    let request = script.trigger("disk", "Disk full").request;
    let entry = script.started(None);
    write(&store, Write { request, ..entry.clone() }).unwrap();
    assert_eq!(store.request(entry.issued.seed).unwrap(), None);
    assert_eq!(store.counts().unwrap().incidents_in(IncidentState::Open), 0);
}
