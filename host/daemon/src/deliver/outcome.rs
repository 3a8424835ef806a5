//! From an attempt to the entry that records what came of it.
//!
//! Never touches state: its caller records the entry.

use std::sync::Arc;
use std::time::Instant;

use tocsin_core::command::Command;

use super::attempt::Attempt;
use super::judgement::judged;
use crate::runtime::trace::Trace;
use crate::runtime::{clock, wording};
use crate::shared::app::App;
use crate::shared::measures::AttemptOutcome;

/// render → encode → send → resume → verdict, and whose fault it is. Counts the attempt for metrics; records nothing.
pub async fn deliver(app: &Arc<App>, attempt: Attempt) -> Command {
    let delivery = attempt.delivery.id;
    let (incident, action) = (attempt.delivery.incident.number, attempt.delivery.action.clone());
    let started = Instant::now();
    let config = app.config();
    let ended = attempt.run(app).await;
    // The configuration in force at the beginning of the attempt.
    let (verdict, status) = judged(app, &config, &attempt, ended).await;
    let took_us = clock::micros_since(started);
    app.measures.attempted(&attempt.delivery.connection, AttemptOutcome::from(&verdict), took_us);
    if !wording::is_good(&verdict) {
        let outcome = wording::verdict(&verdict);
        tracing::warn!(outcome, "an attempt did not deliver");
    }
    app.trace(|| Trace::Settled {
        delivery,
        incident,
        action: action.to_string(),
        outcome: wording::verdict(&verdict),
    });
    Command::Settle { delivery, took_us, status, verdict }
}
