//! `tocsin config rollback`: restores the files of an earlier configuration and reloads the relay.
//!
//! Keeps the replaced files beside the new ones. If the relay refuses the result, restores them.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::super::client;
use super::super::place::{Place, person_with};
use super::super::table::json;
use super::history;
use crate::commands::out::say;
use crate::config::{File, Files, Kept, Part};
use crate::operate::api::Actor;
use crate::operate::api::configuration::Reloaded;
use crate::operate::api::files::{RolledBack, RolledBackFile};
use crate::runtime::held::{Held, Owner};

/// The suffix of the copy of a replaced or removed file.
const ASIDE: &str = "before-rollback";
/// Copies that are kept of one file.
const ASIDE_MAX: usize = 100;

/// A change of one file.
struct Step {
    part: Part,
    path: PathBuf,
    /// Its name in its folder.
    name: String,
    /// The new content; none to remove the file.
    text: Option<String>,
    /// The present content, if the file exists.
    before: Option<Vec<u8>>,
}

pub(super) fn run(place: &Place, number: Option<u64>, is_trial: bool) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        place.url().is_none(),
        "a rollback writes files of the relay's machine: run it there, without --url and $TOCSIN_URL"
    );
    let kept = target(place, number)?;
    let (main, state_dir) = (place.path()?, place.state_dir()?);
    let steps = steps(&kept.files(&main, &state_dir)?, &main, &state_dir)?;
    if !is_trial {
        let done = steps.iter().try_for_each(|step| step.carry_out(&main, &state_dir));
        done.and_then(|()| reload(place)).or_else(|error| {
            steps.iter().try_for_each(|step| step.undo(&main, &state_dir))?;
            Err(error.context("the files are unchanged"))
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

/// The configuration of this number; without a number, the one before the one in force.
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

/// The changes from the present files to those of `wanted`.
fn steps(wanted: &Files, main: &Path, state_dir: &Path) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    for file in &wanted.all {
        let mut step = Step::of(file, Some(file.text.clone()))?;
        if let Some(folder) = step.folder()? {
            step.before =
                folder.read(&step.name).with_context(|| format!("reading {}", file.path.display()))?;
        }
        if step.before.as_deref() != Some(file.text.as_bytes()) {
            steps.push(step);
        }
    }
    // Other present files are not part of it, whether or not the main file can be read.
    for file in Files::beside(main, state_dir)? {
        if wanted.all.iter().all(|kept| kept.path != file.path) {
            steps.push(Step { before: Some(file.text.clone().into_bytes()), ..Step::of(&file, None)? });
        }
    }
    Ok(steps)
}

impl Step {
    fn of(file: &File, text: Option<String>) -> anyhow::Result<Self> {
        let name = file.path.file_name().map(OsStr::to_string_lossy);
        let name = name.with_context(|| format!("{} names no file", file.path.display()))?.into_owned();
        Ok(Self { part: file.part, path: file.path.clone(), name, text, before: None })
    }

    /// The folder of the file. The relay's user owns the state directory, and must not redirect root with a link there.
    fn folder(&self) -> anyhow::Result<Option<Held>> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let opened = Held::open(folder, self.part != Part::Managed);
        opened.with_context(|| format!("opening {}", folder.display()))
    }

    /// Writes or removes the file, and keeps a copy of the previous one.
    fn carry_out(&self, main: &Path, state_dir: &Path) -> anyhow::Result<()> {
        let folder = self.folder()?.map_or_else(|| self.make_folder(), Ok)?;
        let done = self.whose(&folder, main, state_dir).and_then(|whose| {
            put_aside(&folder, self, whose)?;
            match &self.text {
                Some(text) => folder.write(&self.name, text.as_bytes(), whose),
                None => folder.remove(&self.name),
            }
        });
        done.with_context(|| format!("writing {}", self.path.display()))
    }

    /// Restores the file.
    fn undo(&self, main: &Path, state_dir: &Path) -> anyhow::Result<()> {
        let Some(folder) = self.folder()? else { return Ok(()) };
        let undone = match &self.before {
            Some(before) => {
                let whose = self.whose(&folder, main, state_dir);
                whose.and_then(|whose| folder.write(&self.name, before, whose))
            }
            None => folder.remove(&self.name),
        };
        undone.with_context(|| format!("writing {} as it was", self.path.display()))
    }

    /// Creates the folder of a restored file.
    fn make_folder(&self) -> anyhow::Result<Held> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir(folder).with_context(|| format!("making {}", folder.display()))?;
        self.folder()?.with_context(|| format!("{} no longer exists", folder.display()))
    }

    /// The owner and mode of the written file: those of the present file; else those of the main file, or in the state
    /// directory its owner with mode 0600.
    fn whose(&self, folder: &Held, main: &Path, state_dir: &Path) -> io::Result<Owner> {
        if let Some(known) = folder.owner_of(&self.name)? {
            return Ok(known);
        }
        let (beside, name) = match self.part {
            Part::Managed => (state_dir, None),
            Part::Main | Part::Dropped => (main.parent().unwrap_or(Path::new("")), main.file_name()),
        };
        let gone = || io::Error::new(ErrorKind::NotFound, format!("{} no longer exists", beside.display()));
        let beside = Held::open(beside, true)?.ok_or_else(gone)?;
        match name.map(|name| beside.owner_of(&name.to_string_lossy())).transpose()?.flatten() {
            Some(of_main) => Ok(of_main),
            None => Ok(beside.owner()?.alone()),
        }
    }
}

/// Copies a replaced file to a name beside it that no configuration file can have. Keeps earlier copies.
fn put_aside(folder: &Held, step: &Step, whose: Owner) -> io::Result<()> {
    let Some(before) = &step.before else { return Ok(()) };
    let name = &step.name;
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
    let why = format!("{ASIDE_MAX} copies named {name}.{ASIDE}* exist already: move them away");
    Err(io::Error::new(ErrorKind::AlreadyExists, why))
}

/// Reloads the relay, if one runs.
fn reload(place: &Place) -> anyhow::Result<()> {
    if client::is_running(&place.socket()?)? {
        let _: Reloaded =
            place.post("/config/reload", &Actor { actor: Some(person_with("tocsin config rollback")) })?;
    }
    Ok(())
}

fn print(done: &RolledBack) {
    for file in &done.files {
        let what = match (file.is_removed, done.done) {
            (true, true) => "is removed",
            (true, false) => "would be removed",
            (false, true) => "is written",
            (false, false) => "would be written",
        };
        say!("{} {what}", file.file);
    }
    match (done.files.is_empty(), done.done) {
        (true, _) => say!("the files already match configuration {}", done.number),
        (false, true) => say!(
            "the files now match configuration {}; the previous versions are kept beside them as *.{ASIDE}",
            done.number
        ),
        (false, false) => say!("nothing was written: run it without --dry-run to write"),
    }
}
