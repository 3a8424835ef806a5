//! The running digest is that of the rows, whatever was done, and every changed byte shows in it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use redb::backends::InMemoryBackend;

use super::disk::Disk;
use super::samples::{Script, options, write};
use super::workload;
use crate::digest::{Digest, running};
use crate::read::Snapshot;
use crate::tables::{self, Definition};
use crate::{DigestCheck, Store, keys, raw, verify};

fn checked(store: &Store) -> DigestCheck {
    store.reading(|live| Ok(verify::check(&Snapshot::new(live)?)?)).unwrap()
}

#[test]
fn the_digest_is_that_of_the_rows_after_a_workload_and_after_opening_again() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    assert_eq!(checked(&store), DigestCheck { kept: Some(Digest::default()), rows: Digest::default() });
    workload::run(&store);
    let check = checked(&store);
    assert!(check.is_right() && check.rows != Digest::default(), "{check:?}");
    drop(store);
    let store = Store::open_backend(disk, options()).unwrap();
    assert_eq!(checked(&store), check);
    write(&store, Script::new().trigger("another", "Another")).unwrap();
    let after = checked(&store);
    assert!(after.is_right() && after != check, "{after:?}");
}

#[test]
fn two_stores_with_the_same_entries_have_the_same_digest() {
    let digests: Vec<Digest> = (0..2)
        .map(|_| {
            let store = Store::open_backend(InMemoryBackend::new(), options()).unwrap();
            workload::run(&store);
            checked(&store).rows
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
}

/// What verifying says after the value of a row was changed below the store.
fn altered(table: Definition, key: &[u8], change: impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>>) -> Store {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    store.close();
    raw::alter(disk.clone(), table, key, change);
    Store::open_backend(disk, options()).unwrap()
}

#[test]
fn a_row_that_was_changed_below_the_store_shows_until_an_operator_dismisses_it() {
    let key = keys::text_text("grafana", "disk");
    let store = altered(tables::IDENTITIES, &key, |value| {
        let mut value = value.unwrap();
        value[15] ^= 1;
        Some(value)
    });
    let check = store.replay(None, &mut |_, _| {}).unwrap();
    assert!(!check.digest.is_right() && !check.is_clean(), "{check:?}");
    assert_eq!(check.digest, checked(&store));
    store.dismiss_set_aside().unwrap();
    assert!(checked(&store).is_right());
    write(&store, Script::new().trigger("another", "Another")).unwrap();
    assert!(checked(&store).is_right(), "the writer goes on from the digest before");
}

#[test]
fn a_digest_that_is_missing_or_damaged_is_counted_anew_when_the_store_opens() {
    for change in [None, Some(vec![1, 2, 3])] {
        let store = altered(tables::META, tables::META_DIGEST, |_| change);
        assert!(checked(&store).is_right());
        write(&store, Script::new().trigger("another", "Another")).unwrap();
        assert!(checked(&store).is_right());
    }
}

#[test]
fn an_unreadable_row_that_was_set_aside_leaves_the_digest_right() {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(super::samples::routing()))).unwrap();
    let applied = write(&store, script.trigger("disk", "Disk full")).unwrap();
    let (id, _) = applied.receipt.unwrap().effects[0].incident.unwrap();
    store.close();
    raw::alter(disk.clone(), tables::INCIDENTS, &id.to_bytes(), |_| Some(vec![9, 9]));
    let store = Store::open_backend(disk, options()).unwrap();
    assert!(!checked(&store).is_right());
    // The next entry about the incident needs it, so it is set aside.
    write(&store, script.trigger("disk", "Disk fuller")).unwrap();
    assert_eq!(store.set_aside_count().unwrap(), 1);
    assert!(checked(&store).is_right());
}

#[test]
fn a_digest_is_read_as_it_is_shown() {
    let mut digest = Digest::default();
    tables::INCIDENTS.count(&mut digest, b"key", b"value");
    assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
    assert_eq!(Digest::from_bytes(&digest.to_bytes()), Some(digest));
    // Fixed for ever: it is in backups.
    assert_eq!(digest.to_string(), "c9bb19644a6c79938f93497d7912bc28ab84bfa8984406c3d6da73636e4d659d");
    for wrong in ["", "00", &"0".repeat(65), &format!("+{}", "0".repeat(63)), &"é".repeat(32)] {
        assert_eq!(Digest::parse(wrong), None, "{wrong}");
    }
}

type Rows = BTreeMap<(usize, Vec<u8>), Vec<u8>>;

const TABLES: [Definition; 3] = [tables::INCIDENTS, tables::META, tables::SEEN];

fn sum<'r>(rows: impl IntoIterator<Item = (&'r (usize, Vec<u8>), &'r Vec<u8>)>) -> Digest {
    let mut digest = Digest::default();
    for ((table, key), value) in rows {
        TABLES[*table].count(&mut digest, key, value);
    }
    digest
}

fn row() -> impl Strategy<Value = ((usize, Vec<u8>), Option<Vec<u8>>)> {
    let key = prop::collection::vec(0..4u8, 0..3);
    let value = prop::collection::vec(any::<u8>(), 0..300);
    ((0..TABLES.len(), key), prop::option::weighted(0.7, value))
}

proptest! {
    #[test]
    fn puts_and_removals_in_any_order_leave_the_digest_of_what_is_there(
        changes in prop::collection::vec(row(), 0..40)
    ) {
        let database = redb::Builder::new().create_with_backend(InMemoryBackend::new()).unwrap();
        let transaction = database.begin_write().unwrap();
        let digest = running(Digest::default());
        let mut rows = Rows::new();
        let mut opened = TABLES.map(|table| table.open(&transaction, &digest).unwrap());
        for ((table, key), value) in changes {
            match value {
                Some(value) => {
                    drop(opened[table].insert(&key, &value).unwrap());
                    rows.insert((table, key), value);
                }
                None => {
                    drop(opened[table].remove(&key).unwrap());
                    rows.remove(&(table, key));
                }
            }
        }
        prop_assert_eq!(digest.get(), sum(&rows));
        prop_assert_eq!(sum(rows.iter().rev()), sum(&rows));
    }

    #[test]
    fn one_changed_byte_changes_the_digest(
        rows in prop::collection::btree_map((0..TABLES.len(), prop::collection::vec(any::<u8>(), 1..20)),
            prop::collection::vec(any::<u8>(), 1..300), 1..10),
        which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), by in 1..=255u8,
        in_key in any::<bool>(),
    ) {
        let before = sum(&rows);
        let (mut key, mut value) = rows.iter().nth(which.index(rows.len())).map(|(k, v)| (k.clone(), v.clone())).unwrap();
        let mut after = rows;
        after.remove(&key);
        let changed = if in_key { &mut key.1 } else { &mut value };
        let place = place.index(changed.len());
        changed[place] ^= by;
        prop_assume!(!after.contains_key(&key));
        after.insert(key, value);
        prop_assert_ne!(sum(&after), before);
    }
}
