//! Trying a connection, between this crate's types and the generated ones.
//!
//! Never adds or leaves out a field.

use super::exchange::{failure, request, response as answer};
use super::shared::settings;
use super::{Exported, types};
use bindings::exports::tocsin::plugin::connection_prober as wit;

/// Bindings of a world that exports this interface alone; an exported plugin is the union of such worlds.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        inline: "package tocsin:sdk; world probes { export tocsin:plugin/connection-prober@0.2.0; }",
        world: "tocsin:sdk/probes",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_prober",
        with: { "tocsin:plugin/types@0.2.0": crate::guest::description::bindings::tocsin::plugin::types },
    });
}

impl<T: crate::Action, Kind> wit::Guest for Exported<T, Kind> {
    fn prepare(host: String, connection: Vec<types::Setting>) -> Option<wit::Probe> {
        let connection = <T::Connection as crate::Settings>::from_settings(&settings(connection)).ok()?;
        let probe = T::probe(&host, &connection)?;
        let place = match probe.place {
            crate::Place::End => wit::Place::End,
            crate::Place::After(part) => wit::Place::After(part),
            crate::Place::Root => wit::Place::Root,
        };
        Some(wit::Probe { request: request(probe.request), place })
    }

    fn judge(
        host: String,
        connection: Vec<types::Setting>,
        response: types::Response,
    ) -> Result<String, types::Failure> {
        let wrong = |error: crate::SettingError| failure(crate::Failure::misconfigured(error.to_string()));
        let connection =
            <T::Connection as crate::Settings>::from_settings(&settings(connection)).map_err(wrong)?;
        T::probed(&host, &connection, &answer(response)).map_err(failure)
    }
}
