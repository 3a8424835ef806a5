//! The disk fails for a moment. Callers are told, nothing that was answered with Ok is lost, and the store goes
//! on by itself.

use std::io::ErrorKind;

use super::disk::{Disk, Failure, Survives};
use super::samples::{Gate, Script, assert_clean, options, routing, submit, write};
use super::workload::{self, Told};
use crate::{Fault, Options, ReadError, Store, WriteError, raw};

/// Without a log, with one that is full after a few commits, and with one that has room for the whole script.
const LOGS: [usize; 3] = [0, 3 * 1024, 16 * 1024];

fn with_log(log_bytes: usize) -> Options {
    Options { log_bytes, ..options() }
}

/// Opens without a failure, then fails, runs the script, and checks what is there after a crash at the end.
fn survive(failure: Failure, log: usize) -> Told {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), with_log(log)).unwrap();
    disk.fail(failure);
    let told = workload::run(&store);
    disk.heal();
    write(&store, Script::later().started(None)).unwrap_or_else(|error| panic!("{failure:?}: {error}"));
    assert_clean(&store);
    // Not closed: what is not on disk now is lost.
    let after = Store::open_backend(disk.crashed(Survives::Nothing), options())
        .unwrap_or_else(|error| panic!("{failure:?}: {error}"));
    let journal = raw::journal(&after);
    let lost = workload::lost(&journal, &told.kept);
    assert!(lost.is_empty(), "{failure:?}: an answered command is lost: {lost:?}");
    assert_clean(&after);
    told
}

/// Operations and syncs of the whole script.
fn script_length(log: usize) -> (u64, u64) {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), with_log(log)).unwrap();
    disk.fail(Failure::GoneFrom(u64::MAX));
    workload::run(&store);
    (disk.operations(), disk.syncs())
}

#[test]
fn one_failed_write_or_sync_costs_its_own_batch_and_nothing_else() {
    for log in LOGS {
        for operation in 1..=script_length(log).0 {
            let told = survive(Failure::Once(operation, ErrorKind::Other), log);
            // Fourteen batches; the largest is six entries, and what depends on them is left out.
            assert!(told.kept.len() >= 8, "after operation {operation} the store did not go on");
        }
    }
}

/// Linux gives the error of a failed write-back to one sync only, and marks the pages clean. A store that opens
/// again and believes the next sync builds on pages that are nowhere but in memory.
#[test]
fn what_a_failed_sync_forgot_is_written_again_before_anything_builds_on_it() {
    for log in LOGS {
        for sync in 1..=script_length(log).1 {
            let told = survive(Failure::SyncForgets(sync), log);
            // With a log, a sync of the database stands for no answer: nobody has to be told.
            assert!(log > 0 || told.failed > 0 || sync > 12, "sync {sync} failed and nobody was told");
        }
    }
}

#[test]
fn a_full_disk_is_told_as_such_and_writing_goes_on_when_there_is_room() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    disk.fail(Failure::FullAt(disk.bytes()));
    let mut kept = 0;
    let full = loop {
        match write(&store, script.trigger(&format!("disk-{kept}"), "Disk full")) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, WriteError::Storage(Fault::DiskFull));
    disk.heal();
    write(&store, script.trigger("disk", "Disk full")).unwrap();
    let after = Store::open_backend(disk.crashed(Survives::Nothing), options()).unwrap();
    assert_eq!(assert_clean(&after), kept + 2);
}

/// Whoever is called because the disk is full needs to see what is there.
#[test]
fn while_the_disk_is_full_everything_that_is_kept_can_be_read() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let told = workload::run(&store);
    disk.fail(Failure::FullAt(disk.bytes()));
    let mut script = Script::new();
    let mut kept = told.kept.len();
    while write(&store, script.trigger(&format!("disk-{kept}"), "Disk full")).is_ok() {
        kept += 1;
    }
    for _ in 0..3 {
        let error = write(&store, script.trigger("disk", "Disk full")).unwrap_err();
        assert_eq!(error, WriteError::Storage(Fault::DiskFull));
        assert_eq!(store.counts().unwrap().entries, kept as u64);
        assert!(workload::lost(&raw::journal(&store), &told.kept).is_empty());
        assert_eq!(store.trouble(), Some(Fault::DiskFull));
    }
    assert_eq!(assert_clean(&store), kept as u64);
    // Once there is room, the store sees for itself, without any write.
    disk.heal();
    assert!((0..10_000_000).any(|_| {
        std::thread::yield_now();
        store.trouble().is_none()
    }));
    assert_eq!(assert_clean(&store), kept as u64);
    write(&store, script.trigger("disk", "Disk full")).unwrap();
    assert_eq!(assert_clean(&store), kept as u64 + 1);
}

#[test]
fn at_whatever_moment_the_disk_takes_no_more_what_was_answered_can_be_read() {
    for log in LOGS {
        for operation in 1..=script_length(log).0 {
            let disk = Disk::default();
            let store = Store::open_backend(disk.clone(), with_log(log)).unwrap();
            disk.fail(Failure::GoneFrom(operation));
            let told = workload::run(&store);
            let journal = raw::journal(&store);
            let lost = workload::lost(&journal, &told.kept);
            assert!(
                lost.is_empty(),
                "after operation {operation} an answered command cannot be read: {lost:?}"
            );
            assert_clean(&store);
        }
    }
}

#[test]
fn a_failed_batch_is_answered_with_the_error_to_every_caller() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    let gate = Gate::close(&store, script.started(Some(routing())));
    let answers: Vec<_> =
        (0..5).map(|n| submit(&store, script.trigger(&format!("cpu-{n}"), "CPU busy"))).collect();
    disk.fail(Failure::Once(1, ErrorKind::Other));
    drop(gate);
    for answer in answers {
        let error = answer.recv().unwrap().unwrap_err();
        assert!(matches!(error, WriteError::Storage(Fault::Io { .. })), "{error}");
    }
    let number = |write: Result<tocsin_core::decide::Applied, WriteError>| {
        write.unwrap().receipt.unwrap().effects[0].incident.unwrap().1
    };
    // The numbers that the failed batch took are given out again.
    assert_eq!(number(write(&store, script.trigger("cpu-0", "CPU busy"))), 1);
}

#[test]
fn while_the_disk_takes_no_writes_they_say_so_and_what_is_committed_can_be_read() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    disk.fail(Failure::GoneFrom(1));
    for _ in 0..3 {
        let error = write(&store, script.trigger("disk", "Disk full")).unwrap_err();
        assert!(matches!(error, WriteError::Storage(Fault::Io { .. })), "{error}");
    }
    assert_eq!(store.counts().unwrap().entries, 1);
    assert!(matches!(store.trouble(), Some(Fault::Io { .. })));
    disk.heal();
    write(&store, script.trigger("disk", "Disk full")).unwrap();
    assert_eq!(store.counts().unwrap().entries, 2);
    assert_clean(&store);
}

#[test]
fn a_failed_read_is_told_to_its_reader_and_no_writer_pays_for_it() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let told = workload::run(&store);
    store.close();
    // Opened again, nothing is in the cache.
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    disk.fail(Failure::ReadOnce(1));
    let query = crate::IncidentQuery { limit: 10, ..Default::default() };
    let error = store.incidents(&query).unwrap_err();
    assert!(matches!(error, ReadError::Storage(Fault::Io { .. })), "{error}");
    assert!(disk.reads() > 0);
    write(&store, Script::later().started(None)).unwrap();
    assert!(!store.incidents(&query).unwrap().items.is_empty());
    assert_eq!(assert_clean(&store), told.kept.len() as u64 + 1);
}

/// redb refuses everything after an I/O error, reads too. A relay that receives nothing must not stay blind.
#[test]
fn after_a_failed_read_the_next_ones_are_answered_without_any_write() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    store.close();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    disk.fail(Failure::ReadOnce(1));
    let query = crate::IncidentQuery { limit: 10, ..Default::default() };
    assert!(store.incidents(&query).is_err());
    // The writer's thread opens the file again; until it gets to it, reads go on saying so.
    let answered = (0..10_000_000).any(|_| {
        std::thread::yield_now();
        store.incidents(&query).is_ok()
    });
    assert!(answered, "the store stays unreadable");
}

/// A relay that is started while the disk is full shows what is kept, and goes on by itself.
#[test]
fn a_store_on_a_full_disk_is_opened_for_reading_and_written_once_there_is_room() {
    for is_closed in [true, false] {
        let disk = Disk::default();
        let store = Store::open_backend(disk.clone(), options()).unwrap();
        let kept = workload::run(&store).kept.len();
        let disk = if is_closed {
            store.close();
            disk
        } else {
            disk.crashed(Survives::Nothing)
        };
        disk.fail(Failure::FullAt(0));
        let store = Store::open_backend(disk.clone(), options()).unwrap();
        assert_eq!(raw::journal(&store).len(), kept);
        let mut script = Script::new();
        for _ in 0..2 {
            let error = write(&store, script.started(None)).unwrap_err();
            assert_eq!(error, WriteError::Storage(Fault::DiskFull));
        }
        assert_eq!(store.trouble(), Some(Fault::DiskFull));
        disk.heal();
        write(&store, script.started(None)).unwrap();
        assert_eq!(assert_clean(&store), kept as u64 + 1);
    }
}

#[test]
fn a_new_store_is_not_made_on_a_full_disk() {
    let disk = Disk::default();
    disk.fail(Failure::FullAt(0));
    let error = Store::open_backend(disk, options()).err().unwrap();
    assert!(error.to_string().contains("the disk is full: make room"), "{error}");
}
