//! Backups: those that the relay makes by itself, one file, a store that was restored or compacted.
//!
//! `GET /backup` answers with the bytes of a backup, as [`tocsin_store::check`] reads them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Backups that the relay makes by itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// The directory of them.
    pub dir: String,
    /// A backup is made when the newest is older than so many seconds.
    pub every_seconds: u64,
    /// How many are kept.
    pub keep: usize,
    /// The newest; none when there is none yet.
    pub last: Option<Made>,
}

/// A backup that the relay made by itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Made {
    /// The file.
    pub file: String,
    /// When it was made.
    pub at: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Entries of the journal that are in it: the number of the last one.
    pub entries: u64,
    /// The digest of the state, in hexadecimal digits.
    pub digest: String,
}

/// A backup file that was read to its end and is whole.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupFile {
    /// The file.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Seconds that the command took.
    pub seconds: f64,
    /// The digest of the state, in hexadecimal digits.
    pub digest: String,
    /// The number of the journal's last entry that is in it.
    pub sequence: u64,
    /// When the backup was made.
    pub taken_at: String,
    /// The version of Tocsin that made it.
    pub version: String,
    /// What is in it of each table.
    pub tables: Vec<BackupTable>,
}

/// A table in a backup file.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupTable {
    /// Its name.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of its keys and values, before they are compressed.
    pub stored_bytes: u64,
}

/// A store that was made from a backup file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Restored {
    /// The backup.
    #[serde(flatten)]
    pub backup: BackupFile,
    /// The file of the store.
    pub store: String,
    /// What the store before is called now; none when there was no store.
    pub before: Option<String>,
}

/// A store whose free space was given back to the disk.
#[derive(Debug, Serialize, Deserialize)]
pub struct Compacted {
    /// The file of the store.
    pub store: String,
    /// Bytes of the file before.
    pub bytes_before: u64,
    /// Bytes of the file now.
    pub bytes_after: u64,
    /// Seconds that the command took.
    pub seconds: f64,
}
