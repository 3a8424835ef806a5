//! The files of cases below a folder.
//!
//! Never skips a file: one that is no case is a mistake.

use std::fs;
use std::path::{Path, PathBuf};

/// What the name of a case's file ends in.
pub const EXTENSION: &str = "case";

/// A file of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// The cases below `folder`, in the order of their paths. None if there is no such folder.
///
/// # Errors
/// A file that is no case or cannot be read.
pub fn read(folder: &Path) -> Result<Vec<File>, String> {
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.display();
        if path.extension().is_none_or(|extension| extension != EXTENSION) {
            return Err(format!("{name} is no case; the name of one ends in .{EXTENSION}"));
        }
        let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        Ok(File { path, text })
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
