//! From what a plugin wants sent to what goes over the wire, and the answer back.
//!
//! `request` puts secrets and signatures in → `client` sends, with a `token` if the peer wants one, over a `transport`
//! that checks addresses → `answer` reads → `redact` takes secrets out. `certificate` only checks a peer's certificate.
//! The callers choose what is sent, and when.

mod answer;
pub(crate) mod certificate;
pub mod client;
pub mod error;
pub mod redact;
pub mod request;
mod token;
pub(crate) mod transport;
