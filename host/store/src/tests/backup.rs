//! A backup is one state of the store and nothing else; what is not whole is refused, and touches nothing.

use std::cell::Cell;
use std::io::{self, Write};
use std::path::Path;

use redb::backends::InMemoryBackend;

use super::disk::Disk;
use super::samples::{START, Script, assert_clean, options, write};
use super::workload;
use crate::{
    About, BackupError, ReplaceError, RestoreError, Store, check, compact, keys, raw, read_header, restore,
    tables,
};

fn about() -> About {
    About { at: START, version: "0.1.0".to_owned(), is_scheduled: false }
}

fn quiet() -> impl FnMut(u64, u64) {
    |_, _| {}
}

fn backup_of(store: &Store) -> Vec<u8> {
    let mut out = Vec::new();
    store.backup(&about(), &mut out, &mut quiet()).unwrap();
    out
}

/// A backup of what the script leaves.
fn sample() -> Vec<u8> {
    let store = Store::open_backend(InMemoryBackend::new(), options()).unwrap();
    workload::run(&store);
    backup_of(&store)
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_becomes_a_store_with_the_same_rows_and_the_store_before_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tocsin.redb");
    let store = Store::open(&path, options()).unwrap();
    let told = workload::run(&store);
    let mut steps = Vec::new();
    let mut bytes = Vec::new();
    let header = store.backup(&about(), &mut bytes, &mut |done, total| steps.push((done, total))).unwrap();
    assert_eq!(header.sequence, told.kept.len() as u64);
    assert_eq!((steps[0].0, steps.last().unwrap().0), (0, header.rows()));

    let checked = check(bytes.as_slice(), &mut quiet()).unwrap();
    assert_eq!(checked.header, header);
    assert_eq!(read_header(bytes.as_slice()).unwrap(), header);
    assert_eq!(checked.bytes, bytes.len() as u64);
    let sizes = store.sizes().unwrap();
    for (backed, size) in checked.tables.iter().zip(&sizes) {
        assert_eq!((backed.table, backed.rows, backed.bytes), (size.table, size.rows, size.stored_bytes));
    }

    // What came after the backup is in the store that is put away.
    write(&store, Script::new().trigger("later", "Later")).unwrap();
    store.close();
    let restored = restore(bytes.as_slice(), &path, "before-restore-1", &mut quiet()).unwrap();
    assert_eq!(restored.backup, checked);
    let before = directory.path().join("tocsin.redb.before-restore-1");
    assert_eq!(restored.before, Some(before.clone()));
    assert_eq!(names(directory.path()), ["tocsin.redb", "tocsin.redb.before-restore-1", "tocsin.redb.made"]);
    let store = Store::open(&path, options()).unwrap();
    assert_eq!(assert_clean(&store), header.sequence);
    assert_eq!(store.replay(None, &mut quiet()).unwrap().digest.kept, Some(header.digest));
    assert_eq!(backup_of(&store), bytes, "the same rows make the same backup");
    write(&store, Script::new().trigger("later", "Later")).unwrap();
    assert_clean(&store);
    let old = Store::open(&before, options()).unwrap();
    assert_eq!(assert_clean(&old), header.sequence + 1);
}

/// Writes into the store once, when a backup of it begins to come.
struct Meanwhile<'s> {
    store: &'s Store,
    done: Cell<bool>,
    bytes: Vec<u8>,
}

impl Write for Meanwhile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.done.replace(true) {
            let mut script = Script::new();
            for n in 0..50 {
                write(self.store, script.trigger(&format!("meanwhile-{n}"), "Meanwhile")).unwrap();
            }
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_is_written_while_a_backup_is_made_is_not_in_it() {
    let store = Store::open_backend(InMemoryBackend::new(), options()).unwrap();
    let told = workload::run(&store);
    let mut out = Meanwhile { store: &store, done: Cell::new(false), bytes: Vec::new() };
    store.backup(&about(), &mut out, &mut quiet()).unwrap();
    let checked = check(out.bytes.as_slice(), &mut quiet()).unwrap();
    assert_eq!(checked.header.sequence, told.kept.len() as u64);
    assert_eq!(assert_clean(&store), told.kept.len() as u64 + 50);
}

#[test]
fn a_changed_byte_anywhere_is_refused() {
    let bytes = sample();
    let mut changed = bytes.clone();
    for place in 0..bytes.len() {
        changed[place] ^= 1 << (place % 8);
        let error = check(changed.as_slice(), &mut quiet()).unwrap_err();
        assert!(!matches!(error, BackupError::Store(_) | BackupError::Io { .. }), "{place}: {error}");
        changed[place] = bytes[place];
    }
    check(changed.as_slice(), &mut quiet()).unwrap();
}

#[test]
fn a_backup_that_is_cut_anywhere_or_followed_by_something_is_refused() {
    let bytes = sample();
    for length in (1..bytes.len()).rev().step_by(7).chain(1..40) {
        let error = check(&bytes[..length], &mut quiet()).unwrap_err();
        assert_eq!(error, BackupError::Cut, "{length} of {}", bytes.len());
    }
    assert!(BackupError::Cut.to_string().contains("it is cut off"));
    assert_eq!(check(&[][..], &mut quiet()), Err(BackupError::Foreign));
    assert_eq!(check(&b"redb, not a backup"[..], &mut quiet()), Err(BackupError::Foreign));
    let longer = [bytes.as_slice(), b"\n"].concat();
    let error = check(longer.as_slice(), &mut quiet()).unwrap_err();
    assert_eq!(error.to_string(), "it is damaged (something follows its end): use another one");
}

#[test]
fn a_backup_of_another_version_names_the_version_that_reads_it() {
    let mut bytes = sample();
    bytes[11] = 9;
    let error = check(bytes.as_slice(), &mut quiet()).unwrap_err();
    assert_eq!(error, BackupError::Container { found: 9, supported: 1 });
    let bytes = sample();
    let length = u32::from_be_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let text = String::from_utf8(bytes[16..16 + length].to_vec()).unwrap();
    let (now, then) =
        (format!("\"format\":{}", tables::FORMAT), format!("\"format\":{}", tables::FORMAT + 1));
    let text = text.replace(&now, &then).into_bytes();
    let checksum = xxhash_rust::xxh3::xxh3_64(&text).to_be_bytes();
    let other = [&bytes[..16], &text, &checksum, &bytes[24 + length..]].concat();
    let error = check(other.as_slice(), &mut quiet()).unwrap_err();
    assert!(matches!(error, BackupError::Format { found, .. } if found == tables::FORMAT + 1), "{error}");
    assert!(error.to_string().ends_with("use Tocsin 0.1.0"), "{error}");
}

#[test]
fn lengths_that_promise_more_than_is_there_are_refused_before_memory_is_taken_for_them() {
    let bytes = sample();
    let header = 16 + u32::from_be_bytes(bytes[12..16].try_into().unwrap()) as usize + 8;
    let with = |rest: &[u8]| check([&bytes[..header], rest].concat().as_slice(), &mut quiet()).unwrap_err();
    let chunk = |rows: &[u8]| {
        let packed = zstd::bulk::compress(rows, 3).unwrap();
        [u32::try_from(packed.len()).unwrap().to_be_bytes().as_slice(), &packed, &[0; 4]].concat()
    };
    for (rest, words) in [
        (u32::MAX.wrapping_sub(1).to_be_bytes().to_vec(), "a chunk would be 4294967294 bytes long"),
        (chunk(&u32::MAX.to_be_bytes()), "a row would be 4294967295 bytes long"),
        (chunk(&(200u32 << 20).to_be_bytes()), "it has fewer rows than its header says"),
        // A bomb: it unpacks to more than a chunk may have.
        (chunk(&vec![0; 64 << 20]), "a chunk cannot be unpacked"),
    ] {
        let error = with(&rest).to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn a_backup_that_is_refused_touches_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tocsin.redb");
    let store = Store::open(&path, options()).unwrap();
    workload::run(&store);
    store.close();
    let before = std::fs::read(&path).unwrap();
    let bytes = sample();
    let mut damaged = bytes.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    for wrong in [&bytes[..bytes.len() / 2], &bytes[..bytes.len() - 1], damaged.as_slice(), b"nothing"] {
        let error = restore(wrong, &path, "before", &mut quiet()).unwrap_err();
        assert!(matches!(error, RestoreError::Backup(_)), "{error}");
        assert_eq!(names(directory.path()), ["tocsin.redb", "tocsin.redb.made"]);
        assert!(std::fs::read(&path).unwrap() == before);
    }
}

#[test]
fn nothing_is_restored_or_compacted_under_a_store_that_is_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tocsin.redb");
    let store = Store::open(&path, options()).unwrap();
    let error = restore(sample().as_slice(), &path, "before", &mut quiet()).unwrap_err();
    assert_eq!(error, RestoreError::Replace(ReplaceError::InUse(path.clone())));
    assert!(compact(&path).unwrap_err().to_string().contains("is in use by another process"));
    assert_eq!(names(directory.path()), ["tocsin.redb", "tocsin.redb.made"]);
    assert_clean(&store);
}

#[test]
fn a_store_that_was_lost_is_restored() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tocsin.redb");
    Store::open(&path, options()).unwrap().close();
    std::fs::remove_file(&path).unwrap();
    assert!(Store::open(&path, options()).is_err());
    // A restore that was killed left this.
    std::fs::write(directory.path().join("tocsin.redb.restoring"), "half a store").unwrap();
    let restored = restore(sample().as_slice(), &path, "before", &mut quiet()).unwrap();
    assert_eq!(restored.before, None);
    assert_eq!(names(directory.path()), ["tocsin.redb", "tocsin.redb.made"]);
    assert_clean(&Store::open(&path, options()).unwrap());
}

#[test]
fn a_store_whose_rows_were_changed_below_it_gives_no_backup_until_that_is_dismissed() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    store.close();
    let key = keys::text_text("grafana", "disk");
    raw::alter(disk.clone(), tables::IDENTITIES, &key, |_| Some(vec![7; 16]));
    let store = Store::open_backend(disk, options()).unwrap();
    let mut out = Vec::new();
    let error = store.backup(&about(), &mut out, &mut quiet()).unwrap_err();
    assert!(matches!(error, BackupError::WrongDigest { .. }), "{error}");
    assert_eq!(check(out.as_slice(), &mut quiet()), Err(BackupError::BrokenOff(error.to_string())));
    store.dismiss_set_aside().unwrap();
    check(backup_of(&store).as_slice(), &mut quiet()).unwrap();
}

#[test]
fn compacting_keeps_every_row_and_makes_the_file_no_larger() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tocsin.redb");
    let store = Store::open(&path, options()).unwrap();
    workload::run(&store);
    let before = backup_of(&store);
    store.close();
    let bytes = std::fs::metadata(&path).unwrap().len();
    let compacted = compact(&path).unwrap();
    assert_eq!(compacted.before, bytes);
    assert!(compacted.after <= bytes, "{compacted:?}");
    let store = Store::open(&path, options()).unwrap();
    assert!(backup_of(&store) == before);
    assert_clean(&store);
}
