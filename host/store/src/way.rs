//! The access of one opening of the database to the bytes. Keeps what redb writes during a save for the background, and
//! fences off an abandoned opening.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

use crate::behind;
use crate::medium::{HowToLock, Medium};

/// The error for a user of an abandoned opening.
#[derive(Debug, thiserror::Error)]
#[error("this opening of the store was abandoned")]
pub(crate) struct GivenUp;

/// One opening's access to the bytes.
#[derive(Clone)]
pub(crate) struct Way {
    medium: Arc<Medium>,
    fenced: Arc<AtomicBool>,
}

impl Way {
    /// The access of a new opening.
    pub(crate) fn to(medium: &Arc<Medium>) -> Self {
        Self { medium: Arc::clone(medium), fenced: Arc::default() }
    }

    /// Fences off this opening: later use of it returns errors.
    pub(crate) fn fence(&self) {
        self.fenced.store(true, Ordering::SeqCst);
    }

    fn open(&self) -> io::Result<&Medium> {
        if self.fenced.load(Ordering::SeqCst) {
            return Err(io::Error::other(GivenUp));
        }
        Ok(&self.medium)
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("fenced", &self.fenced).finish_non_exhaustive()
    }
}

impl StorageBackend for Way {
    fn len(&self) -> io::Result<u64> {
        let medium = self.open()?;
        Ok(medium.backend.len()?.saturating_sub(medium.base))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let medium = self.open()?;
        let offset = medium.base + offset;
        let over = medium.behind.over(offset, out.len() as u64);
        // The kept writes of an opening that was abandoned meanwhile are gone.
        self.open()?;
        if let [.., (at, bytes)] = over.as_slice()
            && (*at, bytes.len()) == (offset, out.len())
        {
            out.copy_from_slice(bytes);
            return Ok(());
        }
        medium.backend.read(offset, out)?;
        behind::lay_over(out, offset, &over);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let medium = self.open()?;
        let len = medium.base + len;
        // Kept writes may be beyond the new end.
        if len < medium.backend.len()? {
            medium.write_kept()?;
        }
        medium.backend.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let medium = self.open()?;
        if medium.behind.keep_sync()? { Ok(()) } else { medium.sync() }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let medium = self.open()?;
        let offset = medium.base + offset;
        if medium.behind.keep(offset, data)? {
            return Ok(());
        }
        // The opening may have been abandoned during the wait.
        self.open()?.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        // The medium stays open and locked until the store lets go of it.
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.open()?.acquire((start, end), |backend, start, end| backend.try_lock_range(start, end))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.open()?.acquire((start, end), |backend, start, end| backend.try_lock_shared_range(start, end))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        let lock: HowToLock = |backend, start, end| backend.lock_range(start, end).map(|()| true);
        self.open()?.acquire((start, end), lock).map(|_| ())
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        let lock: HowToLock = |backend, start, end| backend.lock_shared_range(start, end).map(|()| true);
        self.open()?.acquire((start, end), lock).map(|_| ())
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.open()?.release((start, end))
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.open()?.backend.query_lock_range(start, end)
    }
}
