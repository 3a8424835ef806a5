//! Tests again whenever a case, the component or what it is built from changes.
//!
//! Never ends by itself: the author is about to correct what went wrong.

use std::path::{Path, PathBuf};

use super::project::Project;
use crate::commands::out::{complain, say};
use crate::commands::repeat::Repeat;

/// Builds if there is something to build, does `run`, and waits for a change, again and again.
///
/// # Errors
/// The files cannot be watched.
pub(super) fn again(
    project: &Project,
    component: &Path,
    cases: &Path,
    mut run: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut is_built = false;
    loop {
        let sources = Repeat::new(folders(&project.sources()));
        if !is_built && let Err(error) = project.build() {
            complain!("{error:#}");
        }
        // What changes from now on is tested again.
        let watched = [folders(&[cases.to_owned()]), vec![component.to_owned()], folders(&project.sources())];
        let all = Repeat::new(watched.concat());
        if let Err(error) = run() {
            complain!("{error:#}");
        }
        say!("\nWaiting for a change; Ctrl-C ends it.");
        if !sources.is_another() {
            all.changed()?;
        }
        is_built = !sources.is_another();
        say!("\n────");
    }
}

/// The files, and the folders with all folders in them.
fn folders(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        found.push(path.clone());
        let inside = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let inside: Vec<PathBuf> = inside.filter(|path| path.is_dir() && !path.is_symlink()).collect();
        found.extend(folders(&inside));
    }
    found
}
