//! Decides which plugins are in force, by what is known of the files.
//!
//! The order in which files were named, found or loaded decides nothing: of two files with one id neither is put in
//! force, and what was in force goes on. Never loads a file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tocsin_sandbox::Plugin;

use super::directory;
use super::kept::Kept;
use super::offer::{offer, pinned_otherwise};
use super::shelf::Shelf;
use super::state::{Asked, Refusal, State, Tried};
use super::trust::{Before, Candidate, Trust, decide};
use super::wants::Wants;
use crate::config::{Config, ConfigProblem};
use crate::plugins::bindings::{Bindings, Loaded, Origin};
use crate::runtime::trouble;

/// How long a new plugin waits for other files that are being loaded: one of them may have the same id.
const TOGETHER: Duration = Duration::from_secs(10);
/// What the log calls it.
const NOT_KEPT: &str = "a plugin in force could not be kept for the next start";

/// A file whose plugin was loaded.
struct Ready {
    file: String,
    plugin: Plugin,
    at: Instant,
}

impl Shelf {
    /// Decides what is in force, writes it down and logs what changed. Returns whether a file has yet to be decided on.
    pub(crate) async fn settle(&self, config: &Config) -> bool {
        let before = self.lock().clone();
        let mut state = before.clone();
        state.decided = state.ended;
        self.remove_gone(&mut state, config);
        let (mut refused, by_id) = read(&state);
        let mut waits = false;
        for (id, mut ready) in by_id {
            let one = ready.pop();
            match one {
                Some(one) if ready.is_empty() => match self.candidate(config, &mut state, &id, &one).await {
                    Decided::InForce => {}
                    Decided::Later => waits = true,
                    Decided::Refused(refusal) => drop(refused.insert(one.file, refusal)),
                },
                one => {
                    ready.extend(one);
                    refused.extend(conflict(&id, &ready));
                }
            }
        }
        for (id, kept) in &mut state.kept {
            kept.serves = serves(config, id);
        }
        log_refused(&before, &refused);
        state.refused = refused;
        if state.kept != before.kept {
            match self.cellar.write(&state.kept, &before.kept) {
                Ok(()) => trouble::over(NOT_KEPT),
                Err(error) => trouble::error(NOT_KEPT, &error),
            }
        }
        *self.lock() = state;
        waits
    }

    /// Takes out of force what an operator removed.
    fn remove_gone(&self, state: &mut State, config: &Config) {
        // A file that is not known yet may be the same plugin under another name.
        if !state.is_listed || state.has_unknown() {
            return;
        }
        let has_id = |state: &State, id: &str, kept: &Kept| {
            state.files.iter().any(|(file, seen)| {
                let digest = seen.digest.as_deref().unwrap_or_default();
                *file == kept.file
                    || digest == kept.digest
                    || state.plugin(digest).is_some_and(|plugin| plugin.info().id == id)
            })
        };
        let gone: Vec<String> = state
            .in_force()
            .filter(|(id, kept)| !has_id(state, id, kept))
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            let Some(kept) = state.kept.get_mut(&id) else { continue };
            kept.is_removed = true;
            let instead = if state.bundled.contains_key(id.as_str()) {
                "the bundled plugin is used"
            } else {
                "none is"
            };
            let waits = serves(config, &id).join(", ");
            tracing::warn!(
                file = kept.file,
                plugin = id,
                version = kept.version,
                instead,
                waits,
                "plugin removed"
            );
        }
    }

    /// Puts the only file of an id in force, if it may be.
    async fn candidate(&self, config: &Config, state: &mut State, id: &str, ready: &Ready) -> Decided {
        let digest = ready.plugin.digest().to_owned();
        if let Some(kept) = state.kept.get_mut(id).filter(|kept| !kept.is_removed && kept.digest == digest) {
            kept.file.clone_from(&ready.file);
            return match config.plugins.pins.get(id).filter(|pinned| **pinned != digest) {
                Some(pinned) => Decided::Refused(Refusal { why: pinned_otherwise(id, pinned), ask: None }),
                None => Decided::InForce,
            };
        }
        let bundled = state.bundled.get(id);
        if bundled.is_some_and(|bundled| bundled.tried.is_none()) {
            return Decided::Later;
        }
        if state.has_unknown() && ready.at.elapsed() < TOGETHER {
            return Decided::Later;
        }
        let wants = Wants::of(ready.plugin.info());
        let of_bundled = match bundled.and_then(|bundled| bundled.tried.as_ref()) {
            Some(Tried::Loaded(plugin, _)) => Wants::of(plugin.info()),
            Some(Tried::Failed(_)) | None => Wants::default(),
        };
        let earlier = state.kept.get(id);
        let before = match earlier {
            // What is in force by now is the bundled one.
            Some(kept) if kept.is_removed && bundled.is_some() && kept.digest != digest => {
                Before::Bundled(&of_bundled)
            }
            Some(kept) => {
                Before::Dropped { digest: &kept.digest, wants: &kept.wants, is_bundled: bundled.is_some() }
            }
            None if bundled.is_some() => Before::Bundled(&of_bundled),
            None => Before::Nothing,
        };
        let candidate = Candidate { file: &ready.file, id, digest: &digest, wants: &wants, before };
        match decide(&config.plugins, &self.approvals, &candidate) {
            Trust::Yes => {}
            Trust::No(why) => return Decided::Refused(Refusal { why, ask: None }),
            // Whether somebody said yes cannot be seen.
            Trust::Ask(..) if self.is_blind => {}
            Trust::Ask(why, wants) => {
                let version = ready.plugin.info().version.clone();
                let ask = Some(Asked { id: id.to_owned(), version, digest, wants });
                return Decided::Refused(Refusal { why, ask });
            }
        }
        // That runs the plugin too. Without room for the mark, what was loaded under one is good enough.
        let marked = self.trying.begin(&ready.file, &digest);
        let fits = self.fits(config, state, id, ready).await;
        drop(marked);
        if let Err(why) = fits {
            return Decided::Refused(Refusal { why, ask: None });
        }
        self.put_in_force(state, config, id, ready, wants).await
    }

    /// Keeps a file's bytes and notes that it is in force.
    async fn put_in_force(
        &self,
        state: &mut State,
        config: &Config,
        id: &str,
        ready: &Ready,
        wants: Wants,
    ) -> Decided {
        let (info, digest) = (ready.plugin.info(), ready.plugin.digest().to_owned());
        let path = self.directory.join(&ready.file);
        let (directory, cellar) = (self.directory.clone(), self.cellar.clone());
        let wanted = digest.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let content = directory::read(&directory, &path, None).ok().flatten();
            // It changed since: what it became is looked at next.
            let content = content.filter(|content| content.digest == wanted)?;
            Some((content.bytes.len() as u64, cellar.keep(&wanted, &content.bytes)))
        });
        let bytes = match kept.await {
            Ok(Some((bytes, Ok(())))) => bytes,
            Ok(Some((bytes, Err(error)))) => {
                trouble::error(NOT_KEPT, &error);
                bytes
            }
            Ok(None) | Err(_) => {
                self.look_again();
                return Decided::Later;
            }
        };
        let (file, version) = (ready.file.clone(), info.version.clone());
        tracing::info!(file, plugin = id, version, digest, "plugin in force");
        let serves = serves(config, id);
        let kept = Kept { file, version, digest, bytes, wants, serves, is_removed: false };
        state.kept.insert(id.to_owned(), kept);
        Decided::InForce
    }

    /// Tries a plugin on the configuration.
    async fn fits(&self, config: &Config, state: &State, id: &str, ready: &Ready) -> Result<(), String> {
        let offer = offer(config, state);
        let (_, before) = Bindings::build(config, offer.clone()).await;
        let mut with = offer;
        let loaded = Loaded { plugin: ready.plugin.clone(), origin: Origin::Dropped(ready.file.clone()) };
        with.plugins.insert(id.to_owned(), loaded);
        let (_, after) = Bindings::build(config, with).await;
        // By their places: the words of one that was there before may list plugins, this one now among them.
        let is_new = |problem: &&ConfigProblem| !before.iter().any(|known| known.path == problem.path);
        let new: Vec<String> = after.iter().filter(is_new).map(ToString::to_string).collect();
        if new.is_empty() {
            return Ok(());
        }
        Err(format!("the configuration does not fit it: {}", new.join("; ")))
    }
}

enum Decided {
    InForce,
    /// Something else has to be known first.
    Later,
    Refused(Refusal),
}

/// The files that are refused whatever the others are, and those with a plugin, by its id.
fn read(state: &State) -> (BTreeMap<String, Refusal>, BTreeMap<String, Vec<Ready>>) {
    let mut refused = BTreeMap::new();
    let mut by_id: BTreeMap<String, Vec<Ready>> = BTreeMap::new();
    for (file, seen) in &state.files {
        let why = match &seen.digest {
            Err(why) => why.clone(),
            Ok(digest) => match state.tried.get(digest) {
                None => continue,
                Some(Tried::Failed(failure)) => failure.why.clone(),
                Some(Tried::Loaded(plugin, at)) => {
                    let ready = Ready { file: file.clone(), plugin: plugin.clone(), at: *at };
                    by_id.entry(plugin.info().id.clone()).or_default().push(ready);
                    continue;
                }
            },
        };
        refused.insert(file.clone(), Refusal { why, ask: None });
    }
    (refused, by_id)
}

/// Files of one id: none of them counts until only one is left.
fn conflict(id: &str, files: &[Ready]) -> Vec<(String, Refusal)> {
    let refusal = |one: &Ready| {
        let others: Vec<&str> =
            files.iter().filter(|other| other.file != one.file).map(|other| other.file.as_str()).collect();
        let keep = if others.len() == 1 { "remove one of them" } else { "remove all but one of them" };
        let why = format!("it is plugin `{id}`, and so is {}: {keep}", others.join(", "));
        (one.file.clone(), Refusal { why, ask: None })
    };
    files.iter().map(refusal).collect()
}

/// What of the configuration a plugin serves.
fn serves(config: &Config, id: &str) -> Vec<String> {
    let sources = config.sources.values().filter(|source| source.plugin == id);
    let connections = config.connections.values().filter(|connection| connection.plugin == id);
    let sources = sources.map(|source| format!("sources.{}", source.name));
    sources.chain(connections.map(|connection| format!("connections.{}", connection.name))).collect()
}

fn log_refused(before: &State, refused: &BTreeMap<String, Refusal>) {
    for (file, refusal) in refused {
        if before.refused.get(file) == Some(refusal) {
            continue;
        }
        let why = &refusal.why;
        if refusal.ask.is_some() {
            tracing::warn!(file, reason = why, "plugin file not in force; what was in force before goes on");
        } else {
            tracing::error!(file, reason = why, "plugin file refused; what was in force before goes on");
        }
    }
}
