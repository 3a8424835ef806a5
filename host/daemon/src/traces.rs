//! Sends traces to a collector, as `[traces]` of the configuration says: the steps of the road become spans, and spans
//! are sent in batches.
//!
//! Never keeps a request or a delivery waiting. Whatever cannot be sent in time is dropped and counted.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::trace::SpanData;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};

use crate::config::Traces;
use crate::runtime::steps::Step;
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::in_force::InForce;
use crate::shared::steps::Watcher;

mod batches;
mod spans;

use batches::Batches;
pub use batches::TROUBLE;

/// Spans that may wait for the collector: some megabytes, and the spans of a thousand alerts.
const QUEUE: usize = 8192;
/// How long the spans that wait may take when the relay stops, or sends to another collector.
const LAST_SENT_WITHIN: Duration = Duration::from_secs(5);

/// The task that sends traces.
pub struct Sending {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Begins to send traces as the configuration in force says. Every step after this is seen.
pub fn begin(app: &Arc<App>) -> Sending {
    let (stop, stopped) = watch::channel(false);
    let watcher = app.config().traces.is_some().then(|| app.signals.steps.watch());
    let task = tokio::spawn(run(Arc::clone(app), watcher, stopped));
    Sending { stop, task }
}

impl Sending {
    /// Sends what waits, for some seconds at most, and ends.
    ///
    /// # Errors
    /// The task panicked.
    pub async fn end(self) -> Result<(), JoinError> {
        // Nobody listens only when the task has ended already.
        let _ = self.stop.send(true);
        self.task.await
    }
}

async fn run(app: Arc<App>, mut watcher: Option<Watcher>, mut stopped: watch::Receiver<bool>) {
    let mut changes = app.changes();
    // Those that send, and that send what still waited when another collector came.
    let mut last = JoinSet::new();
    // Without a sender, nothing would wait for a change: a dropped `Sending` ends the task too.
    while !*stopped.borrow() && stopped.has_changed().is_ok() {
        while last.try_join_next().is_some() {}
        let plan = changes.borrow_and_update().config.traces.clone();
        trouble::over(TROUBLE);
        let until = until_another(&mut changes, &plan, &mut stopped);
        match &plan {
            None => {
                watcher = None;
                until.await;
            }
            Some(plan) => {
                let known = watcher.take().unwrap_or_else(|| app.signals.steps.watch());
                watcher = follow(&app, plan, known, until, &mut last).await;
            }
        }
    }
    while last.join_next().await.is_some() {}
}

/// Waits until the configuration has another plan, or the relay stops.
async fn until_another(
    changes: &mut watch::Receiver<Arc<InForce>>,
    plan: &Option<Traces>,
    stopped: &mut watch::Receiver<bool>,
) {
    let is_other = async {
        // The sender is the relay's own.
        while changes.changed().await.is_ok() && changes.borrow_and_update().config.traces == *plan {}
    };
    tokio::select! {
        () = is_other => {}
        _ = stopped.wait_for(|is_stopped| *is_stopped) => {}
    }
}

/// Makes spans of steps and has them sent by the current `plan`, `until` there is another one. Returns the watcher for
/// the next plan, so that no step between two plans is missed; none if steps could not be sent.
async fn follow(
    app: &Arc<App>,
    plan: &Traces,
    mut watcher: Watcher,
    until: impl Future<Output = ()>,
    last: &mut JoinSet<()>,
) -> Option<Watcher> {
    // Dropped with the queue: no more will come.
    let (_open, closed) = watch::channel(());
    let batches = match Batches::new(app, plan, closed).await {
        Ok(batches) => batches,
        Err(error) => {
            trouble::error(TROUBLE, &error);
            drop(watcher);
            until.await;
            return None;
        }
    };
    let (spans, waiting) = mpsc::channel(QUEUE);
    last.spawn(batches.send(waiting, LAST_SENT_WITHIN));
    tracing::info!(host = plan.endpoint.host_str(), sample = plan.sample, "traces are sent");
    let queue = Queue { app, plan, spans };
    tokio::select! {
        () = until => {}
        () = queue.fill(&mut watcher) => {}
    }
    queue.finish(&mut watcher);
    tracing::info!(host = plan.endpoint.host_str(), "no more traces are sent");
    Some(watcher)
}

/// What spans wait in.
struct Queue<'a> {
    app: &'a App,
    plan: &'a Traces,
    spans: mpsc::Sender<SpanData>,
}

impl Queue<'_> {
    /// Takes every step, forever.
    async fn fill(&self, watcher: &mut Watcher) {
        loop {
            match watcher.next().await {
                Ok(step) => self.take(&step),
                Err(RecvError::Lagged(missed)) => self.app.measures.traces.dropped(missed),
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Takes the steps that were reported before now.
    fn finish(&self, watcher: &mut Watcher) {
        loop {
            match watcher.next_if_there() {
                Ok(step) => self.take(&step),
                Err(TryRecvError::Lagged(missed)) => self.app.measures.traces.dropped(missed),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn take(&self, step: &Step) {
        let Some(traced) = step.traced.filter(|traced| self.plan.records(*traced)) else { return };
        for span in spans::of(step, traced.trace, || self.app.clock.jitter()) {
            if self.spans.try_send(span).is_err() {
                self.app.measures.traces.dropped(1);
            }
        }
    }
}
