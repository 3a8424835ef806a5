//! The way to the bytes that one opening of the database has: what redb writes during a save is kept for the background,
//! and an opening that was given up is fenced off.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

use crate::behind;
use crate::medium::{HowToLock, Medium};

/// What whoever still holds an opening that was given up is told.
#[derive(Debug, thiserror::Error)]
#[error("this opening of the store was given up")]
pub(crate) struct GivenUp;

/// One opening's way to the bytes.
#[derive(Clone)]
pub(crate) struct Way {
    medium: Arc<Medium>,
    fenced: Arc<AtomicBool>,
}

impl Way {
    /// A new one.
    pub(crate) fn to(medium: &Arc<Medium>) -> Self {
        Self { medium: Arc::clone(medium), fenced: Arc::default() }
    }

    /// From here on, whoever still holds this opening gets errors.
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
        // Of an opening that was given up meanwhile, what was kept is gone.
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
        // What is kept may be behind the new end.
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
        // It may have been given up while that was waited for.
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
