//! The state anew from the journal, or from a backup and the entries after it, in a new store that takes the place of
//! the old one. What does not follow from the journal is copied.
//!
//! The old store is kept under another name, and is not written. The answer to a check that found differing rows.

use std::fs::File;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend};

use crate::audit;
use crate::digest::{Digest, running};
use crate::error::{Fault, OpenError, ReadError};
use crate::filling::Filling;
use crate::live::Live;
use crate::log::LOG_BYTES;
use crate::medium::Medium;
use crate::opening;
use crate::read::Snapshot;
use crate::replace::{self, ReplaceError};
use crate::replay::{CACHE_BYTES, ReplayError, replay};
use crate::tables;
use crate::verify::{Verified, check, compare};

/// Rows between two reports of progress.
const STEP: u64 = 4096;

/// A store whose state was made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// How the rows of the old store differ from the new ones. The digest is that of the new store.
    pub verified: Verified,
    /// Where the old store is now.
    pub before: PathBuf,
    /// Bytes of the new store's file.
    pub bytes: u64,
}

/// Why no store was made. The one that is there is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal cannot be replayed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The journal is not whole, so that the state does not follow from it.
    #[error(
        "the journal is damaged: {0}; the state can be made anew from a backup that was made after that entry (name it \
         with --from), or restore a backup"
    )]
    Journal(String),
    /// The new store is not what was written into it.
    #[error(
        "the new store does not have the digest {expected} of the state that the journal gave, but {rows}"
    )]
    Digest {
        /// The digest that the replay came to.
        expected: Digest,
        /// The digest of the rows.
        rows: Digest,
    },
    /// A file beside the store.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    /// The new store could not be written.
    #[error("the new store cannot be written: {0}")]
    Store(#[from] Fault),
}

impl From<ReadError> for RebuildError {
    fn from(error: ReadError) -> Self {
        Self::Replay(error.into())
    }
}

/// Makes the state of the store at `path` anew, beginning with nothing or with the backup at `from`, in a file beside
/// it, and puts that in its place. The old store gets the ending `before`. `progress` is told how much of how much is
/// done: rows of the backup, entries, then rows that are copied. Needs as much room as the old store at most, for good
/// until the old one is deleted.
///
/// # Errors
/// The store is in use or missing, its journal is not whole or does not follow the backup, or the directory cannot be
/// written.
pub fn rebuild(
    path: &Path,
    from: Option<&Path>,
    before: &str,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Rebuilt, RebuildError> {
    if !path.exists() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(ReplaceError::file(path)(error).into());
    }
    // Locked to the end, so that no relay starts on what is about to be replaced.
    let old = Live::open(path, CACHE_BYTES, LOG_BYTES)?;
    let beside = replace::with_ending(path, "rebuilding");
    let file = replace::begin(path, &beside)?;
    let made = fill(&old, &file, from, progress).and_then(|verified| {
        let bytes = file.metadata().map_err(ReplaceError::file(&beside))?.len();
        let before = replace::put_in_place(path, &beside, Some(before))?.unwrap_or_default();
        Ok(Rebuilt { verified, before, bytes })
    });
    if made.is_err() {
        // What is left of it is made anew by the next attempt.
        let _ = std::fs::remove_file(&beside);
    }
    // A store that takes no repair when it is looked at later.
    let _ = old.close();
    made
}

/// Makes the new store in `file`, which is on the disk then.
fn fill(
    old: &Live,
    file: &File,
    from: Option<&Path>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, RebuildError> {
    let copy = file.try_clone().map_err(Fault::from)?;
    let backend = FileBackend::new(copy).map_err(Fault::from)?;
    let verified = make(&Snapshot::new(old)?, backend, from, progress)?;
    file.sync_all().map_err(Fault::from)?;
    Ok(verified)
}

/// Makes the new store in `backend` from the old one in `old`, and says how they differ. Syncs nothing.
pub(crate) fn make(
    old: &Snapshot,
    backend: impl StorageBackend,
    from: Option<&Path>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, RebuildError> {
    // Nothing of it counts before it is whole: one sync at the end is enough.
    let medium = Medium::beside(backend, LOG_BYTES).map_err(Fault::from)?;
    let new = opening::scratch(&medium, CACHE_BYTES)?;
    let mut verified = Verified::default();
    let head = replay(old, &new, from, &mut verified, progress)?;
    if let Some(damaged) = verified.differences.first() {
        return Err(RebuildError::Journal(damaged.to_string()));
    }
    copy_beside(old, &new, head.digest, progress)?;
    let made = Snapshot::of_copy(new.begin_read().map_err(Fault::from)?);
    for table in tables::ALL.into_iter().filter(|table| table.is_state) {
        compare(old, &made, table, &mut verified)?;
    }
    verified.digest = check(&made)?;
    if verified.digest.rows != head.digest || !verified.digest.is_right() {
        return Err(RebuildError::Digest { expected: head.digest, rows: verified.digest.rows });
    }
    Ok(verified)
}

/// Copies the rows that do not follow from the journal, the journal among them.
fn copy_beside(
    old: &Snapshot,
    new: &Database,
    digest: Digest,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), Fault> {
    // The index of what people did follows from the journal.
    let is_copied =
        |table: &tables::Definition| (!table.is_state || *table == tables::META) && *table != tables::AUDIT;
    let beside = || tables::ALL.into_iter().filter(is_copied);
    let mut total = 0;
    for table in beside() {
        total += old.table(table)?.len()?;
    }
    let running = running(digest);
    let mut filling = Filling::new(new, &running);
    let mut done = 0;
    progress(0, total);
    for table in beside() {
        for row in old.table(table)?.iter()? {
            let (key, value) = row?;
            let (key, value) = (key.value(), value.value());
            // The digest of the new store is its own.
            let is_digest = table == tables::META && key == tables::META_DIGEST;
            if !table.is_digested(key) && !is_digest {
                filling.put(table, key, value)?;
            }
            done += 1;
            if done % STEP == 0 {
                progress(done, total);
            }
        }
    }
    filling.finish()?;
    let transaction = new.begin_write()?;
    audit::fill(&transaction)?;
    transaction.commit()?;
    progress(total, total);
    Ok(())
}
