//! `tocsin completions` and the hidden `tocsin man`: generate completions and man pages from the commands.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command, ValueEnum};

use crate::commands::out;

/// A shell with completions.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Shell {
    /// GNU Bash, with its bash-completion.
    Bash,
    /// Z shell.
    Zsh,
    /// fish.
    Fish,
}

pub(super) const COMPLETIONS: &str = "\
Examples:
  source <(tocsin completions bash)                                       for this shell
  tocsin completions bash > ~/.local/share/bash-completion/completions/tocsin
  tocsin completions zsh > \"${fpath[1]}/_tocsin\"
  tocsin completions fish > ~/.config/fish/completions/tocsin.fish

The Debian package already installs them.";

/// The options of `tocsin man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The directory, which the command creates if it does not exist.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Prints the completion script of `command` for `shell`.
pub(super) fn completions(mut command: Command, shell: Shell) -> ExitCode {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(shell, &mut command, name, &mut script);
    out::script(&script);
    ExitCode::SUCCESS
}

/// Writes a man page for `command` and for each command below it.
///
/// # Errors
/// The directory cannot be created or written to.
pub(super) fn man(command: Command, args: &ManArgs) -> anyhow::Result<ExitCode> {
    let directory: &Path = &args.directory;
    let context = || format!("writing man pages to {}", directory.display());
    std::fs::create_dir_all(directory).with_context(context)?;
    clap_mangen::generate_to(command, directory).with_context(context)?;
    Ok(ExitCode::SUCCESS)
}
