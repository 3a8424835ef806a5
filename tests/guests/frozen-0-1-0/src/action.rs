//! Encodes a message in two requests, and what later happens to it in one.

use crate::exports::tocsin::plugin::action_encoder::{
    Certainty, ChangeKind, Context, Exchange, Guest as Encodes, Receipt, Reference, State, Step,
};
use crate::tocsin::plugin::types::{
    Credentials, Failure, HeaderLine, Label, Later, Parameter, Part, Request, Response, SecretEncoding,
    SecretUse, Signature, Signing,
};
use crate::{Guest, written};

fn bytes(text: impl Into<String>) -> Part {
    Part::Bytes(text.into().into_bytes())
}

fn secret(encoding: SecretEncoding) -> Part {
    Part::Secret(SecretUse { name: "token".to_owned(), encoding })
}

fn header(name: &str, value: Vec<Part>) -> HeaderLine {
    HeaderLine { name: name.to_owned(), value }
}

/// Everything that the host says, one fact on a line.
fn report(context: &Context) -> String {
    let (incident, change) = (&context.incident, &context.change);
    let state = match incident.state {
        State::Open => "open",
        State::Acknowledged => "acknowledged",
        State::Resolved => "resolved",
    };
    let labels: Vec<String> =
        incident.labels.iter().map(|label| format!("{}={}", label.key, label.value)).collect();
    let settings =
        ["text", "note", "document", "times", "style", "path"].map(|key| written(&context.settings, key));
    let connection = ["room", "color", "home", "token"].map(|key| written(&context.connection, key));
    [
        format!("number {} of {} by {}", incident.number, incident.source, incident.key),
        format!("{state}: {} ({})", incident.title, incident.message),
        format!("count {} links {}", incident.count, incident.links.len()),
        format!("labels {}", labels.join(", ")),
        format!("change by {} at {}", change.actor.as_deref().unwrap_or("no one"), change.at > 0),
        format!("attempt {} test {} zone {}", context.attempt, context.test, context.zone.name),
        format!("owed before it began {}", context.owed_since <= context.now),
        format!("action {} host {} urls {}", context.action, context.host, context.urls.len()),
        format!("settings {}", settings.join(", ")),
        format!("connection {}", connection.join(", ")),
    ]
    .join("\n")
}

fn send(method: &str, path: String, context: &Context, body: Vec<Part>, state: &str) -> Step {
    let user = Credentials { user: "relay".to_owned(), password: "password".to_owned() };
    Step::Send(Exchange {
        request: Request {
            method: method.to_owned(),
            path,
            query: vec![Parameter { name: "id".to_owned(), value: context.delivery_id.clone() }],
            headers: vec![
                header("authorization", vec![bytes("Basic "), Part::Credentials(user)]),
                header("x-token", vec![secret(SecretEncoding::Raw)]),
            ],
            content_type: "text/plain; charset=utf-8".to_owned(),
            body,
            signing: vec![Signing { secret: "key".to_owned(), signature: Signature::StandardWebhooks }],
        },
        state: state.as_bytes().to_vec(),
    })
}

impl Encodes for Guest {
    fn encode(context: Context) -> Result<Step, Failure> {
        let known = context.references.iter().find(|reference| reference.key == "message");
        match (context.change.kind, known) {
            (ChangeKind::Opened | ChangeKind::Reopened, _) => {
                let path = written(&context.settings, "path");
                let path = path.strip_prefix("text ").unwrap_or_default().to_owned();
                let body = vec![
                    bytes(format!("{}\njson ", report(&context))),
                    secret(SecretEncoding::Json),
                    bytes(" form "),
                    secret(SecretEncoding::Form),
                ];
                Ok(send("POST", path, &context, body, "posted"))
            }
            (ChangeKind::Resolved, Some(message)) => {
                let path = format!("/messages/{}", message.value);
                let body = vec![bytes(message.url.as_deref().unwrap_or("no address"))];
                Ok(send("PATCH", path, &context, body, "patched"))
            }
            (kind, _) => Ok(Step::Skipped(format!("there is no message about {kind:?}"))),
        }
    }

    fn resume(context: Context, state: Vec<u8>, response: Response) -> Result<Step, Failure> {
        let said = String::from_utf8_lossy(&response.body).into_owned();
        match response.status {
            200..300 => {}
            401 => return Err(Failure::Misconfigured(said)),
            400..500 => return Err(Failure::Rejected(said)),
            _ => return Err(Failure::Retry(Later { reason: said, after_ms: Some(1) })),
        }
        if state == b"posted" {
            let etag = response.headers.iter().find(|header| header.name == "etag");
            let etag = etag.map_or_else(|| "no etag".to_owned(), |header| header.value.clone());
            return Ok(send("PUT", format!("/messages/{said}/pin"), &context, vec![bytes(etag)], &said));
        }
        let message = String::from_utf8_lossy(&state).into_owned();
        let url = Some(format!("https://example.com/{message}"));
        let is_new = state != b"patched";
        let update = Label { key: "ticket".to_owned(), value: message.clone() };
        Ok(Step::Delivered(Receipt {
            certainty: if is_new { Certainty::Delivered } else { Certainty::Accepted },
            summary: format!("{message} is there"),
            references: Vec::from_iter(is_new.then(|| Reference {
                key: "message".to_owned(),
                value: message,
                url,
            })),
            updates: Vec::from_iter(is_new.then_some(update)),
        }))
    }
}
