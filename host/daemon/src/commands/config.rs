//! `tocsin config`: lists the files of a configuration, prints them as one, and restores earlier configurations.
//!
//! Needs no running relay, except that `rollback` reloads it. `tocsin check` reports mistakes in the files.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

mod history;
mod rollback;

use super::place::Place;
use super::table::{json, print, short};
use crate::commands::out::{complain, say, single};
use crate::config::{File, Files};
use crate::operate::api::files::{ConfigExport, ConfigFile, ConfigFiles};
use crate::operate::api::status::StatusProblem;

/// Characters of the list of what a file holds.
const WIDTH: usize = 160;

const EXPORT_EXAMPLES: &str = "\
Examples:
  tocsin config export                         the whole configuration, for a reader or a diff
  tocsin config export --out all.toml          the same as a file that only its owner may read
  tocsin config export --json | jq .sources    for a script

The file replaces all others. Put it into a folder without conf.d, and remove the files from managed in
its state directory: otherwise, every part is in two files. Relative paths in it begin at its own folder,
and so does state_dir if the file does not set it.";

const HISTORY_EXAMPLES: &str = "\
Examples:
  tocsin config history               who changed what, and when
  tocsin config show 12               show configuration 12
  tocsin config rollback --dry-run    show which files undoing the last change would write
  tocsin config rollback              undo the last change
  tocsin config rollback 12           go back to that configuration

The relay keeps the last 52 in `configurations` of its state directory, which only its user and root can read.";

const FILES_EXAMPLES: &str = "\
Examples:
  tocsin config files                                  which source and action is in which file
  tocsin config files --json | jq -r '.files[].file'   for a script: a backup, a deployment";

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// List the configuration's files in the order in which Tocsin reads them, with the contents of each.
    ///
    /// These are the main file (--config), conf.d/*.toml beside it, and managed/*.toml in the state directory, which
    /// the relay writes. Each source, connection, action and key is in one file only; it does not matter in which.
    /// Tocsin reads the files in conf.d by name, and ignores those that begin with a dot or do not end in .toml.
    #[command(after_help = FILES_EXAMPLES)]
    Files,
    /// Print all files as one, with a comment that names the file of each part.
    ///
    /// The command prints secrets that are written in the files. References to secrets, { file = "…" }, { env = "…" },
    /// { credential = "…" } and { managed = "…" }, stay references. Comments are lost.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Export),
    /// List the configurations that were in force, the newest first: when, by whom, and what changed.
    #[command(after_help = HISTORY_EXAMPLES)]
    History,
    /// Print a configuration that was in force as one file. Default: the one in force.
    Show {
        /// Its number, as `tocsin config history` lists it.
        number: Option<u64>,
        /// Print its files one after the other, unchanged.
        #[arg(long)]
        files: bool,
    },
    /// Restore the files of a configuration that was in force, and reload the running relay.
    ///
    /// The command writes the files that differ and removes files that the configuration did not have. It keeps the
    /// previous version of each beside it as *.before-rollback. If the relay refuses the result, the command restores
    /// the files.
    #[command(after_help = HISTORY_EXAMPLES)]
    Rollback {
        /// Its number. Default: the one before the one in force.
        number: Option<u64>,
        /// Only show what would be written.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Write to this new file, which only its owner can read (mode 0600). Never overwrites a file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(place: &Place, command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Files => list(place),
        ConfigCommand::Export(args) => export(place, args),
        ConfigCommand::History => history::list(place),
        ConfigCommand::Show { number, files } => history::show(place, *number, *files),
        ConfigCommand::Rollback { number, dry_run } => rollback::run(place, *number, *dry_run),
    }
}

fn list(place: &Place) -> anyhow::Result<ExitCode> {
    let files = Files::read(&place.path()?)?;
    let listed: Vec<ConfigFile> = files.all.iter().map(listed).collect();
    let is_good = listed.iter().all(|file| file.problem.is_none());
    if place.json {
        let unseen = files.unread.iter().map(StatusProblem::from).collect();
        json(&ConfigFiles { digest: files.digest(), files: listed, unseen })?;
    } else {
        let row = |file: &ConfigFile| {
            let holds = file.problem.clone().unwrap_or_else(|| file.holds.join(", "));
            [single(&file.file), short(&single(&holds), WIDTH)]
        };
        print(["FILE", "HOLDS"], &listed.iter().map(row).collect::<Vec<_>>());
        say!("digest sha256:{}", files.digest());
        for unread in &files.unread {
            complain!("not seen: {unread}");
        }
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listed(file: &File) -> ConfigFile {
    let held = file.holds();
    ConfigFile {
        file: file.path.display().to_string(),
        part: file.part.as_str().to_owned(),
        problem: held.as_ref().err().map(ToString::to_string),
        holds: held.unwrap_or_default(),
    }
}

fn export(place: &Place, args: &Export) -> anyhow::Result<ExitCode> {
    let files = Files::read(&place.path()?)?;
    let text = files.export()?;
    match &args.out {
        None if place.json => json(&text.parse::<toml::Table>()?)?,
        None => say!("{}", text.trim_end()),
        Some(out) => {
            make(out, &text)?;
            let from: Vec<String> = files.all.iter().map(|file| file.path.display().to_string()).collect();
            if place.json {
                json(&ConfigExport { file: out.display().to_string(), from })?;
            } else {
                say!("{} is made of {}", out.display(), from.join(", "));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Creates a file that only its owner can read.
///
/// # Errors
/// The file exists, or it cannot be written; an incomplete file is removed.
fn make(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => anyhow::bail!(
            "{} exists and is not overwritten: name another file with --out, or remove it",
            path.display()
        ),
        opened => opened.with_context(|| format!("making {}", path.display()))?,
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // An incomplete file is no configuration.
        let _ = std::fs::remove_file(path);
    }
    written.with_context(|| format!("writing {}", path.display()))
}
