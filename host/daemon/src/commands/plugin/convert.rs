//! Between the types of the files of cases and those of the core.
//!
//! Never calls a plugin, and leaves nothing out.

use tocsin_cases::http::{self, Answer, Pair as Named, RECEIVED_AT, STANDARD_WEBHOOKS, Sent};
use tocsin_cases::incident::{self as case, DELIVERY_ID, Time, UPDATED_AT};
use tocsin_cases::outcome::{self, Receipt};
use tocsin_core::delivery::{Change, Reference};
use tocsin_core::event::{Event, Link};
use tocsin_core::incident::{Incident, IncidentState, Phase};
use tocsin_core::plugin::{
    ActionRequest, Certainty, Context, Decoded, Failure, Pair, Part, Refusal, Response, SecretEncoding,
    Setting, Signature, Signing, SourceRequest, Step, Zone,
};
use tocsin_core::time::Timestamp;
use tocsin_sandbox::Told;

/// A request of a case, as a plugin gets it.
pub(super) fn received(request: http::Request) -> SourceRequest {
    SourceRequest {
        method: request.method,
        path: request.path,
        query: request.query.into_iter().map(pair).collect(),
        headers: request.headers.into_iter().map(pair).collect(),
        body: request.body,
        received_at: Timestamp::from_micros(RECEIVED_AT),
    }
}

/// A request that a plugin gets, as a case shows it.
pub(super) fn shown(request: &SourceRequest) -> http::Request {
    http::Request {
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.iter().map(named).collect(),
        headers: request.headers.iter().map(named).collect(),
        body: request.body.clone(),
    }
}

/// An answer of a case, as a plugin gets it.
pub(super) fn response(answer: Answer) -> Response {
    let headers = answer.headers.into_iter().map(pair).collect();
    Response { status: answer.status, headers, body: answer.body }
}

/// An answer that a plugin gets, as a case shows it.
pub(super) fn shown_answer(response: &Response) -> Answer {
    let headers = response.headers.iter().map(named).collect();
    Answer { status: response.status, headers, body: response.body.clone() }
}

/// What an action is told, without settings.
///
/// # Errors
/// A word that the core does not have.
pub(super) fn told(told: case::Told) -> Result<Told, String> {
    let at = time(UPDATED_AT);
    let (name, offset_minutes) = told.time_zone();
    let urls = told.addresses().into_iter().map(link).collect();
    let (acknowledged_at, resolved_at) = (told.acknowledged_at.map(time), told.resolved_at.map(time));
    let state: IncidentState = word(&told.state)?;
    let phase = match state {
        IncidentState::Open => Phase::Open,
        IncidentState::Acknowledged => Phase::Acknowledged(acknowledged_at.unwrap_or(at)),
        IncidentState::Resolved => Phase::Resolved { at: resolved_at.unwrap_or(at), acknowledged_at },
    };
    let incident = Incident {
        id: word(case::ID)?,
        number: told.number,
        source: told.source.into(),
        key: told.key,
        title: told.title,
        message: told.message,
        severity: word(&told.severity)?,
        phase,
        labels: told.labels,
        links: told.links.into_iter().map(link).collect(),
        count: told.count,
        opened_at: time(told.opened_at),
        open_since: time(told.open_since),
        updated_at: at,
        reopened: Vec::new(),
        flapping: false,
        last_occurred_at: None,
        unmatched: false,
        heard_at: None,
    };
    let change = Change {
        kind: word(&told.change)?,
        at,
        actor: told.actor,
        text: told.text.into(),
        changed: told.changed,
        before: told.before.into_iter().collect(),
    };
    let reference = |one: case::Reference| Reference { key: one.key, value: one.value, url: one.url };
    let context = Context {
        incident,
        change,
        attempt: told.attempt,
        delivery_id: DELIVERY_ID.to_owned(),
        test: told.test,
        now: time(told.now),
        owed_since: time(told.owed_since),
        // A case has no id of its own for the zone: its id is the same text as its name.
        zone: Zone { id: name.clone(), name, offset_minutes },
        language: told.language,
        action: told.action.into(),
        references: told.references.into_iter().map(reference).collect(),
        settings: Vec::<Setting>::new(),
        connection: Vec::new(),
        host: told.host,
        urls,
    };
    Ok(Told { context, acknowledged_at, resolved_at })
}

fn word<T: std::str::FromStr>(word: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    word.parse().map_err(|error: T::Err| error.to_string())
}

fn time(time: Time) -> Timestamp {
    Timestamp::from_micros(time.0)
}

fn link((title, url): Named) -> Link {
    Link { title, url }
}

fn pair((name, value): Named) -> Pair {
    Pair { name, value }
}

fn named(pair: &Pair) -> Named {
    (pair.name.clone(), pair.value.clone())
}

/// What a source answered, for [`outcome::of_source`].
pub(super) fn decoded(answer: &Result<Decoded, Refusal>) -> Result<outcome::Decoded, outcome::Refusal> {
    match answer {
        Ok(decoded) => Ok(outcome::Decoded {
            events: decoded.events.iter().map(event).collect(),
            rejected: decoded.rejected.iter().map(|one| (one.place.clone(), one.reason.clone())).collect(),
            remarks: decoded.remarks.clone(),
            delivery_id: decoded.delivery_id.clone(),
            reply: decoded.reply.as_ref().map(|reply| outcome::Reply {
                status: reply.status,
                headers: reply.headers.iter().map(named).collect(),
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
    }
}

fn event(event: &Event) -> outcome::Event {
    outcome::Event {
        change: event.change.as_str().to_owned(),
        key: event.key.clone(),
        aliases: event.aliases.clone(),
        title: event.title.clone(),
        message: event.message.clone(),
        severity: event.severity.map(|severity| severity.as_str().to_owned()),
        labels: event.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        links: event.links.iter().map(|link| (link.title.clone(), link.url.clone())).collect(),
        actor: event.actor.clone(),
        occurred_at: event.occurred_at.map(|at| at.to_string()),
    }
}

/// What an action answered, for [`outcome::of_action`].
pub(super) fn step(answer: &Result<Step, Failure>) -> outcome::Step {
    match answer {
        Ok(Step::Send { request, .. }) => outcome::Step::Send(sent(request)),
        Ok(Step::Skipped(why)) => outcome::Step::Skipped(why.clone()),
        Ok(Step::Delivered(receipt)) => {
            let certainty = match receipt.certainty {
                Certainty::Delivered => "delivered",
                Certainty::Accepted => "accepted",
            };
            let reference = |one: &Reference| (one.key.clone(), one.value.clone(), one.url.clone());
            outcome::Step::Delivered(Receipt {
                certainty: certainty.to_owned(),
                summary: receipt.summary.clone(),
                references: receipt.references.iter().map(reference).collect(),
                updates: receipt.updates.clone(),
            })
        }
        Err(Failure::Retry { reason, after_ms }) => outcome::Step::Retry(reason.clone(), *after_ms),
        Err(Failure::Rejected(why)) => outcome::Step::Rejected(why.clone()),
        Err(Failure::Misconfigured(why)) => outcome::Step::Misconfigured(why.clone()),
    }
}

/// A request that an action wants sent, with the names of secrets in their places.
pub(super) fn sent(request: &ActionRequest) -> Sent {
    let text = |parts: &[Part]| String::from_utf8_lossy(&bytes(parts)).into_owned();
    Sent {
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.iter().map(named).collect(),
        headers: request.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        content_type: request.content_type.clone(),
        body: bytes(&request.body),
        signing: request.signing.iter().map(signing).collect(),
    }
}

fn signing(signing: &Signing) -> Named {
    let how = match &signing.signature {
        Signature::StandardWebhooks => STANDARD_WEBHOOKS.to_owned(),
        Signature::BodyHmac { header, .. } => header.clone(),
    };
    (how, signing.secret.clone())
}

fn bytes(parts: &[Part]) -> Vec<u8> {
    let piece = |part: &Part| match part {
        Part::Bytes(bytes) => bytes.clone(),
        Part::Secret { name, encoding } => {
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
