//! Loads the plugins that come with the relay, and says how far it is.
//!
//! Never prints or logs: the caller decides who sees the progress.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tocsin_sandbox::{LoadError, Plugin, Sandbox};

/// A bundled plugin that was loaded.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The plugin's id.
    pub id: &'a str,
    /// Which one it is, from 1.
    pub number: usize,
    /// How many are loaded in all.
    pub of: usize,
    /// How long it took.
    pub took: Duration,
    /// Whether it was compiled; otherwise the cache had it.
    pub compiled: bool,
}

/// Loads the bundled plugins that `wanted` picks by id, one after another.
///
/// # Errors
/// One of them does not load, which only a broken build or sandbox explains.
pub async fn load(
    sandbox: &Sandbox,
    wanted: impl Fn(&str) -> bool,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<BTreeMap<String, Plugin>, LoadError> {
    let files: Vec<_> = tocsin_bundled::plugins().iter().filter(|plugin| wanted(plugin.id)).collect();
    let mut loaded = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let (began, hits) = (Instant::now(), sandbox.gauges().cache_hits);
        let plugin = sandbox.load(file.id, file.component).await?;
        progress(Progress {
            id: file.id,
            number: index + 1,
            of: files.len(),
            took: began.elapsed(),
            compiled: sandbox.gauges().cache_hits == hits,
        });
        loaded.insert(plugin.info().id.clone(), plugin);
    }
    Ok(loaded)
}
