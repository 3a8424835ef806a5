//! `tocsin check`: everything that `serve` would find wrong, without serving.

use std::process::ExitCode;

use serde_json::json;

use super::out::{complain, say};
use super::{Place, table};
use crate::bindings::Bindings;
use crate::config::{Config, ConfigError, Problem};
use crate::plugins::{Shelf, load_bundled};
use crate::words;

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
    let (config, mistakes) = Config::inspect(&place.path()?)?;
    let (bindings, unfit, refused) = super::runtime()?.block_on(async {
        let sandbox = super::cache::sandbox(&config)?;
        let bundled = load_bundled(&sandbox, |_| true, |_| ()).await?;
        let shelf = Shelf::new(sandbox, &config.plugins_dir, bundled);
        let plugins = shelf.scan(&config, None).await.map(|bindings| bindings.plugins).unwrap_or_default();
        let (bindings, unfit) = Bindings::build(&config, plugins).await;
        anyhow::Ok((bindings, unfit, shelf.refused()))
    })?;
    let is_whole = mistakes.is_empty();
    let problems = together(mistakes, unfit);
    if place.json {
        let problems: Vec<_> = problems
            .iter()
            .map(|problem| json!({ "path": problem.path, "problem": problem.problem }))
            .collect();
        let refused: Vec<_> =
            refused.iter().map(|refused| json!({ "file": refused.file, "why": refused.why })).collect();
        table::json(&json!({ "problems": problems, "refused": refused }));
    } else if !is_whole {
        return Err(ConfigError::Invalid { path: config.path, problems }.into());
    } else {
        for refused in &refused {
            complain!("plugin file {} is refused: {}", refused.file, refused.why);
        }
        for problem in &problems {
            complain!("{}: {}", config.path.display(), problem);
        }
        if problems.is_empty() {
            summary(&config, &bindings);
        }
    }
    let good = problems.is_empty() && refused.is_empty();
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The mistakes of the file, and what of it does not fit its plugins, without what only follows from them.
fn together(mistakes: Vec<Problem>, unfit: Vec<Problem>) -> Vec<Problem> {
    let follows = |problem: &Problem| {
        let is_told = mistakes.iter().any(|mistake| mistake.path == problem.path);
        // A connection that could not be read is not there for its actions.
        is_told || (!mistakes.is_empty() && problem.path.ends_with(".connection"))
    };
    let unfit: Vec<Problem> = unfit.into_iter().filter(|problem| !follows(problem)).collect();
    mistakes.into_iter().chain(unfit).collect()
}

/// What the configuration comes to, so that the reader sees whether that is what was meant.
fn summary(config: &Config, bindings: &Bindings) {
    say!("{} is right", config.path.display());
    for source in config.sources.values() {
        let open = if source.authentication.is_open() { ", open to everybody" } else { "" };
        say!("  source {:<16} {} by {}{open}", source.name, config.source_url(&source.name), source.plugin);
    }
    for action in config.actions.values() {
        let rule = &action.rule;
        let (status, when) = (rule.status.as_str(), words::triggers(rule));
        say!("  action {:<16} {status}, to {} on {when}", rule.name, rule.connection);
    }
    for connection in config.connections.values() {
        let host = connection.target.host();
        let Some(Ok(bound)) = bindings.connections.get(&connection.name) else { continue };
        if !usual(&bound.info.hosts, host) {
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
