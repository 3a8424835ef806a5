//! A backup: every row of one snapshot in a container of its own, written while the store is in use.
//!
//! The container is drawn in `README.md`. Rows are copied as bytes, so that a record that cannot be read is backed up
//! as it is. Never holds more in memory than a chunk and the largest row; never changes the store.

use std::io::{self, Read, Write};

use redb::ReadableTable;
use tocsin_core::time::Timestamp;

use crate::digest::Digest;
use crate::error::{Fault, ReadError};
use crate::read::Snapshot;
use crate::store::Store;
use crate::tables::{self, Definition};
use crate::{block, entries, rows, state_digest};

mod container;
mod reader;
mod writer;

use reader::Reader;
use writer::Writer;

/// Rows between two reports of progress.
const STEP: u64 = 1024;

/// What a backup says about itself beside its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// When it is made.
    pub at: Timestamp,
    /// The version of the relay that makes it.
    pub version: String,
    /// Whether the relay makes it by itself, and may delete it again.
    pub is_scheduled: bool,
}

/// The beginning of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// When it was made, by which version, and whether by itself.
    pub about: About,
    /// The format of the store's rows.
    pub format: u32,
    /// The number of the journal's last entry.
    pub sequence: u64,
    /// The digest of the state.
    pub digest: Digest,
    /// The tables in the order of their rows, each with how many it has.
    pub tables: Vec<(String, u64)>,
}

impl Header {
    /// How many rows the backup has.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| *rows).fold(0, u64::saturating_add)
    }
}

/// A table of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableBytes {
    /// Its name.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
}

/// A backup that was read to its end and is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its beginning.
    pub header: Header,
    /// Bytes of the whole backup.
    pub bytes: u64,
    /// Its tables.
    pub tables: Vec<TableBytes>,
}

/// Why there is no backup, or none that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] ReadError),
    /// The rows are not those that the store wrote.
    #[error(
        "the store's rows have the digest {rows}, and the store says {kept}: a row was changed below the store; \
         `tocsin verify` names it, and after `tocsin verify --dismiss` a backup is made of what is there"
    )]
    WrongDigest {
        /// The digest that is kept.
        kept: Digest,
        /// The digest of the rows.
        rows: Digest,
    },
    /// Where it is written to or read from.
    #[error("the backup cannot be read or written: {message}")]
    Io {
        /// The kind of the error.
        kind: io::ErrorKind,
        /// In the operating system's words.
        message: String,
    },
    /// It is something else.
    #[error("it is no backup of Tocsin: name a file that `tocsin backup` made")]
    Foreign,
    /// A later version made it.
    #[error(
        "its container has version {found}, and this version of Tocsin reads {supported}: use the version that made it"
    )]
    Container {
        /// The version that it has.
        found: u32,
        /// The version that can be read.
        supported: u32,
    },
    /// Another version made it, with other tables or records.
    #[error(
        "it holds a store of format {found} (from Tocsin {version}), and this version of Tocsin reads format \
         {supported}: use Tocsin {version}"
    )]
    Format {
        /// The format that it has.
        found: u32,
        /// The format that can be read.
        supported: u32,
        /// The version of Tocsin that made it.
        version: String,
    },
    /// It ends too early.
    #[error("it is cut off: the backup or a copy of it was interrupted; use another one")]
    Cut,
    /// It is not as it was written.
    #[error("it is damaged ({0}): use another one")]
    Damaged(String),
    /// The relay could not finish it, for this reason.
    #[error("the relay could not finish it: {0}")]
    BrokenOff(String),
}

impl From<Fault> for BackupError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            kind => Self::Io { kind, message: error.to_string() },
        }
    }
}

impl Store {
    /// Writes a backup of the store, as it is now, into `out`. The store is read and written meanwhile; space that is
    /// freed is used again only after the backup. `progress` gets how many rows of how many are written.
    ///
    /// # Errors
    /// The store cannot be read, `out` cannot be written, or the rows do not have the digest that is kept. What was
    /// written then ends with the error's text, and no reader takes it for a backup.
    pub fn backup(
        &self,
        about: &About,
        out: impl Write,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Header, BackupError> {
        let snapshot = self.reading(Snapshot::new)?;
        let header = header(&snapshot, about)?;
        let mut writer = Writer::begin(out, &header)?;
        match write_rows(&snapshot, &header, &mut writer, progress) {
            Ok(()) => writer.finish()?,
            Err(error) => {
                // Where nothing can be written, its end is missing, which says as much.
                let _ = writer.break_off(&error.to_string());
                return Err(error);
            }
        }
        Ok(header)
    }
}

fn header(snapshot: &Snapshot, about: &About) -> Result<Header, Fault> {
    let sequence = entries::end(&snapshot.table(tables::JOURNAL)?)?.number;
    let digest = state_digest::kept(&snapshot.table(tables::META)?)?;
    let count = |table: Definition| {
        let rows = redb::ReadableTableMetadata::len(&snapshot.table(table)?)?;
        Ok::<_, Fault>((table.name.to_owned(), rows))
    };
    let tables = tables::ALL.into_iter().map(count).collect::<Result<_, _>>()?;
    Ok(Header { about: about.clone(), format: tables::FORMAT, sequence, digest, tables })
}

fn write_rows(
    snapshot: &Snapshot,
    header: &Header,
    writer: &mut Writer<impl Write>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), BackupError> {
    let total = header.rows();
    let mut digest = Digest::default();
    progress(0, total);
    for table in tables::ALL {
        for row in snapshot.table(table)?.iter().map_err(Fault::from)? {
            let (key, value) = row.map_err(Fault::from)?;
            let (key, value) = (key.value(), value.value());
            table.count(&mut digest, key, value);
            writer.row(key, value)?;
            if writer.rows().is_multiple_of(STEP) {
                progress(writer.rows(), total);
            }
        }
    }
    progress(total, total);
    if digest != header.digest {
        return Err(BackupError::WrongDigest { kept: header.digest, rows: digest });
    }
    Ok(())
}

/// Reads the beginning of a backup.
///
/// # Errors
/// It is none, or none that this version reads.
pub fn read_header(input: impl Read) -> Result<Header, BackupError> {
    Ok(Reader::begin(input)?.header().clone())
}

/// Reads a whole backup, and checks everything that can be checked of it. `progress` gets how many rows of how many
/// were read.
///
/// # Errors
/// It is none, cut off, damaged, or made by a version whose store this one does not read.
pub fn check(input: impl Read, progress: &mut dyn FnMut(u64, u64)) -> Result<Checked, BackupError> {
    read_all(input, |_, _, _| Ok(()), progress)
}

/// Reads a whole backup, and gives each row to `put`. Whether the backup is whole is known at the end.
pub(crate) fn read_all<E: From<BackupError>>(
    input: impl Read,
    mut put: impl FnMut(Definition, &[u8], &[u8]) -> Result<(), E>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Checked, E> {
    let mut reader = Reader::begin(input)?;
    let header = reader.header().clone();
    let (total, mut done) = (header.rows(), 0);
    let mut digest = Digest::default();
    let mut tables = Vec::with_capacity(tables::ALL.len());
    let (mut key, mut value, mut before) = (Vec::new(), Vec::new(), Vec::new());
    progress(0, total);
    for (table, (_, rows)) in tables::ALL.into_iter().zip(&header.tables) {
        let mut bytes = 0;
        for row in 0..*rows {
            std::mem::swap(&mut key, &mut before);
            reader.row(&mut key, &mut value)?;
            if row > 0 && key <= before {
                return Err(damaged(format!("the rows of {} are not in order", table.name)).into());
            }
            table.count(&mut digest, &key, &value);
            bytes += (key.len() + value.len()) as u64;
            put(table, &key, &value)?;
            done += 1;
            if done % STEP == 0 {
                progress(done, total);
            }
        }
        if table == tables::JOURNAL && *rows > 0 && journal_end(&key, &value) != Some(header.sequence) {
            return Err(damaged("its journal ends elsewhere than its header says".to_owned()).into());
        }
        tables.push(TableBytes { table: table.name, rows: *rows, bytes });
    }
    let bytes = reader.finish(done)?;
    if digest != header.digest {
        let problem = format!("its rows have the digest {digest}, and its header says {}", header.digest);
        return Err(damaged(problem).into());
    }
    progress(total, total);
    Ok(Checked { header, bytes, tables })
}

/// The number of the last entry of the journal's last row.
fn journal_end(key: &[u8], row: &[u8]) -> Option<u64> {
    Some(block::end(rows::sequence(key).ok()?, row).number)
}

fn damaged(problem: String) -> BackupError {
    BackupError::Damaged(problem)
}
