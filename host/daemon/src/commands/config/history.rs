//! `tocsin config history` and `show`: the configurations that were in force.

use std::process::ExitCode;

use anyhow::Context;

use super::super::place::Place;
use super::super::table::{json, print, second, short};
use crate::commands::out::{say, single};
use crate::config::{History, Kept};
use crate::operate::api::files::{KeptConfiguration, WholeConfiguration, WrittenFile};

/// Characters of the list of changes.
const WIDTH: usize = 100;

pub(super) fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let kept = all(place)?;
    if place.json {
        json(&kept.iter().rev().map(shape).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if kept.is_empty() {
        say!("no configuration was in force yet: `tocsin serve` keeps the first one");
        return Ok(ExitCode::SUCCESS);
    }
    let row = |kept: &Kept| {
        let changes = short(&single(&kept.changes.join(", ")), WIDTH);
        [kept.number.to_string(), second(&kept.at), single(&kept.by), changes]
    };
    print(["NUMBER", "AT", "BY", "CHANGES"], &kept.iter().rev().map(row).collect::<Vec<_>>());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(place: &Place, number: Option<u64>, in_files: bool) -> anyhow::Result<ExitCode> {
    let kept = find(place, number)?;
    if place.json {
        let files =
            kept.files.iter().map(|file| WrittenFile { name: file.name.clone(), text: file.text.clone() });
        json(&WholeConfiguration { kept: shape(&kept), files: files.collect() })?;
        return Ok(ExitCode::SUCCESS);
    }
    if in_files {
        for file in &kept.files {
            say!("# ─── {} ───\n{}", single(&file.name), file.text.trim_end());
        }
    } else {
        let files = kept.files(&place.path()?, &place.state_dir()?)?;
        say!("{}", files.export()?.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// The configurations that are kept, the oldest first.
pub(super) fn all(place: &Place) -> anyhow::Result<Vec<Kept>> {
    let state_dir = place.state_dir()?;
    let all = History::to_look_at(&state_dir).all();
    all.with_context(|| format!("reading the configurations that are kept in {}", state_dir.display()))
}

/// The configuration of this number; without a number, the one in force.
fn find(place: &Place, number: Option<u64>) -> anyhow::Result<Kept> {
    let mut all = all(place)?;
    let Some(number) = number else {
        return all.pop().context("no configuration was in force yet: `tocsin serve` keeps the first one");
    };
    let numbers = match (all.first(), all.last()) {
        (Some(first), Some(last)) => format!("there is {} to {}", first.number, last.number),
        _ => "there is none yet".to_owned(),
    };
    let found = all.into_iter().find(|kept| kept.number == number);
    found
        .with_context(|| format!("no configuration {number} is kept: {numbers}, see `tocsin config history`"))
}

fn shape(kept: &Kept) -> KeptConfiguration {
    KeptConfiguration {
        number: kept.number,
        at: kept.at.clone(),
        by: kept.by.clone(),
        digest: kept.digest.clone(),
        changes: kept.changes.clone(),
    }
}
