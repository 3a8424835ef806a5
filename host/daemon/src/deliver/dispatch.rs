//! The delivery workers: claim what is due, make the attempts, record what came of them.
//!
//! One dispatcher, so that nothing is claimed twice; a queue for each connection, so that a slow peer delays only
//! its own messages; sources in turn in each queue, so that a flood of one delays only its own. An attempt begins
//! only after its claim is on the disk: after a crash the next one knows that the request may have arrived.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tocsin_core::command::{Command, Verdict};
use tocsin_core::delivery::Delivery;
use tocsin_core::id::DeliveryId;
use tocsin_core::name::{ConnectionName, SourceName};
use tocsin_core::time::Timestamp;
use tocsin_store::ReadError;
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;

use crate::deliver::attempt::Attempt;
use crate::deliver::outcome::deliver;
use crate::runtime::{clock, trouble};
use crate::shared::app::{App, CommitError};

mod pace;
mod place;
mod stranded;
mod trial;

#[cfg(test)]
mod tests;

use pace::Pace;
use place::{Place, Places};

/// The longest sleep: a clock that was set back must not keep deliveries for long.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// The pause after the store could not be read or written.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// What the log calls it.
pub const TROUBLE: &str = "deliveries stand still";
/// The same of an outcome.
const OUTCOME_TROUBLE: &str = "what came of an attempt could not be stored and is tried again";

/// Makes an attempt and records what came of it; whether that was recorded.
type Make = fn(Arc<App>, Attempt, Place) -> Pin<Box<dyn Future<Output = bool> + Send>>;

/// What is under way.
struct Workers {
    make: Make,
    /// Whether everything of each was recorded.
    running: JoinSet<bool>,
    /// The delivery of each, if it is an attempt and no probe.
    tasks: HashMap<task::Id, Option<DeliveryId>>,
    places: Places,
    paces: BTreeMap<String, Pace>,
    /// The source that was served last, by connection.
    turns: BTreeMap<ConnectionName, SourceName>,
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
pub async fn run(app: Arc<App>, stop: watch::Receiver<bool>) {
    let make: Make = |app, attempt, place| Box::pin(async move { make(&app, attempt, place).await });
    run_with(make, app, stop).await;
}

async fn run_with(make: Make, app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut workers = Workers::new(make);
    while !*stop.borrow() {
        let wake = match workers.round(&app).await {
            Ok(wake) => {
                trouble::over(TROUBLE);
                wake
            }
            Err(Trouble::Commit(CommitError::Stopping)) => break,
            Err(trouble) => {
                trouble::error(TROUBLE, &trouble);
                Instant::now() + TROUBLE_PAUSE
            }
        };
        loop {
            tokio::select! {
                () = app.signals.due.heard() => {}
                () = tokio::time::sleep_until(wake) => {}
                () = workers.places.freed() => {}
                // What it has left to do, others see: its place is free, or its delivery is due again.
                Some(ended) = workers.running.join_next_with_id() => if workers.finished(ended) { continue },
                _ = stop.changed() => {}
            }
            break;
        }
    }
    let rest = async { while workers.running.join_next().await.is_some() {} };
    if tokio::time::timeout(app.config.limits.shutdown, rest).await.is_err() {
        tracing::warn!("stopping with attempts under way; they are made again after the next start");
    }
}

impl Workers {
    fn new(make: Make) -> Self {
        Self {
            make,
            running: JoinSet::new(),
            tasks: HashMap::new(),
            places: Places::default(),
            paces: BTreeMap::new(),
            turns: BTreeMap::new(),
        }
    }

    /// Claims what is due and can begin. Returns when to look again at the latest.
    async fn round(&mut self, app: &Arc<App>) -> Result<Instant, Trouble> {
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.finished(ended);
        }
        self.places.take_in();
        self.release(app).await?;
        let mut wake = self.try_paused(app).await?.min(Instant::now() + SLEEP_MAX);
        let mut claimable: Vec<Attempt> = Vec::new();
        for connection in self.ready(app)? {
            if let Some(backoff) = app.backoffs.of(&connection, clock::now()) {
                wake = wake.min(moment(backoff.until));
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
            let due = self.due(app, &connection, allowed)?;
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
            let deliveries: Vec<DeliveryId> = claimable.iter().map(|attempt| attempt.delivery.id).collect();
            let records = records(app, &claimable);
            match app.record(Command::Claim { deliveries, records }).await {
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

    /// What is due over a connection: the source behind the one that was served last begins.
    fn due(&self, app: &App, connection: &str, limit: usize) -> Result<Vec<Delivery>, ReadError> {
        let last = self.turns.get(connection).map(SourceName::as_str);
        app.store.due(connection, last, clock::now(), limit)
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
        most.saturating_sub(self.places.taken(connection))
    }

    fn pace(&mut self, app: &App, connection: &str) -> &mut Pace {
        let rate = || match app.bindings().connections.get(connection) {
            Some(Ok(binding)) => binding.info.rate,
            Some(Err(_)) | None => None,
        };
        let pace = self.paces.entry(connection.to_owned()).or_default();
        pace.keep_to(rate());
        pace
    }

    fn begin(&mut self, app: &Arc<App>, claimed: Vec<Attempt>) {
        let now = Instant::now();
        for attempt in claimed {
            let (connection, delivery) = (attempt.delivery.connection.clone(), attempt.delivery.id);
            self.pace(app, &connection).took(now);
            self.turns.insert(connection.clone(), attempt.delivery.incident.source.clone());
            let place = self.places.take(&connection);
            let attempt = (self.make)(Arc::clone(app), attempt, place);
            self.spawn(Some(delivery), attempt);
        }
    }

    fn spawn(&mut self, delivery: Option<DeliveryId>, work: impl Future<Output = bool> + Send + 'static) {
        let id = self.running.spawn(work).id();
        self.tasks.insert(id, delivery);
    }

    /// Whether everything of it was recorded.
    fn finished(&mut self, ended: Result<(task::Id, bool), JoinError>) -> bool {
        let (id, is_recorded) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(%error, "an attempt broke off; it is made again");
                (error.id(), false)
            }
        };
        self.tasks.remove(&id);
        is_recorded
    }
}

/// The deliveries whose plugins want a record of what was over before it could be sent.
fn records(app: &App, attempts: &[Attempt]) -> Vec<DeliveryId> {
    let bindings = app.bindings();
    let wants = |attempt: &&Attempt| {
        let binding = bindings.connections.get(attempt.delivery.connection.as_str());
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

fn has_arrived(settled: &Command) -> bool {
    matches!(settled, Command::Settle { verdict: Verdict::Delivered(_) | Verdict::Accepted(_), .. })
}

/// When a connection's first delivery, which is not due yet, will be.
fn next_due(app: &App, connection: &str) -> Result<Instant, ReadError> {
    let now = clock::now();
    Ok(match app.store.next_due(connection)? {
        // It was due when none could be read: its record is about to be set aside.
        Some(at) if at.plus_ms(1000) < now => Instant::now() + TROUBLE_PAUSE,
        Some(at) => moment(at),
        None => Instant::now() + SLEEP_MAX,
    })
}

/// A time of the clock as the timer counts; never less than a moment ahead, since the clock's grain is finer.
fn moment(at: Timestamp) -> Instant {
    Instant::now() + Duration::from_millis(at.ms_since(clock::now()) + 1)
}

/// Makes an attempt and records what came of it, for as long as that takes: an outcome that is forgotten
/// would be a message sent twice. Whether it was recorded.
async fn make(app: &App, attempt: Attempt, place: Place) -> bool {
    let (id, connection) = (attempt.delivery.id, attempt.delivery.connection.clone());
    let settled = deliver(app, attempt).await;
    // Another outcome may keep the next attempt from beginning, once it is recorded, and a trial is alone until then.
    let is_over = has_arrived(&settled) && !app.trials.was_sent(&connection, id);
    let _place = (!is_over).then_some(place);
    loop {
        match app.record(settled.clone()).await {
            Ok(_) => {
                trouble::over(OUTCOME_TROUBLE);
                trial::ended(app, &connection, id, &settled).await;
                return true;
            }
            Err(error @ (CommitError::Busy | CommitError::Storage(_))) => {
                trouble::error(OUTCOME_TROUBLE, &error);
                tokio::time::sleep(TROUBLE_PAUSE).await;
            }
            Err(CommitError::Stopping) => return false,
            Err(CommitError::Rejected(rejection)) => {
                tracing::error!(delivery = %id, %rejection, "what came of an attempt does not fit");
                return false;
            }
        }
    }
}
