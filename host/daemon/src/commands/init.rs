//! `tocsin init`: writes a first configuration from three answers: which tool sends alerts, which receives them, at
//! which address.
//!
//! Takes the settings that a plugin needs from its description, and knows no plugin by name. Never overwrites a file.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tocsin_core::plugin::PluginInfo;

use super::place::Place;
use super::{bundled, cache, check};
use crate::commands::out::{complain, say};
use crate::config::{Config, ConfigProblem};
use crate::plugins::Shelf;

mod answers;
mod draft;
mod file;
mod parts;
mod questions;
mod report;

use answers::Answers;
use draft::Draft;

/// The default file.
const DEFAULT_FILE: &str = "tocsin.toml";
/// How often a plugin may ask for more settings: one setting may decide whether another is needed.
const ROUNDS: usize = 5;

pub(super) const EXAMPLES: &str = "\
In a terminal, it asks for answers that the options do not give. Without a terminal, or with --yes or --json, it asks
nothing. It writes a random token, and the plugins' other settings as comments. It never overwrites a file.

Examples:
  tocsin init
  tocsin init --source jira --action slack --url https://hooks.slack.com/services/T0/B0/x --yes
  tocsin init --source grafana --action slack --url - --yes < slack-url    the address is in no shell's history
  tocsin init --source zapier --action jira --url https://acme.atlassian.net --set connection.user=ops@acme.example \\
    --set action.project=OPS";

/// The options of `tocsin init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The plugin that receives alerts, such as jira.
    #[arg(long, value_name = "PLUGIN")]
    source: Option<String>,
    /// The plugin that sends alerts on, such as slack.
    #[arg(long, value_name = "PLUGIN")]
    action: Option<String>,
    /// The address of the destination; `-` reads it from standard input. It is often a secret.
    #[arg(long)]
    url: Option<String>,
    /// A setting or secret of a plugin: source.KEY=VALUE, connection.KEY=VALUE or action.KEY=VALUE. May be repeated.
    #[arg(long = "set", value_name = "SETTING")]
    settings: Vec<String>,
    /// The address to listen at.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8686")]
    listen: SocketAddr,
    /// The address at which senders and readers of messages reach Tocsin, such as https://tocsin.example.org
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Ask nothing. Required settings without a value are written as comments.
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn run(place: &Place, args: &InitArgs) -> anyhow::Result<ExitCode> {
    let path = place.config.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    let free = file::free(&path)?;
    let asks = !args.yes && !place.json && std::io::stdin().is_terminal();
    let wanted = answers::wanted(args, asks)?;
    let plugins = described(wanted.as_deref(), place.json)?;
    let answers = if asks {
        questions::ask(&mut questions::Terminal, args, plugins)?
    } else {
        Answers::given(args, plugins)?
    };
    let draft = completed(Draft::new(answers, args)?, &path, asks)?;
    let made = free.write(&draft.text())?;
    let looked = check::look(&path, |id| draft.plugins().contains(&id))?;
    let (code, written) = (looked.code(), report::written(&path, &draft, made, looked.checked()));
    if place.json {
        super::table::json(&written)?;
        return Ok(code);
    }
    report::wrote(&written);
    let checked = looked.print();
    if code == ExitCode::SUCCESS {
        report::invite(&written);
    } else {
        report::advise(&written);
    }
    checked
}

/// The draft with the settings that its plugins need, by their descriptions and their own checks. A person may leave a
/// setting to be filled in later.
fn completed(mut draft: Draft, path: &Path, asks: bool) -> anyhow::Result<Draft> {
    let mut asked = Vec::new();
    for _ in 0..ROUNDS {
        let problems = unfit(&draft, path)?;
        draft.learn(&problems);
        let person = &mut questions::Terminal;
        if !asks || draft.needed().is_empty() || !questions::fill_in(person, &mut draft, &mut asked)? {
            break;
        }
    }
    Ok(draft)
}

/// The problems that the plugins find in the draft.
fn unfit(draft: &Draft, path: &Path) -> anyhow::Result<Vec<ConfigProblem>> {
    let config = Config::parse(path, &draft.text())?;
    let sandbox = cache::sandbox(&config)?;
    let shelf = Shelf::to_look_at(sandbox, &config, |id| draft.plugins().contains(&id));
    let (_, problems) = super::place::runtime()?.block_on(shelf.look_once(&config));
    Ok(problems)
}

/// The descriptions of the bundled plugins: of the `wanted` ones, or of all.
fn described(wanted: Option<&[String]>, is_json: bool) -> anyhow::Result<Vec<PluginInfo>> {
    let cache_dir = cache::of_user();
    let sandbox = cache::usual_sandbox()?;
    let picked = |id: &str| wanted.is_none_or(|wanted| wanted.iter().any(|one| one == id));
    // With --json, standard output has only one document.
    let progress = |line: &str| if is_json { complain!("{line}") } else { say!("{line}") };
    let loading = bundled::load(&sandbox, cache_dir.as_deref(), picked, progress);
    let plugins = super::place::runtime()?.block_on(loading)?;
    Ok(plugins.values().map(|plugin| plugin.info().clone()).collect())
}
