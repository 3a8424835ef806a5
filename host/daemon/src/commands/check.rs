//! `tocsin check`: everything that `serve` would find wrong, without serving.

use std::process::ExitCode;

use super::place::Place;
use super::table;
use crate::commands::out::{complain, say, single};
use crate::config::{Config, ConfigError, ConfigProblem};
use crate::operate::api::status::{self as api, Checked, UnfitFile};
use crate::plugins::bindings::Bindings;
use crate::plugins::{Refused, Shelf};
use crate::runtime::wording;

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
    let (config, mistakes) = Config::inspect(&place.path()?)?;
    let (bindings, unfit, shelf) = super::place::runtime()?.block_on(async {
        let sandbox = super::cache::sandbox(&config)?;
        let shelf = Shelf::to_look_at(sandbox, &config, |_| true);
        let (bindings, unfit) = shelf.look_once(&config).await;
        anyhow::Ok((bindings, unfit, shelf))
    })?;
    let refused = shelf.refused();
    let is_whole = mistakes.is_empty();
    let words = config.wrong_words();
    let problems: Vec<ConfigProblem> =
        together(mistakes, unfit).into_iter().chain(words.never_true).collect();
    let warnings: Vec<ConfigProblem> = config.exposed().into_iter().chain(words.doubtful).collect();
    if place.json {
        let file = |refused: &Refused| UnfitFile { file: refused.file.clone(), why: refused.why.clone() };
        table::json(&Checked {
            problems: shown(&problems),
            warnings: shown(&warnings),
            unseen: shown(&[&config.unread[..], &config.unseen].concat()),
            refused: refused.iter().map(file).collect(),
        })?;
    } else if !is_whole {
        remarks(&config, &warnings);
        return Err(ConfigError::Invalid { path: config.path, problems }.into());
    } else {
        for refused in &refused {
            complain!("plugin file {} is refused: {}", single(&refused.file), single(&refused.why));
        }
        for problem in &problems {
            complain!("{}", problem.in_file(&config.path));
        }
        if problems.is_empty() {
            summary(&config, &bindings);
        }
        remarks(&config, &warnings);
        if shelf.is_blind() {
            complain!("not seen: which plugin files are approved; ask as the relay's user or as root");
        }
    }
    let good = problems.is_empty() && refused.is_empty();
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

/// The mistakes of the files, and what of them does not fit its plugins, without what only follows from them.
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
        ", as far as it could be seen"
    };
    say!("{} is right{as_far}", config.path.display());
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
