//! Plugins in force: the bundled ones, and those that operators drop into a directory.
//!
//! A dropped file is loaded, checked against the configuration and only then put in force; one that does not
//! pass is refused with a sentence and what was there before goes on. Never executes, moves or changes a
//! dropped file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tocsin_sandbox::{Plugin, Sandbox};

use crate::app::App;
use crate::bindings::{Bindings, Loaded, Origin};
use crate::config::{Config, Problem};

mod bundled;
mod watch;

pub use bundled::{Progress, load as load_bundled};
pub use watch::{Watch, WatchError};

/// The ending of the files that are looked at.
const EXTENSION: &str = "wasm";

/// A dropped file, as it was last seen.
#[derive(Clone)]
struct Dropped {
    /// SHA-256 of its bytes; empty when it could not be read.
    digest: String,
    /// The plugin in force for it: its own, or the one that was there before it was refused.
    in_force: Option<Plugin>,
    /// Why its own is not in force.
    refused: Option<String>,
}

type Files = BTreeMap<String, Dropped>;

/// Loads plugins and knows what became of each file.
pub struct Shelf {
    sandbox: Sandbox,
    directory: PathBuf,
    bundled: BTreeMap<String, Plugin>,
    dropped: Mutex<Files>,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file's name.
    pub file: String,
    /// Why it is not in force.
    pub why: String,
}

impl Shelf {
    /// A shelf of these bundled plugins, see [`load_bundled`], and of what is dropped into `directory`.
    pub fn new(sandbox: Sandbox, directory: &Path, bundled: BTreeMap<String, Plugin>) -> Self {
        Self { sandbox, directory: directory.to_owned(), bundled, dropped: Mutex::default() }
    }

    /// Where operators drop plugins.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The files that are not in force, and why.
    pub fn refused(&self) -> Vec<Refused> {
        let dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = |(file, dropped): (&String, &Dropped)| {
            Some(Refused { file: file.clone(), why: dropped.refused.clone()? })
        };
        dropped.iter().filter_map(refused).collect()
    }

    /// Reads the directory and binds what is in it to `config`. Returns what is in force from now on, or
    /// nothing when nothing changed since `current`, and logs what was found new.
    pub async fn scan(&self, config: &Config, current: Option<&Bindings>) -> Option<Bindings> {
        let mut files = self.dropped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let found = match list(&self.directory) {
            Ok(found) => found,
            Err(error) => {
                let directory = self.directory.display();
                tracing::error!(%directory, %error, "the plugins directory cannot be read; plugins stay as they are");
                return if current.is_none() { Some(self.bind(config, &files).await.0) } else { None };
            }
        };
        let seen = files.len();
        files.retain(|file, _| found.contains_key(file));
        let mut changed = files.len() != seen;
        if changed {
            // Those that were refused may have been so for what is gone now: they are looked at again.
            files.values_mut().filter(|file| file.refused.is_some()).for_each(|file| file.digest.clear());
        }
        for (file, path) in found {
            changed |= self.look(config, &file, &path, &mut files).await;
        }
        if !changed && current.is_some() {
            return None;
        }
        let bindings = self.bind(config, &files).await.0;
        for problem in &bindings.missed {
            tracing::warn!(%problem, "this will not work when it is needed");
        }
        *self.dropped.lock().unwrap_or_else(PoisonError::into_inner) = files;
        Some(bindings)
    }

    /// Takes in what `file` has become, if it changed: whether it did.
    async fn look(&self, config: &Config, file: &str, path: &Path, files: &mut Files) -> bool {
        let before = files.get(file);
        let (digest, bytes) = match tokio::fs::read(path).await {
            Ok(bytes) => (crate::signing::sha256(&bytes), Ok(bytes)),
            Err(error) => (String::new(), Err(format!("it cannot be read: {error}"))),
        };
        if before.is_some_and(|before| before.digest == digest) {
            return false;
        }
        let in_force = before.and_then(|before| before.in_force.clone());
        // A large one compiles for half a minute.
        tracing::info!(file, "loading a plugin file");
        let admitted = match bytes {
            Ok(bytes) => self.admit(config, file, bytes, files).await,
            Err(why) => Err(why),
        };
        let dropped = match admitted {
            Ok(plugin) => {
                let info = plugin.info();
                tracing::info!(file, plugin = info.id, version = info.version, "plugin in force");
                Dropped { digest, in_force: Some(plugin), refused: None }
            }
            Err(why) => {
                tracing::error!(file, why, "plugin refused; what was in force before goes on");
                Dropped { digest, in_force, refused: Some(why) }
            }
        };
        files.insert(file.to_owned(), dropped);
        true
    }

    /// Loads a file's bytes and tries the plugin on the configuration.
    async fn admit(
        &self,
        config: &Config,
        file: &str,
        bytes: Vec<u8>,
        files: &Files,
    ) -> Result<Plugin, String> {
        let plugin = self.sandbox.load(file, bytes).await.map_err(|error| error.problem.to_string())?;
        let id = &plugin.info().id;
        let rival = files.iter().find(|(name, other)| {
            *name != file && other.in_force.as_ref().is_some_and(|other| other.info().id == *id)
        });
        if let Some((rival, _)) = rival {
            return Err(format!("it is plugin `{id}`, and so is {rival}: remove one of them"));
        }
        let (_, before) = self.bind(config, files).await;
        let mut with = files.clone();
        let tried = Dropped { digest: String::new(), in_force: Some(plugin.clone()), refused: None };
        with.insert(file.to_owned(), tried);
        let (_, after) = self.bind(config, &with).await;
        // By their places: the words of one that was there before may list plugins, this one now among them.
        let is_new = |problem: &&Problem| !before.iter().any(|known| known.path == problem.path);
        let new: Vec<String> = after.iter().filter(is_new).map(ToString::to_string).collect();
        if new.is_empty() {
            return Ok(plugin);
        }
        Err(format!("the configuration does not fit it: {}", new.join("; ")))
    }

    /// Bundled plugins, then dropped ones over them.
    async fn bind(&self, config: &Config, files: &Files) -> (Bindings, Vec<Problem>) {
        let bundled = self
            .bundled
            .iter()
            .map(|(id, plugin)| (id.clone(), Loaded { plugin: plugin.clone(), origin: Origin::Bundled }));
        let mut plugins: BTreeMap<String, Loaded> = bundled.collect();
        for (file, dropped) in files {
            if let Some(plugin) = &dropped.in_force {
                let loaded = Loaded { plugin: plugin.clone(), origin: Origin::Dropped(file.clone()) };
                plugins.insert(plugin.info().id.clone(), loaded);
            }
        }
        Bindings::build(config, plugins).await
    }
}

/// The plugin files of a directory, by name. A directory that is not there has none.
fn list(directory: &Path) -> std::io::Result<BTreeMap<String, PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let hidden = name.as_deref().is_some_and(|name| name.starts_with('.'));
        if let Some(name) = name
            && !hidden
            && path.extension().is_some_and(|extension| extension == EXTENSION)
        {
            files.insert(name, path);
        }
    }
    Ok(files)
}

/// Reads the directory again and puts in force what changed.
pub async fn rescan(app: &App, shelf: &Shelf) {
    if let Some(bindings) = shelf.scan(&app.config, Some(&app.bindings())).await {
        app.bind(bindings);
    }
}
