//! What is wrong with a connection's or an action's settings, from this crate's types to the generated ones.
//!
//! Never checks what the host has checked against the fields' description.

use super::shared::{problems, settings};
use super::{Exported, types};
use bindings::exports::tocsin::plugin::action_checker as wit;

/// Bindings of a world that exports this interface alone; an exported plugin is the union of such worlds.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        inline: "package tocsin:sdk; world checks-actions { export tocsin:plugin/action-checker@0.2.0; }",
        world: "tocsin:sdk/checks-actions",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_action_checker",
        with: { "tocsin:plugin/types@0.2.0": crate::guest::description::bindings::tocsin::plugin::types },
    });
}

impl<T: crate::Action, Kind> wit::Guest for Exported<T, Kind> {
    fn check_connection(host: String, connection: Vec<types::Setting>) -> Vec<types::Problem> {
        problems(crate::check_connection::<T>(&host, &settings(connection)))
    }

    fn check_action(
        host: String,
        connection: Vec<types::Setting>,
        given: Vec<types::Setting>,
    ) -> Vec<types::Problem> {
        problems(crate::check_action::<T>(&host, &settings(connection), &settings(given)))
    }
}
