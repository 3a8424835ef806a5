//! Files that are not part of the repository, given to a plugin when they are there.
//!
//! Never a copy of them: what a test keeps of a sample is its outcome, under the sample's name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tocsin_cases::diff;

use super::{cases, limits, render};
use crate::{Decoded, Refusal};

/// Calls `check` with the name and the bytes of every file below `<workspace>/../shared/samples/<folder>`, in
/// order, where `manifest_dir` is the plugin's own folder, two below the workspace. Returns how many there
/// were; says so when there is no such folder.
///
/// # Panics
/// When a file cannot be read.
pub fn for_each_sample(manifest_dir: &str, folder: &str, mut check: impl FnMut(&str, &[u8])) -> usize {
    let samples = Path::new(manifest_dir).join("../../../shared/samples").join(folder);
    if !samples.is_dir() {
        eprintln!("SKIPPED: there are no samples of {folder} beside the workspace");
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

/// Decodes every sample of the folders with `decode` and compares what comes of it with
/// `<manifest_dir>/outcomes/<sample>.json`, which holds the outcome alone; with `TOCSIN_UPDATE_CASES=1` writes
/// it. A sample that is not there is skipped, and said to be.
///
/// # Panics
/// When an outcome is not the one that was reviewed, or there is none yet.
pub fn run_sample_outcomes(
    manifest_dir: &str,
    folders: &[&str],
    mut decode: impl FnMut(&str, &[u8]) -> Result<Decoded, Refusal>,
) {
    let outcomes = Path::new(manifest_dir).join("outcomes");
    let (mut seen, mut failures) = (BTreeSet::new(), String::new());
    for folder in folders {
        for_each_sample(manifest_dir, folder, |name, bytes| {
            let file = outcome_file(name);
            let outcome = decode(name, bytes);
            if let Ok(decoded) = &outcome {
                limits::check_decoded(decoded);
            }
            if let Err(problem) = compare(&outcomes.join(&file), &render::decoded_to_json(&outcome)) {
                failures.push_str(&format!("\n{folder}/{name}: {problem}\n"));
            }
            assert!(seen.insert(file), "two samples are called {name}");
        });
    }
    for entry in fs::read_dir(&outcomes).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !seen.contains(&name) {
            eprintln!("SKIPPED: the sample of outcomes/{name} is not there");
        }
    }
    assert!(failures.is_empty(), "{failures}\n({}=1 writes what was found)", cases::UPDATE);
}

/// `a.json` for `a.json`, `a.form.json` for `a.form`.
fn outcome_file(sample: &str) -> String {
    let name = sample.replace(['/', '\\'], "-");
    if name.ends_with(".json") { name } else { format!("{name}.json") }
}

fn compare(file: &Path, outcome: &Value) -> Result<(), String> {
    let found = format!("{outcome:#}\n");
    if cases::is_update() {
        fs::create_dir_all(file.parent().unwrap_or(file)).map_err(|error| error.to_string())?;
        return fs::write(file, found).map_err(|error| error.to_string());
    }
    let Ok(expected) = fs::read_to_string(file) else {
        return Err(format!("there is no {} yet; found:\n{found}", file.display()));
    };
    if serde_json::from_str::<Value>(&expected).is_ok_and(|expected| expected == *outcome) {
        return Ok(());
    }
    Err(format!("another outcome (- expected, + found)\n{}", diff::lines(&expected, &found)))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
