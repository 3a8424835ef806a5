//! A file or a backup of an earlier format becomes one of this format, with everything that is in it.

use super::disk::Disk;
use super::samples::{START, Script, assert_clean, options, write};
use super::workload;
use crate::{About, AuditQuery, Store, check, raw, restore, tables};
use tocsin_core::command::Command;

/// Keys with their values.
type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// A closed store of format 4 with one deed of a person, and the rows that it had.
fn old() -> (Disk, Rows) {
    let disk = Disk::default();
    let store = Store::open_backend(disk.clone(), options()).unwrap();
    workload::run(&store);
    let mut script = Script::later();
    let (by, what) = ("ada".to_owned(), "made a backup".to_owned());
    write(&store, script.command(Command::Audit { by, what })).unwrap();
    let rows = raw::rows(&store, tables::AUDIT);
    store.close();
    raw::downgrade(disk.clone());
    (disk, rows)
}

#[test]
fn a_store_of_format_4_gets_the_index_of_what_people_did_when_it_is_opened() {
    let (disk, rows) = old();
    assert!(!rows.is_empty());
    for _ in 0..2 {
        let store = Store::open_backend(disk.clone(), options()).unwrap();
        assert!(raw::rows(&store, tables::AUDIT) == rows);
        assert_clean(&store);
        store.close();
    }
    let store = Store::open_backend(disk, options()).unwrap();
    let format = raw::rows(&store, tables::META).into_iter().find(|(key, _)| key == tables::META_FORMAT);
    assert_eq!(format.unwrap().1, tables::FORMAT.to_be_bytes());
}

/// A container of format 4: the bytes of one of this format, with another header, and without the table that it lacks. Here
/// that table is empty, so that no row changes.
#[test]
fn a_backup_of_format_4_becomes_a_store_of_this_format() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("old"), options()).unwrap();
    let mut script = Script::new();
    write(&store, script.started(None)).unwrap();
    write(&store, script.trigger("disk", "Disk full")).unwrap();
    let about = About { at: START, version: "0.1.0".to_owned(), is_scheduled: false };
    let mut bytes = Vec::new();
    store.backup(&about, &mut bytes, &mut |_, _| {}).unwrap();
    let length = u32::from_be_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let text = String::from_utf8(bytes[16..16 + length].to_vec()).unwrap();
    let text = text.replace("\"format\":5", "\"format\":4").replace(",[\"audit\",0]", "").into_bytes();
    assert!(text.len() < length, "the header names the table");
    let head = [
        &bytes[..12],
        u32::try_from(text.len()).unwrap().to_be_bytes().as_slice(),
        &text,
        &xxhash_rust::xxh3::xxh3_64(&text).to_be_bytes(),
    ]
    .concat();
    let rest = &bytes[16 + length + 8..bytes.len() - 16];
    let mut other = [head.as_slice(), rest].concat();
    let checksum = xxhash_rust::xxh3::xxh3_128(&other).to_be_bytes();
    other.extend(checksum);
    check(other.as_slice(), &mut |_, _| {}).unwrap();

    let path = folder.path().join("tocsin.redb");
    restore(other.as_slice(), &path, "before", &mut |_, _| {}).unwrap();
    let store = Store::open(&path, options()).unwrap();
    assert_clean(&store);
    let (by, what) = ("ada".to_owned(), "made a backup".to_owned());
    write(&store, Script::later().command(Command::Audit { by, what })).unwrap();
    assert_eq!(store.audit(&AuditQuery { limit: 9, ..AuditQuery::default() }).unwrap().entries.len(), 1);
    assert_clean(&store);
}
