//! Puts a new configuration in force while the relay runs: reads it, checks it with the plugins, records it, and
//! replaces all of it at once.
//!
//! After any problem, the previous configuration stays in force as a whole. One reload runs at a time. Each reads the
//! files again, so that the last request determines the result.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tocsin_core::command::Command;
use tocsin_core::routing::Router;
use tokio::sync::mpsc;

use super::binder::Binder;
use super::listeners::{self, Listeners};
use super::started::keep;
use super::{filters, kept_as};
use crate::config::{Change, Config, ConfigError, ConfigProblem, Files, History, MANAGED, ManagedFile};
use crate::plugins::Shelf;
use crate::plugins::bindings::{Bindings, Offer};
use crate::runtime::folder::{Folder, Replaced};
use crate::runtime::{log, systemd};
use crate::send::client::Senders;
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
    pub(super) listeners: Arc<Listeners>,
    pub(super) reloads: Reloads,
}

/// A valid configuration and the values made from it.
pub(super) struct Next {
    config: Arc<Config>,
    policy: Arc<Router>,
    bindings: Bindings,
    offer: Offer,
    reloaded: Reloaded,
}

impl Reloading {
    /// Handles requests until all senders are gone, or it is aborted.
    pub(super) async fn run(self, mut asked: mpsc::Receiver<Asked>) {
        while let Some(asked) = asked.recv().await {
            // The caller may be gone: the log and the journal have the result.
            match asked {
                Asked::Reload { is_trial: true, reply, .. } => drop(reply.send(self.compare().await)),
                Asked::Reload { by, reply, .. } => drop(reply.send(self.reload(&by).await)),
                Asked::Change { by, change, reply } => drop(reply.send(self.change(&by, *change).await)),
            }
        }
    }

    /// What a reload would change.
    async fn compare(&self) -> Result<Reloaded, NotReloaded> {
        let next = self.next(self.read().await?).await?;
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
        let next = self.next(self.read().await?).await?;
        self.put_in_force(by, next, None).await
    }

    /// Puts the configuration in force. Writes the file of `managed` that is part of it, if there is one.
    pub(super) async fn put_in_force(
        &self,
        by: &str,
        next: Next,
        file: Option<ManagedFile>,
    ) -> Result<Reloaded, NotReloaded> {
        let is_same = next.config.files.digest() == self.app.config().files.digest();
        if is_same && file.is_none() && next.reloaded.changes.is_empty() {
            return Ok(next.reloaded);
        }
        let before = self.app.in_force();
        let senders = self.senders(&before.senders, &next.config).await?;
        let links = before.links.with(next.config.public_url.clone(), next.config.limits.keep_links);
        let tls = listeners::tls(&next.config).map_err(in_full)?;
        self.listeners.move_to(&next.config).await.map_err(in_full)?;
        // Before the entry is recorded, because nothing may fail between the entry and the change.
        let replacing = self.binder.begin(&next.bindings).await;
        if let Err(error) = self.write_and_keep(by, &next, file).await {
            // Only the listening addresses have changed.
            self.listeners.move_back(&before.config).await;
            return Err(error);
        }
        let (config, bindings) = (Arc::clone(&next.config), Arc::new(next.bindings));
        let in_force = InForce { config: next.config, policy: next.policy, senders, links, bindings };
        self.binder.replace(&replacing, in_force, &next.offer);
        self.app.store.keep(kept_as(&config));
        log::change(&config.log.settings);
        self.listeners.follow(&config, &before.config, tls);
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

    /// The HTTP clients of `config`. Each new one parses the root certificates, which takes tens of milliseconds.
    async fn senders(&self, before: &Senders, config: &Arc<Config>) -> Result<Senders, NotReloaded> {
        let (before, config) = (before.clone(), Arc::clone(config));
        let making = tokio::task::spawn_blocking(move || before.renewed(config.connections.values()));
        making.await.map_err(failed)?.map_err(failed)
    }

    /// Discards what was remembered about the previous version of changed parts.
    fn forget(&self, changes: &[Change], config: &Config) {
        connections_of(changes, config).iter().for_each(|name| self.app.connection_changed(name));
        named(changes, "sources").iter().for_each(|name| self.app.source_changed(name));
        named(changes, "actions").iter().for_each(|name| self.app.signals.filters.end(name));
        self.app.signals.due.ring();
    }

    /// Reads the configuration's files.
    pub(super) async fn read(&self) -> Result<Files, NotReloaded> {
        let config = self.app.config();
        // `managed` stays in the state directory of the start, even if `state_dir` changed.
        let read = tokio::task::spawn_blocking(move || Files::read_around(&config.path, &config.state_dir));
        read.await.map_err(failed)?.map_err(failed)
    }

    /// Checks the configuration in `files`, all of it.
    pub(super) async fn next(&self, files: Files) -> Result<Next, NotReloaded> {
        let before = self.app.in_force();
        let read = tokio::task::spawn_blocking(move || Config::of_files(&files)).await;
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

    /// Writes `file`, then keeps the configuration. Restores the file if that fails.
    async fn write_and_keep(
        &self,
        by: &str,
        next: &Next,
        file: Option<ManagedFile>,
    ) -> Result<(), NotReloaded> {
        let Some(file) = file else { return self.keep(by, next).await };
        let replaced = replace(&next.config.state_dir, file).await.map_err(failed)?;
        let kept = self.keep(by, next).await;
        let ended = tokio::task::spawn_blocking({
            let is_kept = kept.is_ok();
            move || if is_kept { replaced.finish() } else { replaced.undo() }
        });
        if let Err(error) = ended.await.unwrap_or_else(|error| Err(io::Error::other(error))) {
            let what = if kept.is_ok() { "remove the copy of" } else { "take back the change of" };
            tracing::error!(%error, "could not {what} a file in {MANAGED}");
        }
        kept
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

/// Writes or removes a file of `managed`.
async fn replace(state_dir: &Path, file: ManagedFile) -> io::Result<Replaced> {
    let folder = Folder::new(state_dir, MANAGED, true);
    let name = file.name.clone();
    let writing = tokio::task::spawn_blocking(move || {
        folder.replace(&file.name, file.text.as_deref().map(str::as_bytes))
    });
    let written = writing.await.unwrap_or_else(|error| Err(io::Error::other(error)));
    written.map_err(|error| io::Error::new(error.kind(), format!("cannot write {MANAGED}/{name}: {error}")))
}

pub(super) fn failed(why: impl std::fmt::Display) -> NotReloaded {
    NotReloaded::Failed(why.to_string())
}

/// A failure with its causes.
fn in_full(error: anyhow::Error) -> NotReloaded {
    failed(format!("{error:#}"))
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
