//! An action that writes a JSON document by hand, without escaping what an alert says.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "../../../wit", world: "action" });

use exports::tocsin::plugin::action_encoder::{Certainty, Context, Exchange, Receipt, Step};
use exports::tocsin::plugin::description::{ActionInfo, Field, FieldKind, PluginInfo};
use tocsin::plugin::types::{Failure, HeaderLine, Part, Request, Response, SecretEncoding, SecretUse};

struct Guest;

impl exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> PluginInfo {
        let secret = Field {
            key: "token".to_owned(),
            label: "Token".to_owned(),
            help: "What it sends.".to_owned(),
            kind: FieldKind::Secret,
            required: true,
            default: None,
            extra: Vec::new(),
        };
        PluginInfo {
            id: "careless".to_owned(),
            name: "Careless".to_owned(),
            summary: "Writes what an alert says.".to_owned(),
            version: "1.0.0".to_owned(),
            documentation: String::new(),
            source: None,
            action: Some(ActionInfo {
                connection: vec![secret],
                fields: Vec::new(),
                hosts: Vec::new(),
                rate: None,
                records: false,
                extra: Vec::new(),
            }),
            extra: Vec::new(),
        }
    }
}

impl exports::tocsin::plugin::action_encoder::Guest for Guest {
    fn encode(context: Context) -> Result<Step, Failure> {
        let body = format!("{{\"text\":\"{}\"}}", context.incident.title);
        let token = Part::Secret(SecretUse { name: "token".to_owned(), encoding: SecretEncoding::Raw });
        let request = Request {
            method: "POST".to_owned(),
            path: "/page".to_owned(),
            query: Vec::new(),
            headers: vec![HeaderLine { name: "authorization".to_owned(), value: vec![token] }],
            content_type: "application/json".to_owned(),
            body: vec![Part::Bytes(body.into_bytes())],
            signing: Vec::new(),
        };
        Ok(Step::Send(Exchange { request, state: Vec::new() }))
    }

    /// Shows what it sees of the answer.
    fn resume(_context: Context, _state: Vec<u8>, response: Response) -> Result<Step, Failure> {
        let summary = format!("answered {} {}", response.status, String::from_utf8_lossy(&response.body));
        Ok(Step::Delivered(Receipt {
            certainty: Certainty::Delivered,
            summary,
            references: Vec::new(),
            updates: Vec::new(),
            extra: Vec::new(),
        }))
    }
}

export!(Guest);
