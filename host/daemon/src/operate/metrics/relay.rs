//! Metrics of the whole relay: version, parts, plugin files.

use super::metric::{Metric, Value, counter, gauge};
use crate::operate::ready::Part;
use crate::plugins::Shelf;
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::reloads::Reloads;
use crate::timers;

pub(super) fn all(app: &App, shelf: &Shelf, parts: &[Part]) -> Vec<Metric> {
    let config = app.config();
    let mut ready = gauge("tocsin_ready", "1 while this part of the relay is ready, as in /readyz.");
    for part in parts {
        ready.add(&[("part", part.name)], part.problem.is_none());
    }
    let bindings = app.bindings();
    let unbound = bindings.unbound();
    let mut standing = gauge(
        "tocsin_unbound",
        "Sources, connections and actions that do not work because their plugin is missing or refuses their settings.",
    );
    for table in ["sources", "connections", "actions"] {
        let is_of = |path: &str| path.split('.').next() == Some(table);
        standing.add(&[("table", table)], unbound.iter().filter(|(path, _)| is_of(path)).count());
    }
    let (exported, dropped) = app.measures.traces.counts();
    vec![
        gauge("tocsin_build_info", "1, with the version of the relay.")
            .of(&[("version", env!("CARGO_PKG_VERSION"))], true),
        ready,
        standing,
        gauge("tocsin_plugin_files_refused", "Plugin files that are not in force.").is(shelf.refused().len()),
        gauge("tocsin_plugins_pending", "Plugins that the relay has yet to compile or load.")
            .is(shelf.jobs(&config).len()),
        gauge(
            "tocsin_retention_trouble",
            "1 while the relay cannot remove records that are past their retention.",
        )
        .is(trouble::ongoing(timers::forget::TROUBLE).is_some()),
        counter("tocsin_trace_spans_exported_total", "Spans of traces that the collector took.").is(exported),
        counter(
            "tocsin_trace_spans_dropped_total",
            "Spans of traces that were lost: the collector did not take them, or not in time. About as many if there \
             were too many at once.",
        )
        .is(dropped),
        gauge("tocsin_clock_ahead_seconds", "How far the relay's clock is ahead of the system's.")
            .is(Value::microseconds(app.clock.ahead_ms().saturating_mul(1000))),
    ]
}

/// Whether the relay accepted the last reload.
pub(super) fn reloaded(reloads: &Reloads) -> Metric {
    gauge(
        "tocsin_config_last_reload_successful",
        "0 if the relay refused the last reload of the configuration. 1 if it accepted it, or has had none yet.",
    )
    .is(reloads.refused().is_none())
}
