//! Metrics of the listeners on the network: connections and TLS.

use super::metric::{Metric, counter, gauge};
use crate::config::Config;
use crate::runtime::server::{Connections, Failure, Security};

pub(super) fn all(connections: &Connections, security: &Security, config: &Config) -> Vec<Metric> {
    let mut failures = counter(
        "tocsin_listener_tls_failures_total",
        "TLS handshakes on the listeners that failed, by reason. client_certificate: the client showed no certificate \
         or a wrong one. refused_by_client: the client does not trust the relay's certificate.",
    );
    for failure in Failure::ALL {
        failures.add(&[("reason", failure.into())], security.failures(failure));
    }
    let expires = gauge(
        "tocsin_listener_certificate_expiry_timestamp_seconds",
        "When the certificate of the listeners expires, or the first of its intermediates. Absent without TLS.",
    );
    vec![
        gauge("tocsin_listener_connections", "Open connections of the main listener.")
            .is(connections.count()),
        gauge("tocsin_listener_connections_limit", "Connections that the main listener may have.")
            .is(connections.limit()),
        failures,
        expires.may_be(config.tls.as_ref().and_then(|tls| tls.identity.as_ref()?.expires())),
    ]
}
