//! The check that reads each row once: what it finds, and what only a replay finds.

use super::disk::Disk;
use super::samples::{Script, options, write};
use super::workload;
use crate::digest::Digest;
use crate::tables::{self, Definition};
use crate::{Store, Verified, keys, raw};

/// What damage makes of the value of a row.
type Change = fn(Option<Vec<u8>>) -> Option<Vec<u8>>;

/// Runs the script, changes rows behind the store's back, and checks with so many threads.
fn checked(threads: usize, changes: &[(Definition, Vec<u8>, Change)]) -> Verified {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    store.close();
    for (table, key, change) in changes {
        raw::alter(disk.clone(), *table, key, change);
    }
    Store::open_backend(disk, options()).unwrap().verify(threads, &mut |_, _| {}).unwrap()
}

fn findings(verified: &Verified) -> Vec<String> {
    verified.differences.iter().map(ToString::to_string).collect()
}

fn entry(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// Changes a byte of a value, so that it can still be read.
fn changed(row: Option<Vec<u8>>) -> Option<Vec<u8>> {
    let mut row = row.unwrap();
    row[15] ^= 1;
    Some(row)
}

#[test]
fn a_store_that_is_whole_is_found_to_be_with_one_thread_and_with_many() {
    let one = checked(1, &[]);
    assert!(one.is_clean() && one.entries > 20 && one.begins == 1, "{one:#?}");
    assert_eq!(one.replayed_after, None);
    assert!(one.tables.iter().map(|count| count.table).eq(tables::ALL.iter().map(|table| table.name)));
    assert_eq!(checked(4, &[]), one);
    // There is nothing to check in an empty one.
    let empty = Store::open_backend(Disk::default(), options()).unwrap().verify(2, &mut |_, _| {}).unwrap();
    assert!(empty.is_clean() && empty.entries == 0 && empty.begins == 0, "{empty:#?}");
}

#[test]
fn a_row_that_was_changed_shows_in_the_digest() {
    let identity = keys::text_text("grafana", "disk");
    let verified = checked(2, &[(tables::IDENTITIES, identity, changed)]);
    assert!(!verified.digest.is_right() && !verified.is_clean(), "{verified:#?}");
    assert_eq!(verified.differences, [], "it can be read");
}

#[test]
fn a_record_that_cannot_be_read_is_named_whatever_its_table() {
    let damaged: Change = |row| row.or(Some(Vec::new())).map(|_| vec![9]);
    let id = vec![7; 16];
    let text = keys::text_text("grafana", "disk");
    for (table, key) in [
        (tables::INCIDENTS, id.clone()),
        (tables::INCIDENT_NUMBERS, entry(1)),
        (tables::IDENTITIES, text.clone()),
        (tables::TIMELINE, [id.as_slice(), &[0; 12]].concat()),
        (tables::RECEIPTS, id.clone()),
        (tables::SEEN, text),
        (tables::DELIVERIES, id.clone()),
        (tables::LANES, keys::text_id("chat", tocsin_core::id::IncidentId::from_bytes([7; 16]))),
        (tables::REFERENCES, [id.as_slice(), b"chat"].concat()),
        (tables::TIMERS, b"heartbeat grafana".to_vec()),
        (tables::PAUSES, b"chat".to_vec()),
        (tables::META, tables::META_COUNTERS.to_vec()),
        (tables::REQUESTS, id.clone()),
        (tables::REQUESTS_DEAD, id.clone()),
        (tables::KEPT, id.clone()),
        (tables::KEPT_TOTALS, b"grafana".to_vec()),
        (tables::SOURCE_COUNTS, b"grafana".to_vec()),
        (tables::JOURNAL, entry(3)),
    ] {
        let disk = Disk::default();
        let store = Store::open_backend(disk.clone(), options()).unwrap();
        workload::run(&store);
        store.close();
        raw::alter(disk.clone(), table, &key, damaged);
        let found = raw::checked(disk);
        let named = format!("{} {}: it cannot be read: ", table.name, table.key_words(&key));
        assert!(
            findings(&found).iter().any(|line| line.starts_with(&named)),
            "{named} in {:#?}",
            findings(&found)
        );
        assert!(found.differences.iter().all(|difference| difference.table == table.name), "{found:#?}");
    }
}

#[test]
fn a_key_that_is_none_of_its_table_is_named() {
    let verified = checked(1, &[(tables::DEAD_LETTERS, vec![1, 2, 3], |_| Some(Vec::new()))]);
    assert_eq!(
        findings(&verified),
        ["dead_letters 010203: it cannot be read: its key is not one of its table"]
    );
}

#[test]
fn a_link_of_the_journal_that_is_broken_or_missing_is_named() {
    // A change of a text that no state follows from, so that the entry can still be read.
    let replaced: Change = |row| {
        let mut row = row.unwrap();
        let place = row.windows(4).position(|window| window == b"test").unwrap();
        row[place] = b'b';
        Some(row)
    };
    let broken = checked(2, &[(tables::JOURNAL, entry(1), replaced)]);
    assert_eq!(findings(&broken), ["journal #1: its digest is not that of the entries up to it"]);
    assert!(broken.is_journal_damaged() && broken.digest.is_right());
    let missing = checked(2, &[(tables::JOURNAL, entry(5), |_| None), (tables::JOURNAL, entry(6), |_| None)]);
    assert_eq!(findings(&missing), ["journal #7: 2 entries before it are missing"]);
}

/// What a cut leaves is checked from its first entry on.
#[test]
fn a_journal_that_was_cut_at_its_beginning_is_whole_from_there() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    store.close();
    raw::cut(disk.clone(), 9);
    let verified = raw::checked(disk.clone());
    assert!(verified.is_clean() && verified.begins == 10, "{verified:#?}");
    raw::alter(disk.clone(), tables::JOURNAL, &entry(10), |_| None);
    assert_eq!(findings(&raw::checked(disk.clone())), ["journal #11: 1 entries before it are missing"]);
    raw::alter(disk.clone(), tables::META, tables::META_CUT, |_| None);
    assert_eq!(findings(&raw::checked(disk)), ["journal #11: 10 entries before it are missing"]);
}

/// The digest finds damage. Who writes a row and its digest below the store is found by the journal alone.
#[test]
fn a_row_that_was_changed_together_with_its_digest_is_found_by_a_replay_alone() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    store.close();
    let identity = keys::text_text("grafana", "disk");
    let mut values = Vec::new();
    raw::alter(disk.clone(), tables::IDENTITIES, &identity, |row| {
        let after = changed(row.clone());
        values = vec![row.unwrap(), after.clone().unwrap()];
        after
    });
    raw::alter(disk.clone(), tables::META, tables::META_DIGEST, |row| {
        let mut digest = Digest::from_bytes(&row.unwrap()).unwrap();
        let seed = crate::digest::seed(tables::IDENTITIES.name);
        digest.subtract(Digest::of(seed, &identity, &values[0]));
        digest.add(Digest::of(seed, &identity, &values[1]));
        Some(digest.to_bytes().to_vec())
    });
    let store = Store::open_backend(disk, options()).unwrap();
    let read = store.verify(2, &mut |_, _| {}).unwrap();
    assert!(read.is_clean(), "{read:#?}");
    let replayed = store.replay(None, &mut |_, _| {}).unwrap();
    let found = findings(&replayed);
    assert!(found[0].starts_with("identities \"grafana\" \"disk\": it is "), "{found:#?}");
    assert_eq!(found.len(), 1);
}

#[test]
fn progress_counts_every_row_from_nothing_to_everything() {
    let store = Store::open_backend(Disk::default(), options()).unwrap();
    let mut script = Script::new();
    for n in 0..50 {
        write(&store, script.trigger(&format!("alert-{n}"), "Disk full")).unwrap();
    }
    let mut steps = Vec::new();
    let verified = store.verify(2, &mut |done, total| steps.push((done, total))).unwrap();
    let total = verified.tables.iter().map(|count| count.rows).sum();
    assert_eq!((steps[0], *steps.last().unwrap()), ((0, total), (total, total)));
    assert!(steps.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{steps:?}");
}

/// Every key that a store writes has the shape of its table, and nothing that is cut shorter has.
#[test]
fn the_shape_of_a_key_is_known_by_its_parts() {
    let store = Store::open_backend(Disk::default(), options()).unwrap();
    workload::run(&store);
    for table in tables::ALL {
        for (key, _) in raw::rows(&store, table) {
            for end in 0..=key.len() {
                let hex: String = key[..end].iter().map(|byte| format!("{byte:02x}")).collect();
                let has_parts = table.key_words(&key[..end]) != hex || (end == 0 && table.has_shape(&[]));
                assert_eq!(table.has_shape(&key[..end]), has_parts, "{} {hex}", table.name);
            }
        }
    }
}
