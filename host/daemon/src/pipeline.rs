//! The road of one alert, in one screen: [`ingest`] takes a request to the disk, [`deliver`] takes a change
//! of an incident to a peer. Everything else in this crate serves these two.
//!
//! `ingest` never answers before the commit. `deliver` never touches state: what came of it is an entry that
//! its caller records.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use tocsin_core::fold::ReceiptRecord;
use tocsin_core::id::Id;
use tocsin_core::journal::{BY_BODY, Decoding, Entry, Fact, Received};
use tocsin_core::plugin::{Decoded, Encoding, Refusal, Replays, Reply, SourceRequest};

use crate::app::{App, CommitError};
use crate::attempt::Attempt;
use crate::bindings::SourceBinding;
use crate::trace::Trace;
use crate::{charset, clock, signing, words};

/// Milliseconds that a sender's clock may be ahead of ours: an hour covers a wrong summer time.
const CLOCK_AHEAD_MS_MAX: u64 = 60 * 60 * 1000;

/// What came of a request.
pub struct Ingested {
    /// As it is on the disk.
    pub receipt: ReceiptRecord,
    /// What the plugin wants the sender to see in place of the relay's answer.
    pub reply: Option<Reply>,
    /// Set when the plugin does not read such requests at all.
    pub unsupported: bool,
    /// An address that the sender wants fetched once to confirm its subscription.
    pub confirm: Option<String>,
}

/// receipt → decode → commit. Returns when it is on the disk.
///
/// # Errors
/// It could not be stored: nothing was kept, and the sender has to try again.
pub async fn ingest(app: &App, source: &str, request: SourceRequest) -> Result<Ingested, CommitError> {
    let at = request.received_at;
    let receipt = clock::new_id(at).map_err(|error| CommitError::Storage(error.to_string()))?;
    let bytes = request.body.len();
    app.trace(|| Trace::Received { receipt, source: source.to_owned(), bytes });

    let decoded = decode(app, source, &request, receipt).await;

    let DecodedRequest { received, reply, unsupported, confirm, .. } = decoded;
    let entry = Entry { at, seed: receipt, fact: Fact::Received(received) };
    let applied = app.commit(entry, Some(request)).await?;
    let record = applied.receipt.ok_or(CommitError::Stopping)?;
    Ok(Ingested { receipt: record, reply, unsupported, confirm })
}

/// A request that did not come → decode. Keeps nothing. Returns what would be recorded, and how long the plugin
/// took in microseconds.
///
/// # Errors
/// The system gives no random numbers to seed the plugin's with.
pub async fn dry_run(
    app: &App,
    source: &str,
    request: &SourceRequest,
) -> Result<(Received, u64), CommitError> {
    let seed = clock::new_id(request.received_at).map_err(|error| CommitError::Storage(error.to_string()))?;
    let decoded = decode(app, source, request, seed).await;
    Ok((decoded.received, decoded.took_us))
}

/// A kept request → decode → commit, after its plugin was replaced.
///
/// # Errors
/// It was applied before, or could not be stored.
pub async fn redecode(
    app: &App,
    record: &ReceiptRecord,
    request: SourceRequest,
) -> Result<ReceiptRecord, CommitError> {
    let decoded = decode(app, &record.source, &request, record.id).await;
    let applied = app.record(Fact::Redecoded { receipt: record.id, received: decoded.received }).await?;
    applied.receipt.ok_or(CommitError::Stopping)
}

/// render → encode → send → resume → verdict. Records nothing.
pub async fn deliver(app: &App, attempt: Attempt) -> Fact {
    let delivery = attempt.delivery.id;
    let (incident, action) = (attempt.delivery.incident.number, attempt.delivery.action.clone());
    let started = Instant::now();
    let (verdict, status) = attempt.run(app).await;
    if !words::is_good(&verdict) {
        let outcome = words::verdict(&verdict);
        tracing::warn!(%delivery, incident, action, outcome, "an attempt did not deliver");
    }
    app.trace(|| Trace::Settled { delivery, incident, action, outcome: words::verdict(&verdict) });
    Fact::Settled { delivery, took_us: micros(started), status, verdict }
}

struct DecodedRequest {
    received: Received,
    reply: Option<Reply>,
    unsupported: bool,
    confirm: Option<String>,
    took_us: u64,
}

/// What `source`'s plugin makes of `request`, read as text where it is text.
async fn decode(app: &App, source: &str, request: &SourceRequest, receipt: Id) -> DecodedRequest {
    let readable = charset::readable(request);
    let failed = |plugin: String, why: String| DecodedRequest {
        received: Received {
            source: source.to_owned(),
            plugin,
            identities: Vec::new(),
            decoding: Decoding::Failed(why),
        },
        reply: None,
        unsupported: false,
        confirm: None,
        took_us: 0,
    };
    let bindings = app.bindings();
    let binding = match bindings.sources.get(source) {
        Some(Ok(binding)) => Arc::clone(binding),
        Some(Err(why)) => return failed(String::new(), why.clone()),
        None => return failed(String::new(), format!("there is no source `{source}` in the configuration")),
    };
    let plugin = binding.plugin.info();
    let name = format!("{} {} {}", plugin.id, plugin.version, binding.plugin.digest());
    let started = Instant::now();
    let decoded = binding.plugin.decode(readable.into_owned(), &binding.settings, receipt).await;
    let decoded = decoded.map(|answer| answer.value);
    let took_us = micros(started);
    let confirm = decoded.as_ref().ok().and_then(|decoded| decoded.as_ref().ok()?.confirm.clone());
    let decoded = match decoded {
        Ok(Ok(decoded)) => understood(&binding, request, decoded),
        Ok(Err(refusal)) => {
            (Decoding::Refused(refusal.to_string()), Vec::new(), None, is_unsupported(&refusal))
        }
        Err(error) => {
            tracing::warn!(source, %receipt, %error, "a request could not be decoded and is kept");
            (Decoding::Failed(error.to_string()), Vec::new(), None, false)
        }
    };
    let (decoding, identities, reply, unsupported) = decoded;
    app.trace(|| Trace::Decoded {
        receipt,
        plugin: format!("{} {}", plugin.id, plugin.version),
        took_us,
        outcome: words::decoding(&decoding),
    });
    let received = Received { source: source.to_owned(), plugin: name, identities, decoding };
    DecodedRequest { received, reply, unsupported, confirm, took_us }
}

type Understood = (Decoding, Vec<String>, Option<Reply>, bool);

/// What was decoded, within bounds, with what makes another request the same delivery.
fn understood(binding: &SourceBinding, request: &SourceRequest, mut decoded: Decoded) -> Understood {
    // A time that far ahead is a broken clock's; kept, it would make every later event a late one.
    let latest = request.received_at.plus_ms(CLOCK_AHEAD_MS_MAX);
    for event in &mut decoded.events {
        event.occurred_at = event.occurred_at.filter(|at| *at <= latest);
    }
    let events: Result<Vec<_>, _> = decoded.events.into_iter().map(|event| event.bounded()).collect();
    let decoding = match events {
        Ok(events) if events.is_empty() => {
            let why = decoded.ignored.unwrap_or_else(|| "the plugin found nothing to do".to_owned());
            Decoding::Ignored(why)
        }
        Ok(events) => Decoding::Events(events),
        Err(invalid) => Decoding::Refused(invalid.to_string()),
    };
    let mut identities = Vec::new();
    if let Some(id) = decoded.delivery_id.filter(|id| !id.is_empty()) {
        identities.push(format!("id:{}", sha256(id.as_bytes())));
    }
    if binding.info.replays == Replays::ByBody {
        identities.push(format!("{BY_BODY}{}", hex(&body_digest(request))));
    }
    (decoding, identities, decoded.reply, false)
}

/// The digest of what a request says: its body and its query, each with its length in front.
fn body_digest(request: &SourceRequest) -> [u8; 32] {
    let mut digest = Sha256::new();
    for pair in &request.query {
        for text in [&pair.name, &pair.value] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    digest.update((request.body.len() as u64).to_be_bytes());
    digest.update(&request.body);
    digest.finalize().into()
}

fn is_unsupported(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Unsupported(_) => true,
        Refusal::Malformed(_) | Refusal::Missing(_) | Refusal::Invalid { .. } => false,
    }
}

fn hex(bytes: &[u8]) -> String {
    signing::write(Encoding::Hex, bytes)
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Microseconds since `started`.
pub(crate) fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}
