//! Files that an operator said yes to, once for each digest, kept in the state directory.
//!
//! Never says yes by itself.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tocsin_core::time::Timestamp;

use crate::runtime::folder::Folder;

/// The document.
const APPROVED: &str = "approved.json";

/// What was approved, for people who look into the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Approved {
    id: String,
    version: String,
    /// In words.
    wants: Vec<String>,
    at: String,
}

/// Every yes, by digest.
#[derive(Debug)]
pub(super) struct Approvals {
    folder: Folder,
    approved: Mutex<BTreeMap<String, Approved>>,
}

impl Approvals {
    pub(super) fn open(folder: &Folder) -> Self {
        let approved = folder.read(APPROVED).unwrap_or_else(|error| {
            tracing::error!(%error, "the record of approved plugin files cannot be read: none counts as approved");
            BTreeMap::new()
        });
        Self { folder: folder.clone(), approved: Mutex::new(approved) }
    }

    /// Whether this file of the plugin `id` was approved.
    pub(super) fn holds(&self, id: &str, digest: &str) -> bool {
        self.lock().get(digest).is_some_and(|approved| approved.id == id)
    }

    /// Approves a file at this time. Returns when that is on the disk.
    pub(super) fn add(
        &self,
        id: &str,
        version: &str,
        digest: &str,
        wants: Vec<String>,
        at: Timestamp,
    ) -> io::Result<()> {
        let (id, version, at) = (id.to_owned(), version.to_owned(), at.to_string());
        let approved = Approved { id, version, wants, at };
        let mut all = self.lock();
        let mut with = all.clone();
        with.insert(digest.to_owned(), approved);
        self.folder.write(APPROVED, &with)?;
        *all = with;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Approved>> {
        self.approved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
