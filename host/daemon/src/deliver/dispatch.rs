//! The delivery workers: claim what is due, make the attempts, record what came of them.
//!
//! One dispatcher, so that nothing is claimed twice; a queue for each connection, so that a slow peer delays only
//! its own messages; sources in turn in each queue, so that a flood of one delays only its own. An attempt begins
//! only after its claim is on the disk: after a crash the next one knows that the request may have arrived.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tocsin_core::command::{Command, Verdict};
use tocsin_core::delivery::Delivery;
use tocsin_core::id::DeliveryId;
use tocsin_store::ReadError;
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;
use tracing::Instrument;

use crate::deliver::attempt::Attempt;
use crate::deliver::outcome::{deliver, tell};
use crate::runtime::trouble;
use crate::shared::app::{App, CommitError};

mod facts;
mod pace;
mod place;
mod planner;
mod stranded;
mod trial;

#[cfg(test)]
mod tests;

use facts::Wanted;
use place::{Place, Places};
use planner::{Planner, Step};

/// The longest sleep: a clock that was set back must not keep deliveries for long.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// The pause after the store could not be read or written.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// What the log calls it.
pub const TROUBLE: &str = "deliveries are stalled";
/// The same of an outcome.
const OUTCOME_TROUBLE: &str = "what came of an attempt could not be stored and is tried again";

/// Makes an attempt and records what came of it; whether that was recorded.
type Make = fn(Arc<App>, Attempt, Place) -> Pin<Box<dyn Future<Output = bool> + Send>>;

/// What is under way.
struct Workers {
    make: Make,
    planner: Planner,
    places: Places,
    /// Whether everything of each was recorded.
    running: JoinSet<bool>,
    /// The delivery of each, if it is an attempt and no probe.
    tasks: HashMap<task::Id, Option<DeliveryId>>,
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
        app.pulses.deliveries.beat();
        let wake = match workers.round(&app, &stop).await {
            Ok(wake) => {
                trouble::over(TROUBLE);
                wake
            }
            Err(Trouble::Commit(CommitError::Stopping)) => break,
            Err(trouble) => {
                trouble::error(TROUBLE, &trouble);
                app.clock.moment().instant + TROUBLE_PAUSE
            }
        };
        loop {
            tokio::select! {
                () = app.signals.due.heard() => {}
                () = tokio::time::sleep_until(wake) => {}
                Some(connection) = workers.places.freed() => workers.planner.frees(&connection),
                // What it has left to do, others see: its place is free, or its delivery is due again.
                Some(ended) = workers.running.join_next_with_id() => if workers.finished(ended) { continue },
                _ = stop.changed() => {}
            }
            break;
        }
    }
    let rest = async { while workers.running.join_next().await.is_some() {} };
    if tokio::time::timeout(app.config().limits.shutdown, rest).await.is_err() {
        tracing::warn!("stopping with attempts under way; they are made again after the next start");
    }
}

impl Workers {
    fn new(make: Make) -> Self {
        Self {
            make,
            planner: Planner::default(),
            places: Places::default(),
            running: JoinSet::new(),
            tasks: HashMap::new(),
        }
    }

    /// Begins what may begin; nothing if `stop` is true. Returns when to look again at the latest.
    async fn round(&mut self, app: &Arc<App>, stop: &watch::Receiver<bool>) -> Result<Instant, Trouble> {
        while let Some(ended) = self.running.try_join_next_with_id() {
            self.finished(ended);
        }
        while let Some(connection) = self.places.try_freed() {
            self.planner.frees(&connection);
        }
        let now = app.clock.moment();
        let facts = facts::read(app, now).await?;
        stranded::release(app, self.planner.stranded(facts.sending)).await?;
        trial::forget(app, facts.gone).await;
        if *stop.borrow() {
            self.planner.stop();
        }
        let mut plan = self.planner.plan(now.instant, &facts.lanes);
        let steps = std::mem::take(&mut plan.steps);
        let due = facts::due(app, now, self.wanted(&steps)).await?;
        let mut found = due.into_iter();
        let (mut claimable, mut tests) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Ask { connection } => self.ask(app, &connection, now),
                Step::Test { .. } => {
                    let Some(due) = found.next() else { continue };
                    plan.wake_by(due.next_at);
                    tests.extend(due.attempts);
                }
                Step::Deliver { at_most, more_at, .. } => {
                    let Some(due) = found.next() else { continue };
                    plan.wake_by(due.next_at);
                    plan.wake_by(more_at.filter(|_| due.attempts.len() == at_most));
                    claimable.extend(due.attempts);
                }
            }
        }
        let mut is_all = claimable.is_empty() || self.claim(app, claimable).await?;
        for test in tests {
            app.pulses.deliveries.beat();
            is_all &= self.test(app, test).await?;
        }
        plan.wake_by((!is_all).then_some(now.instant));
        let latest = now.instant + SLEEP_MAX;
        Ok(plan.wake.map_or(latest, |wake| wake.min(latest)))
    }

    /// The reads that these steps need: one for each, except for a step that asks the peer.
    fn wanted(&self, steps: &[Step]) -> Vec<Wanted> {
        let wanted = |step: &Step| {
            let (connection, at_most) = match step {
                Step::Ask { .. } => return None,
                Step::Test { connection } => (connection.clone(), 1),
                Step::Deliver { connection, at_most, .. } => (connection.clone(), *at_most),
            };
            Some(Wanted { served: self.planner.served_last(&connection).cloned(), connection, at_most })
        };
        steps.iter().filter_map(wanted).collect()
    }

    /// Claims these and begins them. Returns whether that is all there is to do: if some are not sent after all, others may
    /// be due.
    async fn claim(&mut self, app: &Arc<App>, read: Vec<Attempt>) -> Result<bool, Trouble> {
        let deliveries: Vec<DeliveryId> = read.iter().map(|attempt| attempt.delivery.id).collect();
        let records = records(app, &read);
        match app.record(Command::Claim { deliveries, records }).await {
            Ok(applied) => {
                let are_all = applied.claimed.len() == read.len();
                self.begin(app, begun(read, applied.claimed));
                Ok(are_all)
            }
            // Since it was read, an operator was quicker with one of them, or its connection was paused: look again.
            Err(CommitError::Rejected(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn begin(&mut self, app: &Arc<App>, claimed: Vec<Attempt>) {
        // Not when they were read: their requests go out now.
        let now = app.clock.moment();
        for attempt in claimed {
            let Delivery { id, connection, incident, .. } = &attempt.delivery;
            self.planner.begins(now.instant, connection, &incident.source, *id);
            let (id, place, span) = (*id, self.places.give(connection), attempt.span());
            let attempt = (self.make)(Arc::clone(app), attempt, place);
            self.spawn(Some(id), attempt.instrument(span));
        }
    }

    fn spawn(&mut self, delivery: Option<DeliveryId>, work: impl Future<Output = bool> + Send + 'static) {
        let id = self.running.spawn(work).id();
        self.tasks.insert(id, delivery);
    }

    /// Whether everything of it was recorded.
    fn finished(&mut self, ended: Result<(task::Id, bool), JoinError>) -> bool {
        let (id, recorded) = match ended {
            Ok((id, is_recorded)) => (id, Ok(is_recorded)),
            Err(error) => (error.id(), Err(error)),
        };
        let delivery = self.tasks.remove(&id).flatten();
        if let Some(delivery) = delivery {
            self.planner.ended(delivery);
        }
        recorded.unwrap_or_else(|error| {
            let delivery = delivery.map(tracing::field::display);
            tracing::error!(delivery, %error, "an attempt broke off; it is made again");
            false
        })
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

/// Makes an attempt and records what came of it, for as long as that takes: an outcome that is forgotten
/// would be a message sent twice. Whether it was recorded.
async fn make(app: &Arc<App>, attempt: Attempt, place: Place) -> bool {
    let (id, connection) = (attempt.delivery.id, attempt.delivery.connection.clone());
    let began = std::time::Instant::now();
    let settled = deliver(app, &attempt).await;
    // Another outcome may keep the next attempt from beginning, once it is recorded, and a trial is alone until then.
    let is_over = has_arrived(&settled) && !app.trials.was_sent(&connection, id);
    let _place = (!is_over).then_some(place);
    let recording = std::time::Instant::now();
    let is_recorded = record(app, &settled).await;
    tell(app, &attempt, &settled, (began, recording), is_recorded);
    if is_recorded {
        trial::ended(app, &connection, id, &settled).await;
    }
    is_recorded
}

/// Records what came of an attempt. Whether it was recorded.
async fn record(app: &App, settled: &Command) -> bool {
    loop {
        match app.record(settled.clone()).await {
            Ok(_) => {
                trouble::over(OUTCOME_TROUBLE);
                return true;
            }
            Err(error @ (CommitError::Busy | CommitError::Storage(_))) => {
                trouble::error(OUTCOME_TROUBLE, &error);
                tokio::time::sleep(TROUBLE_PAUSE).await;
            }
            Err(CommitError::Stopping) => return false,
            Err(CommitError::Rejected(rejection)) => {
                tracing::error!(%rejection, "what came of an attempt does not fit");
                return false;
            }
        }
    }
}
