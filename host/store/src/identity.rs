//! Whether the file that is open is still the one at its path, and whether a store was ever made there.
//!
//! Never changes the store's file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Displaced, Fault, OpenError};

/// What the marker says to a person who opens it.
const MARKER_TEXT: &str = "Tocsin made the store beside this file. When the store is missing or empty, Tocsin refuses to\n\
     start, so that a lost store is noticed. To begin anew with an empty store, delete this file.\n";

/// A file that is open, told apart from every other.
#[derive(Debug)]
pub(crate) struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
    descriptor: i32,
}

impl Identity {
    /// That of `file`, which was opened at `path`.
    pub(crate) fn of(file: &File, path: &Path) -> io::Result<Self> {
        let about = file.metadata()?;
        let (device, inode) = (about.dev(), about.ino());
        Ok(Self { path: path.to_owned(), device, inode, descriptor: file.as_raw_fd() })
    }

    /// The fault of a file that is no longer at its path.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let is_replaced = match std::fs::metadata(&self.path) {
            Ok(about) if (about.dev(), about.ino()) == (self.device, self.inode) => return Ok(()),
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            // What cannot be looked at is no sign that it is gone.
            Err(_) => return Ok(()),
        };
        let open_file = format!("/proc/{}/fd/{}", std::process::id(), self.descriptor).into();
        Err(Fault::Displaced(Displaced { path: self.path.clone(), is_replaced, open_file }))
    }
}

/// The file beside a store that says that the store was made.
#[derive(Debug)]
pub(crate) struct Marker(PathBuf);

impl Marker {
    /// That of the store at `path`.
    pub(crate) fn of(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".made");
        Self(name.into())
    }

    /// Whether a store was made.
    pub(crate) fn is_there(&self) -> bool {
        self.0.exists()
    }

    /// The error of a store that was made and is not there.
    pub(crate) fn lost(&self, store: &Path, problem: &'static str) -> OpenError {
        OpenError::Lost { store: store.display().to_string(), problem, marker: self.0.display().to_string() }
    }

    /// Says that the store was made. Done after its first commit: a store whose creation was interrupted has none.
    pub(crate) fn put(&self) -> io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.0)?;
        file.write_all(MARKER_TEXT.as_bytes())?;
        file.sync_all()
    }
}
