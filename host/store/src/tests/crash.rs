//! The machine crashes at every write and every sync in turn. What was answered is there, nothing is half
//! there.
//!
//! A crash keeps what was synced and some of what was only written: none, all, every second write, the header
//! alone, or all with the last write torn. Each is opened again.

use tocsin_core::command::Issued;
use tocsin_core::journal::Cause;

use super::disk::{Disk, Failure, Survives};
use super::samples::{Script, assert_clean, options, write};
use super::workload;
use crate::{Options, Store, raw};

/// Everything that holds after a crash, of a store in which `kept` was answered with Ok.
fn check(disk: &Disk, kept: &[Issued], crash: &str) {
    let store =
        Store::open_backend(disk.clone(), options()).unwrap_or_else(|error| panic!("{crash}: {error}"));
    let journal = raw::journal(&store);
    // One more batch than was answered may be there: the crash came between its sync and its answers.
    assert_eq!(workload::lost(&journal, kept), [] as [&Issued; 0], "{crash}: an answered command is lost");
    let entries = assert_clean(&store);
    assert_eq!(entries, journal.len() as u64, "{crash}");
    for entry in &journal {
        if let Cause::Request(receipt, _) = entry.cause {
            assert!(
                store.request(receipt).unwrap().is_some(),
                "{crash}: a request is not beside its receipt"
            );
        }
    }
    write(&store, Script::later().started(None)).unwrap_or_else(|error| panic!("{crash}: {error}"));
}

#[test]
fn whatever_was_answered_survives_a_crash_at_any_write_or_sync() {
    // Without a log, with one that is full after a few commits, and with one that has room for all.
    for log_bytes in [0, 3 * 1024, 16 * 1024] {
        survives_any_crash(Options { log_bytes, ..options() });
    }
}

fn survives_any_crash(options: Options) {
    let whole = Disk::default();
    let store = Store::open_backend(whole.clone(), options.clone()).unwrap();
    let told = workload::run(&store);
    assert_eq!(told.failed, 0);
    assert!(told.kept.len() > 20, "the script does little");
    let operations = whole.operations();
    assert!(operations > 40, "the disk has little to do");
    drop(store);

    for operation in 1..=operations {
        let disk = Disk::default();
        disk.fail(Failure::GoneFrom(operation));
        let kept = match Store::open_backend(disk.clone(), options.clone()) {
            Ok(store) => workload::run(&store).kept,
            Err(_) => Vec::new(),
        };
        for survives in Survives::ALL {
            check(
                &disk.crashed(survives),
                &kept,
                &format!("log of {}, gone from operation {operation}, {survives:?}", options.log_bytes),
            );
        }
    }
}

#[test]
fn opening_after_a_crash_takes_no_longer_the_more_is_kept() {
    let reads = |alerts: usize| {
        let disk = Disk::default();
        let store = Store::open_backend(disk.clone(), options()).unwrap();
        let mut script = Script::new();
        for alert in 0..alerts {
            write(&store, script.trigger(&format!("alert-{alert}"), "Disk full")).unwrap();
        }
        let crashed = disk.crashed(Survives::Nothing);
        let opened = Store::open_backend(crashed.clone(), options()).unwrap();
        let reads = crashed.reads();
        assert_eq!(assert_clean(&opened), alerts as u64);
        (reads, crashed.bytes())
    };
    let ((few, small), (many, large)) = (reads(5), reads(1_000));
    assert!(large > 2 * small, "{large} bytes are not many more than {small}");
    assert!(many <= few + 40, "{many} reads instead of {few}");
}

#[test]
fn a_store_whose_creation_was_interrupted_is_created_again() {
    let whole = Disk::default();
    drop(Store::open_backend(whole.clone(), options()).unwrap());
    for operation in 1..=whole.operations() {
        let disk = Disk::default();
        disk.fail(Failure::GoneFrom(operation));
        let _ = Store::open_backend(disk.clone(), options());
        for survives in Survives::ALL {
            check(&disk.crashed(survives), &[], &format!("gone from operation {operation}, {survives:?}"));
        }
    }
}
