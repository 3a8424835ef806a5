//! What is known of the backups that the relay makes by itself.
//!
//! Makes none: the room `backups` does.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tocsin_core::time::Timestamp;
use tocsin_store::Digest;

/// A backup that the relay made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The file.
    pub path: PathBuf,
    /// When.
    pub at: Timestamp,
    /// Bytes of the file.
    pub bytes: u64,
    /// The number of the journal's last entry.
    pub sequence: u64,
    /// The digest of the state.
    pub digest: Digest,
}

/// The newest of the relay's own backups.
#[derive(Debug, Default)]
pub struct Backups {
    last: Mutex<Option<Made>>,
}

impl Backups {
    /// Notes which is the newest.
    pub fn found(&self, made: Option<Made>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = made;
    }

    /// The newest, if there is one.
    pub fn last(&self) -> Option<Made> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
