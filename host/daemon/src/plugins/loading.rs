//! From bytes to plugins: reads the directory, and loads one file at a time under a mark on the disk.
//!
//! Never decides what is in force.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tocsin_sandbox::Plugin;

use super::directory;
use super::shelf::Shelf;
use super::state::{Failure, Job, Place, Seen, Tried};
use crate::runtime::trouble;

/// What the log calls it.
const NOT_LISTED: &str = "the plugins directory cannot be read; plugins stay as they are";
/// What the log calls it.
const NOT_MARKED: &str = "the mark of a plugin file that is tried cannot be written";

impl Shelf {
    /// Reads the directory. `retry` has files tried again whose trouble may be over.
    pub(crate) async fn scan(&self, retry: bool) {
        let directory = self.directory.clone();
        let known: BTreeMap<String, Seen> = self.lock().files.clone();
        let looked = tokio::task::spawn_blocking(move || look(&directory, &known)).await;
        let looked = looked.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let mut state = self.lock();
        match looked {
            Ok(files) => {
                trouble::over(NOT_LISTED);
                state.files = files;
                state.is_listed = true;
            }
            Err(error) => {
                trouble::error(NOT_LISTED, &format!("{}: {error}", self.directory.display()));
            }
        }
        state.tidy(retry);
        // What an operator has tried again is skipped no longer.
        let again = |digest: &String, tried: &mut Tried| match tried {
            Tried::Failed(failure) if failure.is_skipped => self.trying.refusal("", digest, false).is_some(),
            Tried::Failed(_) | Tried::Loaded(..) => true,
        };
        state.tried.retain(again);
    }

    /// Loads one plugin, and remembers what came of it. Returns how long that took.
    pub(crate) async fn load(&self, job: Job) -> Duration {
        let began = Instant::now();
        *self.loading.lock().unwrap_or_else(PoisonError::into_inner) = Some((job.clone(), began));
        let tried = match self.attempt(&job).await {
            Ok(plugin) => Tried::Loaded(plugin, Instant::now()),
            Err(failure) => Tried::Failed(failure),
        };
        if let (Tried::Loaded(plugin, _), Place::Kept(_)) = (&tried, &job.place) {
            let (file, info) = (&job.name, plugin.info());
            tracing::info!(file, plugin = info.id, version = info.version, "plugin in force as before");
        }
        let mut state = self.lock();
        state.was_for_age = job.is_for_age;
        state.ended += 1;
        match &job.place {
            Place::Bundled(id) => {
                if let Tried::Failed(failure) = &tried {
                    tracing::error!(plugin = id, reason = failure.why, "a bundled plugin cannot be loaded");
                }
                if let Some(plugin) = state.bundled.get_mut(id) {
                    plugin.tried = Some(tried);
                }
            }
            Place::Kept(id) if matches!(&tried, Tried::Failed(failure) if failure.passes) => {
                if let Some(kept) = state.kept.get_mut(id) {
                    kept.is_removed = true;
                }
            }
            Place::Kept(_) | Place::File => drop(state.tried.insert(job.digest.clone(), tried)),
        }
        drop(state);
        *self.loading.lock().unwrap_or_else(PoisonError::into_inner) = None;
        began.elapsed()
    }

    async fn attempt(&self, job: &Job) -> Result<Plugin, Failure> {
        let failed = |why: String| Failure { why, passes: false, is_skipped: false };
        if let Place::Bundled(id) = job.place {
            let component = self.lock().bundled.get(id).map(|plugin| plugin.file.component);
            let component = component.ok_or_else(|| failed("it is not in this binary".to_owned()))?;
            let loaded = self.sandbox.load(id, Cow::Borrowed(component)).await;
            return loaded.map_err(|error| failed(error.problem.to_string()));
        }
        let is_proven = matches!(job.place, Place::Kept(_));
        if let Some(why) = self.trying.refusal(&job.name, &job.digest, is_proven) {
            return Err(Failure { why, passes: false, is_skipped: true });
        }
        let passing = |why: String| Failure { why, passes: true, is_skipped: false };
        let bytes = self.bytes(job).await.map_err(passing)?;
        // A large one compiles for half a minute.
        tracing::info!(file = job.name, "loading a plugin file");
        let marked = match self.trying.begin(&job.name, &job.digest) {
            Ok(marked) => Some(marked),
            // A full disk takes nothing out of force.
            Err(error) if is_proven => {
                trouble::error(NOT_MARKED, &error);
                None
            }
            Err(error) => {
                let why = format!("it is not tried, since the mark for that cannot be written: {error}");
                return Err(passing(why));
            }
        };
        let loaded = self.sandbox.load(&job.name, bytes).await;
        drop(marked);
        // It did not end the relay this time.
        match self.trying.forget(&job.digest) {
            Ok(_) => trouble::over(NOT_MARKED),
            Err(error) => trouble::error(NOT_MARKED, &error),
        }
        loaded.map_err(|error| failed(error.problem.to_string()))
    }

    /// The bytes of a dropped plugin: a version in force as it was kept, else the file.
    async fn bytes(&self, job: &Job) -> Result<Vec<u8>, String> {
        let (directory, path) = (self.directory.clone(), self.directory.join(&job.name));
        let kept = match &job.place {
            Place::Kept(id) => self.lock().kept.get(id).cloned(),
            Place::File | Place::Bundled(_) => None,
        };
        let (cellar, digest, file) = (self.cellar.clone(), job.digest.clone(), job.name.clone());
        let read = move || {
            if let Some(kept) = kept {
                return cellar.bytes(&kept).inspect_err(|why| {
                    tracing::error!(
                        file,
                        reason = why,
                        "the version in force cannot be loaded; its file is looked at anew"
                    );
                });
            }
            let content = directory::read(&directory, &path, None)?;
            let content = content.filter(|content| content.digest == digest);
            content.map(|content| content.bytes).ok_or_else(|| "it was changed while it was read".to_owned())
        };
        let bytes = tokio::task::spawn_blocking(read).await.map_err(|error| error.to_string())?;
        if bytes.is_err() && job.place == Place::File {
            self.look_again();
        }
        bytes
    }
}

/// The files of the directory, those that did not change as they are `known`.
fn look(directory: &Path, known: &BTreeMap<String, Seen>) -> std::io::Result<BTreeMap<String, Seen>> {
    let now = Instant::now();
    let seen = |(name, path): (String, PathBuf)| {
        let before = known.get(&name);
        let seen = match directory::read(directory, &path, before.and_then(|seen| seen.stamp.as_ref())) {
            Ok(Some(content)) => Seen {
                since: before
                    .filter(|seen| seen.digest.as_ref() == Ok(&content.digest))
                    .map_or(now, |seen| seen.since),
                digest: Ok(content.digest),
                bytes: content.bytes.len() as u64,
                stamp: Some(content.stamp),
            },
            Ok(None) => before?.clone(),
            Err(why) => Seen { digest: Err(why), bytes: 0, stamp: None, since: now },
        };
        Some((name, seen))
    };
    Ok(directory::list(directory)?.into_iter().filter_map(seen).collect())
}
