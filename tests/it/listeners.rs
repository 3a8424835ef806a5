//! The listeners on the network: TLS with the relay's own certificate, and a listener of their own for monitoring.

mod api;
mod tls;

use std::net::{SocketAddr, TcpListener};

/// An address that nobody listens at.
pub(crate) fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr()).expect("a free port")
}
