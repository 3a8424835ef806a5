//! What the parts of a running relay share.
//!
//! Holds no logic of the road itself: that is [`crate::pipeline`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tocsin_core::fold::{Applied, Rejection};
use tocsin_core::journal::{Entry, Fact};
use tocsin_core::plugin::SourceRequest;
use tocsin_store::{Store, Write, WriteError};
use tokio::sync::{Notify, Semaphore, broadcast, oneshot};

use crate::bindings::Bindings;
use crate::clock;
use crate::config::Config;
use crate::links::Links;
use crate::sender::Senders;
use crate::trace::Trace;

/// Places in the store's queue that only the relay's own work may take, so that the outcome of a delivery is
/// never turned away by a flood of requests.
pub const QUEUE_RESERVE: usize = 256;
/// Steps of the road that may wait for a slow reader before it misses some.
const TRACE_BUFFER: usize = 4096;

/// The running relay.
pub struct App {
    /// As read at start.
    pub config: Config,
    /// Where everything is kept.
    pub store: Store,
    /// Places in the store's queue that requests may take.
    pub admission: Arc<Semaphore>,
    /// HTTP clients, one for each connection.
    pub senders: Senders,
    /// What signs and checks the links in messages.
    pub links: Links,
    /// Told whenever a delivery may be due.
    pub due: Notify,
    /// Told whenever a timer was set.
    pub timed: Notify,
    /// Every step of the road, for whoever watches.
    pub trace: broadcast::Sender<Trace>,
    bindings: RwLock<Arc<Bindings>>,
    /// Requests turned away since the start, by source.
    unauthorized: BTreeMap<String, AtomicU64>,
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
    /// The relay of this configuration.
    pub fn new(config: Config, store: Store, senders: Senders, links: Links, bindings: Bindings) -> Self {
        let unauthorized = config.sources.keys().map(|name| (name.clone(), AtomicU64::new(0))).collect();
        Self {
            unauthorized,
            admission: Arc::new(Semaphore::new(config.limits.queue)),
            config,
            store,
            senders,
            links,
            due: Notify::new(),
            timed: Notify::new(),
            trace: broadcast::channel(TRACE_BUFFER).0,
            bindings: RwLock::new(Arc::new(bindings)),
        }
    }

    /// The plugins in force, bound to the configuration.
    pub fn bindings(&self) -> Arc<Bindings> {
        Arc::clone(&self.bindings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other plugins in force. Calls under way end with the ones they began with.
    pub fn bind(&self, bindings: Bindings) {
        *self.bindings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(bindings);
        self.due.notify_one();
    }

    /// Counts a request that did not prove what `source` asks for.
    pub fn count_unauthorized(&self, source: &str) {
        if let Some(count) = self.unauthorized.get(source) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests that `source` turned away since the start.
    pub fn unauthorized(&self, source: &str) -> u64 {
        self.unauthorized.get(source).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Shows a step of the road to whoever watches.
    pub fn trace(&self, step: impl FnOnce() -> Trace) {
        if self.trace.receiver_count() > 0 {
            // Nobody left to read it is no error.
            let _ = self.trace.send(step());
        }
    }

    /// Records `fact` now, under a new id, and applies it. Returns when it is on the disk.
    ///
    /// # Errors
    /// It does not fit, or could not be stored: then nothing was changed.
    pub async fn record(&self, fact: Fact) -> Result<Applied, CommitError> {
        let at = clock::now();
        let seed = clock::new_id(at).map_err(|error| CommitError::Storage(error.to_string()))?;
        self.commit(Entry { at, seed, fact }, None).await
    }

    /// Records `entry`, with the request that it is about, and applies it. Returns when it is on the disk.
    ///
    /// # Errors
    /// It does not fit, or could not be stored: then nothing was changed.
    pub async fn commit(&self, entry: Entry, request: Option<SourceRequest>) -> Result<Applied, CommitError> {
        let (reply, answer) = oneshot::channel();
        // A receiver that is gone was not interested in the answer any more.
        let respond = move |result| drop(reply.send(result));
        self.store.submit(Write { entry, request }, respond).map_err(|_| CommitError::Busy)?;
        let applied = match answer.await {
            Ok(Ok(applied)) => applied,
            Ok(Err(WriteError::Rejected(rejection))) => return Err(rejection.into()),
            Ok(Err(WriteError::Closed)) | Err(_) => return Err(CommitError::Stopping),
            Ok(Err(error)) => return Err(CommitError::Storage(error.to_string())),
        };
        if applied.scheduled {
            self.due.notify_one();
        }
        if applied.timed {
            self.timed.notify_one();
        }
        Ok(applied)
    }
}
