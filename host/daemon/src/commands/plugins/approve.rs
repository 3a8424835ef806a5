//! `tocsin plugins approve`: an operator's yes to a file in the plugins directory, with or without a running relay.
//!
//! Never approves a file that differs from the one that the operator named.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use super::super::cache;
use super::super::place::{Place, runtime};
use super::super::table::{json, short};
use crate::commands::client::ClientError;
use crate::commands::out::{say, single};
use crate::config::Config;
use crate::operate::api::plugins::{Approve, Approved};
use crate::plugins::{Shelf, digest_of_file};
use crate::runtime::clock;

pub(super) fn run(place: &Place, files: &[std::path::PathBuf]) -> anyhow::Result<ExitCode> {
    let mut is_good = true;
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{} has no file name that is text", file.display()))?;
        let approved = one(place, file, name)?;
        is_good &= approved.in_force || approved.next_start;
        if place.json { json(&approved)? } else { show(&approved) }
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Approves one file: through the relay where one runs, else for its next start.
fn one(place: &Place, file: &Path, name: &str) -> anyhow::Result<Approved> {
    let asked = Approve { file: name.to_owned(), digest: digest(file)?, actor: place.person() };
    match place.post("/plugins/approve", &asked) {
        Err(error) if matches!(error.downcast_ref(), Some(ClientError::NotRunning { .. })) => {
            let (config, _) = Config::inspect(&place.path()?)?;
            let shelf = Shelf::to_approve(cache::sandbox(&config)?, &config);
            runtime()?.block_on(shelf.look_once(&config));
            let approved = shelf
                .say_yes(name, asked.digest.as_deref(), clock::time_of_day())
                .map_err(anyhow::Error::msg)?;
            Ok(Approved { next_start: true, ..approved.into() })
        }
        other => other,
    }
}

/// The digest of the file, where the operator named one that is there: a name alone is one in the plugins directory.
fn digest(file: &Path) -> anyhow::Result<Option<String>> {
    if file.components().count() == 1 && !file.exists() {
        return Ok(None);
    }
    let digest = digest_of_file(file).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
    Ok(Some(digest))
}

fn show(approved: &Approved) {
    let plugin = match (&approved.id, &approved.version) {
        (Some(id), Some(version)) => format!("{} {}", single(id), single(version)),
        _ => "not tried yet".to_owned(),
    };
    say!("{}: {}", short(&single(&approved.file), 100), short(&plugin, 200));
    say!("  digest sha256:{}", single(&approved.digest));
    for want in &approved.wants {
        say!("  new: {}", short(want, 1000));
    }
    if approved.in_force {
        say!("  it is in force");
    } else if approved.next_start {
        say!(
            "  approved; no relay runs: its next start puts the file in force, if the configuration fits it"
        );
    } else {
        let why = approved.why.as_deref().unwrap_or_default();
        say!("  approved, and not in force: {}", short(&single(why), 1000));
    }
}
