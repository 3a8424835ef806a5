//! Plugins through the real relay: dropped, replaced, removed, refused, and the ones that mean harm.

mod bombs;
mod check;
mod drops;
mod forged;
mod forge;
mod hostile;

use serde_json::Value;

use crate::harness::{Relay, Site, until};

/// The plugin of this id that is in force.
fn in_force(site: &Site, id: &str) -> Option<Value> {
    let plugins = site.json_of_any_code(&["plugins", "list"]);
    let found = plugins["in_force"].as_array().expect("a list").iter().find(|plugin| plugin["id"] == id);
    found.cloned()
}

/// Where the plugin of this id is from: `bundled` or a file's name.
fn origin(site: &Site, id: &str) -> Option<String> {
    in_force(site, id).map(|plugin| plugin["origin"].as_str().expect("an origin").to_owned())
}

/// Waits until a file is refused, and returns why.
fn refusal(relay: &Relay, file: &str) -> String {
    until(&format!("{file} is refused"), || {
        let plugins = relay.json_of_any_code(&["plugins", "list"]);
        let refused = plugins["refused"].as_array().expect("a list");
        let why = refused.iter().find(|refused| refused["file"] == file)?["why"].clone();
        Some(why.as_str().expect("a sentence").to_owned())
    })
}

/// The bytes of a bundled plugin, with a section added that nobody reads: the same plugin, another file.
fn bundled(id: &str, mark: u8) -> Vec<u8> {
    let plugin = tocsin_bundled::plugins().iter().find(|plugin| plugin.id == id).expect("it is bundled");
    let mut bytes = plugin.component.to_vec();
    bytes.extend([0, 3, 1, b'm', mark]);
    bytes
}
