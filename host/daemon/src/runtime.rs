//! What any process of this kind needs: time, incoming HTTP, bounded logging, figures about the process, texts for
//! people, the validity of certificates.
//!
//! Knows nothing of configuration, plugins and the store's tables: every other room may use it.

pub mod clock;
pub mod folder;
pub mod held;
pub mod log;
pub mod process;
pub mod pulse;
pub mod request;
pub mod server;
pub mod signing;
pub mod steps;
pub mod systemd;
pub mod trouble;
pub mod validity;
pub mod wakeup;
pub mod wording;
