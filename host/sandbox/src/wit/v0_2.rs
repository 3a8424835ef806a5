//! The present version of the plugin API, and what plugins that are built for it import.

use wasmtime::component::{HasSelf, Linker};

use crate::guest::Guest;
use crate::guest_log::Level;

// A world of all that a plugin may export. Each is looked up alone, so that one set of bindings serves plugins
// that export a decoder, an encoder or both, with or without checkers and prober.
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package tocsin:host;
            world plugins {
                import tocsin:plugin/log@0.2.0;
                export tocsin:plugin/description@0.2.0;
                export tocsin:plugin/source-decoder@0.2.0;
                export tocsin:plugin/action-encoder@0.2.0;
                export tocsin:plugin/source-checker@0.2.0;
                export tocsin:plugin/action-checker@0.2.0;
                export tocsin:plugin/connection-prober@0.2.0;
            }
        ",
        world: "tocsin:host/plugins",
        exports: { default: async },
    });
}

pub(crate) use bindings::exports::tocsin::plugin::{
    action_checker, action_encoder, connection_prober, description, source_checker, source_decoder,
};
pub(crate) use bindings::tocsin::plugin::types;

use bindings::tocsin::plugin::log;

/// Puts what plugins may import into `linker`.
///
/// # Errors
/// It is there already.
pub(crate) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    log::add_to_linker::<Guest, HasSelf<Guest>>(linker, |guest| guest)
}

impl log::Host for Guest {
    fn write(&mut self, level: log::Level, message: String) {
        let level = match level {
            log::Level::Error => Level::Error,
            log::Level::Warn => Level::Warn,
            log::Level::Info => Level::Info,
            log::Level::Debug => Level::Debug,
        };
        self.log.say(level, &message);
    }
}
