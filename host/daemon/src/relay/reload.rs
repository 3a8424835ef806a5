//! Puts a new configuration in force while the relay runs: reads it, checks it with the plugins, records it, and
//! replaces all of it at once.
//!
//! After any problem, the previous configuration stays in force as a whole. One reload runs at a time. Each reads the
//! files again, so that the last request determines the result.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tocsin_core::command::Command;
use tocsin_core::routing::Router;
use tokio::sync::mpsc;

use super::binder::Binder;
use super::listening::Listening;
use super::started::keep;
use super::{bounds, filters, kept_as};
use crate::config::{Change, Config, ConfigError, ConfigProblem, Files, History};
use crate::plugins::Shelf;
use crate::plugins::bindings::{Bindings, Offer};
use crate::runtime::{log, systemd};
use crate::shared::app::App;
use crate::shared::in_force::InForce;
use crate::shared::reloads::{Asked, NotReloaded, Refused, Reloaded, Reloads};

/// How long a reload waits for plugins: enough to compile several.
const LOADED_WITHIN: Duration = Duration::from_secs(15 * 60);

/// The changes of a reload.
pub(super) struct Reloading {
    pub(super) app: Arc<App>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) binder: Arc<Binder>,
    pub(super) listening: Arc<Listening>,
    pub(super) reloads: Reloads,
}

/// A valid configuration and the values made from it.
struct Next {
    config: Arc<Config>,
    policy: Arc<Router>,
    bindings: Bindings,
    offer: Offer,
    reloaded: Reloaded,
}

impl Reloading {
    /// Handles requests until all senders are gone, or it is aborted.
    pub(super) async fn run(self, mut asked: mpsc::Receiver<Asked>) {
        while let Some(Asked { by, is_trial, reply }) = asked.recv().await {
            let result = if is_trial { self.compare().await } else { self.reload(&by).await };
            // The caller may be gone: the log and the journal have the result.
            drop(reply.send(result));
        }
    }

    /// What a reload would change.
    async fn compare(&self) -> Result<Reloaded, NotReloaded> {
        let next = self.next().await?;
        // A separate policy, because failures of its filters concern no decision.
        let before = Router::new(self.app.config().routing()).map_err(failed)?;
        let after = Arc::clone(&next.policy);
        let filters = self.app.reading(move |app| filters::other_matches(app, &before, &after)).await;
        let filters = filters.map_err(failed)?;
        Ok(Reloaded { filters, ..next.reloaded })
    }

    async fn reload(&self, by: &str) -> Result<Reloaded, NotReloaded> {
        systemd::reloading();
        let result = self.attempt(by).await;
        match &result {
            Ok(reloaded) => {
                tracing::info!(by, changes = reloaded.changes.len(), "reloaded the configuration")
            }
            Err(error) => {
                let why = error.to_string().replace('\n', "; ");
                tracing::error!(
                    by,
                    reason = why,
                    "the configuration in force stays: the new one was not put in force"
                )
            }
        }
        self.reloads.ended(match &result {
            Err(error @ (NotReloaded::Mistakes(_) | NotReloaded::Failed(_))) => {
                Some(Refused { at: self.app.clock.now(), why: error.to_string() })
            }
            Ok(_) | Err(NotReloaded::Stopping) => None,
        });
        systemd::reloaded();
        result
    }

    async fn attempt(&self, by: &str) -> Result<Reloaded, NotReloaded> {
        let next = self.next().await?;
        if next.config.files.digest() == self.app.config().files.digest() && next.reloaded.changes.is_empty()
        {
            return Ok(next.reloaded);
        }
        let before = self.app.in_force();
        let senders = before.senders.renewed(next.config.connections.values()).map_err(failed)?;
        let links = before.links.with(next.config.public_url.clone(), next.config.limits.keep_links);
        let moved = next.config.listen;
        self.listening.move_to(moved).await.map_err(|error| failed(format!("{error:#}")))?;
        // Before the entry is recorded, because nothing may fail between the entry and the change.
        let replacing = self.binder.begin(&next.bindings).await;
        if let Err(error) = self.keep(by, &next).await {
            // Only the listening address has changed.
            if let Err(error) = self.listening.move_to(before.config.listen).await {
                tracing::error!("{error:#}");
            }
            return Err(error);
        }
        let (config, bindings) = (Arc::clone(&next.config), Arc::new(next.bindings));
        let in_force = InForce { config: next.config, policy: next.policy, senders, links, bindings };
        self.binder.replace(&replacing, in_force, &next.offer);
        self.app.store.keep(kept_as(&config));
        log::change(&config.log.settings);
        self.listening.connections().bound_by(bounds(&config));
        self.forget(&next.reloaded.changes, &config);
        self.binder.end(replacing).await;
        // The configuration may allow other plugin files now.
        self.shelf.look_again();
        for warning in &next.reloaded.warnings {
            tracing::warn!("{warning}");
        }
        for change in &next.reloaded.changes {
            tracing::info!(%change, "configuration");
        }
        Ok(next.reloaded)
    }

    /// Discards what was remembered about the previous version of changed parts.
    fn forget(&self, changes: &[Change], config: &Config) {
        connections_of(changes, config).iter().for_each(|name| self.app.connection_changed(name));
        named(changes, "sources").iter().for_each(|name| self.app.source_changed(name));
        named(changes, "actions").iter().for_each(|name| self.app.signals.filters.end(name));
        self.app.signals.due.ring();
    }

    /// Reads the configuration and checks all of it.
    async fn next(&self) -> Result<Next, NotReloaded> {
        let before = self.app.in_force();
        let (path, state_dir) = (before.config.path.clone(), before.config.state_dir.clone());
        // `managed` stays in the state directory of the start, even if `state_dir` changed.
        let read =
            tokio::task::spawn_blocking(move || Config::of_files(&Files::read_around(&path, &state_dir)?))
                .await;
        let read = read.map_err(failed)?;
        let mut config = read.map_err(|error| match error {
            ConfigError::Invalid { problems, .. } => NotReloaded::Mistakes(problems),
            other => failed(other),
        })?;
        let changes = before.config.changes(&config);
        // systemd listens, so the configured address is ignored.
        let is_idle = |change: &Change| before.config.is_given && change.path == "listen";
        let (later, changes): (Vec<Change>, Vec<Change>) =
            changes.into_iter().filter(|change| !is_idle(change)).partition(Change::is_for_the_next_start);
        config.stay_as(&before.config);
        let policy = Router::new(config.routing());
        let policy = policy.map_err(failed)?;
        let loading = self.shelf.load_for(&config);
        tokio::time::timeout(LOADED_WITHIN, loading).await.map_err(|_| {
            failed("its plugins are still loading: see `tocsin plugins list`, and try again later")
        })?;
        let offer = self.shelf.offer(&config);
        let (bindings, unfit) = Bindings::build(&config, offer.clone()).await;
        let unfit = self.new_among(unfit, &before.config, &offer).await;
        if !unfit.is_empty() {
            return Err(NotReloaded::Mistakes(unfit));
        }
        let words = config.wrong_words();
        let invalid = config.invalid_certificates(self.app.clock.now());
        let warnings = [words.never_true, config.exposed(), invalid, words.doubtful].concat();
        let reloaded = Reloaded {
            changes,
            with_the_next_start: later.into_iter().map(|change| change.path).collect(),
            warnings,
            filters: Vec::new(),
        };
        Ok(Next { config: Arc::new(config), policy: Arc::new(policy), bindings, offer, reloaded })
    }

    /// The problems that the configuration in force does not have. Existing problems do not block other changes.
    async fn new_among(
        &self,
        problems: Vec<ConfigProblem>,
        before: &Config,
        offer: &Offer,
    ) -> Vec<ConfigProblem> {
        if problems.is_empty() {
            return problems;
        }
        let (_, known) = Bindings::build(before, offer.clone()).await;
        // A problem that moved to another file is not a new problem.
        let is_known = |problem: &ConfigProblem| {
            known.iter().any(|known| known.path == problem.path && known.problem == problem.problem)
        };
        problems.into_iter().filter(|problem| !is_known(problem)).collect()
    }

    /// Keeps the configuration's files, and records that it is in force.
    async fn keep(&self, by: &str, next: &Next) -> Result<(), NotReloaded> {
        let history = History::of_relay(&next.config.state_dir);
        let changes: Vec<String> = next.reloaded.changes.iter().map(ToString::to_string).collect();
        let kept = keep(&self.app, &next.config, by, changes)
            .await
            .map_err(|error| failed(format!("cannot write it to the state directory: {error}")))?;
        let recorded = self.record(by, next).await;
        if recorded.is_err()
            && let Err(error) = history.take_back(&kept)
        {
            tracing::error!(%error, "the history contains a configuration that did not come into force");
        }
        recorded
    }

    /// Records that the configuration is in force. Its policy decides the consequences.
    async fn record(&self, by: &str, next: &Next) -> Result<(), NotReloaded> {
        let changes = &next.reloaded.changes;
        let command = Command::Configure {
            by: by.to_owned(),
            digest: next.config.files.digest(),
            changes: changes.iter().map(ToString::to_string).collect(),
            sources: named(changes, "sources").into_iter().map(Into::into).collect(),
            connections: connections_of(changes, &next.config).into_iter().map(Into::into).collect(),
        };
        let recorded = self.app.record_under(Arc::clone(&next.policy), command, Vec::new()).await;
        recorded.map(drop).map_err(failed)
    }
}

fn failed(why: impl std::fmt::Display) -> NotReloaded {
    NotReloaded::Failed(why.to_string())
}

/// The names of this table's parts that changed.
fn named(changes: &[Change], table: &str) -> BTreeSet<String> {
    changes.iter().filter_map(|change| change.name_in(table)).map(str::to_owned).collect()
}

/// The connections that changed: all of them if `[egress]` did.
fn connections_of(changes: &[Change], config: &Config) -> BTreeSet<String> {
    let mut names = named(changes, "connections");
    if changes.iter().any(|change| change.name_in("egress").is_some()) {
        names.extend(config.connections.keys().cloned());
    }
    names
}
