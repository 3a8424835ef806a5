//! receipt → decode → commit: a request that its sender has proven is on the disk, with what its plugin read in it.
//!
//! Never answers before the commit, and reads nothing of a request itself: the plugin does.

use std::sync::Arc;
use std::time::Instant;

use tocsin_core::command::{Command, Decoding, Issued, Received, RejectedElements};
use tocsin_core::id::{EARLIER_MS, ReceiptId};
use tocsin_core::plugin::{Refusal, Reply, SourceRequest};
use tocsin_core::receipt::ReceiptRecord;
use tocsin_core::time::Timestamp;
use tocsin_core::trace::Origin;
use tocsin_sandbox::{CallError, CallErrorKind, Place};
use tocsin_store::Write;

use crate::plugins::bindings::{Bindings, SourceBinding};
use crate::receive::understood::{confirmation, understood};
use crate::receive::{charset, reply};
use crate::runtime::clock::{self, Clock};
use crate::runtime::steps::{PluginOf, Traced, What};
use crate::runtime::wording;
use crate::shared::app::{App, CommitError};
use crate::shared::backlog::lacks_plugin;
use crate::shared::suspensions::May;

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

/// What a request whose body came at `at` is called for good. The receipt has the id in `origin`, or another one without
/// that, or if the body took so long that the time in the id would be wrong: then the request's id is kept like the
/// trace of a sender.
///
/// # Errors
/// There is no random number for an id.
pub fn named(app: &App, origin: Option<Origin>, at: Timestamp) -> Result<Origin, CommitError> {
    // Lists find things by the time in their ids.
    let is_early = |origin: &Origin| at.ms_since(origin.receipt.at()) >= EARLIER_MS;
    if let Some(origin) = origin.filter(|origin| !is_early(origin)) {
        return Ok(origin);
    }
    let receipt = app.clock.new_id(at).map_err(|error| CommitError::Storage(error.to_string()))?;
    let given = origin.map(|origin| {
        // It is kept with the decision, which nobody could repeat.
        let traced = Traced::by(origin);
        let traces = app.in_force();
        traces
            .config
            .traces
            .as_ref()
            .map_or(traced.trace, |traces| traced.trace.sampled(traces.records(traced)))
    });
    Ok(Origin { receipt, given })
}

/// receipt → decode → commit. Returns when it is on the disk.
///
/// # Errors
/// It could not be stored: nothing was kept, and the sender has to try again.
pub async fn ingest(
    app: &App,
    source: &str,
    request: SourceRequest,
    origin: Origin,
) -> Result<Ingested, CommitError> {
    let (at, receipt, bytes) = (request.received_at, origin.receipt, request.body.len());
    let traced = Some(Traced::by(origin));
    app.tell(traced, 0, || What::Received { receipt, source: source.to_owned(), bytes });

    let decoded = decode(&app.bindings(), Some(app), source, &request, receipt).await;
    decoded.tell(app, origin);

    let (mut received, more) = decoded.received.split(receipt);
    received.trace = origin.given;
    let issued = Issued { at, seed: receipt, command: Command::Receive(received) };
    let (policy, more) = (app.policy(), issued.followed_by(more));
    let applied = app.commit(Write { policy, issued, more, request: Some(request) }).await?;
    let record = applied.receipt.ok_or(CommitError::Stopping)?;
    // Its plugin came meanwhile.
    if lacks_plugin(&record) && matches!(app.bindings().sources.get(source), Some(Ok(_))) {
        app.backlog.add(source);
    }
    let DecodedRequest { reply, unsupported, confirm, .. } = decoded;
    Ok(Ingested { receipt: record, reply, unsupported, confirm })
}

/// What a request would be recorded as.
pub struct DryRun {
    /// What would be recorded.
    pub received: Received,
    /// What the plugin wants the sender to see in place of the relay's answer.
    pub reply: Option<Reply>,
    /// An address that the sender wants fetched once to confirm its subscription.
    pub confirm: Option<String>,
    /// How long the plugin took, in microseconds.
    pub took_us: u64,
}

/// A request that did not come → decode. Keeps nothing and needs no running relay.
///
/// # Errors
/// The system gives no random numbers to seed the plugin's with.
pub async fn dry_run(
    bindings: &Bindings,
    clock: &Clock,
    source: &str,
    request: &SourceRequest,
) -> anyhow::Result<DryRun> {
    let seed = clock.new_id(request.received_at)?;
    let decoded = decode(bindings, None, source, request, seed).await;
    let DecodedRequest { received, reply, confirm, took_us, .. } = decoded;
    Ok(DryRun { received, reply, confirm, took_us })
}

/// A kept request → decode → commit, after its plugin was replaced.
///
/// # Errors
/// Nothing of it is left to decode, or it could not be stored.
pub async fn redecode(
    app: &App,
    record: &ReceiptRecord,
    request: SourceRequest,
) -> Result<ReceiptRecord, CommitError> {
    redecode_by(app, &app.bindings(), record, request).await
}

/// As [`redecode`], with the plugins of these bindings.
///
/// # Errors
/// As [`redecode`].
pub async fn redecode_by(
    app: &App,
    bindings: &Bindings,
    record: &ReceiptRecord,
    request: SourceRequest,
) -> Result<ReceiptRecord, CommitError> {
    let decoded = decode(bindings, Some(app), &record.source, &request, record.id).await;
    decoded.tell(app, record.origin());
    let (received, more) = decoded.received.split(record.id);
    let applied = app.record_all(Command::Redecode { receipt: record.id, received }, more).await?;
    applied.receipt.ok_or(CommitError::Stopping)
}

struct DecodedRequest {
    received: Received,
    reply: Option<Reply>,
    unsupported: bool,
    confirm: Option<String>,
    took_us: u64,
}

impl DecodedRequest {
    /// Reports the step, when a plugin was there to take it.
    fn tell(&self, app: &App, origin: Origin) {
        let mut name = self.received.plugin.split(' ');
        let (Some(id), Some(version)) = (name.next(), name.next()) else { return };
        app.tell(Some(Traced::by(origin)), self.took_us, || What::Decoded {
            receipt: origin.receipt,
            plugin: PluginOf { id: id.to_owned(), version: version.to_owned() },
            kind: wording::received_status(&self.received),
            events: match &self.received.decoding {
                Decoding::Events(events) => events.len(),
                Decoding::Ignored(_) | Decoding::Refused(_) | Decoding::Failed(_) => 0,
            },
            outcome: wording::received(&self.received),
        });
    }
}

/// What `source`'s plugin makes of `request`, read as text where it is text.
async fn decode(
    bindings: &Bindings,
    app: Option<&App>,
    source: &str,
    request: &SourceRequest,
    receipt: ReceiptId,
) -> DecodedRequest {
    let nothing = |plugin: String, decoding: Decoding| Received {
        source: source.into(),
        plugin,
        identities: Vec::new(),
        decoding,
        rejected: RejectedElements::default(),
        remarks: Vec::new(),
        trace: None,
    };
    let without = |received: Received, unsupported: bool, took_us: u64| DecodedRequest {
        received,
        reply: None,
        unsupported,
        confirm: None,
        took_us,
    };
    let failed = |why: String| without(nothing(String::new(), Decoding::Failed(why)), false, 0);
    let binding = match bindings.sources.get(source) {
        Some(Ok(binding)) => Arc::clone(binding),
        Some(Err(why)) => return failed(why.clone()),
        None => return failed(format!("there is no source `{source}` in the configuration")),
    };
    let plugin = binding.plugin.info();
    let name = format!("{} {} {}", plugin.id, plugin.version, binding.plugin.digest());
    let place = match turn(&binding, app, source).await {
        Ok(place) => place,
        Err(why) => return without(nothing(name, Decoding::Failed(why)), false, 0),
    };
    let started = Instant::now();
    // Copied only now: those that wait for their turn are as large as their bodies and no larger.
    let readable = charset::readable(request).into_owned();
    let answer = binding.plugin.decode_in(place, readable, &binding.settings, receipt).await;
    let took_us = clock::micros_since(started);
    if let Some(app) = app {
        observe(app, source, &binding, answer.as_ref().err());
    }
    match answer.map(|answer| answer.value) {
        Ok(Ok(mut decoded)) => {
            let remarks = decoded.reply.as_mut().map(reply::admit);
            decoded.remarks.extend(remarks.unwrap_or_default());
            let (reply, confirm) = (decoded.reply.clone(), confirmation(&decoded));
            let received =
                understood(nothing(name, Decoding::Events(Vec::new())), &binding.info, request, decoded);
            DecodedRequest { received, reply, unsupported: false, confirm, took_us }
        }
        Ok(Err(refusal)) => {
            let received = nothing(name, Decoding::Refused(refusal.to_string()));
            without(received, is_unsupported(&refusal), took_us)
        }
        Err(error) => {
            tracing::warn!(source, %receipt, %error, "a request could not be decoded and is kept");
            without(nothing(name, Decoding::Failed(error.to_string())), false, took_us)
        }
    }
}

/// Waits until the plugin of `source` may be called. It is not called when it ran out of time again and again: the
/// error says why, and the request is kept.
async fn turn(binding: &SourceBinding, app: Option<&App>, source: &str) -> Result<Place, String> {
    let Some(app) = app else { return Ok(binding.plugin.place().await) };
    let may = app.suspensions.may(source, binding.plugin.digest(), app.clock.now());
    if let May::Keep(why) = may {
        return Err(why);
    }
    let place = binding.plugin.place().await;
    match app.suspensions.reason(source) {
        Some(why) if may == May::Call => Err(why),
        _ => Ok(place),
    }
}

/// Notes whether the plugin of `source` was in time.
fn observe(app: &App, source: &str, binding: &SourceBinding, error: Option<&CallError>) {
    let plugin = &binding.plugin.info().id;
    if error.is_some_and(|error| error.kind == CallErrorKind::Time) {
        if app.suspensions.late(source, plugin, binding.plugin.digest(), app.clock.now()) {
            tracing::error!(
                source,
                plugin,
                "a plugin runs out of time again and again: requests are kept as dead letters, and it is tried again"
            );
        }
    } else if app.suspensions.answered(source) {
        tracing::info!(source, plugin, "a plugin that ran out of time answers again");
    }
}

fn is_unsupported(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Unsupported(_) => true,
        Refusal::Malformed(_) | Refusal::Missing(_) | Refusal::Invalid { .. } => false,
    }
}
