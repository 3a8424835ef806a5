//! `tocsin config rollback`: writes the files of a configuration that was in force, and has the relay read them.
//!
//! What it replaces is kept beside it. A relay that refuses the result gets the files back as they were.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::super::client;
use super::super::place::{Place, person};
use super::super::table::json;
use super::history;
use crate::commands::out::say;
use crate::config::{Files, Kept};
use crate::operate::api::configuration::{Reload, Reloaded};
use crate::operate::api::files::{RolledBack, RolledBackFile};

/// What is appended to the name of a file that is replaced or taken out.
const ASIDE: &str = "before-rollback";

/// What is to be done to a file.
struct Step {
    path: PathBuf,
    /// What is to be in it; nothing takes it out.
    text: Option<String>,
    /// What is in it now, if it is there.
    before: Option<Vec<u8>>,
}

pub(super) fn run(place: &Place, number: Option<u64>, is_trial: bool) -> anyhow::Result<ExitCode> {
    let kept = target(place, number)?;
    let (main, state_dir) = (place.path()?, place.state_dir()?);
    let steps = steps(&kept.files(&main, &state_dir), &main)?;
    if !is_trial {
        steps.iter().try_for_each(carry_out)?;
        if let Err(error) = reload(place) {
            for step in &steps {
                undo(step)?;
            }
            return Err(error.context("the files are as they were"));
        }
    }
    let files = steps.iter().map(|step| RolledBackFile {
        file: step.path.display().to_string(),
        is_removed: step.text.is_none(),
    });
    let done = RolledBack { number: kept.number, done: !is_trial, files: files.collect() };
    if place.json {
        json(&done)?;
    } else {
        print(&done);
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration of this number; the one before the one in force when there is none.
fn target(place: &Place, number: Option<u64>) -> anyhow::Result<Kept> {
    let all = history::all(place)?;
    let found = match number {
        Some(number) => all.into_iter().find(|kept| kept.number == number),
        None => all.into_iter().rev().nth(1),
    };
    found.with_context(|| match number {
        Some(number) => format!("no configuration {number} is kept: see `tocsin config history`"),
        None => "there is no configuration before the one in force: see `tocsin config history`".to_owned(),
    })
}

/// What makes the files of today those of `wanted`.
fn steps(wanted: &Files, main: &Path) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    for file in &wanted.all {
        let before = read(&file.path)?;
        if before.as_deref() != Some(file.text.as_bytes()) {
            steps.push(Step { path: file.path.clone(), text: Some(file.text.clone()), before });
        }
    }
    // What stands beside them today is no part of it. A main file that is broken says nothing of others.
    for file in Files::read(main).map(|today| today.all).unwrap_or_default() {
        if wanted.all.iter().all(|kept| kept.path != file.path) {
            steps.push(Step { before: Some(file.text.into_bytes()), path: file.path, text: None });
        }
    }
    Ok(steps)
}

fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

fn carry_out(step: &Step) -> anyhow::Result<()> {
    if let Some(before) = &step.before {
        write(&aside(&step.path), before, &step.path)?;
    }
    match &step.text {
        Some(text) => write(&step.path, text.as_bytes(), &step.path),
        None => fs::remove_file(&step.path).with_context(|| format!("removing {}", step.path.display())),
    }
}

fn undo(step: &Step) -> anyhow::Result<()> {
    match &step.before {
        Some(before) => write(&step.path, before, &aside(&step.path)),
        None => fs::remove_file(&step.path).with_context(|| format!("removing {}", step.path.display())),
    }
}

/// Its name does not end as those of a configuration's files do.
fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ASIDE);
    name.into()
}

/// Writes a file whole or not at all, for those who may read the one at `like`; for its owner alone if there is none.
fn write(path: &Path, bytes: &[u8], like: &Path) -> anyhow::Result<()> {
    let writing = || format!("writing {}", path.display());
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(writing)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part);
    let file = file.as_mut().map_err(|error| std::io::Error::new(error.kind(), error.to_string()));
    let file = file.with_context(writing)?;
    file.write_all(bytes).with_context(writing)?;
    if let Ok(known) = fs::metadata(like) {
        // Only root may give a file away; anybody else's is his own already.
        drop(chown(&part, Some(known.uid()), Some(known.gid())));
        fs::set_permissions(&part, fs::Permissions::from_mode(known.mode() & 0o777)).with_context(writing)?;
    }
    file.sync_all().with_context(writing)?;
    fs::rename(&part, path).with_context(writing)
}

/// Has the relay read the files, if one runs.
fn reload(place: &Place) -> anyhow::Result<()> {
    if client::is_running(&place.socket()?)? {
        let _: Reloaded = place.post("/reload", &Reload { actor: format!("{}, by a rollback", person()) })?;
    }
    Ok(())
}

fn print(done: &RolledBack) {
    for file in &done.files {
        let what = match (file.is_removed, done.done) {
            (true, true) => "is taken out",
            (true, false) => "would be taken out",
            (false, true) => "is written",
            (false, false) => "would be written",
        };
        say!("{} {what}", file.file);
    }
    match (done.files.is_empty(), done.done) {
        (true, _) => say!("the files are those of configuration {} already", done.number),
        (false, true) => say!(
            "the files are those of configuration {}; what they replaced is kept beside them as *.{ASIDE}",
            done.number
        ),
        (false, false) => say!("nothing was written: leave out --dry-run to do it"),
    }
}
