//! How requests leave: `proxy`, `ca` and `client_certificate` of `[egress]` and of connections.
//!
//! A connection has what its own table says, else what `[egress]` says.

use std::sync::Arc;

use super::certificates::{self, Authorities, ClientCertificate};
use super::proxy::{self, Proxy};
use super::reader::Reader;

/// How requests leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// The proxy that every request goes through; without one, requests go to the peer directly.
    pub proxy: Option<Proxy>,
    /// Authorities that are trusted in addition to the system's.
    pub authorities: Option<Arc<Authorities>>,
    /// What the relay shows a peer that asks for a certificate.
    pub client_certificate: Option<Arc<ClientCertificate>>,
    /// Whether a proxy may be at a private address.
    proxy_allow_private: bool,
}

/// What `[egress]` says, for all connections and for confirmations.
pub(super) fn read(reader: &mut Reader) -> Transport {
    of_both(reader, &Transport::default())
}

/// What a connection's table says; the rest is as in `default`.
pub(super) fn read_connection(reader: &mut Reader, default: &Transport) -> Transport {
    let mut transport = of_both(reader, default);
    transport.client_certificate = certificates::read_client(reader).map(Arc::new);
    transport
}

fn of_both(reader: &mut Reader, default: &Transport) -> Transport {
    let is_own = proxy::is_named(reader) || reader.has(proxy::ALLOW_PRIVATE);
    let proxy_allow_private = reader.boolean(proxy::ALLOW_PRIVATE).unwrap_or(default.proxy_allow_private);
    let proxy = match proxy::is_named(reader) {
        true => proxy::read(reader, proxy_allow_private),
        false => default.proxy.clone().map(|proxy| proxy.with_private(proxy_allow_private)),
    };
    // One that is as in `[egress]` was checked there.
    if let Some(proxy) = proxy.as_ref().filter(|_| is_own) {
        proxy::check(reader, proxy);
    }
    let authorities = match certificates::names_authorities(reader) {
        true => certificates::read_authorities(reader).map(Arc::new),
        false => default.authorities.clone(),
    };
    Transport { proxy, authorities, client_certificate: None, proxy_allow_private }
}

#[cfg(test)]
mod tests;
