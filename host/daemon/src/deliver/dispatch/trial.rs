//! Paused connections are tried again, so that one that works again goes on without a person.
//!
//! The connection's own probe is asked first. Where that does not decide, one delivery that is due is sent: while
//! it is under way, nothing else is. Never tries a connection more often than `Trials` says.

use std::sync::Arc;

use tocsin_core::command::{Command, Verdict};
use tocsin_core::delivery::Delivery;
use tocsin_core::id::DeliveryId;
use tokio::time::Instant;

use super::{SLEEP_MAX, Trouble, Workers, begun, moment, records};
use crate::deliver::attempt::Attempt;
use crate::deliver::probe;
use crate::deliver::probe::Probed;
use crate::runtime::clock;
use crate::shared::app::{App, CommitError};
use crate::shared::trials::Shown;

impl Workers {
    /// Begins the trials that are due. Returns when to look again at the latest.
    pub(super) async fn try_paused(&mut self, app: &Arc<App>) -> Result<Instant, Trouble> {
        let pauses = app.store.pauses()?;
        app.trials.retain(|connection| pauses.iter().any(|(name, _)| name == connection));
        let mut wake = Instant::now() + SLEEP_MAX;
        for (name, _) in pauses {
            let Some(connection) = app.config.connections.get(name.as_str()) else {
                // Its deliveries are settled one by one, each with words that say so.
                resume(app, &name, "it is gone from the configuration").await;
                continue;
            };
            let (now, longest_ms) = (clock::now(), connection.retry.longest_ms);
            if !app.trials.knows(&name) {
                app.trials.begin(&name, Shown::ByDeliveries, now, longest_ms);
            }
            if self.places.taken(&name) > 0 {
                continue;
            }
            if app.trials.is_open(&name) {
                if let Some(delivery) = self.due(app, &name, 1)?.pop() {
                    self.send(app, delivery).await?;
                }
            } else if let Some(shown) = app.trials.take(&name, now, longest_ms) {
                let (app, place) = (Arc::clone(app), self.places.take(&name));
                let name = name.clone();
                self.spawn(None, async move {
                    let _place = place;
                    ask(&app, &name, shown).await;
                    true
                });
            }
            if let Some(at) = app.trials.next_at(&name).filter(|at| *at > now) {
                wake = wake.min(moment(at));
            }
        }
        Ok(wake)
    }

    /// Sends one delivery over its paused connection.
    async fn send(&mut self, app: &Arc<App>, delivery: Delivery) -> Result<(), Trouble> {
        let (id, connection) = (delivery.id, delivery.connection.clone());
        let references = app.store.references_of(delivery.incident.id)?;
        let read = vec![Attempt { delivery, references }];
        let record = !records(app, &read).is_empty();
        let claimed = match app.record(Command::Try { delivery: id, record }).await {
            Ok(applied) => applied.claimed,
            // An operator was quicker: look again.
            Err(CommitError::Rejected(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let begun = begun(read, claimed);
        if begun.is_empty() {
            // What there is nothing to send of any more shows nothing: the next one does.
            app.signals.due.ring();
        } else {
            app.trials.sent(&connection, id);
            self.begin(app, begun);
        }
        Ok(())
    }
}

/// Asks the peer behind a paused connection whether it works again.
async fn ask(app: &App, name: &str, shown: Shown) {
    let bound = app.bindings().connections.get(name).and_then(|bound| bound.as_ref().ok().map(Arc::clone));
    // Without its plugin nothing can be tried; with the next one, it is.
    let (Some(connection), Some(binding)) = (app.config.connections.get(name), bound) else { return };
    match probe::ask(app, connection, &binding).await {
        Probed::Good(said) if shown == Shown::ByProbe => resume(app, name, &said).await,
        Probed::Good(_) | Probed::NoProbe => app.trials.open(name),
        Probed::Bad(why) | Probed::Unclear(why) => {
            tracing::info!(connection = name, why, "a paused connection was tried and does not work yet");
        }
    }
}

/// A delivery was settled: whether that shows that its paused connection works again. One that arrived does, by its
/// own entry; one that its peer refuses for what it is does as well.
pub(super) async fn ended(app: &App, connection: &str, delivery: DeliveryId, settled: &Command) {
    let Command::Settle { status, verdict, .. } = settled else { return };
    if !app.trials.was_sent(connection, delivery) {
        return;
    }
    match verdict {
        Verdict::Delivered(_) | Verdict::Accepted(_) => {
            tracing::info!(connection, "a paused connection works again");
            app.trials.end(connection);
        }
        Verdict::Rejected(why) if status.is_some() => {
            resume(app, connection, &format!("it answers a message for what it is: {why}")).await;
        }
        // Nothing was sent, which shows nothing: the next one does.
        Verdict::Skipped(_) | Verdict::Rejected(_) => app.trials.open(connection),
        Verdict::Retry { .. } | Verdict::Expired { .. } | Verdict::Misconfigured(_) => {}
    }
}

/// Has a paused connection go on. If that cannot be recorded, the next trial does it.
async fn resume(app: &App, connection: &str, why: &str) {
    let command = Command::Resume { connection: connection.into(), reason: why.to_owned() };
    match app.record(command).await {
        Ok(_) => {
            tracing::info!(connection, why, "a paused connection works again");
            app.trials.end(connection);
            app.doubts.forget(connection);
        }
        Err(error) => tracing::error!(connection, %error, "a paused connection cannot go on"),
    }
}
