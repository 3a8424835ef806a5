//! The delivery workers: claim what is due, make the attempts, record what came of them.
//!
//! One dispatcher, so that nothing is claimed twice; a queue for each connection, so that a slow peer keeps
//! nobody else waiting. An attempt begins only after its claim is on the disk: after a crash the next one
//! knows that the request may have arrived.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tocsin_core::delivery::Delivery;
use tocsin_core::id::Id;
use tocsin_core::journal::Fact;
use tocsin_core::time::Timestamp;
use tocsin_store::ReadError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::app::{App, CommitError};
use crate::attempt::Attempt;
use crate::clock;
use crate::pipeline::deliver;

mod pace;

use pace::Pace;

/// The longest sleep: a clock that was set back must not keep deliveries for long.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// The pause after the store could not be read or written.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);

/// What is under way.
#[derive(Default)]
struct Workers {
    running: JoinSet<Done>,
    /// By connection.
    under_way: BTreeMap<String, usize>,
    paces: BTreeMap<String, Pace>,
}

/// An attempt that ended.
struct Done {
    connection: String,
}

/// Why a round came to nothing.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Delivers until `stop` turns true, then waits for the attempts under way, at most as long as the
/// configuration says. What is not finished by then is tried again after the next start.
pub async fn run(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut workers = Workers::default();
    while !*stop.borrow() {
        let wake = match workers.round(&app).await {
            Ok(wake) => wake,
            Err(Trouble::Commit(CommitError::Stopping)) => break,
            Err(trouble) => {
                tracing::error!(error = %trouble, "deliveries stand still");
                Instant::now() + TROUBLE_PAUSE
            }
        };
        tokio::select! {
            () = app.signals.due.heard() => {}
            () = tokio::time::sleep_until(wake) => {}
            Some(done) = workers.running.join_next() => workers.finished(done.ok()),
            _ = stop.changed() => {}
        }
    }
    let rest = async { while workers.running.join_next().await.is_some() {} };
    if tokio::time::timeout(app.config.limits.shutdown, rest).await.is_err() {
        tracing::warn!("stopping with attempts under way; they are made again after the next start");
    }
}

impl Workers {
    /// Claims what is due and can begin. Returns when to look again at the latest.
    async fn round(&mut self, app: &Arc<App>) -> Result<Instant, Trouble> {
        while let Some(done) = self.running.try_join_next() {
            self.finished(done.ok());
        }
        let mut wake = Instant::now() + SLEEP_MAX;
        let mut claimable: Vec<Attempt> = Vec::new();
        for connection in self.ready(app)? {
            if let Some(hold) = app.holds.of(&connection, clock::now()) {
                wake = wake.min(moment(hold.until));
                continue;
            }
            let room = self.room(app, &connection);
            let now = Instant::now();
            let (allowed, free_at) = self.pace(app, &connection).allows(now, room);
            if let Some(free_at) = free_at {
                wake = wake.min(free_at);
            }
            if allowed == 0 {
                continue;
            }
            let due = app.store.due(&connection, clock::now(), allowed)?;
            if due.is_empty() {
                wake = wake.min(next_due(app, &connection)?);
            }
            // Read before the claim: after it, nothing may keep an attempt from beginning.
            for delivery in due {
                let references = app.store.references_of(delivery.incident.id)?;
                claimable.push(Attempt { delivery, references });
            }
        }
        if !claimable.is_empty() {
            let deliveries: Vec<Id> = claimable.iter().map(|attempt| attempt.delivery.id).collect();
            let records = records(app, &claimable);
            match app.record(Fact::Claimed { deliveries, records }).await {
                Ok(applied) => {
                    // What was skipped may have made others due.
                    if applied.claimed.len() < claimable.len() {
                        wake = Instant::now();
                    }
                    self.begin(app, begun(claimable, applied.claimed));
                }
                // Since it was read, an operator was quicker with one of them, or its connection was paused:
                // look again.
                Err(CommitError::Rejected(_)) => wake = Instant::now(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(wake)
    }

    /// The connections with something to deliver that are neither paused nor without plugin.
    fn ready(&self, app: &App) -> Result<Vec<String>, ReadError> {
        let paused = app.store.pauses()?;
        let bindings = app.bindings();
        let mut ready = app.store.due_connections()?;
        ready.retain(|connection| {
            let stands_still = paused.iter().any(|(name, _)| name == connection)
                || matches!(bindings.connections.get(connection), Some(Err(_)));
            !stands_still && self.room(app, connection) > 0
        });
        Ok(ready)
    }

    /// Attempts that may begin on a connection.
    fn room(&self, app: &App, connection: &str) -> usize {
        // Deliveries of a connection that is no longer configured are settled one by one.
        let most = app.config.connections.get(connection).map_or(1, |connection| connection.concurrency);
        most.saturating_sub(self.under_way.get(connection).copied().unwrap_or(0))
    }

    fn pace(&mut self, app: &App, connection: &str) -> &mut Pace {
        let rate = || match app.bindings().connections.get(connection) {
            Some(Ok(binding)) => binding.info.rate,
            Some(Err(_)) | None => None,
        };
        self.paces.entry(connection.to_owned()).or_insert_with(|| Pace::new(rate()))
    }

    fn begin(&mut self, app: &Arc<App>, claimed: Vec<Attempt>) {
        let now = Instant::now();
        for attempt in claimed {
            let connection = attempt.delivery.connection.clone();
            *self.under_way.entry(connection.clone()).or_default() += 1;
            self.pace(app, &connection).took(now);
            let app = Arc::clone(app);
            self.running.spawn(async move {
                make(&app, attempt).await;
                Done { connection }
            });
        }
    }

    fn finished(&mut self, done: Option<Done>) {
        let Some(Done { connection }) = done else {
            // Nothing in an attempt panics; if it did, its connection would have one place less until the
            // next start, and the log says why.
            return;
        };
        if let Some(count) = self.under_way.get_mut(&connection) {
            *count = count.saturating_sub(1);
        }
    }
}

/// The deliveries whose plugins want a record of what was over before it could be sent.
fn records(app: &App, attempts: &[Attempt]) -> Vec<Id> {
    let bindings = app.bindings();
    let wants = |attempt: &&Attempt| {
        let binding = bindings.connections.get(&attempt.delivery.connection);
        matches!(binding, Some(Ok(binding)) if binding.info.records)
    };
    attempts.iter().filter(wants).map(|attempt| attempt.delivery.id).collect()
}

/// The attempts that begin, with their deliveries as they are sent.
fn begun(mut read: Vec<Attempt>, claimed: Vec<Delivery>) -> Vec<Attempt> {
    let attempt = |delivery: Delivery| {
        let place = read.iter().position(|attempt| attempt.delivery.id == delivery.id)?;
        let references = read.swap_remove(place).references;
        Some(Attempt { delivery, references })
    };
    claimed.into_iter().filter_map(attempt).collect()
}

/// When a connection's first delivery, which is not due yet, will be.
fn next_due(app: &App, connection: &str) -> Result<Instant, ReadError> {
    Ok(app.store.next_due(connection)?.map_or_else(|| Instant::now() + SLEEP_MAX, moment))
}

/// A time of the clock as the timer counts; never less than a moment ahead, since the clock's grain is finer.
fn moment(at: Timestamp) -> Instant {
    Instant::now() + Duration::from_millis(at.ms_since(clock::now()) + 1)
}

/// Makes an attempt and records what came of it, for as long as that takes: an outcome that is forgotten
/// would be a message sent twice.
async fn make(app: &App, attempt: Attempt) {
    let id = attempt.delivery.id;
    let settled = deliver(app, attempt).await;
    loop {
        match app.record(settled.clone()).await {
            Ok(_) => return,
            Err(CommitError::Busy | CommitError::Storage(_)) => tokio::time::sleep(TROUBLE_PAUSE).await,
            Err(CommitError::Stopping) => return,
            Err(CommitError::Rejected(rejection)) => {
                tracing::error!(delivery = %id, %rejection, "what came of an attempt does not fit");
                return;
            }
        }
    }
}
