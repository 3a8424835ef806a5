//! A backup becomes a store: read completely into a new file beside the store, checked, and only then put in its place.
//!
//! The store that was there is kept under another name. Until the backup was found to be whole, nothing of it is
//! touched.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use redb::Builder;
use redb::backends::FileBackend;

use crate::backup::{BackupError, Checked, read_all};
use crate::digest::{Digest, running};
use crate::error::Fault;
use crate::filling::Filling;
use crate::log::LOG_BYTES;
use crate::medium::Medium;
use crate::replace::{self, ReplaceError};
use crate::way::Way;

/// Memory for pages of the new store. Bytes.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub backup: Checked,
    /// Where the store is now that was there before, if there was one.
    pub before: Option<PathBuf>,
}

/// Why nothing was restored. The store is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The store that is there, or a file beside it.
    #[error(transparent)]
    Replace(#[from] ReplaceError),
    /// The new store could not be written.
    #[error("the new store cannot be written: {0}")]
    Store(#[from] Fault),
}

/// Makes the store at `path` from the backup `input`. The store that is there gets the ending `before`. `progress`
/// gets how many rows of how many were read.
///
/// # Errors
/// The backup is not whole, the store is in use, or the directory cannot be written.
pub fn restore(
    input: impl Read,
    path: &Path,
    before: &str,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    // Held to the end, so that no relay starts on what is about to be replaced.
    let old = replace::lock_old(path)?;
    let beside = replace::with_ending(path, "restoring");
    let file = replace::begin(path, &beside)?;
    let made = fill(&file, input, progress).and_then(|backup| {
        let before = replace::put_in_place(path, &beside, old.is_some().then_some(before))?;
        Ok(Restored { backup, before })
    });
    if made.is_err() {
        // What is left of it is made anew by the next attempt.
        let _ = std::fs::remove_file(&beside);
    }
    made
}

/// Reads the backup into `file`, which is on the disk then.
fn fill(file: &File, input: impl Read, progress: &mut dyn FnMut(u64, u64)) -> Result<Checked, RestoreError> {
    let copy = file.try_clone().map_err(Fault::from)?;
    // Nothing of it counts before it is whole: one sync at the end is enough.
    let medium =
        Medium::beside(FileBackend::new(copy).map_err(Fault::from)?, LOG_BYTES).map_err(Fault::from)?;
    let database = Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(Way::to(&medium));
    let database = database.map_err(Fault::from)?;
    let digest = running(Digest::default());
    let mut filling = Filling::new(&database, &digest);
    let put = |table, key: &[u8], value: &[u8]| filling.put(table, key, value).map_err(RestoreError::from);
    let backup = read_all(input, put, progress)?;
    filling.finish()?;
    if digest.get() != backup.header.digest {
        let problem = "the new store does not have the digest of the backup".to_owned();
        return Err(BackupError::Damaged(problem).into());
    }
    drop(database);
    file.sync_all().map_err(Fault::from)?;
    Ok(backup)
}
