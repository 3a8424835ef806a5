//! `tocsin config rollback`: writes the files of a configuration that was in force, and has the relay read them.
//!
//! What it replaces is kept beside it. A relay that refuses the result gets the files back as they were.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::super::client;
use super::super::place::{Place, person};
use super::super::table::json;
use super::history;
use crate::commands::out::say;
use crate::config::{File, Files, Kept, Part, dropped_beside, managed_in};
use crate::operate::api::configuration::{Reload, Reloaded};
use crate::operate::api::files::{RolledBack, RolledBackFile};
use crate::runtime::held::{Held, Owner};

/// What is appended to the name of a file that is replaced or taken out.
const ASIDE: &str = "before-rollback";
/// Copies of one file that are kept beside it.
const ASIDE_MAX: usize = 100;

/// What is to be done to a file.
struct Step {
    part: Part,
    path: PathBuf,
    /// What is to be in it; nothing takes it out.
    text: Option<String>,
    /// What is in it now, if it is there.
    before: Option<Vec<u8>>,
}

pub(super) fn run(place: &Place, number: Option<u64>, is_trial: bool) -> anyhow::Result<ExitCode> {
    let kept = target(place, number)?;
    let (main, state_dir) = (place.path()?, place.state_dir()?);
    let steps = steps(&kept.files(&main, &state_dir)?, &main, &state_dir)?;
    if !is_trial {
        carry_out(&steps, &main, &state_dir).and_then(|()| reload(place)).or_else(|error| {
            steps.iter().try_for_each(|step| undo(step, &main, &state_dir))?;
            Err(error.context("the files are as they were"))
        })?;
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
fn steps(wanted: &Files, main: &Path, state_dir: &Path) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    for File { part, path, text, .. } in &wanted.all {
        let before = match folder(path, *part)? {
            Some(folder) => {
                folder.read(&name(path)?).with_context(|| format!("reading {}", path.display()))?
            }
            None => None,
        };
        if before.as_deref() != Some(text.as_bytes()) {
            steps.push(Step { part: *part, path: path.clone(), text: Some(text.clone()), before });
        }
    }
    // What stands beside them today is no part of it, whether or not the main file can be read.
    for File { part, path, text, .. } in Files::beside(main, state_dir)? {
        if wanted.all.iter().all(|kept| kept.path != path) {
            steps.push(Step { part, path, text: None, before: Some(text.into_bytes()) });
        }
    }
    Ok(steps)
}

/// The folder that a file is in. The one in the state directory belongs to the relay's user, who must not lead root
/// anywhere else.
fn folder(path: &Path, part: Part) -> anyhow::Result<Option<Held>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let opened = Held::open(folder, part != Part::Managed);
    opened.with_context(|| format!("opening {}", folder.display()))
}

fn name(path: &Path) -> anyhow::Result<String> {
    let name = path.file_name().map(OsStr::to_string_lossy);
    Ok(name.with_context(|| format!("{} names no file", path.display()))?.into_owned())
}

fn carry_out(steps: &[Step], main: &Path, state_dir: &Path) -> anyhow::Result<()> {
    steps.iter().try_for_each(|step| {
        make_folder(step, main, state_dir)?;
        let Some(folder) = folder(&step.path, step.part)? else {
            anyhow::bail!("the folder of {} is gone", step.path.display());
        };
        let whose = whose(&folder, step, main, state_dir)?;
        let done = put_aside(&folder, step, whose).and_then(|()| match &step.text {
            Some(text) => folder.write(&file_name(step), text.as_bytes(), whose),
            None => folder.remove(&file_name(step)),
        });
        done.with_context(|| format!("writing {}", step.path.display()))
    })
}

fn undo(step: &Step, main: &Path, state_dir: &Path) -> anyhow::Result<()> {
    let Some(folder) = folder(&step.path, step.part)? else { return Ok(()) };
    let whose = whose(&folder, step, main, state_dir)?;
    let undone = match &step.before {
        Some(before) => folder.write(&file_name(step), before, whose),
        None => folder.remove(&file_name(step)),
    };
    undone.with_context(|| format!("writing {} as it was", step.path.display()))
}

fn file_name(step: &Step) -> String {
    step.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Makes the folder that a file comes back to.
fn make_folder(step: &Step, main: &Path, state_dir: &Path) -> anyhow::Result<()> {
    let wanted = match step.part {
        Part::Main => return Ok(()),
        Part::Dropped => dropped_beside(main),
        Part::Managed => managed_in(state_dir),
    };
    if folder(&step.path, step.part)?.is_none() {
        std::fs::create_dir(&wanted).with_context(|| format!("making {}", wanted.display()))?;
    }
    Ok(())
}

/// Whose a file is to be: as it is; as the main file, where it is not there; in the state directory, its owner's alone.
fn whose(folder: &Held, step: &Step, main: &Path, state_dir: &Path) -> anyhow::Result<Owner> {
    let known = || -> io::Result<Option<Owner>> {
        if let Some(known) = folder.owner_of(&file_name(step))? {
            return Ok(Some(known));
        }
        let (like, name) = match step.part {
            Part::Managed => (Held::open(state_dir, true)?, None),
            Part::Main | Part::Dropped => {
                (Held::open(main.parent().unwrap_or(Path::new("")), true)?, main.file_name())
            }
        };
        let Some(like) = like else { return Ok(None) };
        let of_main = name.map(|name| like.owner_of(&name.to_string_lossy())).transpose()?.flatten();
        Ok(Some(match of_main {
            Some(owner) => owner,
            None => like.owner()?.alone(),
        }))
    };
    let known = known().with_context(|| format!("looking at {}", step.path.display()))?;
    known.with_context(|| format!("there is no folder for {}", step.path.display()))
}

/// Keeps what is replaced beside it, under a name that no file of a configuration has. What was kept before stays.
fn put_aside(folder: &Held, step: &Step, whose: Owner) -> io::Result<()> {
    let Some(before) = &step.before else { return Ok(()) };
    let name = file_name(step);
    let aside = |number: usize| match number {
        1 => format!("{name}.{ASIDE}"),
        _ => format!("{name}.{ASIDE}-{number}"),
    };
    for number in 1..=ASIDE_MAX {
        match folder.read(&aside(number))? {
            Some(same) if same == *before => return Ok(()),
            Some(_) => {}
            None => return folder.write(&aside(number), before, whose),
        }
    }
    let why = format!("{ASIDE_MAX} copies named {name}.{ASIDE}* stand beside it: move them away");
    Err(io::Error::new(ErrorKind::AlreadyExists, why))
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
