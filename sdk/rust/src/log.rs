//! Lines for the host's log.
//!
//! The host keeps the first 64 KiB of each call and 64 KiB a minute of each plugin, and counts the rest. Also for
//! plugins without WASI; a plugin that logs nothing imports nothing. Never log a secret or a body: people who read the
//! log may not be allowed to see them.
//!
//! ```
//! tocsin_plugin::log::warn("the sender's clock is an hour ahead");
//! ```

/// Something is wrong, and the plugin cannot do what it was asked.
pub fn error(message: &str) {
    write(Level::Error, message);
}

/// Something is wrong, and the plugin goes on.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Something that an operator may want to know.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Something that helps to find a mistake; usually not written.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

#[cfg(target_family = "wasm")]
use crate::guest::log::{Level, write};

/// How much a line matters.
#[cfg(not(target_family = "wasm"))]
#[derive(Debug)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

/// In a test: to standard error.
#[cfg(not(target_family = "wasm"))]
fn write(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
}
