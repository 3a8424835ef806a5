//! What the parts of a running relay share.
//!
//! Holds no logic of the road itself: that is [`crate::receive::decode`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tocsin_core::command::{Command, Issued};
use tocsin_core::decide::{Applied, Rejection};

use tocsin_core::routing::{InvalidFilter, Router};
use tocsin_store::{Fault, ReadError, Store, Write, WriteError};
use tokio::sync::{oneshot, watch};

use crate::config::{Config, Source};
use crate::plugins::bindings::Bindings;
use crate::runtime::clock::{self, Clock};
use crate::runtime::steps::{Traced, What};
use crate::runtime::trouble;
use crate::send::client::Senders;
use crate::shared::access::Access;
use crate::shared::backlog::Backlog;
use crate::shared::backoffs::Backoffs;
use crate::shared::backups::Backups;
use crate::shared::budget::Budget;
use crate::shared::doubts::Doubts;
use crate::shared::in_force::InForce;
use crate::shared::intake::Intake;
use crate::shared::links::Links;
use crate::shared::measures::Measures;
use crate::shared::pulses::Pulses;
use crate::shared::rates::Rates;
use crate::shared::shares::Shares;
use crate::shared::signals::Signals;
use crate::shared::suspensions::Suspensions;
use crate::shared::tokens::Tokens;
use crate::shared::trials::Trials;

/// Places in the store's queue that only the relay's own work may take, so that the outcome of a delivery is
/// never turned away by a flood of requests.
pub const QUEUE_RESERVE: usize = 256;
/// Why nothing is stored yet, when the store says of no trouble any more.
const NOT_BEGUN: &str = "the relay's start is being recorded";
/// What stands for the suggestion of a plugin that is not in force: the largest of the bundled ones, so that nothing is
/// turned away that the plugin would read.
const BODY_LIMIT_UNKNOWN: u64 = 8 * 1024 * 1024;
/// What the log calls it.
const NOT_STORED: &str = "an entry could not be stored";

/// The running relay.
pub struct App {
    in_force: watch::Sender<Arc<InForce>>,
    /// The clock, and random numbers.
    pub clock: Clock,
    /// Where everything is kept.
    pub store: Store,
    /// How many requests came to sources that have a rate.
    pub rates: Rates,
    /// When each token of a source was last used.
    pub tokens: Tokens,
    /// The access tokens of the API.
    pub access: Access,
    /// Bytes of memory that bodies may take.
    pub bodies: Arc<Budget>,
    /// Places in the store's queue that requests may take.
    pub admission: Arc<Shares>,
    /// Sources whose plugin ran out of time again and again.
    pub suspensions: Suspensions,
    /// What wakes the workers and shows steps.
    pub signals: Arc<Signals>,
    /// Connections that wait because their peers asked for it.
    pub backoffs: Backoffs,
    /// What deliveries met that may be their connection's fault.
    pub doubts: Doubts,
    /// When paused connections are tried again.
    pub trials: Trials,
    /// What came in at each source, and what became of it.
    pub intake: Intake,
    /// Sources whose kept requests can be decoded.
    pub backlog: Backlog,
    /// The backups that the relay makes by itself.
    pub backups: Backups,
    /// The pulses of the endless tasks.
    pub pulses: Pulses,
    /// Counters only for metrics.
    pub measures: Measures,
    /// Whether the start is recorded: before that, nothing else may be.
    is_begun: AtomicBool,
}

/// Why something could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// More comes in than the disk takes.
    #[error("the queue is full: try again later")]
    Busy,
    /// It does not fit what is there.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The disk.
    #[error("it could not be stored: {0}")]
    Storage(String),
    /// The relay is stopping.
    #[error("the relay is stopping")]
    Stopping,
}

impl App {
    /// The relay of this configuration. Counts of requests go on from what the store kept.
    ///
    /// # Errors
    /// A filter does not compile.
    pub fn new(
        config: Config,
        store: Store,
        senders: Senders,
        links: Links,
        bindings: Bindings,
        clock: Clock,
    ) -> Result<Self, InvalidFilter> {
        let kept = store.source_counts().unwrap_or_else(|error| {
            tracing::error!(%error, "the counts of requests cannot be read and begin anew");
            BTreeMap::new()
        });
        let policy = Arc::new(Router::new(config.routing())?);
        let measures = Measures::new(clock.now());
        measures.know(config.connections.keys());
        Ok(Self {
            intake: Intake::new(clock.clone(), config.sources.keys(), kept),
            rates: Rates::default(),
            tokens: Tokens::default(),
            access: Access::open(&config.state_dir),
            bodies: Budget::new(config.limits.bodies_bytes()),
            admission: Shares::new(config.limits.queue),
            suspensions: Suspensions::default(),
            clock,
            store,
            signals: Arc::new(Signals::default()),
            backoffs: Backoffs::default(),
            doubts: Doubts::default(),
            trials: Trials::default(),
            backlog: Backlog::default(),
            backups: Backups::default(),
            pulses: Pulses::default(),
            measures,
            is_begun: AtomicBool::new(false),
            in_force: watch::Sender::new(Arc::new(InForce {
                config: Arc::new(config),
                policy,
                senders,
                links,
                bindings: Arc::new(bindings),
            })),
        })
    }

    /// The values in force. Code that needs several of them must take them from one call.
    pub fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.borrow())
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.in_force.borrow().config)
    }

    /// The policy for decisions.
    pub fn policy(&self) -> Arc<Router> {
        Arc::clone(&self.in_force.borrow().policy)
    }

    /// The plugins in force, bound to the configuration.
    pub fn bindings(&self) -> Arc<Bindings> {
        Arc::clone(&self.in_force.borrow().bindings)
    }

    /// Whether the start is recorded. The relay receives and sends nothing before.
    pub fn is_begun(&self) -> bool {
        self.is_begun.load(Ordering::Acquire)
    }

    /// Reports each change of the values in force.
    pub fn changes(&self) -> watch::Receiver<Arc<InForce>> {
        self.in_force.subscribe()
    }

    /// Puts other plugins in force. Calls under way end with the ones they began with.
    pub fn bind(&self, bindings: Bindings) {
        let bindings = Arc::new(bindings);
        self.in_force
            .send_modify(|in_force| *in_force = Arc::new(InForce { bindings, ..InForce::clone(in_force) }));
        self.signals.due.ring();
    }

    /// Puts a new configuration in force, with everything made from it. Work in progress ends with the previous one.
    pub fn put_in_force(&self, next: InForce) {
        self.intake.know(next.config.sources.keys().map(String::as_str));
        self.measures.know(next.config.connections.keys());
        self.in_force.send_replace(Arc::new(next));
        self.signals.due.ring();
        self.signals.timed.ring();
    }

    /// Has the plugin of this id be called again that was suspended because it ran out of time: an operator says
    /// that it is all right.
    pub fn forgive(&self, plugin: &str) {
        self.suspensions.forgive(plugin);
    }

    /// Bytes of the largest body that `source` takes, with the plugin that is in force.
    pub fn body_limit(&self, source: &Source) -> usize {
        let bindings = self.bindings();
        let suggested = match bindings.sources.get(&source.name) {
            Some(Ok(bound)) => bound.info.body_limit,
            Some(Err(_)) | None => Some(BODY_LIMIT_UNKNOWN),
        };
        source.body_limit(&self.config().limits, suggested)
    }

    /// Discards the backoff and the doubts about a connection that changed.
    pub fn connection_changed(&self, connection: &str) {
        self.backoffs.release(connection);
        self.doubts.forget(connection);
        self.trials.end(connection);
    }

    /// Discards the state of a source that changed: its tokens or its plugin's settings may differ.
    pub fn source_changed(&self, source: &str) {
        self.tokens.forget(source);
        if self.suspensions.answered(source) {
            self.backlog.add(source);
        }
    }

    /// Reports a step of this trace to whoever watches. It ended just now and took so many microseconds.
    pub fn tell(&self, traced: Option<Traced>, took_us: u64, what: impl FnOnce() -> What) {
        self.signals.steps.tell(traced, took_us, what);
    }

    /// Reads from the store on a thread that may wait for the disk.
    ///
    /// # Errors
    /// As `read`; or it panicked.
    pub async fn reading<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Self) -> Result<T, ReadError> + Send + 'static,
    ) -> Result<T, ReadError> {
        let app = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || read(&app)).await;
        read.unwrap_or_else(|error| Err(Fault::Panicked(error.to_string()).into()))
    }

    /// Carries out `command` now, under a new id. Returns when it is on the disk.
    ///
    /// # Errors
    /// It does not fit, or could not be stored: then nothing was changed.
    pub async fn record(&self, command: Command) -> Result<Applied, CommitError> {
        self.record_all(command, Vec::new()).await
    }

    /// Carries out `command` now, under a new id, and `more` commands that go on with it: all of them or none. Returns
    /// when what follows is on the disk.
    ///
    /// # Errors
    /// One does not fit, or could not be stored: then nothing was changed.
    pub async fn record_all(&self, command: Command, more: Vec<Command>) -> Result<Applied, CommitError> {
        self.record_under(self.policy(), command, more).await
    }

    /// As [`Self::record_all`], decided by `policy`, which is about to be put in force.
    ///
    /// # Errors
    /// As [`Self::record_all`].
    pub async fn record_under(
        &self,
        policy: Arc<Router>,
        command: Command,
        more: Vec<Command>,
    ) -> Result<Applied, CommitError> {
        let at = self.clock.now();
        let seed = self.clock.new_id(at).map_err(|error| CommitError::Storage(error.to_string()))?;
        let issued = Issued { at, seed, command };
        let more = issued.followed_by(more);
        self.commit(Write { policy, issued, more, request: None }).await
    }

    /// Carries out what `write` holds. Returns when what follows is on the disk, which it is also when nobody waits
    /// for that any more.
    ///
    /// # Errors
    /// It does not fit, or could not be stored: then nothing was changed.
    pub async fn commit(&self, write: Write) -> Result<Applied, CommitError> {
        let is_start = matches!(write.issued.command, Command::Start { .. });
        if !is_start && !self.is_begun() {
            let cause = self.store.trouble().map(|trouble| trouble.cause());
            return Err(CommitError::Storage(cause.unwrap_or_else(|| NOT_BEGUN.to_owned())));
        }
        let (reply, answer) = oneshot::channel();
        let signals = Arc::clone(&self.signals);
        let began = Instant::now();
        let respond = move |result: Result<Applied, WriteError>| {
            if let Ok(applied) = &result {
                signals.committed(applied, clock::micros_since(began));
            }
            // A receiver that is gone was not interested in the answer any more.
            drop(reply.send(result));
        };
        self.store.submit(write, respond).map_err(|_| CommitError::Busy)?;
        match answer.await {
            Ok(Ok(applied)) => {
                trouble::over(NOT_STORED);
                if is_start {
                    self.is_begun.store(true, Ordering::Release);
                }
                Ok(applied)
            }
            Ok(Err(WriteError::Rejected(rejection))) => Err(rejection.into()),
            Ok(Err(WriteError::Closed)) | Err(_) => Err(CommitError::Stopping),
            Ok(Err(WriteError::Storage(fault))) => {
                trouble::error(NOT_STORED, &fault);
                Err(CommitError::Storage(fault.cause()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;
    use std::time::Duration;

    use super::*;

    fn app(folder: &std::path::Path) -> App {
        let config = Config::parse(&folder.join("tocsin.toml"), "").expect("it is right");
        let store = Store::open(&folder.join("store"), tocsin_store::Options::default()).expect("it opens");
        let links = Links::open(folder, None, config.limits.keep_links).expect("a key");
        let senders = Senders::new(config.connections.values()).expect("no clients");
        App::new(config, store, senders, links, Bindings::default(), Clock::default())
            .expect("its filters compile")
    }

    /// A sender that hung up once left what it had caused undelivered until the next look at the clock.
    #[tokio::test]
    async fn whoever_has_work_by_an_entry_is_woken_although_nobody_waits_for_the_entry() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = app(folder.path());
        let mut recording = Box::pin(app.record(Command::Start { version: String::new() }));
        // Begun, and whether it is done already is not looked at.
        let _ =
            std::future::poll_fn(|context| Poll::Ready(recording.as_mut().poll(context).is_ready())).await;
        drop(recording);
        let woken = tokio::time::timeout(Duration::from_secs(60), app.signals.due.heard()).await;
        woken.expect("the dispatcher is told of what is due");
        app.store.close();
    }
}
