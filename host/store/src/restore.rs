//! A backup becomes a store: read completely into a new file beside the store, checked, and only then put in its place.
//!
//! The store that was there is kept under another name. Until the backup was found to be whole, nothing of it is
//! touched.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, Database, WriteTransaction};

use crate::backup::{BackupError, Checked, read_all};
use crate::digest::{Digest, Running, running};
use crate::error::Fault;
use crate::identity::Marker;
use crate::medium::Medium;
use crate::table::StateTable;
use crate::tables::{self, Definition};

/// Bytes of rows in one transaction.
const STEP_BYTES: usize = 16 * 1024 * 1024;
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
    /// A process has the store open.
    #[error("{} is in use by another process: stop the relay that runs on it, then restore", .0.display())]
    InUse(PathBuf),
    /// A file beside the store.
    #[error("{}: {message}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The kind of the error.
        kind: io::ErrorKind,
        /// In the operating system's words.
        message: String,
    },
    /// The new store could not be written.
    #[error("the new store cannot be written: {0}")]
    Store(#[from] Fault),
}

impl RestoreError {
    fn file(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), kind: error.kind(), message: error.to_string() }
    }
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
    let old = lock_old(path)?;
    let beside = with_ending(path, "restoring");
    let file = lock_new(&beside)?;
    give_to_owner(&file, path, &beside)?;
    let made = fill(&file, input, progress).and_then(|backup| {
        let before = put_in_place(path, &beside, old.is_some().then_some(before))?;
        Ok(Restored { backup, before })
    });
    if made.is_err() {
        // What is left of it is made anew by the next attempt.
        let _ = std::fs::remove_file(&beside);
    }
    made
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Locks the store that is there, as a relay does.
fn lock_old(path: &Path) -> Result<Option<File>, RestoreError> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RestoreError::file(path)(error)),
    };
    lock(&file, path)?;
    Ok(Some(file))
}

/// Opens the file for the new store, which another restore may be filling, and empties it.
fn lock_new(path: &Path) -> Result<File, RestoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(RestoreError::file(path))?;
    lock(&file, path)?;
    file.set_len(0).map_err(RestoreError::file(path))?;
    Ok(file)
}

/// Gives the new store to the owner of the directory: whoever restores as root does it for the relay's user.
fn give_to_owner(file: &File, path: &Path, new: &Path) -> Result<(), RestoreError> {
    let directory = directory_of(path);
    let owner = std::fs::metadata(directory).map_err(RestoreError::file(directory))?;
    let about = file.metadata().map_err(RestoreError::file(new))?;
    if about.uid() == owner.uid() {
        return Ok(());
    }
    fchown(file, Some(owner.uid()), Some(owner.gid())).map_err(RestoreError::file(new))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn lock(file: &File, path: &Path) -> Result<(), RestoreError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(RestoreError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(RestoreError::file(path)(error)),
    }
}

/// Reads the backup into `file`, which is on the disk then.
fn fill(file: &File, input: impl Read, progress: &mut dyn FnMut(u64, u64)) -> Result<Checked, RestoreError> {
    let copy = file.try_clone().map_err(Fault::from)?;
    // Nothing of it counts before it is whole: one sync at the end is enough.
    let medium = Medium::scratch(FileBackend::new(copy).map_err(Fault::from)?);
    let database = Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(medium.way());
    let database = database.map_err(Fault::from)?;
    let digest = running(Digest::default());
    let mut filling = Filling { database: &database, digest: digest.clone(), waiting: Vec::new(), bytes: 0 };
    let backup = read_all(input, |table, key, value| filling.put(table, key, value), progress)?;
    filling.write()?;
    make_all(&database, &digest)?;
    if digest.get() != backup.header.digest {
        let problem = "the new store does not have the digest of the backup".to_owned();
        return Err(BackupError::Damaged(problem).into());
    }
    drop(database);
    file.sync_all().map_err(Fault::from)?;
    Ok(backup)
}

/// Rows on their way into a new store.
struct Filling<'d> {
    database: &'d Database,
    digest: Running,
    waiting: Vec<(Definition, Vec<u8>, Vec<u8>)>,
    bytes: usize,
}

impl Filling<'_> {
    fn put(&mut self, table: Definition, key: &[u8], value: &[u8]) -> Result<(), RestoreError> {
        self.waiting.push((table, key.to_vec(), value.to_vec()));
        self.bytes += key.len() + value.len();
        if self.bytes >= STEP_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), RestoreError> {
        let transaction = self.database.begin_write().map_err(Fault::from)?;
        write_rows(&transaction, &self.digest, &self.waiting)?;
        transaction.commit().map_err(Fault::from)?;
        self.waiting.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn write_rows(
    transaction: &WriteTransaction,
    digest: &Running,
    rows: &[(Definition, Vec<u8>, Vec<u8>)],
) -> Result<(), Fault> {
    let mut opened: Option<(Definition, StateTable<'_>)> = None;
    for (table, key, value) in rows {
        let mut rows = match opened.take() {
            Some((other, rows)) if other == *table => rows,
            // Only after the one before was let go of: rows come table by table.
            _ => table.open(transaction, digest)?,
        };
        rows.insert(key, value)?;
        opened = Some((*table, rows));
    }
    Ok(())
}

/// Makes the tables that have no row.
fn make_all(database: &Database, digest: &Running) -> Result<(), Fault> {
    let transaction = database.begin_write()?;
    for table in tables::ALL {
        table.open(&transaction, digest)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Puts the new store in the place of the old one, which stays under another name. At no time is there none, where the
/// file system has hard links.
fn put_in_place(path: &Path, new: &Path, before: Option<&str>) -> Result<Option<PathBuf>, RestoreError> {
    let before = before.map(|ending| with_ending(path, ending));
    if let Some(before) = &before {
        let file = RestoreError::file(before);
        match std::fs::hard_link(path, before) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(file(error)),
            Err(_) => std::fs::rename(path, before).map_err(file)?,
        }
    }
    if let Err(error) = std::fs::rename(new, path) {
        if let Some(before) = &before {
            // Back, if it was moved away; where it is still there, its other name goes.
            let moved = !path.exists() && std::fs::rename(before, path).is_ok();
            if !moved && path.exists() {
                let _ = std::fs::remove_file(before);
            }
        }
        return Err(RestoreError::file(path)(error));
    }
    Marker::of(path).put().map_err(RestoreError::file(path))?;
    let directory = directory_of(path);
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(RestoreError::file(directory))?;
    Ok(before)
}
