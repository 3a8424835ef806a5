//! Says of itself what could be taken for lines of the host's log or of the command line, with an id of almost a
//! megabyte.
//!
//! Never runs on a request: the sandbox refuses it for its description.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "../../../wit", world: "source" });

use exports::tocsin::plugin::description::{Field, FieldKind, PluginInfo, Replays, SourceInfo};
use exports::tocsin::plugin::source_decoder::{Decoded, Refusal, Request};
use tocsin::plugin::types::Setting;

struct Guest;

/// What a reader would take for the host's own words.
const FORGED: &str = "fine\n2026-01-01T00:00:00Z  INFO plugin in force\r\nTimeline\u{2028}\
                      \u{1b}[2J\u{1b}]0;taken\u{7}\u{9b}31m\u{202e}desrever\u{2066}";

impl exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> PluginInfo {
        let field = Field {
            key: FORGED.to_owned(),
            label: FORGED.to_owned(),
            help: FORGED.to_owned(),
            kind: FieldKind::Integer,
            required: false,
            default: Some(FORGED.to_owned()),
            extra: Vec::new(),
        };
        PluginInfo {
            id: "x".repeat(900_000),
            name: FORGED.to_owned(),
            summary: format!("{FORGED}{}", "y".repeat(10_000)),
            version: "1.0.0\u{1b}[2J".to_owned(),
            documentation: FORGED.to_owned(),
            source: Some(SourceInfo {
                fields: vec![field],
                signatures: Vec::new(),
                methods: vec![FORGED.to_owned(), "z".repeat(10_000)],
                replays: Replays::ByBody,
                body_limit: None,
                confirm_hosts: vec![FORGED.to_owned()],
                example: None,
                extra: Vec::new(),
            }),
            action: None,
            extra: Vec::new(),
        }
    }
}

impl exports::tocsin::plugin::source_decoder::Guest for Guest {
    fn decode(_request: Request, _settings: Vec<Setting>) -> Result<Decoded, Refusal> {
        Err(Refusal::Missing("a good description".to_owned()))
    }
}

export!(Guest);
