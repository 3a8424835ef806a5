//! Verifying finds what was altered, and names it.

use super::disk::Disk;
use super::samples::{Script, assert_clean, options, write};
use super::workload;
use crate::record::packed;
use crate::tables::{self, Definition};
use crate::{Store, Verified, block, keys, raw};

/// Runs the script, changes one row behind the store's back, and verifies.
fn verify_altered(
    table: Definition,
    key: impl FnOnce(&Store) -> Vec<u8>,
    change: impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>>,
) -> Verified {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    assert_clean(&store);
    let key = key(&store);
    store.close();
    raw::alter(disk.clone(), table, &key, change);
    Store::open_backend(disk, options()).unwrap().replay(None, &mut |_, _| {}).unwrap()
}

/// Puts `new` in place of the first `old`, which is as long.
fn replacing(old: &'static [u8], new: &'static [u8]) -> impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>> {
    move |value| {
        let mut value = packed::plain(&value.unwrap()).unwrap().into_owned();
        let place = value.windows(old.len()).position(|window| window == old).unwrap();
        value[place..place + old.len()].copy_from_slice(new);
        Some(value)
    }
}

fn first_incident(store: &Store) -> Vec<u8> {
    store.incident_by_number(1).unwrap().unwrap().id.to_bytes().to_vec()
}

#[test]
fn an_altered_record_is_named_with_what_it_says() {
    let change = replacing(b"Disk fuller", b"All is well");
    let verified = verify_altered(tables::INCIDENTS, first_incident, change);
    assert_eq!(verified.differing, 1);
    let difference = verified.differences[0].to_string();
    assert!(difference.starts_with("incidents 01"), "{difference}");
    let (kept, evolved) = difference.split_once(", the journal says ").unwrap();
    assert!(kept.contains("\"All is well\"") && evolved.contains("\"Disk fuller\""), "{difference}");
}

#[test]
fn a_removed_row_and_an_added_one_are_named() {
    let connection = |_: &Store| keys::text_text("grafana", "disk");
    let removed = verify_altered(tables::IDENTITIES, connection, |_| None);
    assert_eq!(removed.differences[0].to_string(), "identities \"grafana\" \"disk\": it is missing");
    let nobody = |_: &Store| keys::text_text("grafana", "nobody");
    let added = verify_altered(tables::IDENTITIES, nobody, |_| Some(vec![0; 16]));
    let words = "identities \"grafana\" \"nobody\": it is there, and should not be";
    assert_eq!(added.differences[0].to_string(), words);
}

#[test]
fn an_altered_counter_is_found() {
    let change = |record: Option<Vec<u8>>| {
        let mut record = record.unwrap();
        assert_eq!(record[..3], [2, 0x83, 11], "an array that begins with the last number");
        record[2] = 12;
        Some(record)
    };
    let verified = verify_altered(tables::META, |_| tables::META_COUNTERS.to_vec(), change);
    let difference = verified.differences[0].to_string();
    assert!(difference.starts_with("meta \"counters\": it is [12, ["), "{difference}");
    assert!(difference.contains(", the journal says [11, ["), "{difference}");
}

/// A row that an earlier version wrote in another form is not rewritten, and no difference.
#[test]
fn a_row_that_says_the_same_in_another_form_is_no_difference() {
    let change = |record: Option<Vec<u8>>| {
        let record = record.unwrap();
        assert_eq!(record[..3], [2, 0x83, 11], "an array that begins with the last number");
        // The number with a byte of its own.
        Some([&[2, 0x83, 0x18, 11], &record[3..]].concat())
    };
    let verified = verify_altered(tables::META, |_| tables::META_COUNTERS.to_vec(), change);
    assert_eq!(verified.differences, []);
    assert!(!verified.digest.is_right(), "it was changed below the store");
}

fn entry(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn findings(verified: &Verified) -> Vec<String> {
    assert!(!verified.is_clean());
    verified.differences.iter().map(ToString::to_string).collect()
}

#[test]
fn a_missing_entry_is_named() {
    let missing = findings(&verify_altered(tables::JOURNAL, |_| entry(2), |_| None));
    assert_eq!(missing[0], "journal #3: 1 entries before it are missing");
    assert!(missing[1..].iter().all(|words| !words.starts_with("journal")), "{missing:#?}");
}

#[test]
fn an_entry_that_is_cut_short_is_named() {
    let empty = findings(&verify_altered(tables::JOURNAL, |_| entry(2), |_| Some(vec![9])));
    assert_eq!(empty[0], "journal #2: it cannot be read: it is cut short, or its head was changed");
    let cut =
        findings(&verify_altered(tables::JOURNAL, |_| entry(2), |row| row.map(|row| row[..40].to_vec())));
    assert!(cut[0].starts_with("journal #2: it cannot be read: "), "{cut:#?}");
    assert!(cut[1..].iter().all(|words| !words.starts_with("journal")), "{cut:#?}");
}

#[test]
fn an_entry_of_an_unknown_version_is_named() {
    let change = |row: Option<Vec<u8>>| {
        let mut row = row.unwrap();
        row[block::HEAD] = 9;
        Some(row)
    };
    let found = findings(&verify_altered(tables::JOURNAL, |_| entry(2), change));
    let unknown =
        "journal #2: it cannot be read: it is of version 9, which this version of Tocsin does not know";
    assert_eq!(found[0], unknown);
}

/// The journal is what everything follows from: nothing of it is taken out.
#[test]
fn an_entry_that_cannot_be_read_is_an_error_for_its_reader_and_stays() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    let whole = store.entries(1, usize::MAX).unwrap();
    store.close();
    raw::alter(disk.clone(), tables::JOURNAL, &entry(3), |row| row.map(|row| row[..20].to_vec()));
    let store = Store::open_backend(disk, options()).unwrap();
    let error = store.entries(1, 100).unwrap_err().to_string();
    assert!(error.contains("journal #3: the record cannot be read"), "{error}");
    assert_eq!(store.entries(4, usize::MAX).unwrap(), whole[3..]);
    write(&store, Script::later().started(None)).unwrap();
    assert_eq!(store.set_aside().unwrap(), []);
    assert_eq!(raw::rows(&store, tables::JOURNAL)[2].1.len(), 20);
}

/// A change that leaves an entry readable, and of which nothing follows, shows in its digest alone.
#[test]
fn an_entry_that_was_changed_is_named() {
    let found = findings(&verify_altered(tables::JOURNAL, |_| entry(1), replacing(b"test", b"best")));
    assert_eq!(found, ["journal #1: its digest is not that of the entries up to it"]);
}

#[test]
fn entries_that_were_swapped_are_named() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    store.close();
    // With a row for each entry.
    raw::alter(disk.clone(), tables::JOURNAL, &entry(3), |row| row);
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let journal = raw::rows(&store, tables::JOURNAL);
    store.close();
    let [third, fourth] = [2, 3].map(|place: usize| journal[place].clone());
    raw::alter(disk.clone(), tables::JOURNAL, &third.0, |_| Some(fourth.1));
    raw::alter(disk.clone(), tables::JOURNAL, &fourth.0, |_| Some(third.1));
    let store = Store::open_backend(disk, options()).unwrap();
    let found = findings(&store.replay(None, &mut |_, _| {}).unwrap());
    for number in [3, 4] {
        let named = format!("journal #{number}: its digest is not that of the entries up to it");
        assert!(found.contains(&named), "{found:#?}");
    }
}

/// Nothing stands behind the last entry: what followed from it shows that it was there.
#[test]
fn a_journal_that_was_cut_at_its_end_shows_in_the_state() {
    let last = |store: &Store| entry(store.counts().unwrap().entries);
    let found = findings(&verify_altered(tables::JOURNAL, last, |_| None));
    assert!(found.iter().any(|words| words.starts_with("incidents 01")), "{found:#?}");
}

#[test]
fn progress_goes_from_nothing_to_everything_and_every_table_is_counted() {
    let store = Store::open_backend(Disk::default(), options()).unwrap();
    let told = workload::run(&store);
    let mut steps = Vec::new();
    let verified = store.replay(None, &mut |done, total| steps.push((done, total))).unwrap();
    let total = told.kept.len() as u64;
    assert_eq!(steps, [(0, total), (total, total)]);
    assert_eq!(verified.entries, total);
    let state = tables::ALL.iter().filter(|table| table.is_state).map(|table| table.name);
    assert!(verified.tables.iter().map(|count| count.table).eq(state));
    let empty: Vec<&str> =
        verified.tables.iter().filter(|count| count.rows == 0).map(|count| count.table).collect();
    assert_eq!(empty, ["pauses"], "the script leaves these tables untested");
}
