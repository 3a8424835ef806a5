//! The open database: made, checked, and opened again over the same bytes after an I/O error.
//!
//! Never answers from an opening that was given up. What cannot be opened for writing is read from aside.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use redb::backends::FileBackend;
use redb::{
    DatabaseError, ReadTransaction, ReadableDatabase, StorageBackend, StorageError, WriteTransaction,
};

use crate::block::Link;
use crate::damage::Damage;
use crate::error::{Fault, OpenError, OrFault, ReadError};
use crate::identity::{Identity, Marker};
use crate::log::{Frame, Log};
use crate::medium::{Medium, Unknown};
use crate::opening::{Opening, prepare, prepare_aside};
use crate::{recover, tables};

/// How long a reader waits for the file to be opened again. A gigabyte takes a second.
const MEND_PATIENCE: Duration = Duration::from_secs(2);

/// The database of a store, as it is now.
pub(crate) struct Live {
    medium: Arc<Medium>,
    path: Option<PathBuf>,
    cache_bytes: usize,
    /// Used by the writer alone.
    log: Mutex<Log>,
    condition: RwLock<Condition>,
    /// Of the file, unless it is a backend of the caller's.
    identity: Option<Identity>,
    damage: Arc<Damage>,
    /// How often the writer has seen to the file.
    mends: Mutex<u64>,
    mended: Condvar,
}

enum Condition {
    Open(Opening),
    /// It could not be opened again for writing, because of this. What is committed can be read.
    Aside(Opening, Fault),
    /// It could not be opened again at all, because of this.
    Broken(Fault),
    Closed,
}

impl Live {
    /// Opens the store in the file at `path`, or makes one with a log of `log_bytes`.
    pub(crate) fn open(path: &Path, cache_bytes: usize, log_bytes: usize) -> Result<Self, OpenError> {
        let store = path.display().to_string();
        let refused = |error: io::Error| OpenError::Refused {
            store: store.clone(),
            kind: error.kind(),
            message: error.to_string(),
        };
        let marker = Marker::of(path);
        let is_made = marker.is_there();
        if is_made {
            match std::fs::metadata(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(marker.lost(path, "is missing"));
                }
                Ok(about) if about.len() == 0 => return Err(marker.lost(path, "is empty")),
                Ok(_) | Err(_) => {}
            }
        }
        let file = open_file(path).map_err(refused)?;
        let identity = Identity::of(&file, path).map_err(refused)?;
        let backend = FileBackend::new(file)
            .map_err(|error| OpenError::Fault { store: store.clone(), fault: error.into() })?;
        let medium = Medium::new(backend, log_bytes).map_err(|unknown| explain_unknown(unknown, &store))?;
        if is_made && medium.is_unfinished().map_err(refused)? {
            return Err(marker.lost(path, "holds nothing"));
        }
        let mut live = Self::over(medium, Some(path.to_owned()), cache_bytes, is_made)?;
        live.identity = Some(identity);
        if !is_made && live.trouble().is_none() {
            // Without it, the store is as good; the next start tries again.
            let _ = marker.put();
        }
        Ok(live)
    }

    /// Opens the store in `backend`, or makes one with a log of `log_bytes`.
    pub(crate) fn open_backend(
        backend: impl StorageBackend,
        cache_bytes: usize,
        log_bytes: usize,
    ) -> Result<Self, OpenError> {
        let medium =
            Medium::new(backend, log_bytes).map_err(|unknown| explain_unknown(unknown, &name(None)))?;
        Self::over(medium, None, cache_bytes, false)
    }

    /// `is_made` says that a store must be there.
    fn over(
        medium: Arc<Medium>,
        path: Option<PathBuf>,
        cache_bytes: usize,
        is_made: bool,
    ) -> Result<Self, OpenError> {
        let store = name(path.as_deref());
        let opened = Opening::new(&medium, cache_bytes).map_err(|error| explain(error, &store));
        let opened = opened.and_then(|opening| {
            prepare(&opening.database, &store, is_made)?;
            let recovered = opening.recover_for_good(&medium);
            recovered.map_err(|fault| OpenError::Fault { store: store.clone(), fault })?;
            Ok(opening)
        });
        let condition = match opened {
            Ok(opening) => Condition::Open(opening),
            // What is there can be read meanwhile.
            Err(OpenError::Fault { fault: Fault::DiskFull, .. }) => {
                let full = || OpenError::Fault { store: store.clone(), fault: Fault::DiskFull };
                let opening = Opening::aside(&medium, cache_bytes).map_err(|_| full())?;
                // Nothing can be made over it: it must be there.
                if !prepare_aside(&opening.database, &store)? {
                    return Err(full());
                }
                opening.recover(&medium).map_err(|_| full())?;
                Condition::Aside(opening, Fault::DiskFull)
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            medium,
            path,
            cache_bytes,
            log: Mutex::default(),
            condition: RwLock::new(condition),
            identity: None,
            damage: Arc::default(),
            mends: Mutex::default(),
            mended: Condvar::new(),
        })
    }

    /// The rows that readers could not read.
    pub(crate) fn damage(&self) -> &Arc<Damage> {
        &self.damage
    }

    /// The file's path, unless it is a backend of the caller's.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What to call it when talking to a person.
    pub(crate) fn name(&self) -> String {
        name(self.path())
    }

    /// Bytes in the file.
    pub(crate) fn file_bytes(&self) -> Result<u64, Fault> {
        self.medium.len().map_err(Fault::from)
    }

    /// A snapshot of what is committed.
    pub(crate) fn begin_read(&self) -> Result<ReadTransaction, ReadError> {
        let opening = match &*self.read() {
            Condition::Open(opening) | Condition::Aside(opening, _) => opening.clone(),
            Condition::Broken(fault) => return Err(fault.clone().into()),
            Condition::Closed => return Err(ReadError::Closed),
        };
        opening.database.begin_read().or_fault()
    }

    /// The next transaction. Waits for the one before.
    pub(crate) fn begin_write(&self) -> Result<WriteTransaction, Fault> {
        self.identity.as_ref().map_or(Ok(()), Identity::check)?;
        let opening = match &*self.read() {
            Condition::Open(opening) => opening.clone(),
            Condition::Aside(_, fault) | Condition::Broken(fault) => return Err(fault.clone()),
            Condition::Closed => return Err(Fault::Reopening),
        };
        recover::begin(&opening.database)
    }

    /// Logs what the next commit adds, and syncs it: the commit itself need not be on disk then. Returns whether there
    /// is room for it.
    pub(crate) fn log(&self, after: Link, frame: &Frame) -> Result<bool, Fault> {
        Ok(self.log.lock().unwrap_or_else(PoisonError::into_inner).append(&self.medium, after, frame)?)
    }

    /// Bytes of the file that are the log; none where there is no log.
    pub(crate) fn log_bytes(&self) -> usize {
        self.medium.log_bytes()
    }

    /// Whether there is a log.
    pub(crate) fn has_log(&self) -> bool {
        self.medium.log_bytes() > 0
    }

    /// Whether the log has little room left.
    pub(crate) fn is_log_filling(&self) -> bool {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).is_filling(&self.medium)
    }

    /// A commit is on disk, and with it all that was logged before.
    pub(crate) fn restart_log(&self) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).restart();
    }

    /// Commits `transaction`, which is written to the disk in the background with every one before: until
    /// [`Live::has_saved`], they are in the log, and the next ones go into its other half. Waits for the save before.
    pub(crate) fn save(&self, transaction: WriteTransaction) -> Result<(), Fault> {
        self.medium.keep_writes()?;
        // After an error the file is opened again, which gives up what is kept.
        transaction.commit()?;
        self.medium.write_behind();
        self.log.lock().unwrap_or_else(PoisonError::into_inner).turn();
        Ok(())
    }

    /// Whether everything that was to be saved is on disk, as far as it could be written.
    pub(crate) fn has_saved(&self) -> Result<bool, Fault> {
        Ok(self.medium.behind().is_idle()?)
    }

    /// Waits until everything that was to be saved is on disk.
    pub(crate) fn wait_for_save(&self) -> Result<(), Fault> {
        Ok(self.medium.behind().finish()?)
    }

    /// Why nothing can be written now, as far as that is known.
    pub(crate) fn trouble(&self) -> Option<Fault> {
        match &*self.read() {
            Condition::Aside(_, fault) | Condition::Broken(fault) => Some(fault.clone()),
            Condition::Open(_) => self.identity.as_ref().and_then(|identity| identity.check().err()),
            Condition::Closed => None,
        }
    }

    /// Gives the database up and opens another over the same bytes. What is committed then is what the file
    /// says. A store that was closed stays closed. While it cannot be written, it is read from aside.
    pub(crate) fn reopen(&self) -> Result<(), Fault> {
        let is_aside = match &*self.read() {
            Condition::Closed => return Err(Fault::Reopening),
            Condition::Aside(..) => true,
            Condition::Open(_) | Condition::Broken(_) => false,
        };
        // Settling changes no byte, so that it can be read from aside meanwhile.
        if !is_aside {
            self.give_up();
        }
        let opened = self.medium.settle().map_err(Fault::from).and_then(|()| {
            self.give_up();
            let opening = Opening::new(&self.medium, self.cache_bytes)?;
            opening.recover_for_good(&self.medium)?;
            self.restart_log();
            Ok(opening)
        });
        let result = opened.as_ref().map(|_| ()).map_err(Clone::clone);
        let mut condition = self.write();
        *condition = match opened {
            Ok(opening) => Condition::Open(opening),
            Err(fault) => match std::mem::replace(&mut *condition, Condition::Closed) {
                Condition::Aside(opening, _) => Condition::Aside(opening, fault),
                _ => match Opening::recovered_aside(&self.medium, self.cache_bytes) {
                    Ok(opening) => Condition::Aside(opening, fault),
                    Err(_) => Condition::Broken(fault),
                },
            },
        };
        result
    }

    /// Cuts off and closes what is open. Readers that still hold it find the fence.
    fn give_up(&self) {
        let before = std::mem::replace(&mut *self.write(), Condition::Broken(Fault::Reopening));
        if let Condition::Open(opening) | Condition::Aside(opening, _) = &before {
            opening.way.fence();
        }
    }

    /// The writer has seen to the file, as well as that can be done now.
    pub(crate) fn seen_to(&self) {
        *self.mends.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.mended.notify_all();
    }

    /// How often the writer has seen to the file.
    pub(crate) fn mends(&self) -> u64 {
        *self.mends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the writer has seen to the file more often than `mends` times, or for as long as that may
    /// take.
    pub(crate) fn wait_for_mend(&self, mends: u64) {
        let seen = self.mends.lock().unwrap_or_else(PoisonError::into_inner);
        // Whether it was in time shows when it is read again.
        let _ = self.mended.wait_timeout_while(seen, MEND_PATIENCE, |seen| *seen == mends);
    }

    /// Closes the database, so that opening it again takes no repair, and lets other processes in.
    pub(crate) fn close(&self) -> Result<(), Fault> {
        match std::mem::replace(&mut *self.write(), Condition::Closed) {
            Condition::Closed => return Ok(()),
            Condition::Broken(_) => {}
            Condition::Open(opening) | Condition::Aside(opening, _) => {
                let way = opening.way.clone();
                drop(opening);
                way.fence();
            }
        }
        self.medium.close().map_err(Fault::from)
    }

    /// Gives free space in the file back to the disk, and closes the file. Nobody else may hold it.
    pub(crate) fn compact(&self) -> Result<(), Fault> {
        let opening = match std::mem::replace(&mut *self.write(), Condition::Closed) {
            Condition::Open(opening) => opening,
            Condition::Aside(_, fault) | Condition::Broken(fault) => return Err(fault),
            Condition::Closed => return Err(Fault::Reopening),
        };
        let mut database = Arc::into_inner(opening.database).ok_or(Fault::Reopening)?;
        database.compact()?;
        drop(database);
        self.medium.close().map_err(Fault::from)
    }

    fn read(&self) -> RwLockReadGuard<'_, Condition> {
        self.condition.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Condition> {
        self.condition.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(path: Option<&Path>) -> String {
    path.map_or_else(|| "the store".to_owned(), |path| path.display().to_string())
}

/// What is wrong with the beginning of a file, in words about `store`.
fn explain_unknown(unknown: Unknown, store: &str) -> OpenError {
    let store = store.to_owned();
    match unknown {
        Unknown::Io(error) => OpenError::Fault { store, fault: error.into() },
        Unknown::Later(found) => OpenError::Newer { store, found, supported: tables::FORMAT },
        Unknown::Foreign => {
            OpenError::NotAStore { store, problem: "it does not begin as a store does".to_owned() }
        }
    }
}

/// What redb says about opening, in words about `store`.
fn explain(error: DatabaseError, store: &str) -> OpenError {
    let store = store.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse { store },
        DatabaseError::UpgradeRequired(version) => {
            OpenError::NotAStore { store, problem: format!("it is a redb file of version {version}") }
        }
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
            OpenError::NotAStore { store, problem: "it is not a redb file".to_owned() }
        }
        other => OpenError::Fault { store, fault: other.into() },
    }
}

/// Opens the file, or makes one that only its owner reads: it holds what senders sent.
fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // A file whose name is not on disk is lost with all that was synced into it.
    #[cfg(unix)]
    if let Some(directory) = path.parent() {
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        File::open(directory)?.sync_all()?;
    }
    Ok(file)
}
