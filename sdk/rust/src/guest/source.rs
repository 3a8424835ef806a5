//! A source's request, events and refusals, between this crate's types and the generated ones.
//!
//! Never adds or leaves out a field.

use super::shared::{headers_in, labels_out, parameters_in, settings};
use super::{Exported, types};
use bindings::exports::tocsin::plugin::source_decoder as wit;

/// Bindings of a world that exports this interface alone; an exported plugin is the union of such worlds.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        inline: "package tocsin:sdk; world decodes { export tocsin:plugin/source-decoder@0.2.0; }",
        world: "tocsin:sdk/decodes",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_source",
        with: { "tocsin:plugin/types@0.2.0": crate::guest::description::bindings::tocsin::plugin::types },
    });
}

impl<T: crate::Source, Kind> wit::Guest for Exported<T, Kind> {
    fn decode(request: wit::Request, given: Vec<types::Setting>) -> Result<wit::Decoded, wit::Refusal> {
        let fields = <T::Settings as crate::Settings>::from_settings(&settings(given))
            .map_err(|error| refusal(crate::Refusal::invalid(error.key, error.problem)))?;
        T::decode(&request_in(request), &fields).map(|found| decoded(found.within_bounds())).map_err(refusal)
    }
}

fn request_in(request: wit::Request) -> crate::Request {
    crate::Request {
        method: request.method,
        path: request.path,
        query: parameters_in(request.query),
        headers: headers_in(request.headers),
        body: request.body,
        received_at: crate::Timestamp::from_micros(request.received_at),
    }
}

fn decoded(decoded: crate::Decoded) -> wit::Decoded {
    let header = |h: crate::Header| types::Header { name: h.name, value: h.value };
    wit::Decoded {
        events: decoded.events.into_iter().map(event).collect(),
        rejected: decoded
            .rejected
            .into_iter()
            .map(|found| wit::Rejection { place: found.place, reason: found.reason })
            .collect(),
        remarks: decoded.remarks,
        delivery_id: decoded.delivery_id,
        reply: decoded.reply.map(|reply| wit::Reply {
            status: reply.status,
            headers: reply.headers.into_iter().map(header).collect(),
            body: reply.body,
        }),
        ignored: decoded.ignored,
        confirm: decoded.confirm,
        extra: Vec::new(),
    }
}

fn event(event: crate::Event) -> wit::Event {
    let link = |l: crate::Link| types::Link { title: l.title, url: l.url };
    wit::Event {
        change: match event.change {
            crate::Change::Trigger => wit::Change::Trigger,
            crate::Change::Acknowledge => wit::Change::Acknowledge,
            crate::Change::Resolve => wit::Change::Resolve,
            crate::Change::Note => wit::Change::Note,
        },
        key: event.key,
        aliases: event.aliases,
        title: event.title,
        message: event.message,
        severity: event.severity.map(|severity| match severity {
            crate::Severity::Critical => types::Severity::Critical,
            crate::Severity::High => types::Severity::High,
            crate::Severity::Medium => types::Severity::Medium,
            crate::Severity::Low => types::Severity::Low,
            crate::Severity::Info => types::Severity::Info,
        }),
        labels: labels_out(event.labels),
        links: event.links.into_iter().map(link).collect(),
        actor: event.actor,
        occurred_at: event.occurred_at.map(crate::Timestamp::as_micros),
        extra: Vec::new(),
    }
}

fn refusal(refusal: crate::Refusal) -> wit::Refusal {
    match refusal {
        crate::Refusal::Unsupported(why) => wit::Refusal::Unsupported(why),
        crate::Refusal::Malformed(why) => wit::Refusal::Malformed(why),
        crate::Refusal::Missing(field) => wit::Refusal::Missing(field),
        crate::Refusal::Invalid { field, problem } => {
            wit::Refusal::Invalid(wit::InvalidField { field, problem })
        }
    }
}
