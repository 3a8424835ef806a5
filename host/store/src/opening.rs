//! One opening of a database over a medium: with what the log has beyond it, and checked to be a store of this format.

use std::io;
use std::path::Path;
use std::sync::Arc;

use redb::{Builder, Database, DatabaseError, ReadableDatabase, StorageError, TableHandle};

use crate::aside::Aside;
use crate::digest::{Digest, running};
use crate::error::{Fault, OpenError};
use crate::identity::Marker;
use crate::medium::Medium;
use crate::way::Way;
use crate::{recover, tables, upgrade};

/// A database and its way to the bytes. A clone keeps it open while a transaction lasts.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) database: Arc<Database>,
    pub(crate) way: Way,
}

impl Opening {
    pub(crate) fn new(medium: &Arc<Medium>, cache_bytes: usize) -> Result<Self, DatabaseError> {
        match Self::attempt(medium, cache_bytes) {
            // The attempt holds the lock of the file, so no other process is creating it now.
            Err(DatabaseError::Storage(StorageError::Io(error)))
                if error.kind() == io::ErrorKind::InvalidData && medium.discard_unfinished()? =>
            {
                Self::attempt(medium, cache_bytes)
            }
            other => other,
        }
    }

    fn attempt(medium: &Arc<Medium>, cache_bytes: usize) -> Result<Self, DatabaseError> {
        medium.begin()?;
        let way = Way::to(medium);
        let database = Builder::new().set_cache_size(cache_bytes).create_with_backend(way.clone())?;
        Ok(Self { database: Arc::new(database), way })
    }

    /// One that keeps its writes to itself, for reading.
    pub(crate) fn aside(medium: &Arc<Medium>, cache_bytes: usize) -> Result<Self, DatabaseError> {
        let way = Way::to(medium);
        let backend = Aside::over(way.clone())?;
        let database = Builder::new().set_cache_size(cache_bytes).create_with_backend(backend)?;
        Ok(Self { database: Arc::new(database), way })
    }

    /// Opens one that keeps its writes to itself, and applies the log to it.
    pub(crate) fn recovered_aside(medium: &Arc<Medium>, cache_bytes: usize) -> Result<Self, Fault> {
        let opening = Self::aside(medium, cache_bytes)?;
        opening.recover(medium)?;
        Ok(opening)
    }

    /// Brings the database to this format, and what the log has beyond it into it. Whether some of that is lost.
    pub(crate) fn recover(&self, medium: &Medium) -> Result<bool, Fault> {
        upgrade::run(&self.database)?;
        recover::run(&self.database, &medium.read_log()?)
    }

    /// Does the same. If something is lost, it also empties the log, so that the next opening does not report it again.
    pub(crate) fn recover_for_good(&self, medium: &Medium) -> Result<(), Fault> {
        if self.recover(medium)? {
            medium.clear_log()?;
        }
        Ok(())
    }
}

/// Makes a database over `medium` with all tables, for a copy that is thrown away.
pub(crate) fn scratch(medium: &Arc<Medium>, cache_bytes: usize) -> Result<Database, Fault> {
    let database = Builder::new().set_cache_size(cache_bytes).create_with_backend(Way::to(medium))?;
    create_tables(&database)?;
    Ok(database)
}

/// Checks the format of the database, and makes the tables of a new store.
pub(crate) fn prepare(database: &Database, store: &str, is_made: bool) -> Result<(), OpenError> {
    let fault = |fault| OpenError::Fault { store: store.to_owned(), fault };
    match prepare_aside(database, store)? {
        true => Ok(()),
        false if is_made => Err(Marker::of(Path::new(store)).lost(Path::new(store), "holds nothing")),
        false => create_tables(database).map_err(fault),
    }
}

/// Checks the format of the database. Returns whether it holds anything.
pub(crate) fn prepare_aside(database: &Database, store: &str) -> Result<bool, OpenError> {
    let fault = |fault| OpenError::Fault { store: store.to_owned(), fault };
    match found(database).map_err(fault)? {
        Found::Nothing => Ok(false),
        Found::Format(format) if upgrade::is_known(format) => Ok(true),
        Found::Format(found) if found > tables::FORMAT => {
            Err(OpenError::Newer { store: store.to_owned(), found, supported: tables::FORMAT })
        }
        Found::Format(found) => {
            Err(OpenError::Older { store: store.to_owned(), found, supported: tables::FORMAT })
        }
        Found::Foreign => Err(OpenError::NotAStore {
            store: store.to_owned(),
            problem: "it is a redb file without Tocsin's tables".to_owned(),
        }),
    }
}

/// What a database holds.
enum Found {
    Nothing,
    Format(u32),
    Foreign,
}

fn found(database: &Database) -> Result<Found, Fault> {
    let transaction = database.begin_read()?;
    let names: Vec<String> = transaction.list_tables()?.map(|table| table.name().to_owned()).collect();
    if names.is_empty() {
        return Ok(Found::Nothing);
    }
    if !names.iter().any(|name| name == tables::META.name) {
        return Ok(Found::Foreign);
    }
    let Ok(meta) = tables::META.read(&transaction) else { return Ok(Found::Foreign) };
    let format = meta.get(tables::META_FORMAT)?;
    let format = format.and_then(|value| value.value().try_into().ok().map(u32::from_be_bytes));
    Ok(format.map_or(Found::Foreign, Found::Format))
}

/// All tables, the format and the digest of nothing in one transaction: a store has both or neither.
fn create_tables(database: &Database) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    let digest = running(Digest::default());
    for table in tables::ALL {
        table.open(&transaction, &digest)?;
    }
    let mut meta = tables::META.open(&transaction, &digest)?;
    meta.insert(tables::META_FORMAT, &tables::FORMAT.to_be_bytes())?;
    meta.insert(tables::META_DIGEST, &digest.get().to_bytes())?;
    drop(meta);
    transaction.commit()?;
    Ok(())
}
