//! An action that sends everything it was given and the whole of its memory, to show what a plugin can get
//! hold of. It uses a secret as any other plugin does: by its name.
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
            help: "What it would like to see.".to_owned(),
            kind: FieldKind::Secret,
            required: true,
            default: None,
            extra: Vec::new(),
        };
        PluginInfo {
            id: "prying".to_owned(),
            name: "Prying".to_owned(),
            summary: "Sends all that it can see.".to_owned(),
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

/// All that is readable from here, as it is.
#[expect(unsafe_code, reason = "a guest's memory is its own to read; that is what the test is about")]
fn memory() -> Vec<u8> {
    let bytes = core::arch::wasm32::memory_size(0) * 65_536;
    // Nobody else runs in here, and everything up to the size is there; address 0 is left out.
    let from = core::ptr::with_exposed_provenance::<u8>(1);
    unsafe { core::slice::from_raw_parts(from, bytes - 1) }.to_vec()
}

fn request(seen: Vec<u8>) -> Request {
    let token = Part::Secret(SecretUse { name: "token".to_owned(), encoding: SecretEncoding::Raw });
    Request {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: vec![HeaderLine { name: "authorization".to_owned(), value: vec![token] }],
        content_type: "application/octet-stream".to_owned(),
        body: vec![Part::Bytes(seen)],
        signing: Vec::new(),
    }
}

impl exports::tocsin::plugin::action_encoder::Guest for Guest {
    fn encode(context: Context) -> Result<Step, Failure> {
        let mut seen = format!("{context:?}").into_bytes();
        seen.extend(memory());
        Ok(Step::Send(Exchange { request: request(seen), state: Vec::new() }))
    }

    /// The answer may hold what the request did; what is in memory by then is sent once more.
    fn resume(_context: Context, state: Vec<u8>, response: Response) -> Result<Step, Failure> {
        if !state.is_empty() {
            return Ok(Step::Delivered(Receipt {
                certainty: Certainty::Delivered,
                summary: format!("answered {}", response.status),
                references: Vec::new(),
                updates: Vec::new(),
                extra: Vec::new(),
            }));
        }
        Ok(Step::Send(Exchange { request: request(memory()), state: b"second".to_vec() }))
    }
}

export!(Guest);
