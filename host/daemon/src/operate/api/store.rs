//! The store: whether it is what its journal says, and records that could not be read.
//!
//! `POST /verify`, `POST /dismiss`.

use serde::{Deserialize, Serialize};

/// The outcome of a check of the store.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verified {
    /// Whether nothing differs, and an operator has seen to everything that was set aside.
    pub clean: bool,
    /// Entries of the journal that were folded again.
    pub entries: u64,
    /// Tables that were compared.
    pub tables: usize,
    /// Records that were compared.
    pub records: u64,
    /// Records that differ.
    pub differing: u64,
    /// The first of them, in words.
    pub differences: Vec<String>,
    /// Records that could not be read.
    pub set_aside: Vec<SetAside>,
}

/// A record that could not be read.
#[derive(Debug, Serialize, Deserialize)]
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

/// Records that are no longer shown.
#[derive(Debug, Serialize, Deserialize)]
pub struct Dismissed {
    /// How many.
    pub dismissed: u64,
}
