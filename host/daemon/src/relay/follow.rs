//! The relay's own task of the plugins: loads what there is, then follows what changes.
//!
//! Never waits for one file to put another in force.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::binder::Binder;
use crate::plugins::Shelf;
use crate::plugins::{Job, Place};
use crate::plugins::{Watch, WatchError};
use crate::shared::app::App;

/// How often files that wait for others are looked at while one is being loaded.
const TICK: Duration = Duration::from_secs(1);
/// How long one plugin may take before the ones that were loaded before it are bound without it.
const SLOW: Duration = Duration::from_millis(250);
/// How often the directory is read although nothing was reported: some file systems report nothing.
const RESCAN: Duration = Duration::from_secs(60);

/// Puts plugins in force until it is aborted.
pub(super) async fn follow(
    watch: Result<Watch, WatchError>,
    app: Arc<App>,
    shelf: Arc<Shelf>,
    binder: Arc<Binder>,
) {
    // They end with this.
    let mut tasks = JoinSet::new();
    tasks.spawn(catch_up(Arc::clone(&app), Arc::clone(&binder)));
    match watch {
        Ok(watch) => drop(tasks.spawn(look(watch, Arc::clone(&shelf)))),
        Err(error) => tracing::error!(%error, "changes in the plugins directory are seen once a minute"),
    }
    let mut following = Following { app, shelf, binder, seen: 0, is_started: false, compiled: 0 };
    let mut retry = true;
    loop {
        retry = following.step(retry).await;
    }
}

/// Decodes what was kept, of each source by itself: none waits for another's.
async fn catch_up(app: Arc<App>, binder: Arc<Binder>) {
    let (mut running, mut busy) = (JoinSet::new(), BTreeSet::new());
    loop {
        tokio::select! {
            () = app.backlog.added() => {
                for source in app.backlog.take() {
                    if !busy.insert(source.clone()) {
                        app.backlog.add_for_later(&source);
                        continue;
                    }
                    let binder = Arc::clone(&binder);
                    running.spawn(async move {
                        binder.catch_up(&source).await;
                        source
                    });
                }
            }
            Some(ended) = running.join_next() => match ended {
                Ok(source) => drop(busy.remove(&source)),
                Err(error) => {
                    tracing::error!(%error, "decoding kept requests broke off");
                    // Decoding one twice changes nothing.
                    busy.clear();
                }
            },
        }
    }
}

async fn look(watch: Watch, shelf: Arc<Shelf>) {
    loop {
        watch.settled().await;
        shelf.look_again();
    }
}

struct Following {
    app: Arc<App>,
    shelf: Arc<Shelf>,
    binder: Arc<Binder>,
    /// How often somebody had asked for the directory when it was last read.
    seen: u64,
    is_started: bool,
    /// Bundled plugins that were compiled.
    compiled: usize,
}

impl Following {
    /// Loads what is next, or waits for something to do. `look` has the directory read first. Returns whether it is to
    /// be read next.
    async fn step(&mut self, look: bool) -> bool {
        if look {
            self.look().await;
        }
        let waits = self.settle().await;
        let job = self.shelf.jobs(&self.app.config()).into_iter().next();
        // Those that are named are bound together, unless one of them has to be compiled.
        let is_bound = !job.as_ref().is_some_and(Job::is_named);
        if is_bound {
            self.bind(waits).await;
        }
        if !job.as_ref().is_some_and(Job::is_needed) {
            self.has_started();
        }
        let Some(job) = job else { return self.wait(waits).await };
        self.load(job, waits, is_bound).await;
        false
    }

    /// Reads the directory.
    async fn look(&mut self) {
        self.seen = self.shelf.asked_so_far();
        self.shelf.scan(true).await;
    }

    /// Decides what is in force and binds it. Returns whether a file has yet to be decided on.
    async fn decide(&self) -> bool {
        let waits = self.settle().await;
        self.bind(waits).await;
        waits
    }

    async fn settle(&self) -> bool {
        self.shelf.settle(&self.app.config()).await
    }

    async fn bind(&self, waits: bool) {
        let is_last = self.shelf.jobs(&self.app.config()).is_empty();
        self.binder.renew(&self.shelf, is_last).await;
        self.shelf.answered(self.seen, is_last && !waits);
    }

    /// Loads one plugin; decides on others while that takes.
    async fn load(&mut self, job: Job, mut waits: bool, mut is_bound: bool) {
        let shelf = Arc::clone(&self.shelf);
        let (name, is_bundled) = (job.name.clone(), matches!(job.place, Place::Bundled(_)));
        let hits = shelf.gauges().cache_hits;
        let mut loading = pin!(shelf.load(job));
        let took = loop {
            tokio::select! {
                took = &mut loading => break took,
                () = self.shelf.asked() => {
                    self.look().await;
                    (waits, is_bound) = (self.decide().await, true);
                }
                () = tokio::time::sleep(SLOW), if !is_bound => (waits, is_bound) = (self.decide().await, true),
                () = tokio::time::sleep(TICK), if waits => waits = self.decide().await,
            }
        };
        if is_bundled && shelf.gauges().cache_hits == hits {
            self.compiled += 1;
            let (took_ms, number) = (took.as_millis(), self.compiled);
            let of = tocsin_bundled::plugins().len();
            tracing::info!(plugin = name, took_ms, "compiled bundled plugin {number} of {of}");
        }
    }

    async fn wait(&self, waits: bool) -> bool {
        tokio::select! {
            () = self.shelf.asked() => true,
            () = tokio::time::sleep(TICK), if waits => false,
            () = tokio::time::sleep(RESCAN) => true,
        }
    }

    /// Logs once that everything is loaded that the configuration may need, and what does not work all the same.
    fn has_started(&mut self) {
        if std::mem::replace(&mut self.is_started, true) {
            return;
        }
        for (name, why) in self.binder.unbound() {
            tracing::error!(part = name, reason = why, "this does not work until it is fixed");
        }
        tracing::info!("plugins are loaded");
    }
}
