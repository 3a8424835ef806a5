//! The shelf: plugins that come with the relay and files of the plugins directory, from bytes to what is in force.
//!
//! Loads one file at a time, in the order of `State::jobs`, and never on the request path. One task at a time scans, loads and
//! settles; everything else only looks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tocsin_bundled::Bundled;
use tocsin_sandbox::{Gauges, Sandbox};
use tokio::sync::{Notify, watch};

use super::approvals::Approvals;
use super::kept::{self, Cellar};
use super::offer::offer;
use super::state::{Job, OfRelay, State, Tried};
use super::trying::Trying;
use crate::config::{Config, ConfigProblem};
use crate::plugins::bindings::{Bindings, Offer};
use crate::runtime::folder::Folder;

/// The folder of the registry's own files in the state directory.
const RECORDS: &str = "plugin-records";
/// How long a start waits for plugins that are compiled already, all together.
const WARM_MAX: Duration = Duration::from_secs(5);
/// How long a start waits for one plugin: one that takes longer is being compiled.
const WARM_EACH: Duration = Duration::from_secs(1);
/// The pause between two looks at how far that is.
const WARM_PAUSE: Duration = Duration::from_millis(5);

/// Loads plugins and knows what became of each file.
pub struct Shelf {
    pub(super) sandbox: Sandbox,
    pub(super) directory: PathBuf,
    pub(super) cellar: Cellar,
    pub(super) approvals: Approvals,
    pub(super) trying: Trying,
    /// Whether the records of what is in force and approved may not be read by this user.
    pub(super) is_blind: bool,
    state: Mutex<State>,
    /// What is being loaded, and since when.
    pub(super) loading: Mutex<Option<(Job, Instant)>>,
    /// The plugin ids for which a new configuration waits.
    awaited: Mutex<BTreeSet<String>>,
    look: Notify,
    /// How often somebody wanted the directory read, and how many of those are done.
    asked: watch::Sender<u64>,
    done: watch::Sender<u64>,
    is_idle: watch::Sender<bool>,
}

/// What became of a file that is not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file's name.
    pub file: String,
    /// Why it is not in force.
    pub why: String,
    /// Whether `tocsin plugins approve` would put it in force.
    pub needs_approval: bool,
}

/// A plugin that is yet to be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// A file's name, or the id of a bundled plugin.
    pub name: String,
    /// Bytes of its component.
    pub bytes: u64,
    /// How long it has been compiling, if it is its turn.
    pub since: Option<Duration>,
}

impl Shelf {
    /// The shelf of a relay: it keeps what is in force, and marks what it tries.
    pub fn of_relay(sandbox: Sandbox, config: &Config) -> Self {
        Self::new(sandbox, config, |_| true, &Folder::new(&config.state_dir, RECORDS, true))
    }

    /// A shelf that writes nothing but what an operator approves.
    pub fn to_approve(sandbox: Sandbox, config: &Config) -> Self {
        let mut shelf = Self::to_look_at(sandbox, config, |_| true);
        let folder = Folder::new(&config.state_dir, RECORDS, true);
        (shelf.approvals, shelf.trying) = (Approvals::open(&folder), Trying::open(&folder));
        shelf
    }

    /// A shelf that writes nothing, with those of the bundled plugins that `wanted` picks by id.
    pub fn to_look_at(sandbox: Sandbox, config: &Config, wanted: impl Fn(&str) -> bool) -> Self {
        Self::new(sandbox, config, wanted, &Folder::new(&config.state_dir, RECORDS, false))
    }

    fn new(sandbox: Sandbox, config: &Config, wanted: impl Fn(&str) -> bool, folder: &Folder) -> Self {
        let cellar = Cellar::new(folder);
        let kept = cellar.all().unwrap_or_else(|error| {
            tracing::error!(%error, "the record of plugins in force cannot be read: files are looked at anew");
            kept::All::new()
        });
        let bundled = tocsin_bundled::plugins().iter().filter(|plugin| wanted(plugin.id));
        let of_relay = |file: &'static Bundled| (file.id, OfRelay { file, tried: None });
        let state = State { bundled: bundled.map(of_relay).collect(), kept, ..State::default() };
        Self {
            sandbox,
            directory: config.plugins_dir.clone(),
            cellar,
            approvals: Approvals::open(folder),
            trying: Trying::open(folder),
            is_blind: folder.is_denied(),
            state: Mutex::new(state),
            loading: Mutex::default(),
            awaited: Mutex::default(),
            look: Notify::new(),
            asked: watch::Sender::new(0),
            done: watch::Sender::new(0),
            is_idle: watch::Sender::new(false),
        }
    }

    /// Where operators drop plugins.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the sandbox is doing.
    pub(crate) fn gauges(&self) -> Gauges {
        self.sandbox.gauges()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what is in force and approved could not be seen by this user, so that approval was not checked.
    pub fn is_blind(&self) -> bool {
        self.is_blind
    }

    /// The files that are not in force, and why.
    pub fn refused(&self) -> Vec<Refused> {
        let state = self.lock();
        let of_relay = state.bundled.iter().filter_map(|(id, plugin)| match &plugin.tried {
            Some(Tried::Failed(failure)) => {
                Some(Refused { file: (*id).to_owned(), why: failure.why.clone(), needs_approval: false })
            }
            Some(Tried::Loaded(..)) | None => None,
        });
        let files = state.refused.iter().map(|(file, refusal)| Refused {
            file: file.clone(),
            why: refusal.why.clone(),
            needs_approval: refusal.ask.is_some(),
        });
        files.chain(of_relay).collect()
    }

    /// The plugins that are yet to be loaded, the first one first.
    pub fn pending(&self, config: &Config) -> Vec<Pending> {
        let loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let waiting = |job: Job| {
            let since = loading.as_ref().filter(|(now, _)| now.name == job.name && now.place == job.place);
            Pending { since: since.map(|(_, since)| since.elapsed()), name: job.name, bytes: job.bytes }
        };
        let mut all: Vec<Pending> = self.jobs(config).into_iter().map(waiting).collect();
        all.sort_by_key(|one| one.since.is_none());
        all
    }

    /// What is to be loaded, the first one first.
    pub(crate) fn jobs(&self, config: &Config) -> Vec<Job> {
        let of_sources = config.sources.values().map(|source| source.plugin.as_str());
        let of_connections = config.connections.values().map(|connection| connection.plugin.as_str());
        let named: BTreeSet<&str> = of_sources.chain(of_connections).collect();
        let awaited = self.awaited();
        self.lock().jobs(|id| named.contains(id) || awaited.contains(id), Instant::now())
    }

    /// Makes the relay's own task load the plugins of `config` first, and waits until all of them are loaded.
    pub(crate) async fn load_for(&self, config: &Config) {
        let of_sources = config.sources.values().map(|source| source.plugin.clone());
        let of_connections = config.connections.values().map(|connection| connection.plugin.clone());
        *self.awaited() = of_sources.chain(of_connections).collect();
        let mut decided = self.decisions();
        self.look_again();
        let asked = self.asked_so_far();
        // A file that has just been loaded is no job any more, and not in force yet.
        while *decided.borrow_and_update() < asked
            || self.jobs(config).iter().any(Job::is_needed)
            || self.lock().is_undecided()
        {
            // The registry itself owns the sender.
            let _ = decided.changed().await;
        }
        self.awaited().clear();
    }

    fn awaited(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the directory read again.
    pub(crate) fn look_again(&self) {
        self.asked.send_modify(|asked| *asked += 1);
        self.look.notify_one();
    }

    /// Waits until the directory is to be read again.
    pub(crate) async fn asked(&self) {
        self.look.notified().await;
    }

    /// How often the directory was to be read so far.
    pub(crate) fn asked_so_far(&self) -> u64 {
        *self.asked.borrow()
    }

    /// Says that what was asked for so far is done.
    pub(crate) fn answered(&self, asked: u64, is_idle: bool) {
        self.is_idle.send_replace(is_idle);
        self.done.send_replace(asked);
    }

    /// Reports each time that something was decided, with how much of what was asked for is done.
    pub(super) fn decisions(&self) -> watch::Receiver<u64> {
        self.done.subscribe()
    }

    /// Waits until nothing is left to be loaded.
    pub async fn loaded(&self) {
        // The registry itself owns the sender.
        let _ = self.is_idle.subscribe().wait_for(|is_idle| *is_idle).await;
    }

    /// Waits for plugins that are compiled already. Returns as soon as one has to be compiled.
    pub async fn warm(&self) {
        let (began, misses) = (Instant::now(), self.sandbox.gauges().cache_misses);
        let takes_long = || {
            let loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
            loading.as_ref().is_some_and(|(_, since)| since.elapsed() > WARM_EACH)
        };
        while !*self.is_idle.borrow()
            && began.elapsed() < WARM_MAX
            && self.sandbox.gauges().cache_misses == misses
            && !takes_long()
        {
            tokio::time::sleep(WARM_PAUSE).await;
        }
    }

    /// What can be used by now.
    pub(crate) fn offer(&self, config: &Config) -> Offer {
        offer(config, &self.lock())
    }

    /// What is in force before anything is loaded.
    pub async fn bindings(&self, config: &Config) -> Bindings {
        Bindings::build(config, self.offer(config)).await.0
    }

    /// Loads everything there is, for a command that is not the relay. Returns what would be in force, and what of the
    /// configuration does not fit.
    pub async fn look_once(&self, config: &Config) -> (Bindings, Vec<ConfigProblem>) {
        self.scan(false).await;
        self.settle(config).await;
        while let Some(job) = self.jobs(config).into_iter().next() {
            self.load(job).await;
        }
        self.settle(config).await;
        Bindings::build(config, self.offer(config)).await
    }
}
