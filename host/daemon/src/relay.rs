//! The relay as a whole: put together, started, stopped.
//!
//! Says that it is ready when it answers requests, while plugins may still be compiled; stops in the opposite order, so
//! that nothing that was answered is lost.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tocsin_sandbox::{Limits, Sandbox, SandboxConfig};
use tocsin_store::{Keep, Options, Quota, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

use crate::backups;
use crate::config::{Config, Source};
use crate::deliver::dispatch;
use crate::operate::control::{self, Api};
use crate::operate::metrics::Exporter;
use crate::plugins::compile::this_program;
use crate::plugins::{Shelf, Watch};
use crate::runtime::clock::{self, Clock};
use crate::runtime::server;
use crate::runtime::systemd;
use crate::runtime::systemd::sockets::Inherited;
use crate::send::client::Senders;
use crate::shared::app::{App, QUEUE_RESERVE};
use crate::shared::intake;
use crate::shared::links::Links;
use crate::shared::reloads::Reloads;
use crate::traces::Sending;
use crate::{timers, traces};

mod alive;
mod binder;
mod filters;
mod follow;
mod listeners;
mod listening;
mod managed;
mod moving;
mod public;
mod reload;
mod started;

use binder::Binder;
use follow::follow;
use listeners::{Listeners, Prepared};
use public::Routers;
use reload::Reloading;
use started::{begin, begin_later};

/// A relay that runs.
pub struct Relay {
    /// What its parts share.
    pub app: Arc<App>,
    /// Its plugins.
    pub shelf: Arc<Shelf>,
    /// The listening address at the start.
    pub address: SocketAddr,
    /// Sends requests to reload the configuration.
    pub reloads: Reloads,
    stop: watch::Sender<bool>,
    listeners: Arc<Listeners>,
    control: JoinHandle<()>,
    deliveries: JoinHandle<()>,
    watching: JoinHandle<()>,
    reloading: JoinHandle<()>,
    timers: JoinHandle<()>,
    forgetting: JoinHandle<()>,
    counting: JoinHandle<()>,
    backups: JoinHandle<()>,
    traces: Sending,
}

/// The sandbox that a configuration asks for, with this directory for compiled plugins.
///
/// # Errors
/// The machine cannot run plugins, or the cache directory is not safe.
pub fn sandbox(config: &Config, cache_dir: Option<PathBuf>) -> anyhow::Result<Sandbox> {
    let limits = Limits {
        memory_bytes: config.limits.plugin_memory_bytes,
        wall: config.limits.plugin_time,
        ..Limits::default()
    };
    let sandbox = Sandbox::new(SandboxConfig {
        compiler: this_program(),
        execution: config.plugins.execution,
        cache_dir,
        pool_size: config.limits.plugin_calls,
        memory_bytes_ceiling: config.limits.memory_bytes_ceiling(),
        memory_bytes_total: config.limits.calls_bytes(),
        limits,
    })?;
    Ok(sandbox)
}

impl Relay {
    /// Starts the relay of this configuration, on the sockets that systemd handed over and on new ones. When this
    /// returns, requests are answered.
    ///
    /// # Errors
    /// Whatever keeps it from starting, with the place.
    pub async fn start(mut config: Config, mut inherited: Inherited) -> anyhow::Result<Self> {
        let main = listeners::main_of(&mut config, &mut inherited).await?;
        Self::start_with(Prepared::with(main, &config, inherited).await?, config).await
    }

    /// Starts it on a main listener that is there already.
    ///
    /// # Errors
    /// Whatever else keeps it from starting, with the place.
    pub async fn start_on(listener: TcpListener, config: Config) -> anyhow::Result<Self> {
        Self::start_with(Prepared::with(listener, &config, Inherited::default()).await?, config).await
    }

    async fn start_with(prepared: Prepared, config: Config) -> anyhow::Result<Self> {
        let address = prepared.address()?;
        for directory in [&config.state_dir, &config.plugins_dir, &config.cache_dir] {
            make_directory(directory)?;
        }
        let (store, clock) = open(&config).await?;
        let senders = Senders::new(config.connections.values()).context("preparing to send requests")?;
        let shelf = Arc::new(Shelf::of_relay(sandbox(&config, Some(config.cache_dir.clone()))?, &config));
        // Watched before it is read: what is dropped in between is seen twice rather than never.
        let watch = Watch::new([shelf.directory()]);
        let bindings = shelf.bindings(&config).await;
        log_doubts(&config);
        let socket = control::listen(&config.socket_path())?;
        let links = Links::open(&config.state_dir, config.public_url.clone(), config.limits.keep_links)
            .context("the key of the links in messages (links.key in the state directory)")?;
        let app = Arc::new(App::new(config, store, senders, links, bindings, clock)?);
        let traces = traces::begin(&app);
        let begun = begin(&app).await?;

        let binder = Arc::new(Binder::new(Arc::clone(&app)));
        let watching = tokio::spawn(follow(watch, Arc::clone(&app), Arc::clone(&shelf), Arc::clone(&binder)));
        // What has to be compiled keeps nobody waiting; what is compiled already serves the first request.
        shelf.warm().await;
        let (stop, stopped) = watch::channel(false);
        let grace = app.config().limits.shutdown;
        let (reloads, asked) = Reloads::new();
        let api =
            Api::new(Arc::clone(&app), Arc::clone(&shelf), reloads.clone()).context("preparing the API")?;
        let exporter = Arc::new(Exporter::new(
            Arc::clone(&app),
            Arc::clone(&shelf),
            Arc::clone(&prepared.connections),
            Arc::clone(&prepared.security),
            reloads.clone(),
        ));
        let routers = Routers::new(&app, &shelf, &exporter, &api);
        let listeners = Arc::new(Listeners::begin(prepared, &app.config(), routers).await?);
        let reloading = Reloading {
            app: Arc::clone(&app),
            shelf: Arc::clone(&shelf),
            binder,
            listeners: Arc::clone(&listeners),
            reloads: reloads.clone(),
        };
        let reloading = tokio::spawn(reloading.run(asked));
        let control = tokio::spawn(server::serve(socket, api.for_socket(exporter), stopped.clone(), grace));
        let deliveries = tokio::spawn(dispatch::run(Arc::clone(&app), stopped));
        let timers = tokio::spawn(timers::run(Arc::clone(&app)));
        let forgetting = tokio::spawn(timers::forget::run(Arc::clone(&app)));
        let counting = tokio::spawn(keep_counts(Arc::clone(&app)));
        let backups = tokio::spawn(backups::run(Arc::clone(&app)));
        if !begun {
            tokio::spawn(begin_later(Arc::clone(&app)));
        }
        Ok(Self {
            app,
            shelf,
            address,
            reloads,
            stop,
            listeners,
            control,
            deliveries,
            watching,
            reloading,
            timers,
            forgetting,
            counting,
            backups,
            traces,
        })
    }

    /// Reports to systemd that the relay is ready, and that it is alive while it is, until the task is aborted.
    pub fn tell_systemd(&self) -> JoinHandle<()> {
        let app = Arc::clone(&self.app);
        systemd::ready(move || alive::state(&app))
    }

    /// Waits until every plugin is compiled.
    pub async fn loaded(&self) {
        self.shelf.loaded().await;
    }

    /// Stops: no new requests, then no new attempts, then the store.
    pub async fn stop(self) {
        self.reloading.abort();
        // The next start puts the rest in force.
        let _ = self.reloading.await;
        self.watching.abort();
        // It was aborted; by its end, no file is marked as being tried.
        let _ = self.watching.await;
        self.timers.abort();
        self.forgetting.abort();
        self.backups.abort();
        // Nobody listens only when every task has ended already.
        let _ = self.stop.send(true);
        self.app.signals.events.end();
        self.listeners.end().await;
        ended(self.control).await;
        ended(self.deliveries).await;
        self.counting.abort();
        self.app.intake.keep(&self.app.store);
        let store = self.app.store.clone();
        ended(tokio::task::spawn_blocking(move || store.close())).await;
        // What the store did last is a part of traces.
        ended(self.traces.end()).await;
        // A socket that is left behind does no harm; the next start replaces it.
        let _ = std::fs::remove_file(self.app.config().socket_path());
    }
}

/// Opens the store. The clock continues from its last entry.
async fn open(config: &Config) -> anyhow::Result<(Store, Clock)> {
    let (path, options) = (config.store_path(), options(config));
    let opening = tokio::task::spawn_blocking(move || Store::open(&path, options));
    let store =
        systemd::while_starting("opening the store", opening).await.context("opening the store")??;
    let clock = Clock::default();
    if let Some(at) = store.last_entry_at()? {
        clock.go_on_from(at);
    }
    Ok((store, clock))
}

/// How the store works for this configuration.
fn options(config: &Config) -> Options {
    Options {
        queue: config.limits.queue + QUEUE_RESERVE,
        keep: kept_as(config),
        // Where backups are made, those that are kept say how far it may go.
        drop_journal_up_to: if config.backup.is_some() { 0 } else { u64::MAX },
        cache_bytes: config.limits.cache_bytes(),
        ..Options::default()
    }
}

/// The retention limits of the store.
fn kept_as(config: &Config) -> Keep {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Keep {
        requests_ms: ms(config.limits.keep_requests),
        dead_letters_ms: ms(config.limits.keep_dead_letters),
        bytes: quota(config),
        journal_ms: ms(config.limits.keep_journal),
    }
}

/// How many bytes of each source's requests are kept.
fn quota(config: &Config) -> Quota {
    let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
    let own = |(name, source): (&String, &Arc<Source>)| Some((name.clone(), bytes(source.keep_bytes?)));
    Quota {
        usual: bytes(config.limits.keep_bytes),
        by_source: config.sources.iter().filter_map(own).collect(),
    }
}

/// Logs what `tocsin check` says of a configuration that a relay can run with.
fn log_doubts(config: &Config) {
    let words = config.wrong_words();
    for problem in &words.never_true {
        tracing::error!("{problem}");
    }
    let invalid = config.invalid_certificates(clock::time_of_day());
    for problem in config.exposed().iter().chain(&invalid).chain(&words.doubtful) {
        tracing::warn!("{problem}");
    }
}

async fn ended(task: impl Future<Output = Result<(), JoinError>>) {
    if let Err(error) = task.await {
        tracing::error!(%error, "a part of the relay did not end well");
    }
}

/// Has the store keep what was counted, until it is aborted.
async fn keep_counts(app: Arc<App>) {
    loop {
        tokio::time::sleep(intake::KEEP_EVERY).await;
        app.intake.keep(&app.store);
    }
}

pub(crate) fn make_directory(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("making the directory {}", path.display()))
}
