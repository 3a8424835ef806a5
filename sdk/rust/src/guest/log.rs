//! The host's log.

pub use bindings::tocsin::plugin::log::{Level, write};

/// Bindings of a world that imports this interface alone. A component imports it only if the plugin calls it.
mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        inline: "package tocsin:sdk; world logs { import tocsin:plugin/log@0.2.0; }",
        world: "tocsin:sdk/logs",
        generate_all,
    });
}
