//! `tocsin check`: everything that `serve` would find wrong, without serving.

use std::path::Path;
use std::process::ExitCode;

use super::place::Place;
use super::table;
use crate::commands::out::{complain, say, single};
use crate::config::{Config, ConfigError, ConfigProblem};
use crate::operate::api::status::{self as api, Checked, UnfitFile};
use crate::plugins::bindings::Bindings;
use crate::plugins::{Refused, Shelf};
use crate::runtime::{clock, wording};

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
    let looked = look(&place.path()?, |_| true)?;
    if place.json {
        table::json(&looked.checked())?;
        return Ok(looked.code());
    }
    looked.print()
}

/// The results of checking a configuration.
pub(super) struct Looked {
    config: Config,
    bindings: Bindings,
    /// Whether the file itself has no mistake.
    is_whole: bool,
    problems: Vec<ConfigProblem>,
    warnings: Vec<ConfigProblem>,
    refused: Vec<Refused>,
    is_blind: bool,
}

/// Checks the configuration at `path` with the plugins of the plugins directory and the bundled plugins that `wanted`
/// selects by id.
pub(super) fn look(path: &Path, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Looked> {
    let (config, mistakes) = Config::inspect(path)?;
    let (bindings, unfit, shelf) = super::place::runtime()?.block_on(async {
        let sandbox = super::cache::sandbox(&config)?;
        let shelf = Shelf::to_look_at(sandbox, &config, wanted);
        let (bindings, unfit) = shelf.look_once(&config).await;
        anyhow::Ok((bindings, unfit, shelf))
    })?;
    let is_whole = mistakes.is_empty();
    let words = config.wrong_words();
    let problems = together(mistakes, unfit).into_iter().chain(words.never_true).collect();
    let invalid = config.invalid_certificates(clock::time_of_day());
    let warnings = [config.exposed(), invalid, words.doubtful].concat();
    let (refused, is_blind) = (shelf.refused(), shelf.is_blind());
    Ok(Looked { config, bindings, is_whole, problems, warnings, refused, is_blind })
}

impl Looked {
    /// As `--json` prints it.
    pub(super) fn checked(&self) -> Checked {
        let file = |refused: &Refused| UnfitFile { file: refused.file.clone(), why: refused.why.clone() };
        Checked {
            problems: shown(&self.problems),
            warnings: shown(&self.warnings),
            unseen: shown(&[&self.config.unread[..], &self.config.unseen].concat()),
            refused: self.refused.iter().map(file).collect(),
        }
    }

    /// Success if a relay would work with all of it.
    pub(super) fn code(&self) -> ExitCode {
        let is_good = self.problems.is_empty() && self.refused.is_empty();
        if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Prints it for people.
    ///
    /// # Errors
    /// The file itself has mistakes: all of them.
    pub(super) fn print(self) -> anyhow::Result<ExitCode> {
        let (code, config) = (self.code(), self.config);
        if !self.is_whole {
            remarks(&config, &self.warnings);
            return Err(ConfigError::Invalid { path: config.path, problems: self.problems }.into());
        }
        for refused in &self.refused {
            complain!("plugin file {} is refused: {}", single(&refused.file), single(&refused.why));
        }
        for problem in &self.problems {
            complain!("{}", problem.in_file(&config.path));
        }
        if self.problems.is_empty() {
            summary(&config, &self.bindings);
        }
        remarks(&config, &self.warnings);
        if self.is_blind {
            complain!("not seen: which plugin files are approved; ask as the relay's user or as root");
        }
        Ok(code)
    }
}

fn shown(problems: &[ConfigProblem]) -> Vec<api::StatusProblem> {
    problems.iter().map(api::StatusProblem::from).collect()
}

/// What is no mistake, and worth a look: it leaves the exit code as it is.
fn remarks(config: &Config, warnings: &[ConfigProblem]) {
    for warning in warnings {
        complain!("warning: {warning}");
    }
    for unseen in config.unread.iter().chain(&config.unseen) {
        complain!("not seen: {unseen}");
    }
    match config.unseen.len() {
        0 => {}
        1 => complain!("1 secret could not be seen from here; what depends on it was not checked"),
        count => {
            complain!("{count} secrets could not be seen from here; what depends on them was not checked")
        }
    }
}

/// The mistakes in the files and the settings that plugins refuse, without errors that only follow from these.
fn together(mistakes: Vec<ConfigProblem>, unfit: Vec<ConfigProblem>) -> Vec<ConfigProblem> {
    let follows = |problem: &ConfigProblem| {
        let is_told = mistakes.iter().any(|mistake| mistake.path == problem.path);
        // A connection that could not be read is not there for its actions.
        is_told || (!mistakes.is_empty() && problem.path.ends_with(".connection"))
    };
    let unfit: Vec<ConfigProblem> = unfit.into_iter().filter(|problem| !follows(problem)).collect();
    mistakes.into_iter().chain(unfit).collect()
}

/// What the configuration comes to, so that the reader sees whether that is what was meant.
fn summary(config: &Config, bindings: &Bindings) {
    let as_far = if config.unseen.is_empty() && config.unread.is_empty() {
        ""
    } else {
        ", as far as this user can see"
    };
    say!("{} is right{as_far}", config.path.display());
    if config.sources.is_empty() {
        say!("  no source: Tocsin receives nothing; add a table [sources.<name>], or run `tocsin init`");
    }
    for source in config.sources.values() {
        let open = if source.authentication.is_open() { ", open to everybody" } else { "" };
        say!("  source {:<16} {} by {}{open}", source.name, config.source_url(&source.name), source.plugin);
    }
    for action in config.actions.values() {
        let rule = &action.rule;
        let (status, when) = (rule.status.as_str(), wording::triggers(rule));
        let what = if rule.is_fallback { ", only what no other action takes" } else { "" };
        say!("  action {:<16} {status}, to {} on {when}{what}", rule.name, rule.connection);
    }
    for connection in config.connections.values() {
        let host = connection.target.host();
        let Some(Ok(bound)) = bindings.connections.get(&connection.name) else { continue };
        if connection.target.is_seen() && !usual(&bound.info.hosts, host) {
            say!(
                "  note: connection {} goes to {host}, where {} usually goes to {}",
                connection.name,
                connection.plugin,
                bound.info.hosts.join(", ")
            );
        }
    }
}

/// Whether `host` is among the hosts that a plugin's peers have.
fn usual(hosts: &[String], host: &str) -> bool {
    hosts.is_empty()
        || hosts.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => pattern == host,
        })
}
