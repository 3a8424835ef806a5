//! Where commands that run plugins keep the compiled code, so that they compile once.
//!
//! Never fails a command: without a usable directory, plugins are compiled again each time.

use std::path::PathBuf;

use tocsin_sandbox::{Sandbox, SandboxConfig};

use crate::config::Config;
use crate::plugins::compile::this_program;
use crate::relay;

/// The user's own cache: `$XDG_CACHE_HOME/tocsin`, else `~/.cache/tocsin`. None where neither is known.
pub(crate) fn of_user() -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).and_then(absolute);
    let home = || std::env::home_dir().and_then(absolute).map(|home| home.join(".cache"));
    Some(xdg.or_else(home)?.join("tocsin"))
}

/// A sandbox for a command that is not the relay: with the relay's cache where this user may use it, else with
/// the user's own, else with none.
///
/// # Errors
/// The machine cannot run plugins.
pub(super) fn sandbox(config: &Config) -> anyhow::Result<Sandbox> {
    // The relay's directory is not made here: it may be another user's to make.
    let of_relay = config.cache_dir.is_dir().then(|| config.cache_dir.clone());
    for directory in [of_relay, of_user()].into_iter().flatten() {
        if let Ok(sandbox) = relay::sandbox(config, Some(directory)) {
            return Ok(sandbox);
        }
    }
    relay::sandbox(config, None)
}

/// A sandbox for a command without a configuration, with the user's own cache where there is one.
///
/// # Errors
/// The machine cannot run plugins.
pub(super) fn usual_sandbox() -> anyhow::Result<Sandbox> {
    let config = SandboxConfig::new(this_program());
    let kept = of_user().and_then(|directory| {
        Sandbox::new(SandboxConfig { cache_dir: Some(directory), ..config.clone() }).ok()
    });
    match kept {
        Some(sandbox) => Ok(sandbox),
        None => Ok(Sandbox::new(config)?),
    }
}
