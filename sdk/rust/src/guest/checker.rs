//! What is wrong with a source's settings, from this crate's types to the generated ones.
//!
//! Never checks what the host has checked against the fields' description.

use super::shared::{problems, settings};
use super::{Exported, types};
use bindings::exports::tocsin::plugin::source_checker as wit;

/// Bindings of a world that exports this interface alone; an exported plugin is the union of such worlds.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        inline: "package tocsin:sdk; world checks { export tocsin:plugin/source-checker@0.2.0; }",
        world: "tocsin:sdk/checks",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_checker",
        with: { "tocsin:plugin/types@0.2.0": crate::guest::description::bindings::tocsin::plugin::types },
    });
}

impl<T: crate::Source, Kind> wit::Guest for Exported<T, Kind> {
    fn check_source(given: Vec<types::Setting>) -> Vec<types::Problem> {
        problems(crate::check_source::<T>(&settings(given)))
    }
}
