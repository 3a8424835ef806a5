//! The transport of requests: `proxy`, `ca` and `client_certificate` of `[egress]`, of connections and of `[traces]`.
//!
//! The keys of a connection and of `[traces]` take precedence over those of `[egress]`.

use std::sync::Arc;

use super::certificates::{self, Authorities, CA, Identity};
use super::proxy::{self, Proxy};
use super::reader::Reader;

/// The transport of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// The proxy that every request goes through; without one, requests go to the peer directly.
    pub proxy: Option<Proxy>,
    /// Authorities that are trusted in addition to the system's.
    pub authorities: Option<Arc<Authorities>>,
    /// The certificate that the relay presents to a peer that asks for one.
    pub client_certificate: Option<Arc<Identity>>,
    /// Whether a proxy may have a private address.
    proxy_allow_private: bool,
}

/// Reads `[egress]`, for all connections and for confirmations.
pub(super) fn read(reader: &mut Reader) -> Transport {
    of_both(reader, &Transport::default())
}

/// Reads a connection's table; the rest comes from `default`.
pub(super) fn read_connection(reader: &mut Reader, default: &Transport) -> Transport {
    let mut transport = of_both(reader, default);
    transport.client_certificate = certificates::read_client(reader).map(Arc::new);
    transport
}

/// Reads `[traces]`; the rest comes from `[egress]`. Its proxy does not lead to a collector on this machine.
pub(super) fn read_traces(reader: &mut Reader, egress: &Transport, is_this_machine: bool) -> Transport {
    let proxy = egress.proxy.clone().filter(|_| !is_this_machine);
    of_both(reader, &Transport { proxy, ..egress.clone() })
}

fn of_both(reader: &mut Reader, default: &Transport) -> Transport {
    let is_own = proxy::is_named(reader) || reader.has(proxy::ALLOW_PRIVATE);
    let proxy_allow_private = reader.boolean(proxy::ALLOW_PRIVATE).unwrap_or(default.proxy_allow_private);
    let proxy = match proxy::is_named(reader) {
        true => proxy::read(reader, proxy_allow_private),
        false => default.proxy.clone().map(|proxy| proxy.with_private(proxy_allow_private)),
    };
    // The proxy of `[egress]` was already checked there.
    if let Some(proxy) = proxy.as_ref().filter(|_| is_own) {
        proxy::check(reader, proxy);
    }
    let authorities = match reader.has(CA) {
        true => certificates::read_authorities(reader, CA).map(Arc::new),
        false => default.authorities.clone(),
    };
    Transport { proxy, authorities, client_certificate: None, proxy_allow_private }
}

#[cfg(test)]
mod tests;
