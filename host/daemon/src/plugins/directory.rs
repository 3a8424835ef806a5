//! The plugins directory: which files are in it, and their bytes.
//!
//! Opens regular files alone, follows links that stay within the directory, and looks at a file's size before it
//! reads. Never executes, moves or changes a file.

use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use tocsin_sandbox::COMPONENT_BYTES_MAX;

/// The ending of the files that are looked at.
const EXTENSION: &str = "wasm";
/// A file that changed this long ago is not read again while its metadata stay the same. Longer than the grain of any
/// file system's clock.
const OLD: Duration = Duration::from_secs(3);

/// What the metadata of a file say about whether it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    place: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    /// Whether it was old when it was read.
    is_old: bool,
}

/// A file as it was read.
pub(super) struct Content {
    pub(super) stamp: Stamp,
    /// SHA-256 in hexadecimal.
    pub(super) digest: String,
    pub(super) bytes: Vec<u8>,
}

/// The plugin files of a directory, by name. A directory that is not there has none.
pub(super) fn list(directory: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if !name.starts_with('.') && path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.insert(name, path);
        }
    }
    Ok(files)
}

/// Reads a file of the directory, unless it is as it was at `known`: then nothing.
///
/// # Errors
/// Why it is not read, as a sentence about the file.
pub(super) fn read(directory: &Path, path: &Path, known: Option<&Stamp>) -> Result<Option<Content>, String> {
    let mut file = open(&resolved(directory, path)?)?;
    let metadata = file.metadata().map_err(unreadable)?;
    is_regular(&metadata)?;
    if metadata.len() > COMPONENT_BYTES_MAX as u64 {
        return Err(format!(
            "it has {} bytes, more than the {COMPONENT_BYTES_MAX} that a component may have",
            metadata.len()
        ));
    }
    let stamp = Stamp::of(&metadata);
    if known.is_some_and(|known| known.is_old && *known == stamp) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let most = COMPONENT_BYTES_MAX as u64 + 1;
    Read::by_ref(&mut file).take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    let digest = crate::runtime::signing::sha256(&bytes);
    Ok(Some(Content { stamp, digest, bytes }))
}

/// SHA-256 of a file that an operator named, wherever it is.
///
/// # Errors
/// Why it is not read, as a sentence about the file.
pub fn digest(path: &Path) -> Result<String, String> {
    let path = std::fs::canonicalize(path).map_err(unreadable)?;
    let content = read(path.parent().unwrap_or(&path), &path, None)?;
    content.map(|content| content.digest).ok_or_else(|| "it cannot be read".to_owned())
}

/// The file that `path` stands for: itself, or what a link leads to within the directory.
fn resolved(directory: &Path, path: &Path) -> Result<PathBuf, String> {
    let metadata = std::fs::symlink_metadata(path).map_err(unreadable)?;
    if !metadata.is_symlink() {
        return Ok(path.to_owned());
    }
    let target = std::fs::canonicalize(path).map_err(unreadable)?;
    let within = std::fs::canonicalize(directory).map_err(unreadable)?;
    if target.starts_with(&within) {
        return Ok(target);
    }
    Err(format!(
        "it is a link to {}, outside of the plugins directory: copy the file instead of linking it",
        target.display()
    ))
}

/// Opens a regular file. What takes its place in the meantime is neither waited for nor followed.
fn open(path: &Path) -> Result<File, String> {
    is_regular(&std::fs::symlink_metadata(path).map_err(unreadable)?)?;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    // No flag is the highest bit.
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)
}

fn is_regular(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(format!("it is {}, not a regular file", kind(metadata)))
}

#[expect(clippy::needless_pass_by_value, reason = "the argument of map_err")]
fn unreadable(error: io::Error) -> String {
    format!("it cannot be read: {error}")
}

fn kind(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_symlink() {
        "a link"
    } else {
        "a device"
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        // Nobody can set it back, other than the time of the last change of its bytes.
        let changed = Duration::from_secs(u64::try_from(metadata.ctime()).unwrap_or_default());
        let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + changed).ok();
        Self {
            place: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            is_old: age.is_some_and(|age| age > OLD),
        }
    }
}
