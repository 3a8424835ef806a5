//! The bytes below redb: one backend that outlives the databases opened over it, so that the store can be
//! opened again after an I/O error without letting another process in between.
//!
//! It has three duties. Before the database it keeps a page and a log (see [`crate::layout`]). It remembers what was
//! written since the last sync that succeeded, because after a failed sync the kernel may forget it and report success
//! the next time. And it may write a commit in the background (see [`crate::behind`]). Each opening has its own way to
//! the bytes (see `crate::way`).

use std::io;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use redb::{BackendError, StorageBackend};

use crate::behind::{Behind, Group};
use crate::layout::{self, Beginning};

/// Bytes read and written at once when writes are made again.
const CHUNK: usize = 1024 * 1024;
/// Bytes that are written in the background at once, and after which a sync is made: the sync of a frame, which waits for
/// them, must not take long.
const BACKGROUND_CHUNK: usize = 512 * 1024;
/// Ranges remembered; beyond, they are one range from the lowest to the highest byte.
const RANGES_MAX: usize = 64 * 1024;
/// Bytes up to which a database without a beginning is looked through. A new store's first page and no more is
/// there when its creation was interrupted; its file has less than this.
const UNFINISHED_MAX: u64 = 16 * 1024 * 1024;
/// Bytes of redb's first page.
const FIRST_PAGE: usize = 4096;
/// Bytes at the start of every redb file that are written last when it is created.
const MAGIC: usize = 9;

/// A range of bytes that redb locks.
type LockRange = (Bound<u64>, Bound<u64>);

/// One backend, and what must be known about it between two openings.
#[derive(Debug)]
pub(crate) struct Medium {
    pub(crate) backend: Box<dyn StorageBackend>,
    /// Bytes before the database: the page and the log, or none.
    pub(crate) base: u64,
    /// Written since the last sync that succeeded: offset and length.
    unsynced: Mutex<Vec<(u64, u64)>>,
    /// Held by a sync: one at a time. Whether one has failed: the kernel tells of a failed write only once, so no other
    /// sync vouches for anything until the writes are made again.
    syncing: Mutex<bool>,
    pub(crate) behind: Behind,
    /// Held by this process, whichever opening asked for them.
    locks: Mutex<Vec<LockRange>>,
    /// Whether syncs are made at all; not for a copy that is thrown away.
    syncs: bool,
}

impl Medium {
    /// The medium of a store. If there is none yet, its log will have `log` bytes.
    pub(crate) fn new(backend: impl StorageBackend, log: usize) -> Result<Arc<Self>, Unknown> {
        Self::of(backend, log, true)
    }

    /// The medium of a new store that counts for nothing before it is whole: nothing of it is synced.
    pub(crate) fn beside(backend: impl StorageBackend, log: usize) -> Result<Arc<Self>, Unknown> {
        let medium = Self::of(backend, log, false)?;
        medium.begin()?;
        Ok(medium)
    }

    /// The medium of something that need not outlive the process.
    pub(crate) fn scratch(backend: impl StorageBackend) -> Arc<Self> {
        Self::with(backend, 0, false)
    }

    fn of(backend: impl StorageBackend, log: usize, syncs: bool) -> Result<Arc<Self>, Unknown> {
        let log = match layout::beginning(&backend)? {
            Beginning::Blank => log as u64,
            Beginning::Page(log) => log,
            // Of an earlier format: it is opened to say which.
            Beginning::Database => return Ok(Self::with(backend, 0, syncs)),
            Beginning::Later(layout) => return Err(Unknown::Later(layout)),
            Beginning::Foreign => return Err(Unknown::Foreign),
        };
        Ok(Self::with(backend, layout::PAGE as u64 + log, syncs))
    }

    fn with(backend: impl StorageBackend, base: u64, syncs: bool) -> Arc<Self> {
        let backend = Box::new(backend);
        Arc::new(Self {
            backend,
            base,
            unsynced: Mutex::default(),
            syncing: Mutex::default(),
            behind: Behind::default(),
            locks: Mutex::default(),
            syncs,
        })
    }

    /// Writes the first page, if it is not there.
    pub(crate) fn begin(&self) -> io::Result<()> {
        if self.base == 0 || layout::beginning(&*self.backend)? != Beginning::Blank {
            return Ok(());
        }
        if !self.is_blank()? {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let page = layout::page(self.base - layout::PAGE as u64);
        self.backend.set_len(self.backend.len()?.max(self.base))?;
        // The log has its place on the disk from the beginning. So the sync of a frame changes nothing else of the file.
        self.write(layout::PAGE as u64, &vec![0; self.log_bytes()])?;
        self.write(0, &page)?;
        self.sync()
    }

    /// Bytes of the log.
    pub(crate) fn log_bytes(&self) -> usize {
        usize::try_from(self.base).unwrap_or(usize::MAX).saturating_sub(layout::PAGE)
    }

    /// What stands in the log.
    pub(crate) fn read_log(&self) -> io::Result<Vec<u8>> {
        let there = self.backend.len()?.min(self.base).saturating_sub(layout::PAGE as u64);
        let mut log = vec![0; usize::try_from(there).unwrap_or(0)];
        self.backend.read(layout::PAGE as u64, &mut log)?;
        Ok(log)
    }

    /// Empties the log.
    pub(crate) fn clear_log(&self) -> io::Result<()> {
        self.write_log(0, &vec![0; self.log_bytes()])
    }

    /// Writes into the log, so many bytes after its beginning, and syncs.
    pub(crate) fn write_log(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.write((layout::PAGE + offset) as u64, bytes)?;
        self.sync()
    }

    /// From now on, what is written into the database is kept, until [`Medium::write_behind`]. Waits for what is being
    /// written in the background.
    ///
    /// # Errors
    /// That could not be written.
    pub(crate) fn keep_writes(&self) -> io::Result<()> {
        self.behind.begin()
    }

    /// Has what was kept written in the background.
    pub(crate) fn write_behind(self: &Arc<Self>) {
        let groups = self.behind.take();
        let medium = Arc::clone(self);
        let make = move || medium.behind.end(medium.write_groups(&groups));
        let made = thread::Builder::new().name("tocsin-save".to_owned()).spawn(make);
        if made.is_err() {
            // Without another thread, now.
            self.behind.end(self.write_groups(&self.behind.take()));
        }
    }

    /// What was kept, or could not be written in the background, and whether anything is.
    pub(crate) const fn behind(&self) -> &Behind {
        &self.behind
    }

    /// Writes what was kept, and waits for it.
    pub(crate) fn write_kept(&self) -> io::Result<()> {
        if !self.behind.is_keeping() {
            return self.behind.finish();
        }
        self.behind.end(self.write_groups(&self.behind.take()));
        self.behind.begin()
    }

    fn write_groups(&self, groups: &[Arc<Group>]) -> io::Result<()> {
        let mut together: Vec<u8> = Vec::new();
        for group in groups {
            let mut start = 0;
            let mut unsynced = 0;
            for (offset, bytes) in group.writes() {
                // Neighbours in one write.
                let is_next = start + together.len() as u64 == offset
                    && together.len() + bytes.len() <= BACKGROUND_CHUNK;
                if !together.is_empty() && !is_next {
                    self.write(start, &together)?;
                    unsynced += together.len();
                    together.clear();
                }
                if unsynced >= BACKGROUND_CHUNK {
                    self.sync()?;
                    unsynced = 0;
                }
                if together.is_empty() {
                    start = offset;
                }
                together.extend_from_slice(bytes);
            }
            if !together.is_empty() {
                self.write(start, &together)?;
                together.clear();
            }
            self.sync()?;
        }
        Ok(())
    }

    /// Bytes in the file.
    pub(crate) fn len(&self) -> io::Result<u64> {
        self.backend.len()
    }

    /// Writes what no sync vouched for again, as it reads, and syncs: what an opening builds on is then on
    /// disk. Does nothing when there is nothing of the kind.
    pub(crate) fn settle(&self) -> io::Result<()> {
        self.behind.give_up();
        *lock(&self.syncing) = false;
        let ranges = lock(&self.unsynced).clone();
        if ranges.is_empty() {
            return Ok(());
        }
        let length = self.backend.len()?;
        let mut buffer = Vec::new();
        for (start, bytes) in ranges {
            let end = start.saturating_add(bytes).min(length);
            let mut offset = start;
            while offset < end {
                let size = usize::try_from(end - offset).unwrap_or(CHUNK).min(CHUNK);
                buffer.resize(size, 0);
                self.backend.read(offset, &mut buffer)?;
                self.backend.write(offset, &buffer)?;
                offset += size as u64;
            }
        }
        self.sync()
    }

    /// Empties a database whose creation was interrupted: redb writes its first bytes last, and would refuse it for
    /// ever. Leaves every other one alone: nothing but its first page may hold anything. Only to be
    /// called while the file is locked. Returns whether it was such a database.
    pub(crate) fn discard_unfinished(&self) -> io::Result<bool> {
        let unfinished = self.is_unfinished()?;
        if unfinished {
            self.backend.set_len(self.base)?;
        }
        Ok(unfinished)
    }

    /// Whether this is a file whose creation was interrupted.
    pub(crate) fn is_unfinished(&self) -> io::Result<bool> {
        if layout::beginning(&*self.backend)? == Beginning::Blank {
            return self.is_blank();
        }
        let length = self.backend.len()?.saturating_sub(self.base);
        if length == 0 || length > UNFINISHED_MAX {
            return Ok(false);
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.backend.read(self.base, &mut bytes)?;
        let blank = |part: &[u8]| part.iter().all(|byte| *byte == 0);
        Ok(blank(&bytes[..MAGIC.min(bytes.len())]) && blank(&bytes[FIRST_PAGE.min(bytes.len())..]))
    }

    /// Whether there is nothing but zeros.
    fn is_blank(&self) -> io::Result<bool> {
        let length = self.backend.len()?;
        if length.saturating_sub(self.base) > UNFINISHED_MAX {
            return Ok(false);
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.backend.read(0, &mut bytes)?;
        Ok(bytes.iter().all(|byte| *byte == 0))
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        let mut has_failed = lock(&self.syncing);
        if *has_failed {
            return Err(io::Error::other("an earlier sync failed"));
        }
        let ranges = std::mem::take(&mut *lock(&self.unsynced));
        if !self.syncs {
            return Ok(());
        }
        let synced = self.backend.sync_data();
        if synced.is_err() {
            *has_failed = true;
            lock(&self.unsynced).extend(ranges);
        }
        synced
    }

    pub(crate) fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        // Before it: a write that fails may have reached the file in part. And after it: a sync in between did not
        // vouch for it.
        self.wrote(offset, data.len() as u64);
        let written = self.backend.write(offset, data);
        self.wrote(offset, data.len() as u64);
        written
    }

    fn wrote(&self, offset: u64, length: u64) {
        if !self.syncs {
            return;
        }
        let mut ranges = lock(&self.unsynced);
        match ranges.last_mut() {
            Some((start, bytes)) if *start <= offset && offset + length <= *start + *bytes => return,
            Some((start, bytes)) if *start + *bytes == offset => {
                *bytes += length;
                return;
            }
            _ => {}
        }
        ranges.push((offset, length));
        if ranges.len() > RANGES_MAX {
            let start = ranges.iter().map(|(start, _)| *start).min().unwrap_or(0);
            let end = ranges.iter().map(|(start, bytes)| start + bytes).max().unwrap_or(0);
            *ranges = vec![(start, end - start)];
        }
    }

    pub(crate) fn acquire(&self, range: LockRange, how: HowToLock) -> Result<bool, BackendError> {
        let mut held = lock(&self.locks);
        if held.contains(&range) {
            return Ok(true);
        }
        let acquired = how(&*self.backend, range.0, range.1)?;
        if acquired {
            held.push(range);
        }
        Ok(acquired)
    }

    pub(crate) fn release(&self, range: LockRange) -> Result<(), BackendError> {
        lock(&self.locks).retain(|held| *held != range);
        self.backend.unlock_range(range.0, range.1)
    }

    /// Lets other processes in, once everything is written.
    pub(crate) fn close(&self) -> io::Result<()> {
        let written = self.behind.finish();
        lock(&self.locks).clear();
        self.backend.close().and(written)
    }
}

impl Drop for Medium {
    fn drop(&mut self) {
        // Nothing to report it to; the operating system lets go of the locks with the file.
        let _ = self.close();
    }
}

/// How a range is locked, if it can be.
pub(crate) type HowToLock = fn(&dyn StorageBackend, Bound<u64>, Bound<u64>) -> Result<bool, BackendError>;

/// Nothing behind these mutexes can be left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why the bytes are not those of a store that this version reads.
#[derive(Debug)]
pub(crate) enum Unknown {
    /// They cannot be read or written.
    Io(io::Error),
    /// They are of a later version.
    Later(u32),
    /// They are something else.
    Foreign,
}

impl From<io::Error> for Unknown {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
