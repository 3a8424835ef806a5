//! A plugin whose `event` has a field more than this host knows, under the same version: a change that the
//! rules of compatibility forbid.
//!
//! Never runs: the sandbox refuses it before.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "wit", world: "source" });

use exports::tocsin::plugin::description::{PluginInfo, Replays, SourceInfo};
use exports::tocsin::plugin::source_decoder::{Decoded, Refusal, Request};
use tocsin::plugin::types::Setting;

struct Guest;

impl exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> PluginInfo {
        PluginInfo {
            id: "changed-record".to_owned(),
            name: "changed-record".to_owned(),
            summary: String::new(),
            version: "1.0.0".to_owned(),
            documentation: String::new(),
            source: Some(SourceInfo {
                fields: Vec::new(),
                signatures: Vec::new(),
                methods: vec!["POST".to_owned()],
                replays: Replays::ByDeliveryId,
                body_limit: None,
                confirm_hosts: Vec::new(),
                example: None,
            }),
            action: None,
        }
    }
}

impl exports::tocsin::plugin::source_decoder::Guest for Guest {
    fn decode(_request: Request, _settings: Vec<Setting>) -> Result<Decoded, Refusal> {
        Ok(Decoded {
            events: Vec::new(),
            rejected: Vec::new(),
            remarks: Vec::new(),
            delivery_id: None,
            reply: None,
            ignored: None,
            confirm: None,
        })
    }
}

export!(Guest);
