//! Waits until one of a few files changes.
//!
//! Never takes an event of the file system for a change: what counts is whether a file is another than before.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::place::runtime;
use crate::plugins::Watch;

/// A file as it is: its size and when it was written. Nothing when it is not there.
type Seen = Vec<(PathBuf, Option<(u64, SystemTime)>)>;

/// Files that are watched, from the moment on in which this is made.
pub(super) struct Repeat {
    files: Vec<PathBuf>,
    seen: Seen,
}

impl Repeat {
    /// Remembers how `files` are now. Of a directory, every file in it counts.
    pub(super) fn new(files: Vec<PathBuf>) -> Self {
        let seen = look(&files);
        Self { files, seen }
    }

    /// Whether one of them is another by now.
    pub(super) fn is_another(&self) -> bool {
        look(&self.files) != self.seen
    }

    /// Waits until one of them is another.
    ///
    /// # Errors
    /// The system cannot watch them.
    pub(super) fn changed(&self) -> anyhow::Result<()> {
        runtime()?.block_on(async {
            let directories = directories(&self.files);
            let watch = Watch::new(directories.iter().map(PathBuf::as_path))?;
            // What changed before they were watched is seen as well.
            while !self.is_another() {
                watch.settled().await;
            }
            Ok(())
        })
    }
}

/// The directories that hold the files: an editor replaces a file rather than writing into it.
fn directories(files: &[PathBuf]) -> BTreeSet<PathBuf> {
    let directory = |path: &PathBuf| match path.parent() {
        _ if path.is_dir() => path.clone(),
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    files.iter().map(directory).filter(|directory| directory.is_dir()).collect()
}

fn look(files: &[PathBuf]) -> Seen {
    let mut seen = Vec::new();
    for path in files {
        match std::fs::read_dir(path) {
            Ok(entries) => seen.extend(entries.flatten().map(|entry| stamp(&entry.path()))),
            Err(_) => seen.push(stamp(path)),
        }
    }
    seen.sort();
    seen
}

fn stamp(path: &Path) -> (PathBuf, Option<(u64, SystemTime)>) {
    let metadata = std::fs::metadata(path).ok();
    (path.to_owned(), metadata.and_then(|metadata| Some((metadata.len(), metadata.modified().ok()?))))
}
