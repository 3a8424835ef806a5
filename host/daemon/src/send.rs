//! From what a plugin wants sent to what goes over the wire, and the answer back.
//!
//! `request` puts secrets and signatures in → `client` sends, with a `token` if the peer wants one, over a `transport`
//! that checks addresses, after a `lookup` if there is a proxy → `answer` reads → `redact` takes secrets out. `certificate`
//! only checks a peer's certificate; `collector` sends traces. The callers choose what is sent, and when.

mod answer;
pub(crate) mod certificate;
pub mod client;
pub(crate) mod collector;
pub mod error;
mod lookup;
pub mod redact;
pub mod request;
#[cfg(test)]
pub(crate) mod testing;
mod token;
pub(crate) mod transport;
