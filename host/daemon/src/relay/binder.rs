//! The binder: puts plugins, or a new configuration with its plugins, in force in a running relay, and decodes kept
//! requests before newer ones.
//!
//! While a source's kept requests are decoded, those that come are kept behind them, so that an alert is never
//! overtaken by its resolution. Never holds a source back for longer than [`POSTPONED_MAX`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tocsin_core::id::ReceiptId;

use crate::plugins::Shelf;
use crate::plugins::bindings::{Bindings, Offer, Origin};
use crate::receive::late;
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::in_force::InForce;

/// How long new requests of a source are kept behind the older ones. After that the two are decoded side by side.
const POSTPONED_MAX: Duration = Duration::from_secs(60);
/// Requests that are decoded between two looks at what came meanwhile.
const PART: usize = 100;
/// Why a source's requests are kept meanwhile.
const POSTPONED: &str = "earlier requests of this source are decoded first; this one follows by itself";
/// What the log calls it.
const NOT_DECODED: &str = "requests that were kept for want of a plugin could not be decoded yet";

/// Binds plugins to the configuration, and puts the result in force.
pub(super) struct Binder {
    app: Arc<App>,
    shown: Mutex<Shown>,
    /// Held while the configuration or the bindings are replaced: one replacement at a time.
    replacing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Shown {
    /// What was offered when it was bound: by id, the digest and the origin, or why there is none.
    offer: BTreeMap<String, String>,
    full: Arc<Bindings>,
    /// The sources whose kept requests are being decoded.
    postponed: BTreeSet<String>,
}

/// A new configuration that is being put in force.
pub(super) struct Replacing<'a> {
    _one: tokio::sync::MutexGuard<'a, ()>,
    returning: Returning,
}

/// Sources that get their plugin back.
struct Returning {
    back: BTreeSet<String>,
    /// The sources among them with kept requests.
    owed: BTreeSet<String>,
}

impl Shown {
    /// The bindings in force, without the sources that are held back.
    fn bindable(&self) -> Bindings {
        let mut bindings = Bindings::clone(&self.full);
        for source in &self.postponed {
            if let Some(bound) = bindings.sources.get_mut(source).filter(|bound| bound.is_ok()) {
                *bound = Err(POSTPONED.to_owned());
            }
        }
        bindings
    }

    /// The ids of the plugins that are not as they were.
    fn changed(&self, now: &BTreeMap<String, String>) -> BTreeSet<String> {
        let ids = self.offer.keys().chain(now.keys());
        ids.filter(|id| self.offer.get(*id) != now.get(*id)).cloned().collect()
    }
}

impl Binder {
    /// What the relay was started with is what is in force so far.
    pub(super) fn new(app: Arc<App>) -> Self {
        let shown = Shown { full: app.bindings(), ..Shown::default() };
        Self { app, shown: Mutex::new(shown), replacing: tokio::sync::Mutex::default() }
    }

    /// Binds what the shelf offers, if it changed. A plugin that the configuration does not name is shown with the last
    /// ones, and has nothing bound anew: that runs every plugin that is bound.
    pub(super) async fn renew(&self, shelf: &Shelf, is_last: bool) {
        let _one = self.replacing.lock().await;
        let config = &*self.app.config();
        let offer = shelf.offer(config);
        let key = key(&offer);
        let mut changed = self.lock().changed(&key);
        if changed.is_empty() {
            return;
        }
        changed.retain(|id| {
            config.sources.values().any(|source| source.plugin == *id)
                || config.connections.values().any(|connection| connection.plugin == *id)
        });
        let bindings = match (changed.is_empty(), is_last) {
            (true, false) => return,
            (true, true) => Bindings { plugins: offer.plugins, ..Bindings::clone(&self.lock().full) },
            (false, _) => Bindings::build(config, offer).await.0,
        };
        let full = Arc::new(bindings);
        let returning = self.returning(&full).await;
        self.show(full, key, &returning, None);
        self.catch_up_with(returning).await;
    }

    /// Begins to put a new configuration in force, with these bindings. Blocks other replacements until it ends.
    pub(super) async fn begin(&self, full: &Bindings) -> Replacing<'_> {
        let one = self.replacing.lock().await;
        Replacing { _one: one, returning: self.returning(full).await }
    }

    /// Puts `next` in force, whose plugins were bound from `offer`, at once and without waiting.
    pub(super) fn replace(&self, replacing: &Replacing<'_>, next: InForce, offer: &Offer) {
        self.show(Arc::clone(&next.bindings), key(offer), &replacing.returning, Some(next));
    }

    /// Decodes the kept requests of sources whose plugin is back.
    pub(super) async fn end(&self, replacing: Replacing<'_>) {
        self.catch_up_with(replacing.returning).await;
    }

    /// The sources whose plugin is back with these bindings.
    async fn returning(&self, full: &Bindings) -> Returning {
        let is_bound =
            |bindings: &Bindings, source: &str| matches!(bindings.sources.get(source), Some(Ok(_)));
        let before = Arc::clone(&self.lock().full);
        let back: BTreeSet<String> = full
            .sources
            .keys()
            .filter(|source| is_bound(full, source) && !is_bound(&before, source))
            .cloned()
            .collect();
        let owed = self.with_kept(&back).await;
        Returning { back, owed }
    }

    /// Puts these bindings in force, for the present configuration or the `next` one. First decodes the kept requests
    /// of sources whose plugin is back.
    fn show(
        &self,
        full: Arc<Bindings>,
        offer: BTreeMap<String, String>,
        returning: &Returning,
        next: Option<InForce>,
    ) {
        let mut shown = self.lock();
        for problem in full.missed.iter().filter(|problem| !shown.full.missed.contains(problem)) {
            tracing::warn!(%problem, "this setting will not work");
        }
        shown.offer = offer;
        shown.full = full;
        shown.postponed.extend(returning.owed.iter().cloned());
        let bindings = shown.bindable();
        // Under the lock, so that the last replacement is in force.
        match next {
            Some(next) => self.app.put_in_force(InForce { bindings: Arc::new(bindings), ..next }),
            None => self.app.bind(bindings),
        }
    }

    /// Finds requests that arrived between the search and the replacement; later ones use the plugin.
    async fn catch_up_with(&self, returning: Returning) {
        let Returning { back, mut owed } = returning;
        owed.extend(self.with_kept(&back).await);
        owed.iter().for_each(|source| self.app.backlog.add(source));
    }

    /// What of the configuration does not work, for want of a plugin that fits: its path, and why.
    pub(super) fn unbound(&self) -> Vec<(String, String)> {
        let full = Arc::clone(&self.lock().full);
        full.unbound().into_iter().map(|(path, why)| (path, why.to_owned())).collect()
    }

    /// Those of the sources that requests were kept of.
    async fn with_kept(&self, sources: &BTreeSet<String>) -> BTreeSet<String> {
        if sources.is_empty() {
            return BTreeSet::new();
        }
        match self.kept().await {
            Ok(kept) => kept.into_keys().filter(|source| sources.contains(source)).collect(),
            Err(error) => {
                trouble::error(NOT_DECODED, &error);
                BTreeSet::new()
            }
        }
    }

    async fn kept(&self) -> Result<BTreeMap<String, Vec<ReceiptId>>, late::Interrupted> {
        let store = self.app.store.clone();
        let kept = tokio::task::spawn_blocking(move || late::kept(&store)).await;
        Ok(kept.map_err(|_| late::Interrupted::Gone)??)
    }

    /// Shows the relay what is in force, without the sources that are held back.
    fn bind(&self) {
        let shown = self.lock();
        self.app.bind(shown.bindable());
    }

    /// Decodes what was kept of a source, and lets go of it.
    pub(super) async fn catch_up(&self, source: &str) {
        let mut caught_up = self.decode(source).await;
        if self.lock().postponed.remove(source) {
            self.bind();
            if caught_up.is_ok() {
                // What came between the last look and this moment.
                caught_up = self.decode(source).await;
            }
        }
        match caught_up {
            Ok(()) => trouble::over(NOT_DECODED),
            // Its return begins this anew.
            Err(late::Interrupted::Gone) => {}
            Err(error) => {
                trouble::error(NOT_DECODED, &error);
                self.app.backlog.add_for_later(source);
            }
        }
    }

    /// Decodes what was kept of a source until there is nothing.
    async fn decode(&self, source: &str) -> Result<(), late::Interrupted> {
        let (began, mut count) = (Instant::now(), 0);
        loop {
            let full = Arc::clone(&self.lock().full);
            if !matches!(full.sources.get(source), Some(Ok(_))) {
                return Err(late::Interrupted::Gone);
            }
            let ids = self.kept().await?.remove(source).unwrap_or_default();
            let mut decoded = 0;
            for part in ids.chunks(PART) {
                decoded += late::decode(&self.app, &full, part).await?;
                if began.elapsed() > POSTPONED_MAX && self.lock().postponed.remove(source) {
                    tracing::warn!(
                        source,
                        count,
                        "there are more kept requests; new ones are decoded beside them"
                    );
                    self.bind();
                }
            }
            count += decoded;
            if decoded == 0 {
                break;
            }
        }
        if count > 0 {
            tracing::info!(
                source,
                count,
                "decoded the requests that were kept while the plugin was not in force"
            );
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(offer: &Offer) -> BTreeMap<String, String> {
    let loaded = offer.plugins.iter().map(|(id, loaded)| {
        let from = match &loaded.origin {
            Origin::Bundled => "",
            Origin::Dropped(file) => file.as_str(),
        };
        (id.clone(), format!("{} {from}", loaded.plugin.digest()))
    });
    loaded.chain(offer.absent.iter().map(|(id, why)| (id.clone(), why.clone()))).collect()
}
