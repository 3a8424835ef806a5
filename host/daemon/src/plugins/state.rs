//! What the shelf knows of each file, and what is to be loaded next.
//!
//! Holds and answers; never reads a file and never decides what is in force.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tocsin_bundled::Bundled;
use tocsin_sandbox::Plugin;

use super::directory::Stamp;
use super::kept;

/// A file that has waited for so long goes before smaller ones, every second time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file of the plugins directory, as it was last seen.
#[derive(Clone)]
pub(super) struct Seen {
    /// SHA-256 of its bytes, or why it cannot be read.
    pub(super) digest: Result<String, String>,
    pub(super) bytes: u64,
    pub(super) stamp: Option<Stamp>,
    /// When these bytes were first seen.
    pub(super) since: Instant,
}

/// What came of loading a file's bytes.
#[derive(Clone)]
pub(super) enum Tried {
    /// A plugin, and when it was loaded.
    Loaded(Plugin, Instant),
    /// None.
    Failed(Failure),
}

/// Why there is no plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) why: String,
    /// Whether it may be over by itself, so that the file is tried again later.
    pub(super) passes: bool,
    /// Whether the file is skipped until an operator has it tried again.
    pub(super) is_skipped: bool,
}

/// A plugin that comes with the relay.
#[derive(Clone)]
pub(super) struct OfRelay {
    pub(super) file: &'static Bundled,
    /// None while it is not tried.
    pub(super) tried: Option<Tried>,
}

/// A file that is not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) why: String,
    /// What an operator could approve: id, version, and what is new.
    pub(super) ask: Option<Asked>,
}

/// What an operator is asked to approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) digest: String,
    pub(super) wants: Vec<String>,
}

/// All of it.
#[derive(Clone, Default)]
pub(super) struct State {
    /// By name.
    pub(super) files: BTreeMap<String, Seen>,
    /// Whether the directory could be read at all so far.
    pub(super) is_listed: bool,
    /// By digest.
    pub(super) tried: BTreeMap<String, Tried>,
    /// By id.
    pub(super) bundled: BTreeMap<&'static str, OfRelay>,
    /// Dropped plugins in force, by id.
    pub(super) kept: kept::All,
    /// By the file's name.
    pub(super) refused: BTreeMap<String, Refusal>,
    /// Whether the last file was loaded because of how long it had waited.
    pub(super) was_for_age: bool,
    /// How many loads have ended.
    pub(super) ended: u64,
    /// How many loads had ended when it was last decided what is in force.
    pub(super) decided: u64,
}

/// Where bytes to be loaded are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the binary.
    Bundled(&'static str),
    /// In the state directory, of this id.
    Kept(String),
    /// In the plugins directory.
    File,
}

/// Something to be loaded.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What it is called.
    pub(crate) name: String,
    /// Empty for a bundled one.
    pub(crate) digest: String,
    pub(crate) bytes: u64,
    pub(crate) place: Place,
    turn: Turn,
    /// Whether it goes before smaller ones because of how long it has waited.
    pub(crate) is_for_age: bool,
}

/// When it is something's turn to be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// The configuration names it.
    Named,
    /// What it is is not known yet.
    Unknown,
    /// Nothing asks for it.
    Spare,
}

impl Job {
    /// Whether the configuration names the plugin.
    pub(crate) fn is_named(&self) -> bool {
        self.turn == Turn::Named
    }

    /// Whether the configuration names the plugin, or may do so: what a file holds is not known yet.
    pub(crate) fn is_needed(&self) -> bool {
        self.turn != Turn::Spare
    }
}

impl State {
    /// What is to be loaded: what the configuration names before what is unknown, and the smallest first. Every second
    /// time, the unknown file that has waited for longest goes before smaller ones if it has waited for [`PATIENCE`].
    pub(crate) fn jobs(&self, is_named: impl Fn(&str) -> bool, now: Instant) -> Vec<Job> {
        let turn = |id: &str| if is_named(id) { Turn::Named } else { Turn::Spare };
        let bundled = self.bundled.iter().filter(|(_, plugin)| plugin.tried.is_none());
        let mut jobs: Vec<Job> = bundled
            .map(|(id, plugin)| Job {
                name: (*id).to_owned(),
                digest: String::new(),
                bytes: plugin.file.component.len() as u64,
                place: Place::Bundled(id),
                turn: turn(id),
                is_for_age: false,
            })
            .collect();
        let in_force = self.kept.iter().filter(|(_, kept)| !kept.is_removed);
        for (id, kept) in in_force.filter(|(_, kept)| !self.tried.contains_key(&kept.digest)) {
            jobs.push(Job {
                name: kept.file.clone(),
                digest: kept.digest.clone(),
                bytes: kept.bytes,
                place: Place::Kept(id.clone()),
                turn: turn(id),
                is_for_age: false,
            });
        }
        let mut oldest: Option<(Instant, usize)> = None;
        for (name, seen) in &self.files {
            let Ok(digest) = &seen.digest else { continue };
            if self.tried.contains_key(digest) || jobs.iter().any(|job| job.digest == *digest) {
                continue;
            }
            if oldest.is_none_or(|(since, _)| seen.since < since) {
                oldest = Some((seen.since, jobs.len()));
            }
            jobs.push(Job {
                name: name.clone(),
                digest: digest.clone(),
                bytes: seen.bytes,
                place: Place::File,
                turn: Turn::Unknown,
                is_for_age: false,
            });
        }
        if let Some((since, place)) = oldest.filter(|_| !self.was_for_age)
            && let Some(job) = jobs.get_mut(place)
        {
            job.is_for_age = now.saturating_duration_since(since) >= PATIENCE;
        }
        jobs.sort_by_key(|job| (job.turn, !job.is_for_age, job.bytes));
        jobs
    }

    /// Whether a load has ended of which nothing is decided yet.
    pub(super) const fn is_undecided(&self) -> bool {
        self.ended != self.decided
    }

    /// Whether nothing is known yet of a file in the directory.
    pub(super) fn has_unknown(&self) -> bool {
        self.files
            .values()
            .any(|seen| seen.digest.as_ref().is_ok_and(|digest| !self.tried.contains_key(digest)))
    }

    /// The plugin of a file, if it was loaded.
    pub(super) fn plugin(&self, digest: &str) -> Option<&Plugin> {
        match self.tried.get(digest) {
            Some(Tried::Loaded(plugin, _)) => Some(plugin),
            Some(Tried::Failed(_)) | None => None,
        }
    }

    /// The dropped plugins in force, with their ids.
    pub(super) fn in_force(&self) -> impl Iterator<Item = (&String, &kept::Kept)> {
        self.kept.iter().filter(|(_, kept)| !kept.is_removed)
    }

    /// Forgets the plugins of files that are gone, and failures that may be over.
    pub(super) fn tidy(&mut self, retry: bool) {
        let files = self.files.values().filter_map(|seen| seen.digest.as_ref().ok());
        let needed: Vec<String> = files.chain(self.kept.values().map(|kept| &kept.digest)).cloned().collect();
        self.tried.retain(|digest, tried| {
            let is_over = matches!(tried, Tried::Failed(failure) if retry && failure.passes);
            needed.contains(digest) && !is_over
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, bytes: u64, since: Instant) -> (String, Seen) {
        (name.to_owned(), Seen { digest: Ok(name.to_owned()), bytes, stamp: None, since })
    }

    #[test]
    fn a_large_file_behind_a_stream_of_small_ones_is_loaded_when_it_has_waited_for_long() {
        let start = Instant::now();
        let large = [seen("large", 32 << 20, start), seen("also large", 16 << 20, start)];
        let mut state = State { files: large.into(), ..State::default() };
        // A small file comes every second, and one is loaded every second.
        let mut loaded = Vec::new();
        for second in 0..200 {
            let now = start + Duration::from_secs(second);
            state.files.extend([seen(&format!("small {second}"), 1000, now)]);
            let job = state.jobs(|_| false, now).swap_remove(0);
            state.was_for_age = job.is_for_age;
            state.files.remove(&job.name);
            if job.bytes > 1000 {
                loaded.push(second);
            }
        }
        // The second one after another small file: many large files do not keep a small one waiting either.
        assert_eq!(loaded, [60, 62]);
    }
}
