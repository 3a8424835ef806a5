//! What may be opened, and what is said about the rest.

use std::os::unix::fs::PermissionsExt as _;

use redb::StorageBackend as _;

use super::samples::{Script, assert_clean, options, routing, write};
use crate::tests::disk::Disk;
use crate::{OpenError, ReadError, Store, WriteError, layout, raw, tables};

#[test]
fn a_new_store_is_made_readable_by_its_owner_alone_and_its_file_is_freed_by_closing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.redb");
    let store = Store::open(&path, options()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    write(&store, Script::new().started(Some(routing()))).unwrap();

    let error = Store::open(&path, options()).err().unwrap();
    assert_eq!(error, OpenError::InUse { store: path.display().to_string() });
    assert!(error.to_string().contains("in use by another process"), "{error}");

    store.close();
    let again = Store::open(&path, options()).unwrap();
    assert_eq!(assert_clean(&again), 1);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "verifying left something behind");
}

#[test]
fn after_closing_writes_and_reads_are_told_so_and_closing_again_does_nothing() {
    let (store, mut script) = super::samples::started(options());
    store.close();
    store.close();
    assert_eq!(write(&store, script.started(None)), Err(WriteError::Closed));
    assert_eq!(store.counts(), Err(ReadError::Closed));
}

#[test]
fn reopening_restores_numbers_and_the_sequence() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    for n in 0..3 {
        write(&store, script.trigger(&format!("key-{n}"), "Title")).unwrap();
    }
    drop(store);
    let store = Store::open_backend(disk, options()).unwrap();
    let applied = write(&store, script.trigger("key-3", "Title")).unwrap();
    assert_eq!(applied.receipt.unwrap().effects[0].incident.unwrap().1, 4);
    assert!(applied.scheduled);
    assert_eq!(store.incident_by_number(2).unwrap().unwrap().key, "key-1");
    assert_eq!(assert_clean(&store), 5);
}

fn error_with_format(format: u32) -> OpenError {
    let disk = Disk::default();
    drop(Store::open_backend(disk.clone(), options()).unwrap());
    raw::alter(disk.clone(), tables::META, tables::META_FORMAT, |_| Some(format.to_be_bytes().to_vec()));
    Store::open_backend(disk, options()).err().unwrap()
}

#[test]
fn a_file_of_a_later_version_is_refused_with_what_to_do() {
    let error = error_with_format(tables::FORMAT + 1);
    let store = "the store".to_owned();
    assert_eq!(error, OpenError::Newer { store, found: tables::FORMAT + 1, supported: tables::FORMAT });
    assert!(error.to_string().contains("install the version that wrote it"), "{error}");
}

/// Formats 1 and 2, whose records were JSON, were never released.
#[test]
fn a_file_of_a_forgotten_version_is_refused_with_what_to_do() {
    for found in [1, 2] {
        let error = error_with_format(found);
        let store = "the store".to_owned();
        assert_eq!(error, OpenError::Older { store, found, supported: tables::FORMAT });
        assert!(error.to_string().contains("run the version that wrote it"), "{error}");
    }
}

#[test]
fn a_file_that_is_something_else_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    // Also one that begins with zeros, as a store does whose creation was interrupted.
    for content in [b"not a store".to_vec(), [[0; 4096], [7; 4096]].concat()] {
        std::fs::write(&path, &content).unwrap();
        let error = Store::open(&path, options()).err().unwrap();
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
        assert!(error.to_string().contains("check the configured path"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
}

/// Before format 4, a file began with the database.
#[test]
fn a_file_without_a_log_is_refused_as_an_older_one() {
    let disk = Disk::default();
    raw::create_format(disk.clone(), 3);
    let error = Store::open_backend(disk, options()).err().unwrap();
    let store = "the store".to_owned();
    assert_eq!(error, OpenError::Older { store, found: 3, supported: tables::FORMAT });
}

#[test]
fn a_file_whose_first_page_is_of_a_later_version_is_refused_as_a_newer_one() {
    let disk = Disk::default();
    drop(Store::open_backend(disk.clone(), options()).unwrap());
    let layout = tables::FORMAT + 1;
    disk.write(0, &layout::page_of(layout, 16 * 1024)).unwrap();
    let error = Store::open_backend(disk, options()).err().unwrap();
    let store = "the store".to_owned();
    assert_eq!(error, OpenError::Newer { store, found: layout, supported: tables::FORMAT });
}

#[test]
fn another_programs_redb_file_is_refused() {
    let disk = Disk::default();
    raw::create(disk.clone(), "somebody_elses");
    let error = Store::open_backend(disk, options()).err().unwrap();
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = Store::open(&directory.path().join("missing/state.redb"), options()).err().unwrap();
    assert!(matches!(error, OpenError::Refused { kind: std::io::ErrorKind::NotFound, .. }), "{error}");
    assert!(error.to_string().contains("missing/state.redb"), "{error}");
}
