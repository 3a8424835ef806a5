//! Plugins through the real relay: dropped, replaced, removed, refused, and the ones that mean harm.

mod bombs;
mod check;
mod deaths;
mod drops;
mod files;
mod forge;
mod forged;
mod hostile;
mod kept;
mod readiness;
mod spoken;
mod trust;

use std::fs;

use serde_json::Value;

use crate::harness::{Relay, Site, guest, until};

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

/// Waits until the plugin of this id is from `place`.
fn is_from(relay: &Relay, id: &str, place: &str) {
    until(&format!("`{id}` is from {place}"), || (origin(relay, id)? == place).then_some(()));
}

fn remove(relay: &Relay, file: &str) {
    fs::remove_file(relay.path("state/plugins").join(file)).expect("it is there");
}

/// The digest of a plugin in force.
fn digest(site: &Site, id: &str) -> String {
    in_force(site, id).expect("it is in force")["digest"].as_str().expect("a digest").to_owned()
}

/// A guest's bytes, with a section added that nobody reads: the same plugin, another file.
fn marked(name: &str, mark: u8) -> Vec<u8> {
    let mut bytes = guest(name);
    bytes.extend([0, 3, 1, b'm', mark]);
    bytes
}

/// The bytes of a bundled plugin, with a section added that nobody reads: the same plugin, another file.
fn bundled(id: &str, mark: u8) -> Vec<u8> {
    let plugin = tocsin_bundled::plugins().iter().find(|plugin| plugin.id == id).expect("it is bundled");
    let mut bytes = plugin.component.to_vec();
    bytes.extend([0, 3, 1, b'm', mark]);
    bytes
}

/// A file that is compiled for half a minute.
pub(crate) fn large_file() -> Vec<u8> {
    forge::Forged::new(&bundled("statuscake", b'1')).with_functions(&forge::heavy(5_000), 60).file()
}
