//! Uses what version 0.2 of the plugin API adds to 0.1: the host's log, the reader's language, the name of the time
//! zone, the word of a change, a probe at the peer's root.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package tocsin:guest;
        world spoken {
            import tocsin:plugin/log@0.2.0;
            export tocsin:plugin/description@0.2.0;
            export tocsin:plugin/source-decoder@0.2.0;
            export tocsin:plugin/action-encoder@0.2.0;
            export tocsin:plugin/connection-prober@0.2.0;
        }
    ",
    world: "tocsin:guest/spoken",
    generate_all,
});

use exports::tocsin::plugin::action_encoder::{Certainty, Context, Exchange, Receipt, Step};
use exports::tocsin::plugin::connection_prober::{Place, Probe};
use exports::tocsin::plugin::description::{ActionInfo, PluginInfo, Replays, SourceInfo};
use exports::tocsin::plugin::source_decoder::{Decoded, Refusal, Request};
use tocsin::plugin::log::{Level, write};
use tocsin::plugin::types::{Failure, Part, Request as Outgoing, Response, Setting};

struct Guest;

impl exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> PluginInfo {
        PluginInfo {
            id: "spoken".to_owned(),
            name: "Spoken".to_owned(),
            summary: "Says what it is told.".to_owned(),
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
                extra: Vec::new(),
            }),
            action: Some(ActionInfo {
                connection: Vec::new(),
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

impl exports::tocsin::plugin::source_decoder::Guest for Guest {
    /// Logs the body at each level; at the word `trap` it gives up.
    fn decode(request: Request, _settings: Vec<Setting>) -> Result<Decoded, Refusal> {
        let body = String::from_utf8_lossy(&request.body);
        for level in [Level::Error, Level::Warn, Level::Info, Level::Debug] {
            write(level, &body);
        }
        if body == "trap" {
            core::arch::wasm32::unreachable();
        }
        Err(Refusal::Missing("anything".to_owned()))
    }
}

fn request(method: &str, path: &str, body: &str) -> Outgoing {
    Outgoing {
        method: method.to_owned(),
        path: path.to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        content_type: String::new(),
        body: vec![Part::Bytes(body.as_bytes().to_vec())],
        signing: Vec::new(),
    }
}

impl exports::tocsin::plugin::action_encoder::Guest for Guest {
    fn encode(context: Context) -> Result<Step, Failure> {
        let words = [context.language, context.zone.id, context.zone.name, context.change.kind];
        let request = request("POST", "", &words.join(" "));
        Ok(Step::Send(Exchange { request, state: Vec::new() }))
    }

    fn resume(_context: Context, _state: Vec<u8>, _response: Response) -> Result<Step, Failure> {
        Ok(Step::Delivered(Receipt {
            certainty: Certainty::Delivered,
            summary: String::new(),
            references: Vec::new(),
            updates: Vec::new(),
            extra: Vec::new(),
        }))
    }
}

impl exports::tocsin::plugin::connection_prober::Guest for Guest {
    fn prepare(_host: String, _connection: Vec<Setting>) -> Option<Probe> {
        Some(Probe { request: request("GET", "/health", ""), place: Place::Root })
    }

    fn judge(_host: String, _connection: Vec<Setting>, response: Response) -> Result<String, Failure> {
        Ok(format!("answered {}", response.status))
    }
}

export!(Guest);
