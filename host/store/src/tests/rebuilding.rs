//! A state is made anew from its journal, or from a backup and the entries after it; whatever goes wrong, one store is
//! whole in the place of the store.

use std::path::{Path, PathBuf};

use redb::backends::{FileBackend, InMemoryBackend};
use tempfile::TempDir;

use super::disk::{Disk, Failure, Survives};
use super::samples::{START, Script, assert_clean, options, write};
use super::workload;
use crate::live::Live;
use crate::read::Snapshot;
use crate::tables::{self, Definition};
use crate::{About, RebuildError, ReplaceError, ReplayError, Store, keys, raw, rebuild, rebuild::make};

fn quiet() -> impl FnMut(u64, u64) {
    |_, _| {}
}

/// A store in a file after the script, with a backup from the middle of it.
struct Scene {
    folder: TempDir,
    store: PathBuf,
    backup: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, backup) = (folder.path().join("tocsin.redb"), folder.path().join("made.backup"));
        let store = Store::open(&path, options()).unwrap();
        workload::run(&store);
        backup_to(&store, &backup);
        let mut script = Script::later();
        for n in 0..5 {
            write(&store, script.trigger(&format!("later-{n}"), "Later")).unwrap();
        }
        store.close();
        Self { folder, store: path, backup }
    }

    fn open(&self) -> Store {
        Store::open(&self.store, options()).unwrap()
    }

    fn alter(&self, table: Definition, key: &[u8], change: impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>>) {
        raw::alter(self.backend(), table, key, change);
    }

    /// Drops the entries up to this one.
    fn cut(&self, last: u64) {
        raw::cut(self.backend(), last);
    }

    fn backend(&self) -> FileBackend {
        let file = std::fs::OpenOptions::new().read(true).write(true).open(&self.store).unwrap();
        FileBackend::new(file).unwrap()
    }

    /// Changes rows of the state as damage does.
    fn damage(&self) {
        self.alter(tables::IDENTITIES, &keys::text_text("grafana", "disk"), |_| Some(vec![7; 16]));
        self.alter(tables::INCIDENT_NUMBERS, &1u64.to_be_bytes(), |_| None);
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn backup_to(store: &Store, path: &Path) {
    let about = About { at: START, version: "0.1.0".to_owned(), is_scheduled: false };
    store.backup(&about, std::fs::File::create(path).unwrap(), &mut quiet()).unwrap();
}

/// Tables by their names, with their rows.
type AllRows = Vec<(&'static str, Vec<(Vec<u8>, Vec<u8>)>)>;

/// Every row of a store.
fn all_rows(store: &Store) -> AllRows {
    tables::ALL.iter().map(|table| (table.name, raw::rows(store, *table))).collect()
}

/// Every row of a store that follows from its journal.
fn state_rows(store: &Store) -> AllRows {
    let state = tables::ALL.into_iter().filter(|table| table.is_state);
    let mut all = Vec::new();
    for table in state {
        let rows = raw::rows(store, table).into_iter().filter(|(key, _)| table.is_digested(key));
        all.push((table.name, rows.collect()));
    }
    all
}

#[test]
fn a_damaged_state_is_made_anew_as_the_journal_says_it_and_the_old_store_is_kept() {
    let scene = Scene::new();
    let store = scene.open();
    let before = all_rows(&store);
    store.close();
    scene.damage();
    let store = scene.open();
    assert!(!store.verify(2, &mut quiet()).unwrap().is_clean());
    store.close();

    let mut steps = Vec::new();
    let rebuilt =
        rebuild(&scene.store, None, "before-rebuild-1", &mut |done, total| steps.push((done, total)));
    let rebuilt = rebuilt.unwrap();
    let words: Vec<String> = rebuilt.verified.differences.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), 2, "{words:#?}");
    assert_eq!(words[0], "incident_numbers #1: it is missing");
    assert!(words[1].starts_with("identities \"grafana\" \"disk\": it is 0707"), "{words:#?}");
    assert_eq!(rebuilt.verified.replayed_after, Some(0));
    assert!(rebuilt.verified.digest.is_right() && !steps.is_empty());
    let old = scene.folder.path().join("tocsin.redb.before-rebuild-1");
    assert_eq!(rebuilt.before, old);
    let store = scene.open();
    assert!(all_rows(&store) == before, "every row of every table is as before the damage");
    assert_clean(&store);
    write(&store, Script::later().trigger("more", "More")).unwrap();
    assert_clean(&store);
    let old = Store::open(&old, options()).unwrap();
    assert_eq!(old.verify(1, &mut quiet()).unwrap().entries, rebuilt.verified.entries);
}

#[test]
fn a_store_whose_journal_was_cut_is_replayed_and_made_anew_from_a_backup_and_the_entries_after_it() {
    let scene = Scene::new();
    let store = scene.open();
    let entries = store.counts().unwrap().entries;
    let whole = state_rows(&store);
    // Faster, also where nothing was cut.
    let replayed = store.replay(Some(&scene.backup), &mut quiet()).unwrap();
    assert!(replayed.is_clean(), "{:#?}", replayed.differences);
    assert_eq!((replayed.entries, replayed.replayed_after), (5, Some(entries - 5)));
    store.close();
    scene.cut(entries - 5);
    let store = scene.open();
    let error = store.replay(None, &mut quiet()).unwrap_err();
    assert_eq!(error, ReplayError::Cut { begins: entries - 4 });
    assert!(
        error.to_string().ends_with(&format!("at or after entry {} with --from", entries - 5)),
        "{error}"
    );
    assert!(store.replay(Some(&scene.backup), &mut quiet()).unwrap().is_clean());
    assert!(store.verify(2, &mut quiet()).unwrap().is_clean());
    store.close();

    scene.damage();
    let store = scene.open();
    let replayed = store.replay(Some(&scene.backup), &mut quiet()).unwrap();
    assert_eq!(replayed.differing, 2, "{:#?}", replayed.differences);
    store.close();
    let rebuilt = rebuild(&scene.store, Some(&scene.backup), "before", &mut quiet()).unwrap();
    assert_eq!((rebuilt.verified.entries, rebuilt.verified.differing), (5, 2));
    let store = scene.open();
    assert!(state_rows(&store) == whole, "every row of the state is as before");
    assert!(store.replay(Some(&scene.backup), &mut quiet()).unwrap().is_clean());
    assert_eq!(store.journal_ends().unwrap(), Some((entries - 4, entries)));
}

#[test]
fn a_backup_that_does_not_lead_to_the_journal_is_refused_with_what_is_missing() {
    let scene = Scene::new();
    let store = scene.open();
    let entries = store.counts().unwrap().entries;
    let late = scene.folder.path().join("late.backup");
    write(&store, Script::later().trigger("last", "Last")).unwrap();
    backup_to(&store, &late);
    store.close();
    // The last entry is lost.
    scene.alter(tables::JOURNAL, &(entries + 1).to_be_bytes(), |_| None);
    scene.cut(entries - 4);
    let foreign = scene.folder.path().join("foreign.backup");
    let other = Store::open_backend(InMemoryBackend::new(), options()).unwrap();
    let mut script = Script::new();
    for n in 0..entries - 1 {
        write(&other, script.trigger(&format!("other-{n}"), "Other")).unwrap();
    }
    backup_to(&other, &foreign);
    std::fs::write(scene.folder.path().join("cut.backup"), &std::fs::read(&scene.backup).unwrap()[..500])
        .unwrap();
    let names = scene.names();
    for (backup, said) in [
        (
            "made.backup",
            format!(
                "the journal begins at entry {}; this backup ends at {}: give one that was made at or after entry {}",
                entries - 3,
                entries - 5,
                entries - 4
            ),
        ),
        (
            "late.backup",
            format!("the journal ends at entry {entries}; this backup ends at {}: it is of", entries + 1),
        ),
        ("foreign.backup", format!("this backup is of another store: its entry {} is not", entries - 1)),
        ("cut.backup", "cut.backup: it is cut off".to_owned()),
        ("none.backup", "none.backup: the backup cannot be read or written: No such file".to_owned()),
    ] {
        let path = scene.folder.path().join(backup);
        let error = rebuild(&scene.store, Some(&path), "before", &mut quiet()).unwrap_err().to_string();
        assert!(error.contains(&said), "{said}: {error}");
        let store = scene.open();
        assert_eq!(store.replay(Some(&path), &mut quiet()).unwrap_err().to_string(), error);
        store.close();
        assert_eq!(scene.names(), names, "{backup}");
    }
}

#[test]
fn a_journal_with_a_gap_or_an_entry_that_was_changed_makes_no_state() {
    for (change, said) in [
        ((|_| None) as fn(Option<Vec<u8>>) -> Option<Vec<u8>>, "journal #8: 1 entries before it are missing"),
        (|row| row.map(|row| row[..40].to_vec()), "journal #7: it cannot be read: "),
    ] {
        let scene = Scene::new();
        scene.alter(tables::JOURNAL, &7u64.to_be_bytes(), change);
        let bytes = std::fs::read(&scene.store).unwrap();
        let error = rebuild(&scene.store, None, "before", &mut quiet()).unwrap_err();
        assert!(matches!(&error, RebuildError::Journal(problem) if problem.starts_with(said)), "{error}");
        assert!(error.to_string().contains("name it with --from"), "{error}");
        assert_eq!(scene.names(), ["made.backup", "tocsin.redb", "tocsin.redb.made"]);
        assert_eq!(std::fs::read(&scene.store).unwrap().len(), bytes.len());
        // A backup from behind the damage leads around it.
        rebuild(&scene.store, Some(&scene.backup), "before", &mut quiet()).unwrap();
        assert!(scene.open().replay(Some(&scene.backup), &mut quiet()).unwrap().is_clean());
    }
}

/// Before the new store is in its place, everything happens in its own file.
#[test]
fn whatever_the_disk_of_the_new_store_does_the_old_one_is_not_touched_and_the_next_attempt_succeeds() {
    let old = Disk::default();
    let store = Store::open_backend(old.clone(), options()).unwrap();
    workload::run(&store);
    let expected = all_rows(&store);
    store.close();
    let live = Live::open_backend(old.clone(), 8 * 1024 * 1024, 0).unwrap();
    let snapshot = Snapshot::new(&live).unwrap();
    let touched = old.operations();
    let whole = Disk::default();
    assert!(make(&snapshot, whole.clone(), None, &mut quiet()).unwrap().is_clean());
    let operations = whole.operations();
    assert!(operations > 20, "{operations}");
    for operation in 1..=operations {
        for failure in
            [Failure::GoneFrom(operation), Failure::Once(operation, std::io::ErrorKind::StorageFull)]
        {
            let disk = Disk::default();
            disk.fail(failure);
            let made = make(&snapshot, disk.clone(), None, &mut quiet());
            if made.is_ok() {
                // What fails when the file is closed leaves a whole store that takes a repair.
                disk.heal();
                let made = Store::open_backend(disk, options()).unwrap();
                assert!(all_rows(&made) == expected, "{failure:?} of {operations}");
            }
        }
    }
    assert_eq!(old.operations(), touched, "the old store is only read");
    drop(snapshot);
    live.close().unwrap();
    // What is synced is the whole store.
    redb::StorageBackend::sync_data(&whole).unwrap();
    let made = Store::open_backend(whole.crashed(Survives::Nothing), options()).unwrap();
    assert!(all_rows(&made) == expected);
    assert_clean(&made);
    assert_clean(&Store::open_backend(old, options()).unwrap());
}

/// A process that is killed leaves its files as they are at that instant.
#[test]
fn a_rebuild_that_was_killed_at_any_step_leaves_a_whole_store_and_is_done_again() {
    let scene = Scene::new();
    scene.damage();
    let beside = scene.folder.path().join("tocsin.redb.rebuilding");
    // Half a new store, and a second name for the old one.
    std::fs::write(&beside, "half a store").unwrap();
    std::fs::hard_link(&scene.store, scene.folder.path().join("tocsin.redb.before-1")).unwrap();
    let error = rebuild(&scene.store, None, "before-1", &mut quiet()).unwrap_err();
    let exists = matches!(&error, RebuildError::Replace(ReplaceError::File { kind, .. })
        if *kind == std::io::ErrorKind::AlreadyExists);
    assert!(exists, "{error}");
    assert!(!beside.exists());
    assert!(!scene.open().verify(1, &mut quiet()).unwrap().is_right(), "it is the old store");
    rebuild(&scene.store, None, "before-2", &mut quiet()).unwrap();
    assert_clean(&scene.open());
    let old = Store::open(&scene.folder.path().join("tocsin.redb.before-2"), options()).unwrap();
    assert!(!old.verify(1, &mut quiet()).unwrap().is_right());
}

#[test]
fn nothing_is_rebuilt_under_a_store_that_is_in_use_or_missing() {
    let scene = Scene::new();
    let store = scene.open();
    let names = scene.names();
    let error = rebuild(&scene.store, None, "before", &mut quiet()).unwrap_err();
    assert!(error.to_string().contains("is in use by another process"), "{error}");
    assert_eq!(scene.names(), names);
    assert_clean(&store);
    store.close();
    let error = rebuild(&scene.folder.path().join("none.redb"), None, "before", &mut quiet()).unwrap_err();
    assert!(error.to_string().contains("none.redb: "), "{error}");
    assert_eq!(scene.names(), names);
}

/// What was set aside stays set aside, and what was decided without it stays decided.
#[test]
fn a_state_is_made_anew_without_the_records_that_were_set_aside() {
    let scene = Scene::new();
    let store = scene.open();
    let id = store.incident_by_number(2).unwrap().unwrap().id;
    store.close();
    scene.alter(tables::INCIDENTS, &id.to_bytes(), |_| Some(vec![9, 9]));
    let store = scene.open();
    store.incident(id).unwrap_err();
    write(&store, Script::later().trigger("cpu-0", "CPU busy again")).unwrap();
    assert!(store.set_aside_count().unwrap() > 0);
    store.close();
    for from in [None, Some(scene.backup.as_path())] {
        let before = format!("before-{}", from.is_some());
        let rebuilt = rebuild(&scene.store, from, &before, &mut quiet()).unwrap();
        assert_eq!(rebuilt.verified.differences, []);
        let store = scene.open();
        assert!(store.replay(None, &mut quiet()).unwrap().is_right());
        assert!(store.incident(id).unwrap().is_none());
        store.close();
    }
}
