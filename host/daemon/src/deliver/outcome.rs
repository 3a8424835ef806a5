//! From an attempt to the entry that records what came of it.
//!
//! Never touches state: its caller records the entry.

use std::sync::Arc;
use std::time::Instant;

use tocsin_core::command::Command;

use super::attempt::Attempt;
use super::judgement::judged;
use crate::runtime::steps::{Traced, What};
use crate::runtime::{clock, wording};
use crate::shared::app::App;
use crate::shared::measures::AttemptOutcome;

/// render → encode → send → resume → verdict, and whose fault it is. Counts the attempt for metrics; records nothing.
pub async fn deliver(app: &Arc<App>, attempt: &Attempt) -> Command {
    let started = Instant::now();
    let config = app.config();
    let ended = attempt.run(app).await;
    // The configuration in force at the beginning of the attempt.
    let (verdict, status) = judged(app, &config, attempt, ended).await;
    let took_us = clock::micros_since(started);
    app.measures.attempted(&attempt.delivery.connection, AttemptOutcome::from(&verdict), took_us);
    if !wording::is_good(&verdict) {
        let outcome = wording::verdict(&verdict);
        tracing::warn!(outcome, "an attempt did not deliver");
    }
    Command::Settle { delivery: attempt.delivery.id, took_us, status, verdict }
}

/// Reports that an attempt is over, which `began` then and was `settled` by an entry that began to be recorded at
/// `recording`.
pub fn tell(app: &App, attempt: &Attempt, settled: &Command, times: (Instant, Instant), is_recorded: bool) {
    let Command::Settle { verdict, .. } = settled else { return };
    let delivery = &attempt.delivery;
    let (began, recording) = times;
    app.tell(Some(Traced::of(delivery)), clock::micros_since(began), || What::Settled {
        attempt: attempt.number(),
        receipt: delivery.origin.map(|origin| origin.receipt),
        incident: delivery.incident.number,
        action: delivery.action.to_string(),
        connection: delivery.connection.to_string(),
        kind: AttemptOutcome::from(verdict).as_str(),
        is_good: wording::is_good(verdict),
        outcome: wording::verdict(verdict),
        commit_us: clock::micros_since(recording),
        is_recorded,
    });
}
