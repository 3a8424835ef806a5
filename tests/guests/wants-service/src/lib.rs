//! A plugin that wants a service of its host.
//!
//! Never runs: the sandbox refuses it by the names of its imports.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: ["../../../wit", "wit"], world: "hostile:guest/wants", generate_all });

use exports::tocsin::plugin::description::PluginInfo;
use exports::tocsin::plugin::source_decoder::{Decoded, Refusal, Request};
use tocsin::plugin::types::Setting;

struct Guest;

impl exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> PluginInfo {
        PluginInfo {
            id: "wants-service".to_owned(),
            name: "wants-service".to_owned(),
            summary: String::new(),
            version: "1.0.0".to_owned(),
            documentation: String::new(),
            source: None,
            action: None,
            extra: Vec::new(),
        }
    }
}

impl exports::tocsin::plugin::source_decoder::Guest for Guest {
    fn decode(request: Request, _settings: Vec<Setting>) -> Result<Decoded, Refusal> {
        Err(Refusal::Unsupported(foo::bar::baz::order(&request.method)))
    }
}

export!(Guest);
