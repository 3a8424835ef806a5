//! What a process needs whatever it relays: time, HTTP that comes in, the log's restraint, words for what happened.
//!
//! Knows nothing of configuration, plugins and the store's tables: every other room may use it.

pub mod clock;
pub mod folder;
pub mod held;
pub mod pulse;
pub mod server;
pub mod signing;
pub mod systemd;
pub mod trace;
pub mod trouble;
pub mod wakeup;
pub mod wording;
