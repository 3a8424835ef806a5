//! The store: whether it is what its journal says, records that could not be read, and the room of its tables.
//!
//! `POST /store/verify`, `POST /store/dismiss`, `GET /store/sizes`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the store is checked.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// Whether the state is brought about again from the journal and compared, which takes minutes. Otherwise each row
    /// is read once.
    pub replay: bool,
    /// The backup that the replay begins with: a file that the relay may read. When it is left out and the journal was
    /// cut, the oldest of the relay's own backups that fits.
    pub from: Option<String>,
}

/// The outcome of a check of the store.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Verified {
    /// Whether nothing differs, the digest is right, and an operator has seen to everything that was set aside.
    pub clean: bool,
    /// Entries of the journal that were read, or replayed.
    pub entries: u64,
    /// The number of the journal's first entry; above 1 when the journal was cut, 0 when it is empty.
    pub begins: u64,
    /// The entry after which entries were replayed: 0 for all of them. None when nothing was replayed.
    pub replayed_after: Option<u64>,
    /// The backup that the replay began with.
    pub backup: Option<String>,
    /// Tables that were read or compared.
    pub tables: usize,
    /// Records that were read or compared.
    pub records: u64,
    /// Records that cannot be read or differ.
    pub differing: u64,
    /// The first of them, in words.
    pub differences: Vec<String>,
    /// Whether entries of the journal itself are damaged or missing.
    pub journal_damaged: bool,
    /// Whether the rows are those that the relay wrote.
    pub digest: DigestCheck,
    /// Records that could not be read.
    pub set_aside: Vec<SetAside>,
}

/// Where the journal was cut.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JournalCut {
    /// The number of the last entry that was dropped.
    pub entry: u64,
    /// When that entry was written.
    pub at: String,
}

/// The digest of the state that the store keeps, and the digest of the rows that are there.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct DigestCheck {
    /// Whether both are the same.
    pub right: bool,
    /// The one that the store keeps, in hexadecimal digits; none when it cannot be read.
    pub kept: Option<String>,
    /// The one of the rows, in hexadecimal digits.
    pub rows: String,
}

/// A record that could not be read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SetAside {
    /// Its table.
    pub table: String,
    /// Its key, in words.
    pub key: String,
    /// Why it could not be read.
    pub problem: String,
    /// The id of the incident that it is of, if that is known.
    pub incident: Option<String>,
    /// The entry of the journal after which it was set aside; none when it was only found.
    pub after_entry: Option<u64>,
    /// Whether an operator has seen to it.
    pub dismissed: bool,
    /// What follows from it, in a sentence.
    pub consequence: String,
}

/// A store whose state was made anew from its journal.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rebuilt {
    /// How the records of the store before differ from those of the new one, whose digest this has.
    #[serde(flatten)]
    pub verified: Verified,
    /// The file of the store.
    pub store: String,
    /// What the store before is called now.
    pub before: String,
    /// Bytes of the store's file.
    pub bytes: u64,
    /// Seconds that the command took.
    pub seconds: f64,
}

/// Records that are no longer shown.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Dismissed {
    /// How many.
    pub dismissed: u64,
}

/// The room that a table takes in the store's file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TableSize {
    /// Its name.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of its keys and values.
    pub stored_bytes: u64,
    /// Bytes of what leads to them.
    pub metadata_bytes: u64,
    /// Bytes that are free in its pages.
    pub fragmented_bytes: u64,
}
