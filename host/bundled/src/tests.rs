//! What every bundled component must be.

use wit_component::DecodedWasm;
use wit_parser::WorldItem;

use super::plugins;

#[test]
fn plugins_are_ordered_by_id_and_unique() {
    assert!(plugins().len() >= 5);
    assert!(plugins().windows(2).all(|two| two[0].id < two[1].id));
}

#[test]
fn no_plugin_imports_a_function() {
    for plugin in plugins() {
        let DecodedWasm::Component(resolve, world) =
            wit_component::decode(plugin.component).expect("a component")
        else {
            panic!("{} is a package, not a component", plugin.id)
        };
        for (key, item) in &resolve.worlds[world].imports {
            let name = resolve.name_world_key(key);
            // An interface of types alone may stand there: the exports are written in its terms.
            let only_types = match item {
                WorldItem::Interface { id, .. } => resolve.interfaces[*id].functions.is_empty(),
                WorldItem::Type { .. } => true,
                WorldItem::Function(_) => false,
            };
            assert!(only_types, "{} imports functions of {name}", plugin.id);
        }
    }
}
