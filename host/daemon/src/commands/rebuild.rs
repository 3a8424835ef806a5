//! `tocsin rebuild`: the state anew from the journal, while no relay runs.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use tocsin_store::rebuild;

use super::backup::stopped;
use super::place::Place;
use super::progress::Progress;
use super::table::json;
use super::verify::{checkpoint, open};
use crate::commands::out::{complain, say, single};
use crate::operate::api::store::Rebuilt;
use crate::operate::control::verified;
use crate::runtime::{clock, process};

pub(super) const EXAMPLES: &str = "\
Examples:
  tocsin verify                    says whether the state is damaged
  tocsin rebuild                   makes it anew from the journal; the store before is kept
  tocsin rebuild --from a.backup   where the journal was cut or is damaged: from the backup and the entries after it";

#[derive(Debug, clap::Args)]
pub(super) struct RebuildArgs {
    /// Begin with the state of this backup instead of the journal's first entry. Default where the journal was cut: the
    /// oldest of the relay's own backups that fits.
    #[arg(long, value_name = "BACKUP")]
    from: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(place: &Place, args: &RebuildArgs) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let path = stopped(place, "rebuild")?;
    let from = {
        // Says so if there is none, and leaves a store that takes no repair.
        let store = open(place)?;
        let from = match &args.from {
            Some(from) => Ok(Some(from.clone())),
            None => checkpoint(place, &store),
        };
        store.close();
        from?
    };
    has_room(&path)?;
    if !args.yes && !is_wanted()? {
        complain!("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    let at: String = clock::time_of_day().to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    let mut progress = Progress::new("rebuilding");
    let rebuilt = rebuild(&path, from.as_deref(), &format!("before-rebuild-{at}"), &mut |done, total| {
        progress.show(done, total);
    });
    drop(progress);
    let rebuilt = rebuilt.context("nothing was changed")?;
    let answer = Rebuilt {
        verified: verified(&rebuilt.verified, from.as_deref()),
        store: path.display().to_string(),
        before: rebuilt.before.display().to_string(),
        bytes: rebuilt.bytes,
        seconds: began.elapsed().as_secs_f64(),
    };
    if place.json {
        json(&answer)?;
    } else {
        print(&answer);
    }
    Ok(ExitCode::SUCCESS)
}

/// Says how much room the new store needs, and refuses when it is not there.
fn has_room(path: &Path) -> anyhow::Result<()> {
    let about = std::fs::metadata(path).with_context(|| path.display().to_string())?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let free = process::room(directory).with_context(|| directory.display().to_string())?.free_bytes;
    let (needed, free_mb) = (about.len().div_ceil(1_000_000), free / 1_000_000);
    complain!(
        "the new store needs up to {needed} MB beside the old one, which is kept; {free_mb} MB are free"
    );
    if free < about.len() {
        anyhow::bail!("there may be too little room in {}: make room, then try again", directory.display());
    }
    Ok(())
}

/// Whether the person at the terminal wants it.
fn is_wanted() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        anyhow::bail!(
            "there is no terminal to ask at: say --yes to put a new store in the place of the old one"
        );
    }
    write!(std::io::stderr(), "Put a new store in the place of the old one? [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn print(rebuilt: &Rebuilt) {
    let report = &rebuilt.verified;
    let after = report.backup.as_ref().map(|backup| format!(" after the backup {}", single(backup)));
    say!(
        "{} is made anew from {} entries{}",
        single(&rebuilt.store),
        report.entries,
        after.unwrap_or_default()
    );
    say!("  {} bytes, {:.1} s, digest {}", rebuilt.bytes, rebuilt.seconds, report.digest.rows);
    if report.differing == 0 {
        say!("  the state is the same as before");
    } else {
        say!("  {} records of the store before were not what the journal says:", report.differing);
        for difference in &report.differences {
            say!("    {}", single(difference));
        }
    }
    say!("  the store before is kept as {}: delete it when all is well", single(&rebuilt.before));
}
