//! What came in at a source is counted beside the journal: kept over a crash, with the commits that are made
//! anyway.

use std::collections::BTreeMap;

use super::disk::{Disk, Failure, Survives};
use super::records::assert_kept;
use super::samples::{START, Script, assert_clean, options, routing, write};
use crate::{Rejections, SourceCounts, Store};

pub(super) fn counts(accepted: u64) -> SourceCounts {
    SourceCounts {
        accepted,
        ignored: 1,
        echoes: 8,
        partly_refused: 2,
        failed: 3,
        probes: 4,
        last_heard: Some(START),
        last_rejected: None,
        rejections: vec![Rejections {
            code: 413,
            kept: false,
            count: 7,
            last: START,
            reason: "the body is \"too\" large\n".to_owned(),
            recent: vec![(START, 7)],
        }],
        names: vec!["hook".to_owned()],
        confirmation: Some((START, "confirmed".to_owned())),
    }
}

fn of(name: &str, accepted: u64) -> BTreeMap<String, SourceCounts> {
    BTreeMap::from([(name.to_owned(), counts(accepted))])
}

#[test]
fn counts_are_written_as_they_were_counted() {
    assert_kept(&counts(u64::MAX));
    assert_kept(&SourceCounts::default());
}

#[test]
fn counts_survive_a_crash_once_something_was_committed_after_them() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    store.count(&of("hook", 1)).unwrap();
    store.count(&of("hook", 2)).unwrap();
    store.count(&of("", 3)).unwrap();
    write(&store, script.started(Some(routing()))).unwrap();
    let after = Store::open_backend(disk.crashed(Survives::Nothing), options()).unwrap();
    let kept = after.source_counts().unwrap();
    assert_eq!(kept, BTreeMap::from([("hook".to_owned(), counts(2)), (String::new(), counts(3))]));
    assert_eq!(assert_clean(&after), 1, "counts are no entries");
}

#[test]
fn counts_alone_are_committed_by_closing() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    store.count(&of("hook", 5)).unwrap();
    store.close();
    let again = Store::open_backend(disk, options()).unwrap();
    assert_eq!(again.source_counts().unwrap(), of("hook", 5));
}

#[test]
fn counts_that_a_full_disk_did_not_take_are_written_when_there_is_room() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    disk.fail(Failure::FullAt(0));
    store.count(&of("hook", 9)).unwrap();
    write(&store, script.trigger("key", "Title")).unwrap_err();
    disk.heal();
    write(&store, script.trigger("key", "Title")).unwrap();
    assert_eq!(store.source_counts().unwrap(), of("hook", 9));
    assert_clean(&store);
}
