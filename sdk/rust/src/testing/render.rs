//! What a plugin answered, as the files of cases show it.
//!
//! Never decides how it is shown: that is the format's.

use serde_json::Value;
use tocsin_cases::http::{self, Pair, STANDARD_WEBHOOKS, Sent};
use tocsin_cases::outcome::{self, Receipt};

use crate::{
    Decoded, Event, Failure, Header, HttpRequest, Label, Part, Refusal, SecretEncoding, Signature, Signing,
    Step,
};

/// What a source answered.
pub(super) fn decoded_to_json(answer: &Result<Decoded, Refusal>) -> Value {
    let shown = match answer {
        Ok(decoded) => Ok(outcome::Decoded {
            events: decoded.events.iter().map(event).collect(),
            rejected: decoded.rejected.iter().map(|one| (one.place.clone(), one.reason.clone())).collect(),
            remarks: decoded.remarks.clone(),
            delivery_id: decoded.delivery_id.clone(),
            reply: decoded.reply.as_ref().map(|reply| outcome::Reply {
                status: reply.status,
                headers: reply.headers.iter().map(header).collect(),
                body: reply.body.clone(),
            }),
            ignored: decoded.ignored.clone(),
            confirm: decoded.confirm.clone(),
        }),
        Err(refusal) => Err(match refusal.clone() {
            Refusal::Unsupported(why) => outcome::Refusal::Unsupported(why),
            Refusal::Malformed(why) => outcome::Refusal::Malformed(why),
            Refusal::Missing(field) => outcome::Refusal::Missing(field),
            Refusal::Invalid { field, problem } => outcome::Refusal::Invalid(field, problem),
        }),
    };
    outcome::of_source(&shown)
}

/// What an action answered.
pub(super) fn step_to_json(answer: &Result<Step, Failure>) -> Value {
    outcome::of_action(&match answer {
        Ok(Step::Send(request, _)) => outcome::Step::Send(sent(request)),
        Ok(Step::Skipped(why)) => outcome::Step::Skipped(why.clone()),
        Ok(Step::Delivered(outcome)) => {
            let reference = |r: &crate::Reference| (r.key.clone(), r.value.clone(), r.url.clone());
            outcome::Step::Delivered(Receipt {
                certainty: format!("{:?}", outcome.certainty).to_lowercase(),
                summary: outcome.summary.clone(),
                references: outcome.references.iter().map(reference).collect(),
                updates: outcome.updates.iter().map(label).collect(),
            })
        }
        Err(Failure::Retry { reason, after_ms }) => outcome::Step::Retry(reason.clone(), *after_ms),
        Err(Failure::Rejected(why)) => outcome::Step::Rejected(why.clone()),
        Err(Failure::Misconfigured(why)) => outcome::Step::Misconfigured(why.clone()),
    })
}

/// A request that an action wants sent. Secrets show as `{{secret:name}}`.
pub fn request_to_json(request: &HttpRequest) -> Value {
    outcome::request_to_json(&sent(request))
}

/// A request that an action wants sent, with the names of secrets in their places.
pub(super) fn sent(request: &HttpRequest) -> Sent {
    let text_of = |parts: &[Part]| String::from_utf8_lossy(&bytes_of(parts)).into_owned();
    Sent {
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.iter().map(|one| (one.name.clone(), one.value.clone())).collect(),
        headers: request.headers.iter().map(|line| (line.name.clone(), text_of(&line.value))).collect(),
        content_type: request.content_type.clone(),
        body: bytes_of(&request.body),
        signing: request.signing.iter().map(signing).collect(),
    }
}

fn signing(signing: &Signing) -> Pair {
    let how = match &signing.signature {
        Signature::StandardWebhooks => STANDARD_WEBHOOKS.to_owned(),
        Signature::BodyHmac(hmac) => hmac.header.clone(),
    };
    (how, signing.secret.clone())
}

fn event(event: &Event) -> outcome::Event {
    outcome::Event {
        change: event.change.as_str().to_owned(),
        key: event.key.clone(),
        aliases: event.aliases.clone(),
        title: event.title.clone(),
        message: event.message.clone(),
        severity: event.severity.map(|severity| severity.as_str().to_owned()),
        labels: event.labels.iter().map(label).collect(),
        links: event.links.iter().map(|link| (link.title.clone(), link.url.clone())).collect(),
        actor: event.actor.clone(),
        occurred_at: event.occurred_at.map(|at| at.to_string()),
    }
}

fn label(label: &Label) -> Pair {
    (label.key.clone(), label.value.clone())
}

fn header(header: &Header) -> Pair {
    (header.name.clone(), header.value.clone())
}

/// The pieces one after the other. Secrets show as `{{secret:name}}`.
fn bytes_of(parts: &[Part]) -> Vec<u8> {
    let piece = |part: &Part| match part {
        Part::Bytes(bytes) => bytes.clone(),
        Part::Secret(name, encoding) => {
            let encoding = match encoding {
                SecretEncoding::Raw => "",
                SecretEncoding::Json => "json",
                SecretEncoding::Form => "form",
            };
            http::secret(name, encoding).into_bytes()
        }
        Part::Credentials { user, password } => http::basic(user, password).into_bytes(),
    };
    parts.iter().flat_map(piece).collect()
}
