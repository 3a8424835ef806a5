//! Metrics of deliveries and connections.

use tocsin_core::time::Timestamp;

use super::metric::{Metric, Value, counter, gauge, histogram};
use super::store::Stored;
use crate::config::Config;
use crate::shared::app::App;

pub(super) fn all(app: &App, config: &Config, stored: Option<&Stored>) -> Vec<Metric> {
    let now = app.clock.now();
    let mut attempts = counter(
        "tocsin_attempts_total",
        "Attempts to deliver, by connection and outcome. Rejected and expired ones left a dead letter.",
    );
    let mut took = histogram(
        "tocsin_attempt_duration_seconds",
        "How long an attempt took, from the first call of its plugin to the verdict.",
    );
    let mut backoff = gauge(
        "tocsin_connection_backoff",
        "1 while the relay sends nothing over the connection because its peer asked it to wait.",
    );
    for name in config.connections.keys() {
        let connection = ("connection", name.as_str());
        backoff.add(&[connection], app.backoffs.of(name, now).is_some());
        let Some(counted) = app.measures.attempts(name) else { continue };
        for (outcome, count) in counted.outcomes {
            attempts.add(&[connection, ("outcome", outcome.as_str())], count);
        }
        took.add(&[connection], Value::times(counted.took_us));
    }
    let mut failed =
        counter("tocsin_filter_failures_total", "Incidents on which the action's filter failed.");
    let failing = app.signals.filters.failing();
    for name in config.actions.keys() {
        failed.add(&[("action", name)], failing.get(name).map_or(0, |failing| failing.count));
    }
    let mut all = vec![attempts, took, backoff, failed];
    all.extend(kept(config, stored, now));
    all
}

/// The values from the store.
fn kept(config: &Config, stored: Option<&Stored>, now: Timestamp) -> [Metric; 4] {
    let mut states = gauge("tocsin_deliveries", "Deliveries that the store has, by state.");
    let mut paused = gauge("tocsin_connection_paused", "1 while the connection is paused.");
    let mut length = gauge(
        "tocsin_connection_queue_length",
        "Deliveries that wait for the connection: those due now, and those due later. Of one \
         incident, only the oldest counts. 100000 at most.",
    );
    let mut oldest = gauge(
        "tocsin_connection_oldest_due_age_seconds",
        "How long the oldest due delivery has been due; 0 while nothing is due.",
    );
    if let Some(stored) = stored {
        for (state, count) in stored.counts.deliveries {
            states.add(&[("state", state.as_str())], count);
        }
        for name in config.connections.keys() {
            let queue = stored.queues.get(name).cloned().unwrap_or_default();
            let connection = ("connection", name.as_str());
            let age_ms = queue.oldest.map_or(0, |oldest| now.ms_since(oldest));
            length.add(&[connection, ("due", "now")], queue.due);
            length.add(&[connection, ("due", "later")], queue.later);
            oldest.add(&[connection], Value::microseconds(age_ms.saturating_mul(1000)));
            paused.add(&[connection], stored.pauses.iter().any(|(paused, _)| paused == name));
        }
    }
    [states, paused, length, oldest]
}
