//! Putting a new store in the place of the one that is there, which stays under another name.
//!
//! The new one is made in a file beside it and counts for nothing until then: a process that is killed at any instant
//! leaves the old store or the new one in its place, whole. Knows nothing of what is in either.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::identity::Marker;

/// A file that cannot be locked, made or put in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceError {
    /// A process has the store open.
    #[error("{} is in use by another process: stop the relay that runs on it, then try again", .0.display())]
    InUse(PathBuf),
    /// A file beside the store.
    #[error("{}: {message}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// The kind of the error.
        kind: io::ErrorKind,
        /// In the operating system's words.
        message: String,
    },
}

impl ReplaceError {
    pub(crate) fn file(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), kind: error.kind(), message: error.to_string() }
    }
}

/// `path` with another ending behind its own.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Locks the store that is there, as a relay does.
pub(crate) fn lock_old(path: &Path) -> Result<Option<File>, ReplaceError> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ReplaceError::file(path)(error)),
    };
    lock(&file, path)?;
    Ok(Some(file))
}

/// Opens the file `new` for the store that is to replace `path`, which another process may be filling, empties it, and
/// gives it to the owner of the directory: root makes it for the relay's user.
pub(crate) fn begin(path: &Path, new: &Path) -> Result<File, ReplaceError> {
    let error = ReplaceError::file(new);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(new).map_err(&error)?;
    lock(&file, new)?;
    file.set_len(0).map_err(&error)?;
    let directory = directory_of(path);
    let owner = std::fs::metadata(directory).map_err(ReplaceError::file(directory))?;
    if file.metadata().map_err(&error)?.uid() != owner.uid() {
        fchown(&file, Some(owner.uid()), Some(owner.gid())).map_err(error)?;
    }
    Ok(file)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn lock(file: &File, path: &Path) -> Result<(), ReplaceError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(ReplaceError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(ReplaceError::file(path)(error)),
    }
}

/// Puts `new`, which is on the disk, in the place of the store at `path`, which gets the ending `before`. Returns its
/// path then. At no time is there no store, where the file system has hard links.
pub(crate) fn put_in_place(
    path: &Path,
    new: &Path,
    before: Option<&str>,
) -> Result<Option<PathBuf>, ReplaceError> {
    let before = before.map(|ending| with_ending(path, ending));
    if let Some(before) = &before {
        let file = ReplaceError::file(before);
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
        return Err(ReplaceError::file(path)(error));
    }
    Marker::of(path).put().map_err(ReplaceError::file(path))?;
    let directory = directory_of(path);
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(ReplaceError::file(directory))?;
    Ok(before)
}
