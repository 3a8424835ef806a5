//! Verifying finds what was altered, and names it.

use super::disk::Disk;
use super::samples::{assert_clean, options};
use super::workload;
use crate::tables::{self, Definition};
use crate::{Store, Verified, keys, raw};

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
    Store::open_backend(disk, options()).unwrap().verify(&mut |_, _| {}).unwrap()
}

fn text(change: impl FnOnce(String) -> String) -> impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>> {
    |value| Some(change(String::from_utf8(value.unwrap()).unwrap()).into_bytes())
}

fn first_incident(store: &Store) -> Vec<u8> {
    store.incident_by_number(1).unwrap().unwrap().id.to_bytes().to_vec()
}

#[test]
fn an_altered_record_is_named_with_its_field() {
    let verified = verify_altered(
        tables::INCIDENTS,
        first_incident,
        text(|record| record.replace("Disk fuller", "All well")),
    );
    assert_eq!(verified.differing, 1);
    let difference = verified.differences[0].to_string();
    assert!(difference.starts_with("incidents 01"), "{difference}");
    assert!(
        difference.ends_with("`title` is \"All well\", the journal says \"Disk fuller\""),
        "{difference}"
    );
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
    let change = text(|record| record.replace("\"number\":11", "\"number\":12"));
    let verified = verify_altered(tables::META, |_| tables::META_COUNTERS.to_vec(), change);
    let difference = verified.differences[0].to_string();
    assert_eq!(difference, "meta \"counters\": `number` is 12, the journal says 11");
}

#[test]
fn a_missing_entry_and_an_unreadable_one_are_found() {
    let second = |_: &Store| 2u64.to_be_bytes().to_vec();
    let missing = verify_altered(tables::JOURNAL, second, |_| None);
    assert!(!missing.is_clean());
    assert_eq!(missing.differences[0].to_string(), "journal #3: 1 entries before it are missing");
    let unreadable = verify_altered(tables::JOURNAL, second, |_| Some(vec![9]));
    let words =
        "journal #2: it cannot be read: it is of version 9, which this version of Tocsin does not know";
    assert_eq!(unreadable.differences[0].to_string(), words);
}

#[test]
fn progress_goes_from_nothing_to_everything_and_every_table_is_counted() {
    let store = Store::open_backend(Disk::default(), options()).unwrap();
    let told = workload::run(&store);
    let mut steps = Vec::new();
    let verified = store.verify(&mut |done, total| steps.push((done, total))).unwrap();
    let total = told.kept.len() as u64;
    assert_eq!(steps, [(0, total), (total, total)]);
    assert_eq!(verified.entries, total);
    let state = tables::ALL.iter().filter(|table| table.is_state).map(|table| table.name);
    assert!(verified.tables.iter().map(|count| count.table).eq(state));
    let empty: Vec<&str> =
        verified.tables.iter().filter(|count| count.rows == 0).map(|count| count.table).collect();
    assert_eq!(empty, ["pauses"], "the script leaves these tables untested");
}
