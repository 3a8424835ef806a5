//! The log of a running relay: which lines there are, in which format, and where they go.
//!
//! Every format shows the same fields under the same names. No format lets a value end its line or drive a terminal:
//! senders, plugins and peers choose parts of many values.

use std::sync::{Arc, OnceLock};

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

mod escape;
mod journal;
mod json;
mod layer;
mod line;
mod output;
mod text;

use layer::Lines;
use output::Output;

/// The variable that takes precedence over the configured level.
pub const VARIABLE: &str = "RUST_LOG";
/// The level without a configured one.
pub const DEFAULT_LEVEL: &str = "info";

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Format {
    /// For people, to standard error.
    #[default]
    Text,
    /// One JSON object, to standard error.
    Json,
    /// Fields of systemd's journal, by its native protocol.
    Journald,
}

/// What a configuration says about the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How lines are written.
    pub format: Format,
    /// Which lines are written: a [`level`].
    pub level: String,
}

/// The log of this process.
struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    output: Arc<Output>,
}

static LOG: OnceLock<Log> = OnceLock::new();

/// Begins the log of this process. `RUST_LOG` takes precedence over the level.
pub fn begin(settings: &Settings) {
    let (filter, ignored) = filter(settings);
    let (filter, handle) = reload::Layer::new(filter);
    let output = Arc::new(Output::new(settings.format));
    let lines = Lines::new(Arc::clone(&output));
    // Another log of the process, as a test may have, stays.
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        let _ = LOG.set(Log { filter: handle, output: Arc::clone(&output) });
        output.check();
    }
    if let Some(error) = ignored {
        tracing::warn!(%error, "{VARIABLE} is not a filter of log lines and is ignored");
    }
}

/// Puts other settings in force for all lines from now on, if the log of this process was begun.
pub fn change(settings: &Settings) {
    let Some(log) = LOG.get() else { return };
    log.output.change(settings.format);
    // It fails only without a subscriber, which `begin` has set.
    let _ = log.filter.reload(filter(settings).0);
}

/// The filter that holds, and why the one in the environment does not, if it is wrong.
fn filter(settings: &Settings) -> (EnvFilter, Option<String>) {
    let configured = || level(&settings.level).unwrap_or_else(|_| EnvFilter::new(DEFAULT_LEVEL));
    match std::env::var(VARIABLE) {
        Ok(given) if !given.is_empty() => match level(&given) {
            Ok(filter) => (filter, None),
            Err(error) => (configured(), Some(error)),
        },
        Ok(_) | Err(_) => (configured(), None),
    }
}

/// Reads which lines are written: `info`, or levels of parts of the program, such as `warn,tocsin::deliver=debug`.
///
/// # Errors
/// A part is no level, or no filter.
pub fn level(text: &str) -> Result<EnvFilter, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    if text.trim().is_empty() {
        return Err(format!("is empty: write one of {}", LEVELS.join(", ")));
    }
    // Alone, any word counts as the name of a part of the program: `warning` would silence everything.
    let is_word = |part: &&str| !part.contains(['=', '[', ':']);
    let is_level = |part: &&str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(part));
    if let Some(word) = text.split(',').map(str::trim).filter(is_word).find(|part| !is_level(part)) {
        return Err(format!(
            "`{word}` is not a level: write one of {}, or `part=level`, such as `tocsin::deliver=debug`",
            LEVELS.join(", ")
        ));
    }
    let wrong = |error: ParseError| format!("`{text}` is not a filter of log lines: {error}");
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    EnvFilter::builder().parse(parts.join(",")).map_err(wrong)
}

#[cfg(test)]
mod tests;
