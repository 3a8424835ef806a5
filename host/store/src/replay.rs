//! Bringing the state about again from the journal, or from a backup and the entries after it, and comparing what comes
//! out with what is kept, row by row.
//!
//! Works on one snapshot and a copy that is thrown away; never changes the store.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::ReadableDatabase;
use redb::backends::{FileBackend, InMemoryBackend};

use crate::backup::BackupError;
use crate::error::{Fault, ReadError};
use crate::live::Live;
use crate::medium::Medium;
use crate::opening;
use crate::read::Snapshot;
use crate::store::Store;
use crate::tables;
use crate::verify::{Verified, check, compare};

mod checkpoint;
mod entries;

pub(crate) use entries::replay;

/// Memory for pages of the copy. Bytes.
pub(crate) const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Why the journal could not be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The store or the copy cannot be read or written.
    #[error(transparent)]
    Store(#[from] ReadError),
    /// The backup cannot be used as it is.
    #[error("{}: {error}", path.display())]
    Backup {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        error: BackupError,
    },
    /// The journal was cut, and no backup was given.
    #[error(
        "the journal begins at entry {begins}, because older entries were dropped: name a backup that was made at or \
         after entry {} with --from", begins - 1
    )]
    Cut {
        /// The number of the journal's first entry.
        begins: u64,
    },
    /// Entries between the backup and the journal are missing.
    #[error(
        "the journal begins at entry {begins}; this backup ends at {ends}: give one that was made at or after entry {}",
        begins - 1
    )]
    Gap {
        /// The number of the journal's first entry.
        begins: u64,
        /// The number of the backup's last entry.
        ends: u64,
    },
    /// The backup is of a later state.
    #[error(
        "the journal ends at entry {last}; this backup ends at {ends}: it is of a later state or of another store, so \
         give an earlier one"
    )]
    Later {
        /// The number of the journal's last entry.
        last: u64,
        /// The number of the backup's last entry.
        ends: u64,
    },
    /// The backup's last entry is another one in this journal.
    #[error("this backup is of another store: its entry {ends} is not entry {ends} of this journal")]
    Foreign {
        /// The number of the backup's last entry.
        ends: u64,
    },
}

impl From<Fault> for ReplayError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}

impl Store {
    /// Replays the journal in a copy beside the file that is gone afterwards (in memory, for a store in a backend), and
    /// compares every row of the state. It begins with nothing, or with the state of the backup at `from`. The copy
    /// takes as much room as the state; memory: 64 MiB and the store's cache. The store is read and written meanwhile;
    /// what is compared is one snapshot. `progress` is told how much of how much is done: entries, and rows of the
    /// backup.
    ///
    /// # Errors
    /// The store or the copy cannot be read or written, or the journal does not follow the backup. A record that cannot
    /// be read is a difference.
    pub fn replay(
        &self,
        from: Option<&Path>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Verified, ReplayError> {
        // What is wrong with the backup is no trouble of the store.
        let mut refused = None;
        let verified = self.reading(|live| match replayed(live, from, progress) {
            Ok(verified) => Ok(Some(verified)),
            Err(ReplayError::Store(error)) => Err(error),
            Err(other) => {
                refused = Some(other);
                Ok(None)
            }
        })?;
        verified.ok_or_else(|| refused.unwrap_or(ReplayError::Store(ReadError::Closed)))
    }

    /// The numbers of the journal's first and last entry; none when there is no entry.
    ///
    /// # Errors
    /// The file cannot be read, or the store is closed.
    pub fn journal_ends(&self) -> Result<Option<(u64, u64)>, ReadError> {
        self.reading(|live| Ok(crate::journal::ends(&Snapshot::new(live)?)?))
    }
}

fn replayed(
    live: &Live,
    from: Option<&Path>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, ReplayError> {
    let snapshot = Snapshot::new(live)?;
    let medium = copy_medium(live)?;
    let copy = opening::scratch(&medium, CACHE_BYTES)?;
    let mut verified = Verified::default();
    replay(&snapshot, &copy, from, &mut verified, progress)?;
    let replayed = Snapshot::of_copy(copy.begin_read().map_err(Fault::from)?);
    for table in tables::ALL.into_iter().filter(|table| table.is_state) {
        compare(&snapshot, &replayed, table, &mut verified)?;
    }
    verified.digest = check(&snapshot)?;
    Ok(verified)
}

/// Where the copy is made. Its syncs are left out: it need not survive anything.
fn copy_medium(live: &Live) -> Result<Arc<Medium>, Fault> {
    /// Tells apart copies that one process makes at the same time.
    static COPIES: AtomicU64 = AtomicU64::new(0);
    let Some(path) = live.path() else { return Ok(Medium::scratch(InMemoryBackend::new())) };
    let mut name = path.as_os_str().to_owned();
    let copy = COPIES.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".verify-{}-{copy}", std::process::id()));
    let name = PathBuf::from(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&name)?;
    // Without its name, the file goes with its last user, also when that is killed.
    let _ = std::fs::remove_file(&name);
    Ok(Medium::scratch(FileBackend::new(file)?))
}
