//! From what a plugin wants sent to what goes over the wire, and the answer back.
//!
//! `request` puts secrets and signatures in → `client` checks addresses and sends → `redact` takes secrets out of the
//! answer; `certificate` only looks at what a peer shows. Never chooses what is sent or when.

pub(crate) mod certificate;
pub mod client;
pub mod redact;
pub mod request;
