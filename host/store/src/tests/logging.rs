//! Commits that are only in the log when the process dies: they are brought into the database, and nothing else is.

use redb::StorageBackend;
use tocsin_core::command::Verdict;
use tocsin_core::id::DeliveryId;

use super::disk::{Disk, Failure, Survives};
use super::samples::{Script, assert_clean, claimed, options, outcome, routing, submit, write};
use super::workload;
use crate::layout::PAGE;
use crate::log::LOG_BYTES as LOG_BYTES_USUAL;
use crate::medium::Medium;
use crate::{IncidentQuery, Options, Store, raw};

const LOG_BYTES: usize = 64 * 1024;

fn large_log() -> Options {
    Options { log_bytes: LOG_BYTES, ..options() }
}

fn log_of(disk: &Disk) -> Vec<u8> {
    let mut log = vec![0; LOG_BYTES];
    disk.read(PAGE as u64, &mut log).unwrap();
    log
}

/// A store whose commits are all in the log, but for the first that makes a dictionary.
fn logged(disk: &Disk) -> (Store, Script, u64) {
    let store = Store::open_backend(disk.clone(), large_log()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    // A dictionary is due with the sixteenth.
    for n in 0..12 {
        write(&store, script.trigger(&format!("disk-{n}"), "Disk full")).unwrap();
    }
    (store, script, 13)
}

#[test]
fn commits_that_are_only_in_the_log_are_followed_at_the_next_opening_with_their_requests() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), large_log()).unwrap();
    let told = workload::run(&store);
    let (rows, digest) = (raw::journal(&store), store.verify(1, &mut |_, _| {}).unwrap().digest);
    let crashed = Store::open_backend(disk.crashed(Survives::Nothing), options()).unwrap();
    assert_eq!(raw::journal(&crashed), rows);
    assert_eq!(workload::lost(&rows, &told.kept), [] as [&tocsin_core::command::Issued; 0]);
    assert_eq!(crashed.verify(1, &mut |_, _| {}).unwrap().digest, digest);
    assert_clean(&crashed);
    assert_eq!(raw::beside(&crashed), raw::beside(&store), "the rows beside the state are the same");
}

#[test]
fn a_commit_costs_one_write_and_one_sync_until_the_log_is_full() {
    let disk = Disk::default();
    let (store, mut script, _) = logged(&disk);
    let (operations, syncs) = (disk.operations(), disk.syncs());
    write(&store, script.trigger("disk-0", "Disk full")).unwrap();
    assert_eq!((disk.operations() - operations, disk.syncs() - syncs), (2, 1));
}

#[test]
fn a_store_with_the_usual_log_whose_creation_was_interrupted_is_made_again() {
    let disk = Disk::default();
    disk.set_len((PAGE + LOG_BYTES_USUAL) as u64).unwrap();
    disk.sync_data().unwrap();
    let store =
        Store::open_backend(disk.clone(), Options { log_bytes: LOG_BYTES_USUAL, ..options() }).unwrap();
    write(&store, Script::new().started(Some(routing()))).unwrap();
    assert_eq!(assert_clean(&store), 1);
}

/// Two deliveries that were claimed, of a store whose outcomes wait for so long.
fn claimed_in(disk: &Disk, outcomes_wait_ms: u64) -> (Store, Script, Vec<DeliveryId>) {
    let store = Store::open_backend(disk.clone(), Options { outcomes_wait_ms, ..large_log() }).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    for key in ["disk", "cpu"] {
        write(&store, script.trigger(key, "Busy")).unwrap();
    }
    let due = store.due("pager", None, script.now, 2).unwrap();
    let ids: Vec<DeliveryId> = due.iter().map(|delivery| delivery.id).collect();
    assert_eq!(ids.len(), 2);
    write(&store, script.command(claimed(ids.clone()))).unwrap();
    (store, script, ids)
}

#[test]
fn outcomes_take_the_sync_of_what_has_to_be_on_the_disk_at_once() {
    let disk = Disk::default();
    let (store, mut script, ids) = claimed_in(&disk, 600_000);
    let syncs = disk.syncs();
    let mut settle = |id| submit(&store, script.settled(id, Verdict::Delivered(outcome())));
    let outcomes = [settle(ids[0]), settle(ids[1])];
    write(&store, Script::later().trigger("memory", "Full")).unwrap();
    for outcome in outcomes {
        outcome.recv().unwrap().unwrap();
    }
    assert_eq!(disk.syncs() - syncs, 1);
    assert_eq!(assert_clean(&store), 7);
}

#[test]
fn an_outcome_that_nothing_follows_is_recorded_all_the_same() {
    let disk = Disk::default();
    let (store, mut script, ids) = claimed_in(&disk, 1);
    write(&store, script.settled(ids[0], Verdict::Delivered(outcome()))).unwrap();
    assert_eq!(assert_clean(&store), 5);
}

/// The disk gives other bytes than were written: what can be read is there, and what is lost is said.
#[test]
fn a_log_that_is_damaged_in_the_middle_loses_what_follows_and_says_so() {
    let disk = Disk::default();
    let (_store, _, entries) = logged(&disk);
    let crashed = disk.crashed(Survives::Nothing);
    let log = log_of(&crashed);
    let frames: Vec<usize> =
        log.windows(4).enumerate().filter(|(_, bytes)| bytes == b"tlog").map(|(at, _)| at).collect();
    assert!(frames.len() > 8, "{frames:?}");
    let damaged = frames[frames.len() - 5];
    crashed.write((PAGE + damaged + 50) as u64, &[0xff; 8]).unwrap();
    let store = Store::open_backend(crashed.clone(), options()).unwrap();
    assert_eq!(store.counts().unwrap().entries, entries - 5);
    let lost = store.set_aside().unwrap();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!(lost[0].table, "log");
    let said = format!("the entries {} to {}, and maybe more, are lost", entries - 4, entries - 1);
    assert!(lost[0].problem.contains(&said), "{}: {said}", lost[0].problem);
    write(&store, Script::later().trigger("later", "Later")).unwrap();
    store.close();
    let store = Store::open_backend(crashed, options()).unwrap();
    assert_eq!(store.counts().unwrap().entries, entries - 4);
    assert!(store.verify(1, &mut |_, _| {}).unwrap().digest.is_right());
    assert_eq!(store.set_aside().unwrap().len(), 1, "it is said once");
}

#[test]
fn the_last_frame_torn_by_a_crash_is_no_damage() {
    let disk = Disk::default();
    let (_store, _, entries) = logged(&disk);
    let crashed = disk.crashed(Survives::Nothing);
    let log = log_of(&crashed);
    let last = log.windows(4).rposition(|bytes| bytes == b"tlog").unwrap();
    crashed.write((PAGE + last + 100) as u64, &[0; 64]).unwrap();
    let store = Store::open_backend(crashed, options()).unwrap();
    assert_eq!(assert_clean(&store), entries - 1);
    assert_eq!(store.set_aside().unwrap(), []);
}

/// A restored file, or one whose last rows are gone, does not follow entries that stand in its log again.
#[test]
fn what_a_log_says_of_another_state_counts_for_nothing() {
    let disk = Disk::default();
    let (store, mut script, entries) = logged(&disk);
    store.close();
    let before = disk.crashed(Survives::Everything);
    let store = Store::open_backend(disk.clone(), large_log()).unwrap();
    write(&store, script.trigger("last", "Last")).unwrap();
    store.close();
    // The log of the later state before the database of the earlier one.
    let log = log_of(&disk);
    let other = Store::open_backend(before.clone(), large_log()).unwrap();
    write(&other, Script::later().trigger("other", "Other")).unwrap();
    other.close();
    before.write(PAGE as u64, &log).unwrap();
    before.sync_data().unwrap();
    let store = Store::open_backend(before, large_log()).unwrap();
    assert_eq!(assert_clean(&store), entries + 1);
}

/// The number of entries that the database has on disk: those that a crash leaves if it also destroys the log.
fn saved(disk: &Disk) -> u64 {
    let crashed = disk.crashed(Survives::Nothing);
    crashed.write(PAGE as u64, &[0; LOG_BYTES]).unwrap();
    assert_clean(&Store::open_backend(crashed, options()).unwrap())
}

/// Whether so many entries are on disk in the database, sooner or later.
fn comes_to_be_saved(disk: &Disk, entries: u64) -> bool {
    (0..100_000).any(|_| {
        std::thread::yield_now();
        saved(disk) == entries
    })
}

#[test]
fn the_database_is_synced_after_so_many_entries() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), Options { save_after_entries: 4, ..large_log() }).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    // The second entry makes a dictionary, which syncs it too.
    for n in 0..5 {
        write(&store, script.trigger(&format!("disk-{n}"), "Disk full")).unwrap();
    }
    assert!(comes_to_be_saved(&disk, 6));
    write(&store, script.trigger("disk-5", "Disk full")).unwrap();
    assert_eq!(saved(&disk), 6, "the next one is in the log");
    drop(store);
    assert_eq!(saved(&disk), 7, "closing syncs it");
}

#[test]
fn a_database_that_nobody_writes_to_is_synced_after_some_time() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), Options { save_after_ms: 20, ..large_log() }).unwrap();
    write(&store, Script::new().started(Some(routing()))).unwrap();
    assert!(comes_to_be_saved(&disk, 1));
}

/// A disk that takes as long as it likes for everything but the log.
#[test]
fn commits_are_answered_and_read_while_the_database_is_saved_and_no_crash_loses_one() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), Options { save_after_entries: 3, ..large_log() }).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    write(&store, script.trigger("first", "Disk full")).unwrap();
    disk.hold_from(PAGE + LOG_BYTES);
    // Short of the sixteenth request, which makes a dictionary.
    for n in 0..13 {
        write(&store, script.trigger(&format!("disk-{n}"), "Disk full")).unwrap();
        assert_eq!(store.counts().unwrap().entries, n + 3);
    }
    assert_eq!(store.incidents(&IncidentQuery { limit: 100, ..Default::default() }).unwrap().items.len(), 14);
    assert_eq!(saved(&disk), 2, "the save does not come to an end");
    for survives in Survives::ALL {
        let crashed = Store::open_backend(disk.crashed(survives), options()).unwrap();
        assert_eq!(assert_clean(&crashed), 15, "{survives:?}");
        assert_eq!(crashed.set_aside().unwrap(), [], "{survives:?}");
    }
    disk.let_go();
    store.close();
    assert_eq!(saved(&disk), 15);
}

#[test]
fn a_full_log_waits_for_the_save_that_is_under_way_and_writes_over_nothing_that_is_needed() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), Options { batch: 1, ..large_log() }).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    write(&store, script.trigger("first", "Disk full")).unwrap();
    disk.hold_from(PAGE + LOG_BYTES);
    // Four fill a half: the fifth begins a save, and the ninth has to wait for it.
    let large = (0..12_u64).map(|n| {
        let mut write = script.trigger(&format!("disk-{n}"), "Disk full");
        let noise =
            (0..7_000_u64).map(|byte| (byte ^ n).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()[2]);
        write.request.as_mut().unwrap().body = noise.collect();
        submit(&store, write)
    });
    let answers: Vec<_> = large.collect();
    let mut answered = 2;
    for answer in &answers[..4] {
        answer.recv().unwrap().unwrap();
        answered += 1;
        let crashed = Store::open_backend(disk.crashed(Survives::Nothing), options()).unwrap();
        assert!(assert_clean(&crashed) >= answered);
    }
    disk.let_go();
    for answer in &answers[4..] {
        answer.recv().unwrap().unwrap();
        answered += 1;
        let crashed = Store::open_backend(disk.crashed(Survives::Nothing), options()).unwrap();
        assert!(assert_clean(&crashed) >= answered);
    }
    assert_eq!(assert_clean(&store), 14);
}

/// The kernel reports a failed write to one sync alone, whichever thread makes it.
#[test]
fn after_a_failed_sync_no_other_sync_vouches_for_anything_until_the_writes_are_made_again() {
    let disk = Disk::default();
    let medium = Medium::new(disk.clone(), LOG_BYTES).unwrap();
    medium.begin().unwrap();
    disk.fail(Failure::SyncForgets(1));
    assert!(medium.write_log(0, b"first").is_err());
    assert!(medium.write_log(64, b"second").is_err());
    medium.settle().unwrap();
    medium.write_log(128, b"third").unwrap();
    let log = log_of(&disk.crashed(Survives::Nothing));
    assert_eq!((&log[..5], &log[64..70], &log[128..133]), (&b"first"[..], &b"second"[..], &b"third"[..]));
}

/// The callers have their answers: what failed was only to be on disk a second time.
#[test]
fn a_save_that_fails_is_made_again_without_a_word_to_any_caller() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), Options { save_after_entries: 6, ..large_log() }).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    write(&store, script.trigger("first", "Disk full")).unwrap();
    disk.hold_from(PAGE + LOG_BYTES);
    for n in 0..8 {
        write(&store, script.trigger(&format!("disk-{n}"), "Disk full")).unwrap();
    }
    disk.fail(Failure::Once(1, std::io::ErrorKind::Other));
    disk.let_go();
    assert!(comes_to_be_saved(&disk, 10));
    assert_eq!(store.trouble(), None);
    write(&store, script.trigger("disk", "Disk full")).unwrap();
    assert_eq!(assert_clean(&store), 11);
}
