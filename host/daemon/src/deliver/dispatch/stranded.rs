//! Attempts that the store takes for being under way and that nobody makes: their claim was answered with an error
//! and is on the disk all the same, or they broke off. Left alone, they would hold up their incident until the next
//! start.
//!
//! Never ends an attempt that is made: what is in flight is known, and each outcome is recorded before its attempt
//! is taken out of that.

use std::collections::BTreeSet;

use tocsin_core::command::Command;
use tocsin_core::id::DeliveryId;

use super::{Trouble, Workers};
use crate::deliver::attempt::Attempt;
use crate::shared::app::{App, CommitError};

/// What is known of such an attempt.
const UNKNOWN: &str =
    "nothing is known of this attempt: it broke off, or could not be recorded; it may have arrived";

impl Workers {
    /// Has each of them tried again as its schedule says. The attempt counts, so the next one knows that it may have
    /// arrived.
    pub(super) async fn release(&self, app: &App) -> Result<(), Trouble> {
        let in_flight: BTreeSet<DeliveryId> = self.tasks.values().copied().flatten().collect();
        for id in app.store.sending()? {
            if in_flight.contains(&id) {
                continue;
            }
            let Some(delivery) = app.store.delivery(id)? else { continue };
            tracing::warn!(delivery = %id, action = delivery.action.as_str(), "an attempt is not made: {UNKNOWN}");
            let verdict =
                Attempt { delivery, references: Vec::new() }.later_over(app, UNKNOWN.to_owned(), true);
            match app.record(Command::Settle { delivery: id, took_us: 0, status: None, verdict }).await {
                Ok(_) | Err(CommitError::Rejected(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
