//! For tests: the rows below the interface, to look at and to damage.

use redb::{AccessGuard, Builder, Database, ReadableTable, StorageBackend};
use tocsin_core::journal::Entry;
use tocsin_core::time::Timestamp;

use crate::audit;
use crate::block::{self, Link, Records};
use crate::cut::JournalCut;
use crate::digest::{Digest, running};
use crate::entries::{self, Read};
use crate::live::Live;
use crate::medium::Medium;
use crate::read::Snapshot;
use crate::state::{Head, Tables};
use crate::store::Store;
use crate::table::Bytes;
use crate::tables::{self, Definition};
use crate::verify::{self, Verified};
use crate::way::Way;

/// The whole journal.
pub(crate) fn journal(store: &Store) -> Vec<Entry> {
    store
        .reading(|live| {
            let journal = Snapshot::new(live)?.table(tables::JOURNAL)?;
            let entries = entries::entries(&journal, (0, u64::MAX)).unwrap();
            Ok(entries.map(|read| read.unwrap().1.unwrap()).collect())
        })
        .unwrap()
}

/// The digest of the entries up to the one with this number.
pub(crate) fn chain(store: &Store, number: u64) -> u128 {
    let link = store.reading(|live| Ok(Link::before(&Snapshot::new(live)?, number + 1)?)).unwrap().unwrap();
    assert_eq!(link.number, number);
    link.chain
}

/// The rows of a table.
pub(crate) fn rows(store: &Store, table: Definition) -> Vec<(Vec<u8>, Vec<u8>)> {
    store
        .reading(|live| {
            let rows = Snapshot::new(live)?.table(table)?;
            let row = |row: Result<(AccessGuard<'_, _>, AccessGuard<'_, _>), _>| {
                let (key, value): (AccessGuard<'_, Bytes>, AccessGuard<'_, Bytes>) = row.unwrap();
                (key.value().to_vec(), value.value().to_vec())
            };
            Ok(rows.iter().unwrap().map(row).collect())
        })
        .unwrap()
}

/// The rows of each table that does not follow from the journal.
pub(crate) fn beside(store: &Store) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
    tables::ALL.into_iter().filter(|table| !table.is_state).map(|table| rows(store, table)).collect()
}

/// Appends `entries`, which nothing decided, to the journal, and has the state follow. Nothing else may be written by
/// `store` before it is opened again: its writer does not know of them.
pub(crate) fn follow(store: &Store, entries: &[Entry]) {
    store
        .reading(|live| {
            let transaction = live.begin_write()?;
            let (head, unreadable) = Head::read_in_part(&transaction)?;
            assert_eq!(unreadable, []);
            let mut tables = Tables::open(&transaction, head)?;
            entries.iter().try_for_each(|entry| tables.record(entry))?;
            tables.finish()?;
            transaction.commit().unwrap();
            Ok(())
        })
        .unwrap();
}

/// What the check of a closed store finds, before an opening for use sees to what cannot be read.
pub(crate) fn checked(backend: impl StorageBackend) -> Verified {
    let live = Live::open_backend(backend, 8 * 1024 * 1024, 0).unwrap();
    verify::quick(&Snapshot::new(&live).unwrap(), 2, &mut |_, _| {}).unwrap()
}

/// The database of a closed store.
fn database(backend: impl StorageBackend) -> Database {
    let medium = Medium::new(backend, 0).unwrap();
    medium.begin().unwrap();
    Builder::new().create_with_backend(Way::to(&medium)).unwrap()
}

/// Changes the row `key` of a closed store: `change` is given the value. A row of the journal has one entry then.
pub(crate) fn alter(
    backend: impl StorageBackend,
    table: Definition,
    key: &[u8],
    change: impl FnOnce(Option<Vec<u8>>) -> Option<Vec<u8>>,
) {
    let database = database(backend);
    if table == tables::JOURNAL {
        split(&database);
    }
    let transaction = database.begin_write().unwrap();
    {
        // As damage does: past the digest.
        let definition = redb::TableDefinition::<Bytes, Bytes>::new(table.name);
        let mut rows = transaction.open_table(definition).unwrap();
        let before = rows.get(key).unwrap().map(|value| value.value().to_vec());
        match change(before) {
            Some(value) => drop(rows.insert(key, value.as_slice()).unwrap()),
            None => drop(rows.remove(key).unwrap()),
        }
    }
    transaction.commit().unwrap();
}

/// Gives each entry of a closed store's journal a row of its own.
fn split(database: &Database) {
    let transaction = database.begin_write().unwrap();
    {
        let mut journal = tables::beside::JOURNAL.open(&transaction).unwrap();
        let blocks: Vec<_> = entries::blocks(&journal, (0, u64::MAX)).unwrap().collect();
        for read in blocks {
            let Read { block: Ok(block), .. } = read.unwrap() else { continue };
            let mut link = block.begins();
            for (number, record) in block.records().filter(|_| block.records.count > 1) {
                let before = link.chain;
                link = link.next(record);
                let mut records = Records::default();
                records.push(record);
                let row = block::row((before, link.chain), &records).unwrap();
                journal.insert(number.to_be_bytes().as_slice(), row.as_slice()).unwrap();
            }
        }
    }
    transaction.commit().unwrap();
}

/// Drops the entries of a closed store up to the one with this number, as its writer does.
pub(crate) fn cut(backend: impl StorageBackend, last: u64) {
    let database = database(backend);
    let transaction = database.begin_write().unwrap();
    {
        let mut journal = tables::beside::JOURNAL.open(&transaction).unwrap();
        let blocks: Vec<_> = entries::blocks(&journal, (0, last))
            .unwrap()
            .map(|block| block.unwrap().block.unwrap())
            .collect();
        let mut link = Link::START;
        for block in blocks {
            link = block.begins();
            journal.remove(block.first.to_be_bytes().as_slice()).unwrap();
            for (_, record) in block.records().filter(|(number, _)| *number <= last) {
                link = link.next(record);
            }
            if let Some((first, row)) = block::without_head(&block, link).unwrap() {
                journal.insert(first.to_be_bytes().as_slice(), row.as_slice()).unwrap();
            }
        }
        let cut = JournalCut { entry: last, at: Timestamp::from_micros(0), chain: link.chain };
        let mut meta = tables::META.open(&transaction, &running(Digest::default())).unwrap();
        meta.insert(tables::META_CUT, &cut.to_bytes()).unwrap();
        audit::cut(&transaction, last).unwrap();
    }
    transaction.commit().unwrap();
}

/// Makes a redb file that begins with the database, as stores of early formats did, and says that it is of `format`.
pub(crate) fn create_format(backend: impl StorageBackend, format: u32) {
    let database = Builder::new().create_with_backend(backend).unwrap();
    let transaction = database.begin_write().unwrap();
    let definition = redb::TableDefinition::<Bytes, Bytes>::new(tables::META.name);
    let mut meta = transaction.open_table(definition).unwrap();
    meta.insert(tables::META_FORMAT, format.to_be_bytes().as_slice()).unwrap();
    drop(meta);
    transaction.commit().unwrap();
}

/// Makes a closed store one of format 4, which has no index of what people did.
pub(crate) fn downgrade(backend: impl StorageBackend) {
    let database = database(backend);
    let transaction = database.begin_write().unwrap();
    let named = redb::TableDefinition::<Bytes, Bytes>::new;
    assert!(transaction.delete_table(named(tables::AUDIT.name)).unwrap());
    let mut meta = transaction.open_table(named(tables::META.name)).unwrap();
    meta.insert(tables::META_FORMAT, 4_u32.to_be_bytes().as_slice()).unwrap();
    drop(meta);
    transaction.commit().unwrap();
}

/// Makes a redb file with one table of this name.
pub(crate) fn create(backend: impl StorageBackend, table: &str) {
    let database = Builder::new().create_with_backend(backend).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(redb::TableDefinition::<u64, u64>::new(table)).unwrap();
    transaction.commit().unwrap();
}
