//! The component that a command is about, loaded as the relay loads it.

use std::path::Path;

use anyhow::Context;
use tocsin_sandbox::Plugin;

use super::super::cache;

/// Loads the file with the usual limits. Compiled code is kept in the user's cache.
///
/// # Errors
/// The file cannot be read, or a relay would refuse it: why.
pub(super) async fn load(file: &Path) -> anyhow::Result<Plugin> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file).with_context(|| format!("reading {name}"))?;
    Ok(cache::usual_sandbox()?.load(&name, bytes).await?)
}
