//! One backup in a file: written under another name, synced, read again, and only then given its name.
//!
//! A file under the final name is always a whole backup. Never takes the place of a file unless it is told to.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tocsin_store::{BackupError, Checked, check};

/// Bytes that are written and read at once.
pub const BUFFER_BYTES: usize = 256 * 1024;

/// A backup that was not made.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A file has its name.
    #[error("{} is there already: choose another name, or replace it with --force", .0.display())]
    Exists(PathBuf),
    /// Another process writes it.
    #[error("{} is being written by another process", .0.display())]
    InUse(PathBuf),
    /// The operating system's error.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// What was to be written.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

impl FileError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Io { path: path.to_owned(), error }
    }
}

/// The name under which the backup `path` is written.
pub fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Makes the backup file `path` of what `fill` writes. `force` says that it may take the place of another file.
///
/// # Errors
/// Nothing is left under either name then, except what was there before.
pub fn put(
    path: &Path,
    force: bool,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), FileError>,
) -> Result<Checked, FileError> {
    may_be_made(path, force)?;
    let partial = partial(path);
    let file = begin(&partial)?;
    let made = fill_and_check(&file, &partial, fill).and_then(|checked| {
        may_be_made(path, force)?;
        std::fs::rename(&partial, path).map_err(FileError::io(path))?;
        Ok(checked)
    });
    let checked = match made {
        Ok(checked) => checked,
        Err(error) => {
            // Its room may be what is missing.
            let _ = std::fs::remove_file(&partial);
            return Err(error);
        }
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory).and_then(|opened| opened.sync_all()).map_err(FileError::io(directory))?;
    Ok(checked)
}

fn may_be_made(path: &Path, force: bool) -> Result<(), FileError> {
    match std::fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() || !force => Err(FileError::Exists(path.to_owned())),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::io(path)(error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Opens the file to write into, which another process may be writing or may have left, and empties it.
fn begin(partial: &Path) -> Result<File, FileError> {
    let io = FileError::io(partial);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    let file = options.open(partial).map_err(&io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(FileError::InUse(partial.to_owned())),
        Err(TryLockError::Error(error)) => return Err(io(error)),
    }
    if file.metadata().map_err(&io)?.mode() & 0o077 != 0 {
        let problem = "others may read it, and a backup holds what senders sent: delete it";
        return Err(io(io::Error::other(problem)));
    }
    file.set_len(0).map_err(io)?;
    Ok(file)
}

fn fill_and_check(
    file: &File,
    partial: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> Result<(), FileError>,
) -> Result<Checked, FileError> {
    let io = FileError::io(partial);
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
    fill(&mut out)?;
    out.into_inner().map_err(|error| io(error.into_error()))?;
    file.sync_all().map_err(&io)?;
    let written = File::open(partial).map_err(&io)?;
    let input = io::BufReader::with_capacity(BUFFER_BYTES, written);
    Ok(check(input, &mut |_, _| {})?)
}
