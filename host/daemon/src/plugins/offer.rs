//! The plugins that can be used by now, and why others cannot.
//!
//! Says what follows from the state; never changes it.

use super::state::{State, Tried};
use crate::config::Config;
use crate::plugins::bindings::{Loaded, Offer, Origin};

/// Why a plugin is not used that is not the pinned one.
pub(super) fn pinned_otherwise(id: &str, pinned: &str) -> String {
    format!("`{id}` in [plugins.pin] allows sha256:{pinned} alone, which this is not")
}

/// The plugins that can be used, and why others cannot.
pub(crate) fn offer(config: &Config, state: &State) -> Offer {
    let mut offer = Offer::default();
    for (id, bundled) in &state.bundled {
        let id = (*id).to_owned();
        match &bundled.tried {
            Some(Tried::Loaded(plugin, _)) => {
                let loaded = Loaded { plugin: plugin.clone(), origin: Origin::Bundled };
                offer.plugins.insert(id, loaded);
            }
            Some(Tried::Failed(failure)) => {
                let why = format!("the bundled plugin `{id}` cannot be loaded: {}", failure.why);
                offer.absent.insert(id, why);
            }
            None => drop(offer.absent.insert(id.clone(), compiles(&id))),
        }
    }
    for (id, kept) in state.in_force() {
        offer.plugins.remove(id);
        offer.absent.remove(id);
        match state.tried.get(&kept.digest) {
            Some(Tried::Loaded(plugin, _)) => {
                let loaded = Loaded { plugin: plugin.clone(), origin: Origin::Dropped(kept.file.clone()) };
                offer.plugins.insert(id.clone(), loaded);
            }
            Some(Tried::Failed(failure)) => {
                let why = format!(
                    "the version of `{id}` that was in force, {} of {}, cannot be loaded: {}",
                    kept.version, kept.file, failure.why
                );
                offer.absent.insert(id.clone(), why);
            }
            None => drop(offer.absent.insert(id.clone(), compiles(id))),
        }
    }
    for (id, pinned) in &config.plugins.pins {
        if offer.plugins.get(id).is_some_and(|loaded| loaded.plugin.digest() != pinned) {
            offer.plugins.remove(id);
            offer.absent.insert(id.clone(), pinned_otherwise(id, pinned));
        }
    }
    for (file, refusal) in &state.refused {
        let digest = state.files.get(file).and_then(|seen| seen.digest.as_deref().ok());
        let id = digest.and_then(|digest| state.plugin(digest)).map(|plugin| plugin.info().id.clone());
        if let Some(id) = id.filter(|id| !offer.plugins.contains_key(id) && !offer.absent.contains_key(id)) {
            let why = format!("there is no plugin `{id}` in force: {file} is refused: {}", refusal.why);
            offer.absent.insert(id, why);
        }
    }
    offer
}

fn compiles(id: &str) -> String {
    format!("the plugin `{id}` is being compiled; requests are kept and decoded when it is done")
}
