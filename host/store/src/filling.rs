//! Rows on their way into a new store: written in large transactions, through the tables that count the digest.
//!
//! Knows nothing of where they come from.

use redb::{Database, WriteTransaction};

use crate::digest::Running;
use crate::error::Fault;
use crate::table::StateTable;
use crate::tables::{self, Definition};

/// Bytes of rows in one transaction.
const STEP_BYTES: usize = 16 * 1024 * 1024;

/// Rows that wait for the next transaction.
pub(crate) struct Filling<'d> {
    database: &'d Database,
    digest: Running,
    waiting: Vec<(Definition, Vec<u8>, Vec<u8>)>,
    bytes: usize,
}

impl<'d> Filling<'d> {
    /// Rows for `database`, whose state has this digest.
    pub(crate) fn new(database: &'d Database, digest: &Running) -> Self {
        Self { database, digest: digest.clone(), waiting: Vec::new(), bytes: 0 }
    }

    /// Puts a row. Rows come table by table.
    pub(crate) fn put(&mut self, table: Definition, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.waiting.push((table, key.to_vec(), value.to_vec()));
        self.bytes += key.len() + value.len();
        if self.bytes >= STEP_BYTES { self.write() } else { Ok(()) }
    }

    /// Writes the rows that wait.
    pub(crate) fn write(&mut self) -> Result<(), Fault> {
        let transaction = self.database.begin_write()?;
        write_rows(&transaction, &self.digest, &self.waiting)?;
        transaction.commit()?;
        self.waiting.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Writes the rows that wait, and makes the tables that have none.
    pub(crate) fn finish(mut self) -> Result<(), Fault> {
        self.write()?;
        let transaction = self.database.begin_write()?;
        for table in tables::ALL {
            table.open(&transaction, &self.digest)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn write_rows(
    transaction: &WriteTransaction,
    digest: &Running,
    rows: &[(Definition, Vec<u8>, Vec<u8>)],
) -> Result<(), Fault> {
    let mut opened: Option<(Definition, StateTable<'_>)> = None;
    for (table, key, value) in rows {
        let mut rows = match opened.take() {
            Some((other, rows)) if other == *table => rows,
            // Only after the one before was let go of.
            _ => table.open(transaction, digest)?,
        };
        rows.insert(key, value)?;
        opened = Some((*table, rows));
    }
    Ok(())
}
