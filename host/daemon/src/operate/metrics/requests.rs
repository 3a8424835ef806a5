//! Metrics of requests and sources.

use std::collections::BTreeMap;

use super::metric::{Metric, Value, counter, gauge};
use crate::config::Config;
use crate::shared::app::App;
use crate::shared::intake::STRANGERS;

/// The statuses of the relay's own rejections. Their samples exist from the start, so that the first rejection is an
/// increase.
const STATUSES: [u16; 11] = [400, 401, 405, 408, 413, 414, 415, 422, 429, 431, 503];

pub(super) fn all(app: &App, config: &Config) -> Vec<Metric> {
    let mut requests =
        counter("tocsin_requests_total", "Requests that were not rejected, by source and outcome.");
    let mut rejected = counter(
        "tocsin_requests_rejected_total",
        "Requests that were answered with another status than 2xx, by source and HTTP status. If a plugin chose that \
         answer, the request also counts as not rejected.",
    );
    let mut echoes = counter("tocsin_echoes_total", "Events that repeated messages of this relay.");
    let mut heard = gauge(
        "tocsin_source_last_request_timestamp_seconds",
        "When the source last sent a request that the relay kept. Absent for a source that never did.",
    );
    let mut heartbeat = gauge(
        "tocsin_source_heartbeat_seconds",
        "How long the source may be silent. Absent for a source without a heartbeat.",
    );
    let mut suspended = gauge(
        "tocsin_source_suspended",
        "1 while the relay does not call the source's plugin because it repeatedly ran out of time.",
    );
    let suspensions = app.suspensions.all();
    for (name, source) in &config.sources {
        let counted = app.intake.since_start(name);
        for (outcome, count) in [
            ("accepted", counted.accepted),
            ("ignored", counted.ignored),
            ("partly_refused", counted.partly_refused),
            ("failed", counted.failed),
            ("probe", counted.probes),
        ] {
            requests.add(&[("source", name), ("outcome", outcome)], count);
        }
        let mut by_code = BTreeMap::from(STATUSES.map(|code| (code, 0)));
        by_code.extend(counted.rejected);
        for (code, count) in by_code {
            rejected.add(&[("source", name), ("code", &code.to_string())], count);
        }
        echoes.add(&[("source", name)], counted.echoes);
        if let Some(at) = counted.last_heard {
            heard.add(&[("source", name)], at);
        }
        if let Some(ms) = source.rule.heartbeat_ms {
            heartbeat.add(&[("source", name)], Value::microseconds(ms.saturating_mul(1000)));
        }
        suspended.add(&[("source", name)], suspensions.iter().any(|(suspended, _)| suspended == name));
    }
    let strangers: u64 = app.intake.since_start(STRANGERS).rejected.values().sum();
    let unknown = counter("tocsin_requests_unknown_source_total", "Requests to an address without a source.")
        .is(strangers);
    vec![requests, rejected, unknown, echoes, heard, heartbeat, suspended]
}
