//! The relay as a whole: put together, started, stopped.
//!
//! Says that it is ready when it answers requests, while plugins may still be compiled; stops in the opposite order, so
//! that nothing that was answered is lost.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tocsin_core::command::Command;

use anyhow::Context;
use tocsin_sandbox::{Limits, Sandbox, SandboxConfig};
use tocsin_store::{Keep, Options, Quota, ReadError, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::backups;
use crate::config::{Config, Source};
use crate::deliver::dispatch;
use crate::operate::control;
use crate::operate::metrics::Exporter;
use crate::plugins::compile::this_program;
use crate::plugins::{Shelf, Watch};
use crate::runtime::clock::Clock;
use crate::runtime::server::{self, Connections};
use crate::runtime::{systemd, trouble};
use crate::send::client::Senders;
use crate::shared::app::{App, CommitError, QUEUE_RESERVE};
use crate::shared::intake;
use crate::shared::links::Links;
use crate::timers;

mod follow;
mod in_force;
mod public;

use follow::follow;

/// What the log calls it.
const NOT_BEGUN: &str = "the start could not be recorded";
/// The pause between two attempts to record the start.
const BEGIN_PAUSE: Duration = Duration::from_secs(1);

/// A relay that runs.
pub struct Relay {
    /// What its parts share.
    pub app: Arc<App>,
    /// Its plugins.
    pub shelf: Arc<Shelf>,
    /// Where senders connect to.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    deliveries: JoinHandle<()>,
    watching: JoinHandle<()>,
    timers: JoinHandle<()>,
    forgetting: JoinHandle<()>,
    counting: JoinHandle<()>,
    backups: JoinHandle<()>,
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
        cache_dir,
        pool_size: config.limits.plugin_calls,
        memory_bytes_ceiling: config.limits.memory_bytes_ceiling(),
        memory_bytes_total: config.limits.calls_bytes(),
        limits,
    })?;
    Ok(sandbox)
}

impl Relay {
    /// Starts the relay of this configuration. When this returns, requests are answered.
    ///
    /// # Errors
    /// Whatever keeps it from starting, with the place.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("listening on {} (`listen` in the configuration)", config.listen))?;
        Self::start_on(listener, config).await
    }

    /// Starts it on a listener that is there already.
    ///
    /// # Errors
    /// Whatever else keeps it from starting, with the place.
    pub async fn start_on(listener: TcpListener, config: Config) -> anyhow::Result<Self> {
        make_directory(&config.state_dir)?;
        make_directory(&config.plugins_dir)?;
        let options = options(&config);
        let path = config.store_path();
        let opening = tokio::task::spawn_blocking(move || Store::open(&path, options));
        let store =
            systemd::while_starting("opening the store", opening).await.context("opening the store")??;
        let clock = Clock::default();
        if let Some(at) = store.last_entry_at()? {
            clock.go_on_from(at);
        }
        let senders = Senders::new(config.connections.values()).context("preparing to send requests")?;
        make_directory(&config.cache_dir)?;
        let sandbox = sandbox(&config, Some(config.cache_dir.clone()))?;
        let shelf = Arc::new(Shelf::of_relay(sandbox, &config));
        // Watched before it is read: what is dropped in between is seen twice rather than never.
        let watch = Watch::new([shelf.directory()]);
        let bindings = shelf.bindings(&config).await;
        log_doubts(&config);
        let address = listener.local_addr().context("listening")?;
        server::prepare(&listener).context("preparing to listen")?;
        let connections = Connections::new(bounds(&config));
        let socket = control::listen(&config.socket_path())?;
        let links = Links::open(&config.state_dir, config.public_url.clone(), config.limits.keep_links)
            .context("the key of the links in messages (links.key in the state directory)")?;
        let app = Arc::new(App::new(config, store, senders, links, bindings, clock)?);
        let begun = begin(&app).await?;

        let watching = tokio::spawn(follow(watch, Arc::clone(&app), Arc::clone(&shelf)));
        // What has to be compiled keeps nobody waiting; what is compiled already serves the first request.
        shelf.warm().await;
        let (stop, stopped) = watch::channel(false);
        let grace = app.config().limits.shutdown;
        let exporter = Exporter::new(Arc::clone(&app), Arc::clone(&shelf), Arc::clone(&connections));
        let exporter = Arc::new(exporter);
        let servers = vec![
            tokio::spawn(server::serve_within(
                connections,
                listener,
                public::router(Arc::clone(&app), Arc::clone(&shelf), Arc::clone(&exporter)),
                stopped.clone(),
                grace,
            )),
            tokio::spawn(server::serve(
                socket,
                control::router(Arc::clone(&app), Arc::clone(&shelf), exporter),
                stopped.clone(),
                grace,
            )),
        ];
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
            stop,
            servers,
            deliveries,
            watching,
            timers,
            forgetting,
            counting,
            backups,
        })
    }

    /// Waits until every plugin is compiled.
    pub async fn loaded(&self) {
        self.shelf.loaded().await;
    }

    /// Stops: no new requests, then no new attempts, then the store.
    pub async fn stop(self) {
        self.watching.abort();
        // It was aborted; by its end, no file is marked as being tried.
        let _ = self.watching.await;
        self.timers.abort();
        self.forgetting.abort();
        self.backups.abort();
        // Nobody listens only when every task has ended already.
        let _ = self.stop.send(true);
        for server in self.servers {
            ended(server).await;
        }
        ended(self.deliveries).await;
        self.counting.abort();
        self.app.intake.keep(&self.app.store);
        let store = self.app.store.clone();
        ended(tokio::task::spawn_blocking(move || store.close())).await;
        // A socket that is left behind does no harm; the next start replaces it.
        let _ = std::fs::remove_file(self.app.config().socket_path());
    }
}

/// How the store works for this configuration.
fn options(config: &Config) -> Options {
    Options {
        queue: config.limits.queue + QUEUE_RESERVE,
        keep: keep(config),
        // Where backups are made, those that are kept say how far it may go.
        drop_journal_up_to: if config.backup.is_some() { 0 } else { u64::MAX },
        cache_bytes: config.limits.cache_bytes(),
        ..Options::default()
    }
}

/// For how long the store keeps things, and how much of them.
fn keep(config: &Config) -> Keep {
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

/// How many connections there may be: no more than the process may open files.
fn bounds(config: &Config) -> server::Bounds {
    server::Bounds {
        connections: config.limits.connections.min(server::raise_open_files()),
        per_address: config.limits.connections_per_address,
        proxies: config.trusted_proxies.clone(),
        answer_time: config.limits.answer_time,
    }
}

/// Logs what `tocsin check` says of a configuration that a relay can run with.
fn log_doubts(config: &Config) {
    let words = config.wrong_words();
    for problem in &words.never_true {
        tracing::error!("{problem}");
    }
    for problem in config.exposed().iter().chain(&words.doubtful) {
        tracing::warn!("{problem}");
    }
}

async fn ended(task: JoinHandle<()>) {
    if let Err(error) = task.await {
        tracing::error!(%error, "a part of the relay did not end well");
    }
}

/// Records the start. On a full disk it is not: whether it was.
async fn begin(app: &App) -> anyhow::Result<bool> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    match app.record(Command::Start { version }).await {
        Ok(_) => Ok(true),
        Err(CommitError::Storage(_)) if app.store.trouble().is_some() => Ok(false),
        Err(error) => Err(error).context("recording the start"),
    }
}

/// Records the start as soon as it can be. Until then what is kept can be read, and nothing is written.
async fn begin_later(app: Arc<App>) {
    tracing::error!("the start could not be recorded: nothing is received or sent until it can be");
    loop {
        tokio::time::sleep(BEGIN_PAUSE).await;
        match begin(&app).await {
            Ok(true) => {
                trouble::over(NOT_BEGUN);
                break tracing::info!("the start is recorded: requests are received");
            }
            Ok(false) => {}
            Err(_) if app.store.counts() == Err(ReadError::Closed) => break,
            Err(error) => trouble::error(NOT_BEGUN, &format!("{error:#}")),
        }
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
