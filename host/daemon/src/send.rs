//! From what a plugin wants sent to what goes over the wire, and the answer back.
//!
//! `request` puts secrets and signatures in → `client` checks addresses and sends → `redact` takes secrets out of the
//! answer. Never chooses what is sent or when.

pub mod client;
pub mod redact;
pub mod request;
