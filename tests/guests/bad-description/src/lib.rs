//! A plugin that is wrong about itself in every way that can be told.
//!
//! Never runs on a request: the sandbox refuses it for its description.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "../../../wit", world: "source" });

use exports::tocsin::plugin::description::{
    ActionInfo, Choice, Field, FieldKind, PluginInfo, Rate, Replays, SourceInfo,
};
use exports::tocsin::plugin::source_decoder::{Decoded, Refusal, Request};
use tocsin::plugin::types::{BodyHmac, Digest, Encoding, Setting, Signature};

struct Guest;

fn field(key: &str, kind: FieldKind, default: &str) -> Field {
    Field {
        key: key.to_owned(),
        label: key.to_owned(),
        help: String::new(),
        kind,
        required: false,
        default: Some(default.to_owned()),
        extra: Vec::new(),
    }
}

impl exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> PluginInfo {
        let choices = vec![Choice { value: "a".to_owned(), label: "A".to_owned() }];
        let hmac = BodyHmac {
            header: "X-Signature".to_owned(),
            prefix: String::new(),
            digest: Digest::Sha256,
            encoding: Encoding::Hex,
        };
        PluginInfo {
            id: "Bad Id".to_owned(),
            name: " ".to_owned(),
            summary: String::new(),
            version: String::new(),
            documentation: String::new(),
            source: Some(SourceInfo {
                fields: vec![
                    field("same", FieldKind::Integer, "many"),
                    field("same", FieldKind::Boolean, "perhaps"),
                    field("Upper", FieldKind::Choice(choices), "b"),
                ],
                signatures: vec![Signature::BodyHmac(hmac)],
                methods: Vec::new(),
                replays: Replays::ByBody,
                body_limit: None,
                confirm_hosts: Vec::new(),
                example: None,
                extra: Vec::new(),
            }),
            action: Some(ActionInfo {
                connection: Vec::new(),
                fields: Vec::new(),
                hosts: vec!["https://example.com".to_owned()],
                rate: Some(Rate { requests: 0, per_ms: 1000 }),
                records: false,
                extra: Vec::new(),
            }),
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
