//! From a step of the road to the spans of a trace.
//!
//! Attributes of HTTP have the names of OpenTelemetry's semantic conventions
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>); those that begin with `tocsin.` are Tocsin's own.
//! Leaves out the words for people that a step has: they may repeat a part of an alert or of a peer's answer.

use axum::http::Method;
use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use tocsin_core::id::ReceiptId;
use tocsin_core::trace::Trace;

use crate::runtime::steps::{AttemptOf, PluginOf, Step, What, attempt_span, received_span};

/// Numbers of incidents that a span has: one request may open a thousand.
const INCIDENTS_MAX: usize = 32;
/// What stands for a method that is none of HTTP's own.
const OTHER: &str = "_OTHER";

/// The spans of a step that belongs to `trace`. `random` gives the ids of spans that no other span refers
/// to.
pub(super) fn of(step: &Step, trace: Trace, mut random: impl FnMut() -> u64) -> Vec<SpanData> {
    let mut id = || random().max(1);
    let span = match &step.what {
        // The answer has all of it.
        What::Received { .. } => return Vec::new(),
        What::Replied { receipt, .. } => return vec![replied(step, trace, *receipt)],
        What::Settled { .. } => return settled(step, trace, id()),
        What::Decoded { receipt, plugin, kind, events, .. } => decoded(id(), *receipt, plugin, kind, *events),
        What::Committed { receipt, incidents, changes, .. } => committed(id(), *receipt, incidents, *changes),
        What::Encoded { attempt, plugin, failure, .. } => called("encode", id(), *attempt, plugin, *failure),
        What::Resumed { attempt, plugin, failure } => called("resume", id(), *attempt, plugin, *failure),
        What::Sent { attempt, span, method, host, bytes, answer, .. } => {
            let attributes = vec![
                text("http.request.method", method.to_string()),
                text("server.address", host.clone()),
                count("http.request.body.size", *bytes),
            ];
            let span = Span::new("send", *span, attempt_span(*attempt)).of(SpanKind::Client);
            answered(span.with(attributes), *answer)
        }
    };
    vec![span.data(step, trace)]
}

fn decoded(id: u64, receipt: ReceiptId, plugin: &PluginOf, kind: &'static str, events: usize) -> Span {
    let attributes = vec![
        text("tocsin.receipt", receipt.to_string()),
        text("tocsin.plugin", plugin.id.clone()),
        text("tocsin.plugin.version", plugin.version.clone()),
        text("tocsin.outcome", kind),
        count("tocsin.events", events),
    ];
    Span::new("decode", id, received_span(receipt)).with(attributes).failed_if(kind == "failed", kind)
}

fn committed(id: u64, receipt: ReceiptId, incidents: &[u64], changes: usize) -> Span {
    let attributes = vec![
        text("tocsin.receipt", receipt.to_string()),
        count("tocsin.effects", changes),
        numbers("tocsin.incidents", incidents),
    ];
    Span::new("commit", id, received_span(receipt)).with(attributes)
}

fn replied(step: &Step, trace: Trace, id: ReceiptId) -> SpanData {
    let What::Replied { source, method, path, bytes, client, parent, status, .. } = &step.what else {
        return Span::new("receive", received_span(id), 0).data(step, trace);
    };
    let mut attributes = vec![
        text("tocsin.source", source.clone()),
        text("tocsin.receipt", id.to_string()),
        text("http.request.method", known(method)),
        text("http.route", "/in/{source}"),
        text("url.path", path.clone()),
        count("http.request.body.size", *bytes),
        KeyValue::new("http.response.status_code", i64::from(*status)),
    ];
    attributes.extend(client.map(|address| text("client.address", address.to_string())));
    let span = Span::new("receive", received_span(id), parent.unwrap_or(0)).of(SpanKind::Server);
    let span = Span { is_parent_remote: parent.is_some(), ..span };
    // A refused request is the sender's fault and no error of the relay.
    span.with(attributes).failed_if(*status >= 500, &status.to_string()).data(step, trace)
}

/// The step that settled a delivery, and the attempt that it ended.
fn settled(step: &Step, trace: Trace, id: u64) -> Vec<SpanData> {
    let What::Settled {
        attempt,
        receipt,
        incident,
        action,
        connection,
        kind,
        is_good,
        commit_us,
        is_recorded,
        ..
    } = &step.what
    else {
        return Vec::new();
    };
    let own = attempt_span(*attempt);
    let settle = Span::new("settle", id, own)
        .with(vec![text("tocsin.delivery", attempt.delivery.to_string()), text("tocsin.outcome", *kind)])
        .failed_if(!is_recorded, "not_recorded");
    let attributes = vec![
        text("tocsin.delivery", attempt.delivery.to_string()),
        KeyValue::new("tocsin.attempt", i64::from(attempt.number)),
        KeyValue::new("tocsin.incident", i64::try_from(*incident).unwrap_or(i64::MAX)),
        text("tocsin.action", action.clone()),
        text("tocsin.connection", connection.clone()),
        text("tocsin.outcome", *kind),
    ];
    let before = attempt.number.checked_sub(1).filter(|number| *number > 0);
    let before = before.map(|number| attempt_span(AttemptOf { number, ..*attempt }));
    let whole = Span::new("attempt", own, receipt.map_or(0, received_span))
        .with(attributes)
        .failed_if(!is_good, kind);
    let whole = Span { link: before, ..whole };
    let settling = Step { took_us: *commit_us, ..step.clone() };
    vec![settle.data(&settling, trace), whole.data(step, trace)]
}

/// A call of a plugin during an attempt.
fn called(
    name: &'static str,
    id: u64,
    attempt: AttemptOf,
    plugin: &PluginOf,
    failure: Option<&'static str>,
) -> Span {
    let attributes =
        vec![text("tocsin.plugin", plugin.id.clone()), text("tocsin.plugin.version", plugin.version.clone())];
    let span = Span::new(name, id, attempt_span(attempt)).with(attributes);
    span.failed_if(failure.is_some(), failure.unwrap_or_default())
}

/// With the peer's answer, or why there is none. To a client, every status from 400 on is an error.
fn answered(mut span: Span, answer: Result<u16, &'static str>) -> Span {
    match answer {
        Ok(status) => {
            span.attributes.push(KeyValue::new("http.response.status_code", i64::from(status)));
            span.failed_if(status >= 400, &status.to_string())
        }
        Err(why) => span.failed_if(true, why),
    }
}

fn text(key: &'static str, value: impl Into<StringValue>) -> KeyValue {
    KeyValue::new(key, Value::String(value.into()))
}

fn count(key: &'static str, value: usize) -> KeyValue {
    KeyValue::new(key, i64::try_from(value).unwrap_or(i64::MAX))
}

fn numbers(key: &'static str, all: &[u64]) -> KeyValue {
    let all = all.iter().take(INCIDENTS_MAX).map(|number| i64::try_from(*number).unwrap_or(i64::MAX));
    KeyValue::new(key, Value::Array(Array::I64(all.collect())))
}

fn known(method: &Method) -> String {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if KNOWN.contains(method) { method.to_string() } else { OTHER.to_owned() }
}

/// A span without its times and its trace.
struct Span {
    name: &'static str,
    kind: SpanKind,
    id: u64,
    /// 0 for a span that begins a trace.
    parent: u64,
    is_parent_remote: bool,
    /// A span of the same trace that this one goes on from.
    link: Option<u64>,
    attributes: Vec<KeyValue>,
    status: Status,
}

impl Span {
    fn new(name: &'static str, id: u64, parent: u64) -> Self {
        Self {
            name,
            kind: SpanKind::Internal,
            id,
            parent,
            is_parent_remote: false,
            link: None,
            attributes: Vec::new(),
            status: Status::Unset,
        }
    }

    fn of(self, kind: SpanKind) -> Self {
        Self { kind, ..self }
    }

    fn with(self, attributes: Vec<KeyValue>) -> Self {
        Self { attributes, ..self }
    }

    /// An error with this `why`, in a word.
    fn failed_if(mut self, is_error: bool, why: &str) -> Self {
        if is_error {
            self.attributes.push(text("error.type", why.to_owned()));
            self.status = Status::error(why.to_owned());
        }
        self
    }

    fn data(self, step: &Step, trace: Trace) -> SpanData {
        let context = |id: u64| {
            let trace = TraceId::from_bytes(trace.to_bytes());
            SpanContext::new(trace, SpanId::from(id), TraceFlags::SAMPLED, false, TraceState::NONE)
        };
        let mut links = SpanLinks::default();
        links.links.extend(self.link.map(|id| Link::with_context(context(id))));
        SpanData {
            span_context: context(self.id),
            parent_span_id: SpanId::from(self.parent),
            parent_span_is_remote: self.is_parent_remote,
            span_kind: self.kind,
            name: self.name.into(),
            start_time: step.began(),
            end_time: step.ended,
            attributes: self.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links,
            status: self.status,
            instrumentation_scope: scope(),
        }
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("tocsin").with_version(env!("CARGO_PKG_VERSION")).build()
}
