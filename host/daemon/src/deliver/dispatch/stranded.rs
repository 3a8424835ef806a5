//! Attempts that the store takes for being under way and that nobody makes: their claim was answered with an error
//! and is on the disk all the same, or they broke off. Left alone, they would hold up their incident until the next
//! start.
//!
//! Never ends an attempt that is made: what is in flight is known, and each outcome is recorded before its attempt
//! is taken out of that.

use std::sync::Arc;

use tocsin_core::command::Command;
use tocsin_core::id::DeliveryId;

use super::Trouble;
use crate::deliver::attempt::Attempt;
use crate::shared::app::{App, CommitError};

/// What is known of such an attempt.
const UNKNOWN: &str =
    "nothing is known of this attempt: it broke off, or could not be recorded; it may have arrived";

/// Has each of these tried again as its schedule says. The attempt counts, so the next one knows that it may have
/// arrived.
pub(super) async fn release(app: &Arc<App>, stranded: Vec<DeliveryId>) -> Result<(), Trouble> {
    for id in stranded {
        app.pulses.deliveries.beat();
        let Some(delivery) = app.reading(move |app| app.store.delivery(id)).await? else { continue };
        let attempt = Attempt { delivery, references: Vec::new() };
        attempt.span().in_scope(|| tracing::warn!("an attempt is not made: {UNKNOWN}"));
        let verdict = attempt.later_over(app, UNKNOWN.to_owned(), true);
        match app.record(Command::Settle { delivery: id, took_us: 0, status: None, verdict }).await {
            Ok(_) | Err(CommitError::Rejected(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
