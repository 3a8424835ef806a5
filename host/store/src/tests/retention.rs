//! What was kept for long enough goes, a few at a time: incidents, receipts with their requests, the journal's head.

use std::io::ErrorKind;

use tocsin_core::command::{Command, Decoding, Verdict};
use tocsin_core::event::EventChange;
use tocsin_core::id::{IncidentId, ReceiptId};
use tocsin_core::timer::Timer;

use super::disk::{Disk, Failure, Survives};
use super::samples::{Script, assert_clean, claimed, event, options, outcome, routing, started, write};
use crate::{
    About, Digest, IncidentQuery, JournalCut, Keep, Options, Past, Reached, ReceiptQuery, SetAside, Store,
    WriteError, block, keys, raw, restore, tables,
};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Everything older than `ms`, `most` at once.
fn older(script: &Script, ms: u64, most: usize) -> Past {
    let before = script.now.minus_ms(ms);
    Past {
        resolved_before: before,
        came_before: before,
        dead_letters_came_before: before,
        now: script.now,
        most,
    }
}

/// Forgets what is older than `ms`, `most` at once, until nothing is; how many steps that took.
fn prune(store: &Store, script: &mut Script, ms: u64, most: usize) -> Result<usize, WriteError> {
    let (mut steps, mut reached) = (0, Reached::default());
    while let Ok(Some(forget)) = store.past(&older(script, ms, most), &mut reached) {
        assert!(forget.receipts.len() <= most);
        // At one time, so that what is past stays the same.
        let now = script.now;
        let result = write(store, script.command(Command::Forget(forget)));
        script.now = now;
        result?;
        steps += 1;
        assert!(steps < 10_000, "it never ends");
    }
    Ok(steps)
}

/// Delivers everything that is due.
fn deliver(store: &Store, script: &mut Script) {
    for connection in ["pager", "chat"] {
        let due = store.due(connection, None, script.now.plus_ms(HOUR), 1000).unwrap();
        if due.is_empty() {
            continue;
        }
        let claim = script.command(claimed(due.into_iter().map(|delivery| delivery.id).collect()));
        for begun in write(store, claim).unwrap().claimed {
            write(store, script.settled(begun.id, Verdict::Delivered(outcome()))).unwrap();
        }
    }
}

/// An incident that opens, is told of, and is resolved.
fn alert(store: &Store, script: &mut Script, key: &str) -> IncidentId {
    let applied = write(store, script.trigger(key, "Disk full")).unwrap();
    deliver(store, script);
    let resolved = Decoding::Events(vec![event(EventChange::Resolve, key, "")]);
    write(store, script.received(resolved)).unwrap();
    deliver(store, script);
    applied.receipt.unwrap().effects[0].incident.unwrap().0
}

/// Keeps the journal for so long.
fn keep_journal(ms: u64) -> Options {
    Options { keep: Keep { journal_ms: ms, ..Keep::default() }, ..options() }
}

fn digest(store: &Store) -> Digest {
    let check = store.verify(1, &mut |_, _| {}).unwrap().digest;
    assert!(check.is_right());
    check.rows
}

fn entries(store: &Store) -> Vec<u64> {
    store.entries(0, usize::MAX).unwrap().into_iter().map(|(number, _)| number).collect()
}

#[test]
fn what_is_past_its_time_goes_the_oldest_first_a_few_at_a_time_and_the_rest_stays() {
    let (store, mut script) = started(options());
    let old: Vec<IncidentId> = (0..10).map(|n| alert(&store, &mut script, &format!("old-{n}"))).collect();
    let open = write(&store, script.trigger("open", "Disk full")).unwrap().receipt.unwrap();
    let dead = write(&store, script.received(Decoding::Refused("no title".to_owned()))).unwrap();
    let dead = dead.receipt.unwrap().id;
    deliver(&store, &mut script);
    script.now = script.now.plus_ms(HOUR);
    let young = alert(&store, &mut script, "young");
    // Each of the incidents has four deliveries.
    let first = store.past(&older(&script, 30 * MINUTE, 9), &mut Reached::default()).unwrap().unwrap();
    assert_eq!(first.incidents, old[..2]);
    assert_eq!(first.receipts.len(), 9);
    let mut past = older(&script, 30 * MINUTE, 1000);
    past.dead_letters_came_before = script.now.minus_ms(2 * HOUR);
    let all = store.past(&past, &mut Reached::default()).unwrap().unwrap();
    assert_eq!((all.incidents, all.receipts.len()), (old.clone(), 21));
    assert!(!all.receipts.contains(&dead));

    let kept: Vec<ReceiptId> = all.receipts;
    assert!(kept.iter().all(|receipt| store.request(*receipt).unwrap().is_some()));
    assert!(prune(&store, &mut script, 30 * MINUTE, 9).unwrap() >= 5);
    let left = store.incidents(&IncidentQuery { limit: 100, ..Default::default() }).unwrap();
    let left: Vec<IncidentId> = left.items.iter().map(|incident| incident.id).collect();
    assert_eq!(left, [young, open.effects[0].incident.unwrap().0]);
    for receipt in &kept {
        assert_eq!(store.receipt(*receipt).unwrap(), None);
        assert_eq!(store.request(*receipt).unwrap(), None, "a request is kept without its receipt");
    }
    assert_eq!(store.receipts(&ReceiptQuery { limit: 100, ..Default::default() }).unwrap().items.len(), 2);
    let requests = raw::rows(&store, tables::REQUESTS).len() + raw::rows(&store, tables::REQUESTS_DEAD).len();
    assert_eq!((requests, raw::rows(&store, tables::KEPT).len()), (2, 2));
    assert_eq!(raw::rows(&store, tables::KEPT_BY_SOURCE).len(), 2);
    assert_eq!(raw::rows(&store, tables::RESOLVED_BY_TIME).len(), 1);
    assert_clean(&store);
}

#[test]
fn an_incident_with_something_to_send_stays_and_others_behind_it_go() {
    let (store, mut script) = started(options());
    write(&store, script.trigger("waits", "Disk full")).unwrap();
    let resolved = Decoding::Events(vec![event(EventChange::Resolve, "waits", "")]);
    let claim = |script: &mut Script| {
        let due = store.due("pager", None, script.now, 10).unwrap();
        script.command(claimed(due.into_iter().map(|delivery| delivery.id).collect()))
    };
    let begun = write(&store, claim(&mut script)).unwrap().claimed[0].id;
    write(&store, script.received(resolved)).unwrap();
    let waits = store.delivery(begun).unwrap().unwrap().incident.id;
    let done = alert(&store, &mut script, "done");
    script.now = script.now.plus_ms(HOUR);
    prune(&store, &mut script, MINUTE, 100).unwrap();
    assert!(store.incident(waits).unwrap().is_some());
    assert!(store.incident(done).unwrap().is_none());
    write(&store, script.settled(begun, Verdict::Delivered(outcome()))).unwrap();
    deliver(&store, &mut script);
    prune(&store, &mut script, MINUTE, 100).unwrap();
    assert!(store.incident(waits).unwrap().is_none());
    assert_clean(&store);
}

/// A row of the index that leads nowhere is set aside, and holds up nothing.
#[test]
fn a_damaged_index_of_resolved_incidents_is_mended() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    let ids = ["a", "b"].map(|key| alert(&store, &mut script, key));
    let row = raw::rows(&store, tables::RESOLVED_BY_TIME)[0].0.clone();
    store.close();
    let nowhere = keys::time_id(script.now.minus_ms(HOUR), IncidentId::from_bytes([5; 16]));
    let wrong = keys::time_id(script.now.minus_ms(HOUR), ids[0]);
    for key in [nowhere, wrong] {
        raw::alter(disk.clone(), tables::RESOLVED_BY_TIME, &key, |_| Some(Vec::new()));
    }
    raw::alter(disk.clone(), tables::RESOLVED_BY_TIME, &row, |_| None);
    let store = Store::open_backend(disk, options()).unwrap();
    script.now = script.now.plus_ms(HOUR);
    prune(&store, &mut script, MINUTE, 100).unwrap();
    write(&store, script.command(Command::Tick)).unwrap();
    prune(&store, &mut script, MINUTE, 100).unwrap();
    let set_aside: Vec<SetAside> = store.set_aside().unwrap();
    assert_eq!(set_aside.len(), 2, "{set_aside:#?}");
    assert!(ids.iter().all(|id| store.incident(*id).unwrap().is_none()));
    assert_eq!(raw::rows(&store, tables::RESOLVED_BY_TIME), []);
    store.dismiss_set_aside().unwrap();
    assert_clean(&store);
}

#[test]
fn records_that_cannot_be_read_do_not_hold_up_what_is_forgotten() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), keep_journal(MINUTE)).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    let [incident, _] = ["a", "b"].map(|key| alert(&store, &mut script, key));
    let receipt = raw::rows(&store, tables::RECEIPTS)[0].0.clone();
    store.close();
    for (table, key) in [(tables::INCIDENTS, incident.to_bytes().as_slice()), (tables::RECEIPTS, &receipt)] {
        raw::alter(disk.clone(), table, key, |_| Some(vec![2, 0xff]));
    }
    let store = Store::open_backend(disk.clone(), keep_journal(MINUTE)).unwrap();
    script.now = script.now.plus_ms(HOUR);
    prune(&store, &mut script, MINUTE, 100).unwrap();
    write(&store, script.command(Command::Tick)).unwrap();
    prune(&store, &mut script, MINUTE, 100).unwrap();
    let tables: Vec<String> = store.set_aside().unwrap().into_iter().map(|row| row.table).collect();
    assert_eq!(tables, ["incidents", "receipts"]);
    for table in [tables::INCIDENTS, tables::RESOLVED_BY_TIME, tables::RECEIPTS, tables::DELIVERIES] {
        assert!(raw::rows(&store, table).len() <= 2, "{}: more than the silence is left", table.name);
    }
    // Where the journal was cut is told again by the next cut.
    assert!(store.journal_cut().unwrap().is_some());
    store.close();
    raw::alter(disk.clone(), tables::META, tables::META_CUT, |_| Some(vec![1, 2, 3]));
    let store = Store::open_backend(disk, keep_journal(MINUTE)).unwrap();
    assert!(store.journal_cut().is_err());
    alert(&store, &mut script, "c");
    assert_eq!(store.journal_cut().unwrap(), None, "it is set aside");
    script.now = script.now.plus_ms(HOUR);
    write(&store, script.command(Command::Tick)).unwrap();
    assert!(store.journal_cut().unwrap().is_some());
    store.dismiss_set_aside().unwrap();
    assert_clean(&store);
}

#[test]
fn the_journal_is_cut_with_each_commit_and_everything_else_goes_on() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), keep_journal(10 * MINUTE)).unwrap();
    let whole = Store::open_backend(Disk::default(), options()).unwrap();
    let run = |store: &Store| {
        let mut script = Script::new();
        write(store, script.started(Some(routing()))).unwrap();
        for n in 0..30 {
            alert(store, &mut script, &format!("disk-{n}"));
            script.now = script.now.plus_ms(MINUTE);
            prune(store, &mut script, 5 * MINUTE, 20).unwrap();
        }
        script
    };
    let mut script = run(&store);
    run(&whole);
    assert_eq!(whole.journal_cut().unwrap(), None);
    assert_eq!(digest(&store), digest(&whole), "cutting the journal changed the state");
    let (cut, all) = (store.journal_cut().unwrap().unwrap(), entries(&whole));
    let kept = entries(&store);
    assert_eq!((kept[0], kept.last()), (cut.entry + 1, all.last()));
    assert!(kept.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert_eq!(
        (cut.chain, cut.at),
        (raw::chain(&whole, cut.entry), whole.entries(cut.entry, 1).unwrap()[0].1.at)
    );
    assert!(script.now.ms_since(cut.at) > 10 * MINUTE);
    let first = store.entries(cut.entry, 1).unwrap()[0].1.at;
    assert!(script.now.ms_since(first) <= 12 * MINUTE, "too much is kept");

    let verified = store.verify(1, &mut |_, _| {}).unwrap();
    assert!(verified.is_clean(), "{:#?}", verified.differences);
    assert_eq!((verified.begins, verified.entries), (cut.entry + 1, kept.len() as u64));
    drop(store);
    let store = Store::open_backend(disk.clone(), keep_journal(10 * MINUTE)).unwrap();
    assert_eq!(store.journal_cut().unwrap(), Some(cut));
    alert(&store, &mut script, "after");
    assert_eq!(entries(&store).last(), all.last().map(|last| last + 10).as_ref());
    assert_clean(&store);
    // A gap behind the cut, and an entry that was changed, show.
    store.close();
    let second = entries(&Store::open_backend(disk.clone(), options()).unwrap())[1];
    raw::alter(disk.clone(), tables::JOURNAL, &second.to_be_bytes(), |_| None);
    let store = Store::open_backend(disk, options()).unwrap();
    let verified = store.verify(1, &mut |_, _| {}).unwrap();
    let found: Vec<String> = verified.differences.iter().map(ToString::to_string).collect();
    assert_eq!(found, [format!("journal #{}: 1 entries before it are missing", second + 1)]);
}

#[test]
fn the_last_entry_and_what_a_backup_needs_are_never_dropped() {
    let (store, mut script) = started(Options { drop_journal_up_to: 0, ..keep_journal(SECOND) });
    alert(&store, &mut script, "disk");
    script.now = script.now.plus_ms(HOUR);
    let tick = |script: &mut Script| drop(write(&store, script.command(Command::Tick)).unwrap());
    tick(&mut script);
    let all = entries(&store);
    assert_eq!((all[0], store.journal_cut().unwrap()), (1, None));
    store.may_drop_journal_up_to(4);
    tick(&mut script);
    assert_eq!(entries(&store)[0], 5);
    store.may_drop_journal_up_to(u64::MAX);
    // Nothing else to write: looking for what is past says that there is something to do.
    let past = Past { resolved_before: script.now.minus_ms(2 * HOUR), ..older(&script, HOUR, 10) };
    let past = Past { came_before: past.resolved_before, ..past };
    let nothing_else = store.past(&past, &mut Reached::default()).unwrap().unwrap();
    assert_eq!((nothing_else.incidents.len(), nothing_else.receipts.len()), (0, 0));
    write(&store, script.command(Command::Forget(nothing_else))).unwrap();
    assert_eq!(entries(&store), all[all.len() - 1..]);
    assert_eq!(store.past(&past, &mut Reached::default()).unwrap(), None);
    let applied = write(&store, script.trigger("next", "Disk full")).unwrap();
    assert_eq!(applied.receipt.unwrap().effects[0].incident.unwrap().1, 3, "the silence was the second");
    assert_eq!(entries(&store).last(), all.last().map(|last| last + 1).as_ref());
    assert_clean(&store);
}

/// It goes with the entry behind it, whose time is known.
#[test]
fn an_entry_that_cannot_be_read_does_not_hold_up_the_others() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    alert(&store, &mut script, "disk");
    store.close();
    raw::alter(disk.clone(), tables::JOURNAL, &1_u64.to_be_bytes(), |row| {
        row.map(|mut row| {
            row[block::HEAD] = 99;
            row
        })
    });
    let store = Store::open_backend(disk, keep_journal(SECOND)).unwrap();
    script.now = script.now.plus_ms(HOUR);
    write(&store, script.command(Command::Tick)).unwrap();
    let last = entries(&store);
    assert_eq!(last.len(), 1);
    assert_eq!(store.journal_cut().unwrap().unwrap().entry, last[0] - 1);
    assert_clean(&store);
}

#[test]
fn a_backup_of_a_store_with_a_journal_that_was_cut_is_restored() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tocsin.redb");
    let store = Store::open(&path, keep_journal(MINUTE)).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    alert(&store, &mut script, "disk");
    script.now = script.now.plus_ms(HOUR);
    prune(&store, &mut script, MINUTE, 10).unwrap();
    alert(&store, &mut script, "tape");
    let (cut, rows, kept) = (store.journal_cut().unwrap(), digest(&store), entries(&store));
    assert!(cut.is_some());
    let about = About { at: script.now, version: "0.1.0".to_owned(), is_scheduled: false };
    let mut bytes = Vec::new();
    let header = store.backup(&about, &mut bytes, &mut |_, _| {}).unwrap();
    assert_eq!(Some(&header.sequence), kept.last());
    store.close();
    restore(bytes.as_slice(), &path, "before", &mut |_, _| {}).unwrap();
    let store = Store::open(&path, keep_journal(MINUTE)).unwrap();
    assert_eq!((store.journal_cut().unwrap(), digest(&store), entries(&store)), (cut, rows, kept));
    alert(&store, &mut script, "fan");
    assert_clean(&store);
}

/// A store with much that is past its time, and a log of this size.
fn past_its_time(disk: &Disk, log_bytes: usize) -> (Store, Script) {
    let store = Store::open_backend(disk.clone(), Options { log_bytes, ..keep_journal(MINUTE) }).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    for n in 0..4 {
        alert(&store, &mut script, &format!("disk-{n}"));
    }
    write(&store, script.received(Decoding::Failed("a trap".to_owned()))).unwrap();
    write(&store, script.trigger("open", "Disk full")).unwrap();
    deliver(&store, &mut script);
    script.now = script.now.plus_ms(HOUR);
    (store, script)
}

fn check_pruned(store: &Store, script: &mut Script, expected: Digest, what: &str) {
    prune(store, script, MINUTE, 3).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(digest(store), expected, "{what}: the state is another one");
    assert_clean(store);
    let kept = entries(store);
    let JournalCut { entry, .. } = store.journal_cut().unwrap().unwrap();
    assert_eq!(kept[0], entry + 1, "{what}");
    assert!(kept.windows(2).all(|pair| pair[1] == pair[0] + 1), "{what}: {kept:?}");
}

#[test]
fn a_crash_at_any_write_or_sync_while_it_forgets_leaves_a_whole_store_that_goes_on_forgetting() {
    for log in [0, 16 * 1024] {
        survives_crashes_while_it_forgets(log);
    }
}

fn survives_crashes_while_it_forgets(log: usize) {
    let whole = Disk::default();
    let (store, mut script) = past_its_time(&whole, log);
    let before = whole.operations();
    assert!(prune(&store, &mut script, MINUTE, 3).unwrap() > 3);
    let (operations, expected) = (whole.operations() - before, digest(&store));
    assert!(operations > 4, "{operations}");
    for operation in 1..=operations {
        let disk = Disk::default();
        let (store, mut script) = past_its_time(&disk, log);
        disk.fail(Failure::GoneFrom(operation));
        let _ = prune(&store, &mut script, MINUTE, 3);
        for survives in Survives::ALL {
            let what = format!("log of {log}, gone from operation {operation}, {survives:?}");
            let crashed = Store::open_backend(disk.crashed(survives), keep_journal(MINUTE)).unwrap();
            assert_clean(&crashed);
            let mut later = Script::later();
            later.now = script.now;
            check_pruned(&crashed, &mut later, expected, &what);
        }
        let disk = Disk::default();
        let (store, mut script) = past_its_time(&disk, log);
        disk.fail(Failure::Once(operation, ErrorKind::Other));
        let _ = prune(&store, &mut script, MINUTE, 3);
        disk.heal();
        check_pruned(
            &store,
            &mut script,
            expected,
            &format!("log of {log}, operation {operation} fails once"),
        );
    }
}

/// A steady rate of alerts: nothing grows once everything has reached the age at which it goes.
#[test]
fn at_a_steady_rate_of_alerts_the_store_reaches_a_plateau() {
    const ALERTS: u64 = 120;
    const WINDOW: u64 = 24 * HOUR;
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), keep_journal(WINDOW)).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    let mut window = |n: u64| {
        let begins = script.now;
        for alert_of in 0..ALERTS {
            alert(&store, &mut script, &format!("disk-{n}-{alert_of}"));
            script.now = begins.plus_ms(WINDOW * (alert_of + 1) / ALERTS);
            prune(&store, &mut script, WINDOW, 50).unwrap();
        }
        let sizes = store.sizes().unwrap();
        let rows: u64 = sizes.iter().map(|size| size.rows).sum();
        let bytes: u64 =
            sizes.iter().map(|size| size.stored_bytes + size.metadata_bytes + size.fragmented_bytes).sum();
        (rows, bytes, disk.bytes() as u64)
    };
    let first = window(1);
    let second = window(2);
    let third = window(3);
    println!(
        "rows, bytes of tables, bytes of the file after 1, 2, 3 windows: {first:?} {second:?} {third:?}"
    );
    assert!(first.0 > 1000, "it does little");
    for (then, now) in [(second.0, third.0), (second.1, third.1), (second.2, third.2)] {
        assert!(now * 10 <= then * 12, "{then} became {now}");
    }
    assert_clean(&store);
    assert!(store.timer(&Timer::Silence("grafana".into())).unwrap().is_some());
}
