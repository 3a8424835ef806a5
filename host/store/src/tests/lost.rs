//! A store's file that is lost: deleted or replaced while it is open, missing or empty when it is opened.

use std::fs;
use std::path::{Path, PathBuf};

use super::samples::{Script, assert_clean, options, routing, write};
use crate::{Fault, OpenError, Store, WriteError};

fn made() -> (tempfile::TempDir, PathBuf, Store, Script) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.redb");
    let store = Store::open(&path, options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    (directory, path, store, script)
}

fn assert_displaced(store: &Store, script: &mut Script, is_replaced: bool) -> String {
    let error = write(store, script.trigger("disk", "Disk full")).unwrap_err();
    let WriteError::Storage(Fault::Displaced(displaced)) = &error else { panic!("{error}") };
    assert_eq!(displaced.is_replaced, is_replaced);
    assert_eq!(store.trouble(), Some(Fault::Displaced(displaced.clone())));
    assert_eq!(store.counts().unwrap().entries, 1, "what is kept can be read");
    error.to_string()
}

#[test]
fn a_file_that_is_moved_away_is_noticed_and_all_goes_on_when_it_is_back() {
    let (directory, path, store, mut script) = made();
    let elsewhere = directory.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    let said = assert_displaced(&store, &mut script, false);
    assert!(said.contains("was deleted or moved away") && said.contains("move it back"), "{said}");
    fs::rename(&elsewhere, &path).unwrap();
    assert_eq!(store.trouble(), None);
    write(&store, script.trigger("disk", "Disk full")).unwrap();
    assert_eq!(assert_clean(&store), 2);
}

#[test]
fn a_file_that_is_deleted_can_be_copied_from_where_it_is_still_open() {
    let (_directory, path, store, mut script) = made();
    fs::remove_file(&path).unwrap();
    assert_displaced(&store, &mut script, false);
    let Some(Fault::Displaced(displaced)) = store.trouble() else { panic!("it is there") };
    fs::copy(&displaced.open_file, &path).unwrap();
    // Another file has the same contents; what would be written would not be in it.
    let said = assert_displaced(&store, &mut script, true);
    assert!(said.contains("restart"), "{said}");
    store.close();
    let again = Store::open(&path, options()).unwrap();
    assert_eq!(assert_clean(&again), 1);
}

fn lost(path: &Path) -> String {
    let error = Store::open(path, options()).err().unwrap();
    assert!(matches!(error, OpenError::Lost { .. }), "{error}");
    error.to_string()
}

#[test]
fn a_store_that_was_made_and_is_missing_or_empty_is_not_made_again() {
    let (_directory, path, store, _script) = made();
    store.close();
    let whole = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let said = lost(&path);
    assert!(said.contains("state.redb is missing, although Tocsin kept a store there"), "{said}");
    assert!(said.contains("restore the file from a backup") && said.contains("delete"), "{said}");
    assert!(!path.exists(), "it was made again");
    for (content, problem) in [(Vec::new(), "is empty"), (vec![0; 8192], "holds nothing")] {
        fs::write(&path, &content).unwrap();
        assert!(lost(&path).contains(problem));
        assert_eq!(fs::read(&path).unwrap(), content, "it was changed");
    }
    let empty = path.with_extension("empty");
    drop(redb::Database::create(&empty).unwrap());
    fs::rename(&empty, &path).unwrap();
    assert!(lost(&path).contains("holds nothing"));
    // Restored, it is the store that it was; without the marker, one begins anew.
    fs::write(&path, whole).unwrap();
    assert_eq!(assert_clean(&Store::open(&path, options()).unwrap()), 1);
    fs::remove_file(&path).unwrap();
    fs::remove_file(path.with_extension("redb.made")).unwrap();
    assert_eq!(assert_clean(&Store::open(&path, options()).unwrap()), 0);
}

/// Its creation was interrupted: the file is there, and the marker is not.
#[test]
fn an_empty_file_without_a_marker_becomes_a_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.redb");
    fs::write(&path, b"").unwrap();
    assert_eq!(assert_clean(&Store::open(&path, options()).unwrap()), 0);
    assert!(path.with_extension("redb.made").exists());
}
