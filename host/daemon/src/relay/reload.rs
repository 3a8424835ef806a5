//! Puts another configuration in force while the relay runs: read, checked with the plugins, recorded, replaced as one.
//!
//! Whatever is wrong with it keeps the one before in force, whole. One reload at a time; each reads the files anew, so
//! that the last one that was asked for has the last word.

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
use crate::runtime::systemd;
use crate::shared::app::App;
use crate::shared::in_force::InForce;
use crate::shared::reloads::{Asked, NotReloaded, Refused, Reloaded, Reloads};

/// How long a reload waits for plugins: longer than the compiler may take for a few of them.
const LOADED_WITHIN: Duration = Duration::from_secs(15 * 60);

/// What a reload changes.
pub(super) struct Reloading {
    pub(super) app: Arc<App>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) binder: Arc<Binder>,
    pub(super) listening: Arc<Listening>,
    pub(super) reloads: Reloads,
}

/// A configuration that is right, and what is made of it.
struct Next {
    config: Arc<Config>,
    policy: Arc<Router>,
    bindings: Bindings,
    offer: Offer,
    reloaded: Reloaded,
}

impl Reloading {
    /// Does what is asked for until nobody can ask any more, or it is aborted.
    pub(super) async fn run(self, mut asked: mpsc::Receiver<Asked>) {
        while let Some(Asked { by, is_trial, reply }) = asked.recv().await {
            let result = if is_trial { self.compare().await } else { self.reload(&by).await };
            // Whoever asked may be gone: what was done is in the log and in the journal.
            drop(reply.send(result));
        }
    }

    /// What would change.
    async fn compare(&self) -> Result<Reloaded, NotReloaded> {
        let next = self.next().await?;
        // One of its own: its filters' failures are of no incident that is decided on.
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
                tracing::info!(by, changes = reloaded.changes.len(), "the configuration was read again")
            }
            Err(error) => {
                let why = error.to_string().replace('\n', "; ");
                tracing::error!(
                    by,
                    why,
                    "the configuration in force stays: the one that was read is not right"
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
        // Before it is recorded: from then on, nothing stands between the entry and what it says.
        let replacing = self.binder.begin(&next.bindings).await;
        if let Err(error) = self.keep(by, &next).await {
            // Nothing was changed but where senders connect to.
            if let Err(error) = self.listening.move_to(before.config.listen).await {
                tracing::error!("{error:#}");
            }
            return Err(error);
        }
        let (config, bindings) = (Arc::clone(&next.config), Arc::new(next.bindings));
        let in_force = InForce { config: next.config, policy: next.policy, senders, links, bindings };
        self.binder.replace(&replacing, in_force, &next.offer);
        self.app.store.keep(kept_as(&config));
        self.listening.connections().bound_by(bounds(&config));
        self.forget(&next.reloaded.changes, &config);
        self.binder.end(replacing).await;
        // What may be put in force of the plugins directory may be another thing now.
        self.shelf.look_again();
        for warning in &next.reloaded.warnings {
            tracing::warn!("{warning}");
        }
        for change in &next.reloaded.changes {
            tracing::info!(%change, "configuration");
        }
        Ok(next.reloaded)
    }

    /// What was remembered of parts that are other than before was about those before.
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
        // `managed` is where it was at the start, whatever `state_dir` says now.
        let read =
            tokio::task::spawn_blocking(move || Config::of_files(&Files::read_around(&path, &state_dir)?))
                .await;
        let read = read.map_err(failed)?;
        let mut config = read.map_err(|error| match error {
            ConfigError::Invalid { problems, .. } => NotReloaded::Mistakes(problems),
            other => failed(other),
        })?;
        let changes = before.config.changes(&config);
        // systemd listens, whatever is written.
        let is_idle = |change: &Change| before.config.is_given && change.path == "listen";
        let (later, changes): (Vec<Change>, Vec<Change>) =
            changes.into_iter().filter(|change| !is_idle(change)).partition(Change::is_for_the_next_start);
        config.stay_as(&before.config);
        let policy = Router::new(config.routing());
        let policy = policy.map_err(failed)?;
        let loading = self.shelf.load_for(&config);
        tokio::time::timeout(LOADED_WITHIN, loading).await.map_err(|_| {
            failed("its plugins are not loaded yet: see `tocsin plugins list`, and try again later")
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

    /// Those of the problems that the configuration in force does not have: what stands still already is no reason to
    /// refuse another change.
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
        // What was moved to another file is no other problem.
        let is_known = |problem: &ConfigProblem| {
            known.iter().any(|known| known.path == problem.path && known.problem == problem.problem)
        };
        problems.into_iter().filter(|problem| !is_known(problem)).collect()
    }

    /// Keeps the configuration's files, and records that it is in force from now on.
    async fn keep(&self, by: &str, next: &Next) -> Result<(), NotReloaded> {
        let history = History::of_relay(&next.config.state_dir);
        let changes: Vec<String> = next.reloaded.changes.iter().map(ToString::to_string).collect();
        let kept = keep(&self.app, &next.config, by, changes)
            .await
            .map_err(|error| failed(format!("it could not be kept in the state directory: {error}")))?;
        let recorded = self.record(by, next).await;
        if recorded.is_err()
            && let Err(error) = history.take_back(&kept)
        {
            tracing::error!(%error, "the history of configurations has one that did not come into force");
        }
        recorded
    }

    /// Records that the configuration is in force from now on. Its policy decides what follows from that.
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
