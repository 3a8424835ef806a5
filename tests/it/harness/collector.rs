//! What a collector of traces got: a receiver's requests, read as OTLP.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{Span as Written, span, status};
use prost::Message;
use serde_json::Value;

use super::Recorded;

/// A span, as the collector got it.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) name: String,
    /// 32 digits.
    pub(crate) trace: String,
    /// 16 digits.
    pub(crate) id: String,
    /// 16 digits, or none.
    pub(crate) parent: String,
    pub(crate) kind: span::SpanKind,
    pub(crate) is_error: bool,
    /// The ids of the spans that it goes on from, all of its own trace.
    pub(crate) links: Vec<String>,
    attributes: BTreeMap<String, Value>,
    /// What the collector shows as the service.
    pub(crate) resource: BTreeMap<String, Value>,
}

/// The spans in these requests, in their order.
pub(crate) fn spans(requests: &[Recorded]) -> Vec<Span> {
    let mut found = Vec::new();
    for request in requests {
        let read = ExportTraceServiceRequest::decode(request.protobuf.as_slice()).expect("it is OTLP");
        for part in read.resource_spans {
            let resource = attributes(part.resource.expect("a resource").attributes);
            let spans = part.scope_spans.into_iter().flat_map(|scope| scope.spans);
            found.extend(spans.map(|span| Span::of(span, resource.clone())));
        }
    }
    found
}

impl Span {
    fn of(span: Written, resource: BTreeMap<String, Value>) -> Self {
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
        let links = span.links.iter().map(|link| {
            assert_eq!(link.trace_id, span.trace_id, "{span:?}");
            digits(&link.span_id)
        });
        Self {
            links: links.collect(),
            trace: digits(&span.trace_id),
            id: digits(&span.span_id),
            parent: digits(&span.parent_span_id),
            kind: span.kind(),
            is_error: span.status.is_some_and(|status| status.code() == status::StatusCode::Error),
            name: span.name,
            attributes: attributes(span.attributes),
            resource,
        }
    }

    /// An attribute; null if it has none of this name.
    pub(crate) fn attribute(&self, name: &str) -> Value {
        self.attributes.get(name).cloned().unwrap_or_default()
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attributes(all: Vec<KeyValue>) -> BTreeMap<String, Value> {
    all.into_iter().map(|one| (one.key, value(one.value))).collect()
}

fn value(any: Option<AnyValue>) -> Value {
    match any.and_then(|any| any.value) {
        Some(Any::StringValue(text)) => text.into(),
        Some(Any::IntValue(number)) => number.into(),
        Some(Any::ArrayValue(list)) => list.values.into_iter().map(|one| value(Some(one))).collect(),
        other => unreachable!("no attribute has such a value: {other:?}"),
    }
}
