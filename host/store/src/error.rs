//! What can go wrong, by what was asked for. Never carries another crate's error: callers compare these.

use std::path::PathBuf;
use std::{fmt, io};

use tocsin_core::decide::Rejection;

use crate::medium::Unknown;
pub use crate::record::RecordProblem;
use crate::way::GivenUp;

/// What is wrong with the storage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No room. Writing goes on by itself as soon as there is some.
    #[error("the disk is full: make room, and writing goes on by itself")]
    DiskFull,
    /// The operating system could not read or write.
    #[error("the store's file cannot be read or written: {message}")]
    Io {
        /// Its kind.
        kind: io::ErrorKind,
        /// In the operating system's words.
        message: String,
    },
    /// The file is opened again after an earlier error; the next attempt may find it open.
    #[error("the store is being opened again after an I/O error")]
    Reopening,
    /// The file is no longer at its path.
    #[error("{0}")]
    Displaced(Displaced),
    /// The file is damaged.
    #[error(
        "the store's file is damaged ({0}): restore the latest backup; the damaged file still holds the rest"
    )]
    Damaged(String),
    /// One record cannot be read.
    #[error("{table} {key}: the record cannot be read: {problem}")]
    Record {
        /// In which table.
        table: &'static str,
        /// Which, in words.
        key: String,
        /// Its key.
        row: Box<[u8]>,
        /// What is wrong with it.
        problem: RecordProblem,
    },
    /// A decision or a read panicked.
    #[error("it panicked, which is a defect in Tocsin: {0}")]
    Panicked(String),
}

impl Fault {
    /// What is wrong and what to do, for the operator.
    pub fn advice(&self) -> String {
        match self {
            Self::Displaced(displaced) => displaced.to_string(),
            other => other.cause(),
        }
    }

    /// What is wrong, for whoever need not know what is in the store.
    pub fn cause(&self) -> String {
        match self {
            Self::Record { .. } | Self::Panicked(_) => {
                "it is one entry's trouble; the log says more".to_owned()
            }
            // Where it is, and what is to be done there, is for the operator.
            Self::Displaced(_) => "the store's file was deleted or replaced".to_owned(),
            Self::DiskFull | Self::Io { .. } | Self::Reopening | Self::Damaged(_) => self.to_string(),
        }
    }

    /// Whether only the entry that ran into it is at fault, not the storage.
    pub(crate) const fn is_of_one_entry(&self) -> bool {
        matches!(self, Self::Record { .. } | Self::Panicked(_))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<GivenUp>()) {
            return Self::Reopening;
        }
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            kind => Self::Io { kind, message: error.to_string() },
        }
    }
}

impl From<Unknown> for Fault {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Io(error) => error.into(),
            Unknown::Later(_) | Unknown::Foreign => {
                Self::Damaged("it does not begin as a store does".to_owned())
            }
        }
    }
}

impl From<redb::StorageError> for Fault {
    fn from(error: redb::StorageError) -> Self {
        use redb::StorageError as E;
        match error {
            E::Io(error) => error.into(),
            E::Corrupted(what) => Self::Damaged(what),
            E::PreviousIo | E::DatabaseClosed | E::LockPoisoned(_) => Self::Reopening,
            E::ValueTooLarge(_) | E::Unsupported | _ => {
                Self::Io { kind: io::ErrorKind::Other, message: error.to_string() }
            }
        }
    }
}

impl From<redb::TransactionError> for Fault {
    fn from(error: redb::TransactionError) -> Self {
        match error {
            redb::TransactionError::Storage(error) => error.into(),
            other => Self::Io { kind: io::ErrorKind::Other, message: other.to_string() },
        }
    }
}

impl From<redb::TableError> for Fault {
    fn from(error: redb::TableError) -> Self {
        match error {
            redb::TableError::Storage(error) => error.into(),
            // The tables were made when the file was: one that is missing or of another type is damage.
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<redb::CommitError> for Fault {
    fn from(error: redb::CommitError) -> Self {
        match error {
            redb::CommitError::Storage(error) => error.into(),
            other => Self::Io { kind: io::ErrorKind::Other, message: other.to_string() },
        }
    }
}

impl From<redb::CompactionError> for Fault {
    fn from(error: redb::CompactionError) -> Self {
        match error {
            redb::CompactionError::Storage(error) => error.into(),
            other => Self::Io { kind: io::ErrorKind::Other, message: other.to_string() },
        }
    }
}

impl From<redb::DatabaseError> for Fault {
    fn from(error: redb::DatabaseError) -> Self {
        match error {
            redb::DatabaseError::Storage(error) => error.into(),
            other => Self::Io { kind: io::ErrorKind::Other, message: other.to_string() },
        }
    }
}

/// Why the store was not opened. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "{store} is in use by another process: stop the relay that runs on it, or give this one a state \
         directory of its own"
    )]
    InUse {
        /// The file.
        store: String,
    },
    /// A later version of Tocsin wrote it.
    #[error(
        "{store} has format {found} and this version of Tocsin reads up to {supported}: install the version \
         that wrote it, or restore a backup from before the upgrade"
    )]
    Newer {
        /// The file.
        store: String,
        /// The format that it has.
        found: u32,
        /// The latest format that this version reads.
        supported: u32,
    },
    /// An earlier version of Tocsin wrote it, and this version has no step from its format.
    #[error(
        "{store} has format {found}, and this version of Tocsin reads format {supported}: run the version that \
         wrote it, or move the file away to start with an empty store"
    )]
    Older {
        /// The file.
        store: String,
        /// The format that it has.
        found: u32,
        /// The earliest format that this version reads.
        supported: u32,
    },
    /// A store was made here, and is gone.
    #[error(
        "{store} {problem}, although Tocsin kept a store there (see {marker}): restore the file from a backup; to begin \
         anew with an empty store, delete {marker}, or use a new `state_dir`"
    )]
    Lost {
        /// The file.
        store: String,
        /// Whether it is missing or empty.
        problem: &'static str,
        /// The file that says so.
        marker: String,
    },
    /// It is something else.
    #[error(
        "{store} is not a Tocsin store ({problem}): check the configured path; to start with an empty store, \
         move the file away"
    )]
    NotAStore {
        /// The file.
        store: String,
        /// How that was seen.
        problem: String,
    },
    /// The operating system refuses.
    #[error(
        "{store} cannot be opened: {message}; its directory must exist and the relay's user must be able to \
         write there"
    )]
    Refused {
        /// The file.
        store: String,
        /// Its kind.
        kind: io::ErrorKind,
        /// In the operating system's words.
        message: String,
    },
    /// Something is wrong with what is in it.
    #[error("{store} cannot be opened: {fault}")]
    Fault {
        /// The file.
        store: String,
        /// What.
        fault: Fault,
    },
}

/// Why an entry was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It does not fit the state. Nothing was changed and it is not in the journal.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// It could not be kept, as far as can be told: after an error while syncing it may turn out to be there.
    #[error(transparent)]
    Storage(#[from] Fault),
    /// The store was closed before.
    #[error("the store is closed")]
    Closed,
}

/// Why nothing could be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It could not be read.
    #[error(transparent)]
    Storage(#[from] Fault),
    /// The store was closed before.
    #[error("the store is closed")]
    Closed,
}

/// As many entries wait as may: try again when some are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store's queue is full")]
pub struct Busy;

/// Makes faults of what redb gives for reading and writing.
pub(crate) trait OrFault<T> {
    /// The value, or the fault as any of the errors that can carry one.
    fn or_fault<E: From<Fault>>(self) -> Result<T, E>;
}

impl<T, R: Into<Fault>> OrFault<T> for Result<T, R> {
    fn or_fault<E: From<Fault>>(self) -> Result<T, E> {
        self.map_err(|error| E::from(error.into()))
    }
}

/// The store's file is no longer at its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displaced {
    /// The path.
    pub path: PathBuf,
    /// Whether another file is there.
    pub is_replaced: bool,
    /// Where the file that is open can still be copied from.
    pub open_file: PathBuf,
}

impl fmt::Display for Displaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, open_file) = (self.path.display(), self.open_file.display());
        let how = if self.is_replaced {
            "was replaced by another file while Tocsin ran"
        } else {
            "was deleted or moved away while Tocsin ran"
        };
        write!(
            f,
            "the store {path} {how}: move it back, and Tocsin goes on by itself; if it is gone, copy {open_file} to \
             {path} before Tocsin is stopped, then restart Tocsin"
        )
    }
}
