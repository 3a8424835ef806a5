//! Metrics of plugin calls and of compiling, for the plugins in the configuration.

use std::collections::BTreeSet;

use tocsin_sandbox::Gauges;

use super::metric::{Metric, Value, counter, gauge, histogram};
use crate::shared::in_force::InForce;

pub(super) fn all(in_force: &InForce, gauges: &Gauges) -> Vec<Metric> {
    let mut took = histogram(
        "tocsin_plugin_call_duration_seconds",
        "How long calls of the plugin took, without the wait for a slot. Includes checks of settings and connections.",
    );
    let mut failures = counter(
        "tocsin_plugin_call_failures_total",
        "Calls of the plugin that gave no answer: it trapped, hit a limit (time, memory, stack, input, output), lacks \
         the called function (absent), or the relay could not run it (host).",
    );
    let config = &in_force.config;
    let of_sources = config.sources.values().map(|source| &source.plugin);
    let named: BTreeSet<&String> =
        of_sources.chain(config.connections.values().map(|connection| &connection.plugin)).collect();
    for id in named {
        let Some(loaded) = in_force.bindings.plugins.get(id) else { continue };
        let calls = loaded.plugin.calls();
        for (phase, distribution) in calls.took_us {
            took.add(&[("plugin", id), ("call", phase.as_str())], Value::times(distribution));
        }
        for (kind, count) in calls.failures {
            failures.add(&[("plugin", id), ("reason", kind.as_str())], count);
        }
    }
    vec![
        took,
        failures,
        gauge("tocsin_plugin_calls_running", "Calls of plugins in progress.").is(gauges.running),
        gauge("tocsin_plugin_calls_waiting", "Calls of plugins that wait for a slot.").is(gauges.waiting),
        gauge("tocsin_plugin_calls_limit", "Calls of plugins that may be in progress at the same time.")
            .is(gauges.slots),
        histogram(
            "tocsin_plugin_compile_duration_seconds",
            "How long compiling a plugin took, without the wait for its turn, whether or not it succeeded.",
        )
        .is(Value::times(gauges.compile_us.clone())),
        counter("tocsin_plugin_cache_hits_total", "Compiled plugins that were found in the cache directory.")
            .is(gauges.cache_hits),
        counter(
            "tocsin_plugin_cache_misses_total",
            "Plugins that were compiled because the cache lacked them.",
        )
        .is(gauges.cache_misses),
    ]
}
