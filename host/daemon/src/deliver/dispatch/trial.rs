//! Paused connections are tried again, so that one that works again goes on without a person.
//!
//! The connection's own probe is asked first. Where that does not decide, one delivery that is due is sent: while
//! it is under way, nothing else is. Never tries a connection more often than `Trials` says.

use std::sync::Arc;

use tocsin_core::command::{Command, Verdict};
use tocsin_core::id::DeliveryId;
use tocsin_core::name::ConnectionName;

use super::{Trouble, Workers, begun, records};
use crate::deliver::attempt::Attempt;
use crate::deliver::probe;
use crate::deliver::probe::Probed;
use crate::runtime::clock::Now;
use crate::shared::app::{App, CommitError};
use crate::shared::trials::Shown;

/// These paused connections are gone from the configuration: their deliveries are settled one by one, each with words
/// that say so.
pub(super) async fn forget(app: &App, connections: Vec<ConnectionName>) {
    for name in connections {
        resume(app, &name, "it is gone from the configuration").await;
    }
}

impl Workers {
    /// Asks the peer of a paused connection whether it works again.
    pub(super) fn ask(&mut self, app: &Arc<App>, name: &ConnectionName, now: Now) {
        let longest_ms =
            app.config().connections.get(name.as_str()).map_or(0, |known| known.retry.longest_ms);
        let Some(shown) = app.trials.take(name, now.time, longest_ms) else { return };
        self.planner.asks(name);
        let (app, name, place) = (Arc::clone(app), name.clone(), self.places.give(name));
        self.spawn(None, async move {
            let _place = place;
            ask(&app, &name, shown).await;
            true
        });
    }

    /// Sends one delivery over its paused connection. Returns whether it is sent: if not, look again.
    pub(super) async fn test(&mut self, app: &Arc<App>, read: Attempt) -> Result<bool, Trouble> {
        let (id, connection) = (read.delivery.id, read.delivery.connection.clone());
        let read = vec![read];
        let record = !records(app, &read).is_empty();
        let claimed = match app.record(Command::Try { delivery: id, record }).await {
            Ok(applied) => applied.claimed,
            // An operator was quicker.
            Err(CommitError::Rejected(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let begun = begun(read, claimed);
        // What there is nothing to send of any more shows nothing: the next one does.
        let is_sent = !begun.is_empty();
        if is_sent {
            app.trials.sent(&connection, id);
            self.begin(app, begun);
        }
        Ok(is_sent)
    }
}

/// Asks the peer behind a paused connection whether it works again.
async fn ask(app: &App, name: &str, shown: Shown) {
    let in_force = app.in_force();
    let bound = in_force.bindings.connections.get(name).and_then(|bound| bound.as_ref().ok().map(Arc::clone));
    // Without its plugin nothing can be tried; with the next one, it is.
    let (Some(connection), Some(binding)) = (in_force.config.connections.get(name), bound) else { return };
    match probe::ask(app, &in_force.senders, connection, &binding).await {
        Probed::Good(said) if shown == Shown::ByProbe => resume(app, name, &said).await,
        Probed::Good(_) | Probed::NoProbe => app.trials.open(name),
        Probed::Bad(why) | Probed::Unclear(why) => {
            tracing::info!(
                connection = name,
                reason = why,
                "a paused connection was tried and does not work yet"
            );
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
            tracing::info!(connection, reason = why, "a paused connection works again");
            app.trials.end(connection);
            app.doubts.forget(connection);
        }
        Err(error) => tracing::error!(connection, %error, "a paused connection cannot go on"),
    }
}
