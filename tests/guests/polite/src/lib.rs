//! A plugin without fault, for what must go right beside the others: it decodes a body to one event of every
//! field, and encodes what its settings say.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "../../../wit", world: "integration" });

use exports::tocsin::plugin::action_encoder::{Certainty, Context, Exchange, Receipt, Reference, Step};
use exports::tocsin::plugin::description::{ActionInfo, PluginInfo, Replays, SourceInfo};
use exports::tocsin::plugin::source_decoder::{
    Change, Decoded, Event, InvalidField, Refusal, Reply, Request,
};
use tocsin::plugin::types::{
    Failure, HeaderLine, Label, Later, Link, Parameter, Part, Request as Outgoing, Response, SecretEncoding,
    SecretUse, Setting, Severity, Signature, Signing, Value,
};

struct Guest;

impl exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> PluginInfo {
        PluginInfo {
            id: "polite".to_owned(),
            name: "Polite".to_owned(),
            summary: "Does what it is asked.".to_owned(),
            version: "1.0.0".to_owned(),
            documentation: String::new(),
            source: Some(SourceInfo {
                fields: Vec::new(),
                signatures: vec![Signature::StandardWebhooks],
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
                hosts: vec!["*.example.com".to_owned()],
                rate: None,
                records: false,
                extra: Vec::new(),
            }),
            extra: Vec::new(),
        }
    }
}

fn text<'a>(settings: &'a [Setting], key: &str) -> Option<&'a str> {
    settings.iter().find(|setting| setting.key == key).and_then(|setting| match &setting.value {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

fn label(key: &str, value: &str) -> Label {
    Label { key: key.to_owned(), value: value.to_owned() }
}

impl exports::tocsin::plugin::source_decoder::Guest for Guest {
    fn decode(request: Request, settings: Vec<Setting>) -> Result<Decoded, Refusal> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        if body.is_empty() {
            return Err(Refusal::Invalid(InvalidField {
                field: "body".to_owned(),
                problem: "must not be empty".to_owned(),
            }));
        }
        let first = request.query.first().map_or("", |parameter| parameter.value.as_str());
        let header = request.headers.first().map_or("", |header| header.value.as_str());
        let event = Event {
            change: Change::Acknowledge,
            key: body,
            aliases: vec![first.to_owned()],
            title: text(&settings, "title").unwrap_or("no title").to_owned(),
            message: header.to_owned(),
            severity: Some(Severity::Low),
            labels: vec![label("a", "1"), label("b", "2"), label("a", "3")],
            links: vec![Link { title: "here".to_owned(), url: "https://example.com/".to_owned() }],
            actor: Some(request.method),
            occurred_at: Some(request.received_at - 1),
            extra: Vec::new(),
        };
        Ok(Decoded {
            events: vec![event],
            rejected: Vec::new(),
            remarks: Vec::new(),
            delivery_id: Some(request.path),
            reply: Some(Reply { status: 202, headers: Vec::new(), body: b"taken".to_vec() }),
            ignored: None,
            confirm: None,
            extra: Vec::new(),
        })
    }
}

impl exports::tocsin::plugin::action_encoder::Guest for Guest {
    fn encode(context: Context) -> Result<Step, Failure> {
        let size = text(&context.settings, "size").and_then(|size| size.parse().ok()).unwrap_or(0);
        match text(&context.settings, "mode") {
            Some("skip") => return Ok(Step::Skipped("nothing to say".to_owned())),
            Some("later") => {
                let reason = "busy".to_owned();
                return Err(Failure::Retry(Later { reason, after_ms: Some(1500) }));
            }
            Some("never") => return Err(Failure::Rejected("no such channel".to_owned())),
            _ => {}
        }
        let mut body = context.incident.title.into_bytes();
        body.resize(body.len() + size, b'.');
        let secret = SecretUse { name: "token".to_owned(), encoding: SecretEncoding::Raw };
        Ok(Step::Send(Exchange {
            request: Outgoing {
                method: "POST".to_owned(),
                path: "/messages".to_owned(),
                query: vec![Parameter { name: "id".to_owned(), value: context.delivery_id }],
                headers: vec![HeaderLine {
                    name: "authorization".to_owned(),
                    value: vec![Part::Bytes(b"Bearer ".to_vec()), Part::Secret(secret)],
                }],
                content_type: "text/plain".to_owned(),
                body: vec![Part::Bytes(body)],
                signing: vec![Signing { secret: "key".to_owned(), signature: Signature::StandardWebhooks }],
            },
            state: b"step 1".to_vec(),
        }))
    }

    fn resume(_context: Context, state: Vec<u8>, response: Response) -> Result<Step, Failure> {
        if response.status >= 300 {
            return Err(Failure::Misconfigured(format!("status {}", response.status)));
        }
        let value = String::from_utf8_lossy(&response.body).into_owned();
        Ok(Step::Delivered(Receipt {
            certainty: Certainty::Delivered,
            summary: format!("sent after {}", String::from_utf8_lossy(&state)),
            references: vec![Reference { key: "message".to_owned(), value, url: None }],
            updates: vec![label("ticket", "T-1")],
            extra: Vec::new(),
        }))
    }
}

export!(Guest);
