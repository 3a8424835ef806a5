//! A folder of the relay in the state directory: small documents and other files, written atomically.
//!
//! Never leaves a file half written, and never one that another user may read or write.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::held::{Held, Owner};

/// The end of the hidden name of a copy of a replaced file.
const BEFORE: &str = "before";

/// The folder.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// Whether anything may be written; a command that is not the relay only reads.
    is_writable: bool,
}

impl Folder {
    /// The folder of this name in the state directory, which the first write creates.
    pub fn new(state_dir: &Path, name: &str, is_writable: bool) -> Self {
        Self { path: state_dir.join(name), is_writable }
    }

    /// The names of the files in it, in order; none if there is no folder.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let name =
            |entry: io::Result<std::fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        let mut names = entries.map(name).collect::<io::Result<Vec<_>>>()?;
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        Ok(names)
    }

    /// Whether this user may not read what is in it.
    pub fn is_denied(&self) -> bool {
        std::fs::read_dir(&self.path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    }

    /// Whether anything may be written.
    pub fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// A document; the default of its type when there is none.
    ///
    /// # Errors
    /// It cannot be read, or has another format.
    pub fn read<T: DeserializeOwned + Default>(&self, name: &str) -> io::Result<T> {
        match std::fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
            Err(error) => Err(error),
        }
    }

    /// A file's bytes.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn bytes(&self, name: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.path.join(name))
    }

    /// Writes a document. Returns when it is on the disk.
    ///
    /// # Errors
    /// It cannot be written; the previous file stays.
    pub fn write<T: Serialize>(&self, name: &str, document: &T) -> io::Result<()> {
        self.write_bytes(name, &serde_json::to_vec_pretty(document)?)
    }

    /// Writes a file. Returns when it is on the disk.
    ///
    /// # Errors
    /// It cannot be written; the previous file stays.
    pub fn write_bytes(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if !self.is_writable {
            return Ok(());
        }
        let (folder, whose) = self.open()?;
        folder.write(name, bytes, whose)
    }

    /// Writes a file, or removes it if there are no `bytes`, and keeps the previous one. Returns when this is on the
    /// disk.
    ///
    /// # Errors
    /// It cannot be written or removed; the previous file stays. Nothing may be written in this folder.
    pub fn replace(&self, name: &str, bytes: Option<&[u8]>) -> io::Result<Replaced> {
        if !self.is_writable {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        let (folder, whose) = self.open()?;
        let copy = format!(".{name}.{BEFORE}");
        let before = folder.read(name)?;
        if let Some(before) = &before {
            folder.write(&copy, before, whose)?;
        }
        let replaced = Replaced { name: name.to_owned(), copy: before.map(|_| copy), folder };
        let done = match bytes {
            Some(bytes) => replaced.folder.write(name, bytes, whose),
            None => replaced.folder.take(name),
        };
        match done {
            Ok(()) => Ok(replaced),
            Err(error) => {
                // Perhaps only the sync failed.
                drop(replaced.undo());
                Err(error)
            }
        }
    }

    /// Opens the folder, which is created if it does not exist. Returns the owner of what is written in it.
    fn open(&self) -> io::Result<(Held, Owner)> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.path)?;
        let gone =
            || io::Error::new(io::ErrorKind::NotFound, format!("{} no longer exists", self.path.display()));
        let folder = Held::open(&self.path, false)?.ok_or_else(gone)?;
        // Root may write for the relay's user, who owns the state directory.
        let state_dir = self.path.parent().map(|parent| Held::open(parent, true)).transpose()?.flatten();
        let whose = state_dir.ok_or_else(gone)?.owner()?.alone();
        folder.give(whose)?;
        Ok((folder, whose))
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        if self.is_writable { remove(&self.path.join(name)) } else { Ok(()) }
    }
}

/// A file that was written or removed, and a copy of the previous one beside it.
#[derive(Debug)]
pub struct Replaced {
    folder: Held,
    name: String,
    /// The copy's name; none if there was no file.
    copy: Option<String>,
}

impl Replaced {
    /// Restores the previous file. Needs no space on the disk.
    ///
    /// # Errors
    /// The system's.
    pub fn undo(self) -> io::Result<()> {
        match &self.copy {
            Some(copy) => self.folder.rename(copy, &self.name),
            None => self.folder.take(&self.name),
        }
    }

    /// Removes the copy of the previous file.
    ///
    /// # Errors
    /// It cannot be removed; it does no harm.
    pub fn finish(self) -> io::Result<()> {
        self.copy.iter().try_for_each(|copy| self.folder.remove(copy))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const FOLDER: &str = "records";

    #[test]
    fn what_is_written_is_for_its_owner_alone_and_replaces_what_was_there() {
        let state = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(state.path(), FOLDER, true);
        assert_eq!(folder.read::<Vec<u32>>("list.json").expect("none"), Vec::<u32>::new());
        folder.write("list.json", &[1, 2]).expect("written");
        folder.write("list.json", &[3]).expect("written");
        assert_eq!(folder.read::<Vec<u32>>("list.json").expect("read"), [3]);
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        let path = state.path().join(FOLDER);
        assert_eq!((mode(&path), mode(&path.join("list.json"))), (0o700, 0o600));
        assert_eq!(std::fs::read_dir(&path).expect("a folder").count(), 1, "nothing half written is left");
        folder.remove("list.json").and_then(|()| folder.remove("list.json")).expect("gone");
    }

    #[test]
    fn a_replaced_file_is_restored_or_its_copy_goes() {
        let state = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(state.path(), FOLDER, true);
        let path = state.path().join(FOLDER);
        let held = || std::fs::read_to_string(path.join("a.toml")).ok();
        let files = || std::fs::read_dir(&path).expect("a folder").count();
        folder.replace("a.toml", Some(b"one")).and_then(Replaced::undo).expect("restored");
        assert_eq!((held(), files()), (None, 0));
        folder.replace("a.toml", Some(b"one")).and_then(Replaced::finish).expect("written");
        let replaced = folder.replace("a.toml", Some(b"two")).expect("written");
        assert_eq!(
            (held().as_deref(), folder.names().expect("read")),
            (Some("two"), vec!["a.toml".to_owned()])
        );
        replaced.undo().expect("restored");
        assert_eq!((held().as_deref(), files()), (Some("one"), 1));
        folder.replace("a.toml", None).and_then(Replaced::undo).expect("restored");
        assert_eq!((held().as_deref(), files()), (Some("one"), 1));
        folder.replace("a.toml", None).and_then(Replaced::finish).expect("gone");
        assert_eq!((held(), files()), (None, 0));
    }

    #[test]
    fn a_command_that_only_looks_writes_nothing() {
        let state = tempfile::tempdir().expect("a folder");
        Folder::new(state.path(), FOLDER, false).write("list.json", &[1]).expect("nothing to do");
        assert_eq!(std::fs::read_dir(state.path()).expect("a folder").count(), 0);
    }
}
