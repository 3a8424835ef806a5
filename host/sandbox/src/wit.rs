//! The plugin API's types, generated from `wit/`, and the way between them and the core's.
//!
//! Never decides anything: a conversion keeps what it is given. What is too much is refused in
//! [`crate::verdict`].

mod from_guest;
mod to_guest;

/// The version of `tocsin:plugin` that this host speaks.
pub const API_VERSION: &str = "0.1.0";
/// The package that every plugin is built for.
pub(crate) const PACKAGE: &str = "tocsin:plugin";

// A world of all that a plugin may export. Each is looked up alone, so that one set of bindings serves plugins
// that export a decoder, an encoder or both, with or without checkers and prober.
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package tocsin:host;
            world plugins {
                export tocsin:plugin/description@0.1.0;
                export tocsin:plugin/source-decoder@0.1.0;
                export tocsin:plugin/action-encoder@0.1.0;
                export tocsin:plugin/settings-checker@0.1.0;
                export tocsin:plugin/action-checker@0.1.0;
                export tocsin:plugin/connection-prober@0.1.0;
            }
        ",
        world: "tocsin:host/plugins",
        exports: { default: async },
    });
}

pub(crate) use bindings::exports::tocsin::plugin::{
    action_checker, action_encoder, connection_prober, description, settings_checker, source_decoder,
};
pub(crate) use bindings::tocsin::plugin::types;
pub(crate) use to_guest::settings;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_interface_files() {
        let package = format!("package {PACKAGE}@{API_VERSION};");
        assert!(include_str!("../../../wit/types.wit").contains(&package), "{package}");
    }
}
