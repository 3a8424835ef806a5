//! Files that are not part of the repository, given to a plugin when they are there.
//!
//! Never compares anything: it asks only that nothing panics.

use std::fs;
use std::path::{Path, PathBuf};

/// Calls `check` with the name and the bytes of every file below `<workspace>/../shared/samples/<folder>`, in
/// order, where `manifest_dir` is the plugin's own folder, two below the workspace. Returns how many there
/// were; says so when there is no such folder.
///
/// # Panics
/// When a file cannot be read.
pub fn for_each_sample(manifest_dir: &str, folder: &str, mut check: impl FnMut(&str, &[u8])) -> usize {
    let samples = Path::new(manifest_dir).join("../../../shared/samples").join(folder);
    if !samples.is_dir() {
        eprintln!("skipped: there are no samples of {folder} beside the workspace");
        return 0;
    }
    let mut files = Vec::new();
    collect(&samples, &mut files);
    files.sort();
    for file in &files {
        let name = file.strip_prefix(&samples).unwrap_or(file).display().to_string();
        let bytes = fs::read(file).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&name, &bytes);
    }
    files.len()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
