//! What every bundled component must be.

use std::collections::BTreeSet;

use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId, WorldItem};

use super::plugins;

fn decoded(component: &[u8]) -> (Resolve, WorldId) {
    match wit_component::decode(component).expect("WebAssembly that says what it is") {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("a package, not a component"),
    }
}

#[test]
fn plugins_are_ordered_by_id_and_unique() {
    let ids: Vec<&str> = plugins().iter().map(|plugin| plugin.id).collect();
    for id in ["alertmanager", "grafana", "jira", "slack", "statuscake", "webhook", "zapier"] {
        assert!(ids.contains(&id), "{id} is missing from {ids:?}");
    }
    assert!(ids.windows(2).all(|two| two[0] < two[1]));
}

#[test]
fn no_plugin_imports_a_function() {
    for plugin in plugins() {
        let (resolve, world) = decoded(plugin.component);
        for (key, item) in &resolve.worlds[world].imports {
            let name = resolve.name_world_key(key);
            // The interface of types alone stands there: the exports are written in its terms.
            let only_types = match item {
                WorldItem::Interface { id, .. } => resolve.interfaces[*id].functions.is_empty(),
                WorldItem::Type { .. } => true,
                WorldItem::Function(_) => false,
            };
            assert!(only_types && name == "tocsin:plugin/types@0.1.0", "{} imports {name}", plugin.id);
        }
    }
}

#[test]
fn every_plugin_exports_its_description_a_direction_and_only_known_interfaces() {
    for plugin in plugins() {
        let (resolve, world) = decoded(plugin.component);
        let exports = resolve.worlds[world].exports.keys().map(|key| resolve.name_world_key(key));
        let exports: BTreeSet<String> = exports.collect();
        let known = ["description", "source-decoder", "action-encoder", "settings-checker"];
        let known = known.map(|name| format!("tocsin:plugin/{name}@0.1.0"));
        let has_direction = exports.contains(&known[1]) || exports.contains(&known[2]);
        assert!(exports.contains(&known[0]) && has_direction, "{}: {exports:?}", plugin.id);
        // What is a source can check its settings.
        assert_eq!(exports.contains(&known[1]), exports.contains(&known[3]), "{}", plugin.id);
        assert!(exports.iter().all(|export| known.contains(export)), "{}: {exports:?}", plugin.id);
    }
}
