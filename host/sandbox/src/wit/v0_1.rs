//! Version 0.1 of the plugin API, in terms of the present one: the one place that knows what is different.
//!
//! Types that both versions have are the same Rust types. What 0.1 has no words for is left out on the way to a plugin,
//! and what it does not say comes back empty.

use super::v0_2;

/// The types that sources and actions share.
#[expect(unreachable_pub, reason = "the generated code names it from within")]
pub mod types {
    use wasmtime::component::{ComponentType, Lift, Lower};

    pub(crate) use super::v0_2::types::{
        Failure, Header, Label, Link, Parameter, Request, Setting, Severity, Signature, Timestamp,
    };
    // What the generated world names; there is no function to be linked.
    pub(crate) use super::v0_2::types::{Host, HostWithStore, add_to_linker};

    /// A peer's answer.
    #[derive(Clone, Debug, ComponentType, Lift, Lower)]
    #[component(record)]
    pub(crate) struct Response {
        pub(crate) status: u16,
        pub(crate) headers: Vec<Header>,
        pub(crate) body: Vec<u8>,
    }
}

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/frozen/0.1.0",
        inline: "
            package tocsin:host;
            world plugins {
                export tocsin:plugin/description@0.1.0;
                export tocsin:plugin/source-decoder@0.1.0;
                export tocsin:plugin/action-encoder@0.1.0;
                export tocsin:plugin/settings-checker@0.1.0;
                export tocsin:plugin/action-checker@0.1.0;
                export tocsin:plugin/connection-prober@0.1.0;
            }
        ",
        world: "tocsin:host/plugins",
        exports: { default: async },
        with: { "tocsin:plugin/types@0.1.0": super::types },
    });
}

pub(crate) use bindings::exports::tocsin::plugin::{
    action_checker, action_encoder, connection_prober, description, settings_checker, source_decoder,
};

use action_encoder as action;
use source_decoder as source;

impl From<description::Field> for v0_2::description::Field {
    fn from(field: description::Field) -> Self {
        use description::FieldKind as From;
        use v0_2::description::{Choice, FieldKind as To};
        let choice = |choice: description::Choice| Choice { value: choice.value, label: choice.label };
        let kind = match field.kind {
            From::Text => To::Text,
            From::Multiline => To::Multiline,
            From::Template => To::Template,
            From::JsonTemplate => To::JsonTemplate,
            From::Expression => To::Expression,
            From::Integer => To::Integer,
            From::Boolean => To::Boolean,
            From::Choice(choices) => To::Choice(choices.into_iter().map(choice).collect()),
            From::Color => To::Color,
            From::Url => To::Url,
            From::Duration => To::Duration,
            From::Texts => To::Texts,
            From::Secret => To::Secret,
            From::Path => To::Path,
        };
        let description::Field { key, label, help, required, default, .. } = field;
        Self { key, label, help, kind, required, default, extra: Vec::new() }
    }
}

fn fields(fields: Vec<description::Field>) -> Vec<v0_2::description::Field> {
    fields.into_iter().map(v0_2::description::Field::from).collect()
}

impl From<description::SourceInfo> for v0_2::description::SourceInfo {
    fn from(info: description::SourceInfo) -> Self {
        Self {
            fields: fields(info.fields),
            signatures: info.signatures,
            methods: info.methods,
            replays: match info.replays {
                description::Replays::ByDeliveryId => v0_2::description::Replays::ByDeliveryId,
                description::Replays::ByBody => v0_2::description::Replays::ByBody,
            },
            body_limit: info.body_limit,
            confirm_hosts: info.confirm_hosts,
            example: info.example.map(|example| v0_2::description::Example {
                method: example.method,
                query: example.query,
                content_type: example.content_type,
                body: example.body,
            }),
            extra: Vec::new(),
        }
    }
}

impl From<description::ActionInfo> for v0_2::description::ActionInfo {
    fn from(info: description::ActionInfo) -> Self {
        Self {
            connection: fields(info.connection),
            fields: fields(info.fields),
            hosts: info.hosts,
            rate: info
                .rate
                .map(|rate| v0_2::description::Rate { requests: rate.requests, per_ms: rate.per_ms }),
            records: info.records,
            extra: Vec::new(),
        }
    }
}

impl From<description::PluginInfo> for v0_2::description::PluginInfo {
    fn from(info: description::PluginInfo) -> Self {
        Self {
            id: info.id,
            name: info.name,
            summary: info.summary,
            version: info.version,
            documentation: info.documentation,
            source: info.source.map(v0_2::description::SourceInfo::from),
            action: info.action.map(v0_2::description::ActionInfo::from),
            extra: Vec::new(),
        }
    }
}

impl From<v0_2::source_decoder::Request> for source::Request {
    fn from(request: v0_2::source_decoder::Request) -> Self {
        let v0_2::source_decoder::Request { method, path, query, headers, body, received_at, extra: _ } =
            request;
        Self { method, path, query, headers, body, received_at }
    }
}

impl From<source::Event> for v0_2::source_decoder::Event {
    fn from(event: source::Event) -> Self {
        use source::Change as From;
        use v0_2::source_decoder::Change as To;
        let change = match event.change {
            From::Trigger => To::Trigger,
            From::Acknowledge => To::Acknowledge,
            From::Resolve => To::Resolve,
            From::Note => To::Note,
        };
        let source::Event {
            key, aliases, title, message, severity, labels, links, actor, occurred_at, ..
        } = event;
        let extra = Vec::new();
        Self { change, key, aliases, title, message, severity, labels, links, actor, occurred_at, extra }
    }
}

impl From<source::Decoded> for v0_2::source_decoder::Decoded {
    fn from(decoded: source::Decoded) -> Self {
        let rejection = |found: source::Rejection| v0_2::source_decoder::Rejection {
            place: found.place,
            reason: found.reason,
        };
        Self {
            events: decoded.events.into_iter().map(v0_2::source_decoder::Event::from).collect(),
            rejected: decoded.rejected.into_iter().map(rejection).collect(),
            remarks: decoded.remarks,
            delivery_id: decoded.delivery_id,
            reply: decoded.reply.map(|reply| v0_2::source_decoder::Reply {
                status: reply.status,
                headers: reply.headers,
                body: reply.body,
            }),
            ignored: decoded.ignored,
            confirm: decoded.confirm,
            extra: Vec::new(),
        }
    }
}

impl From<source::Refusal> for v0_2::source_decoder::Refusal {
    fn from(refusal: source::Refusal) -> Self {
        match refusal {
            source::Refusal::Unsupported(reason) => Self::Unsupported(reason),
            source::Refusal::Malformed(reason) => Self::Malformed(reason),
            source::Refusal::Missing(field) => Self::Missing(field),
            source::Refusal::Invalid(source::InvalidField { field, problem }) => {
                Self::Invalid(v0_2::source_decoder::InvalidField { field, problem })
            }
        }
    }
}

impl From<v0_2::action_encoder::Incident> for action::Incident {
    fn from(incident: v0_2::action_encoder::Incident) -> Self {
        use v0_2::action_encoder::State as From;
        Self {
            id: incident.id,
            number: incident.number,
            source: incident.source,
            key: incident.key,
            title: incident.title,
            message: incident.message,
            severity: incident.severity,
            state: match incident.state {
                From::Open => action::State::Open,
                From::Acknowledged => action::State::Acknowledged,
                From::Resolved => action::State::Resolved,
            },
            labels: incident.labels,
            links: incident.links,
            count: incident.count,
            opened_at: incident.opened_at,
            open_since: incident.open_since,
            updated_at: incident.updated_at,
            acknowledged_at: incident.acknowledged_at,
            resolved_at: incident.resolved_at,
            extra: incident.extra,
        }
    }
}

/// What happened, for a plugin whose list of changes cannot grow: a word that it has not is `updated` to it.
fn kind(word: &str) -> action::ChangeKind {
    use action::ChangeKind as To;
    match word {
        "opened" => To::Opened,
        "acknowledged" => To::Acknowledged,
        "unacknowledged" => To::Unacknowledged,
        "resolved" => To::Resolved,
        "reopened" => To::Reopened,
        "noted" => To::Noted,
        "repeated" => To::Repeated,
        "flapping" => To::Flapping,
        "steady" => To::Steady,
        "referenced" => To::Referenced,
        _ => To::Updated,
    }
}

impl From<v0_2::action_encoder::Change> for action::Change {
    fn from(change: v0_2::action_encoder::Change) -> Self {
        let v0_2::action_encoder::Change { kind: word, at, actor, text, changed, before, extra: _ } = change;
        Self { kind: kind(&word), at, actor, text, changed, before }
    }
}

impl From<v0_2::types::Reference> for action::Reference {
    fn from(reference: v0_2::types::Reference) -> Self {
        Self { key: reference.key, value: reference.value, url: reference.url }
    }
}

impl From<action::Reference> for v0_2::types::Reference {
    fn from(reference: action::Reference) -> Self {
        Self { key: reference.key, value: reference.value, url: reference.url }
    }
}

impl From<v0_2::action_encoder::Context> for action::Context {
    fn from(context: v0_2::action_encoder::Context) -> Self {
        Self {
            incident: context.incident.into(),
            change: context.change.into(),
            attempt: context.attempt,
            delivery_id: context.delivery_id,
            test: context.test,
            now: context.now,
            owed_since: context.owed_since,
            zone: action::Zone { name: context.zone.name, offset_minutes: context.zone.offset_minutes },
            action: context.action,
            references: context.references.into_iter().map(action::Reference::from).collect(),
            settings: context.settings,
            connection: context.connection,
            host: context.host,
            urls: context.urls,
        }
    }
}

impl From<v0_2::types::Response> for types::Response {
    fn from(response: v0_2::types::Response) -> Self {
        Self { status: response.status, headers: response.headers, body: response.body }
    }
}

impl From<action::Step> for v0_2::action_encoder::Step {
    fn from(step: action::Step) -> Self {
        use v0_2::action_encoder::{Certainty, Exchange, Receipt};
        match step {
            action::Step::Send(action::Exchange { request, state }) => {
                Self::Send(Exchange { request, state })
            }
            action::Step::Delivered(receipt) => Self::Delivered(Receipt {
                certainty: match receipt.certainty {
                    action::Certainty::Delivered => Certainty::Delivered,
                    action::Certainty::Accepted => Certainty::Accepted,
                },
                summary: receipt.summary,
                references: receipt.references.into_iter().map(v0_2::types::Reference::from).collect(),
                updates: receipt.updates,
                extra: Vec::new(),
            }),
            action::Step::Skipped(reason) => Self::Skipped(reason),
        }
    }
}

impl From<settings_checker::Problem> for v0_2::types::Problem {
    fn from(found: settings_checker::Problem) -> Self {
        Self { field: found.field, problem: found.problem }
    }
}

impl From<action_checker::Problem> for v0_2::types::Problem {
    fn from(found: action_checker::Problem) -> Self {
        Self { field: found.field, problem: found.problem }
    }
}

impl From<connection_prober::Probe> for v0_2::connection_prober::Probe {
    fn from(probe: connection_prober::Probe) -> Self {
        use v0_2::connection_prober::Place;
        let place = if probe.after.is_empty() { Place::End } else { Place::After(probe.after) };
        Self { request: probe.request, place }
    }
}

#[cfg(test)]
mod tests {
    use tocsin_core::delivery::ChangeKind;

    use super::*;

    #[test]
    fn a_change_that_0_1_has_a_word_for_keeps_it_and_any_other_is_an_update() {
        for word in ChangeKind::ALL.map(ChangeKind::as_str) {
            let kept = format!("{:?}", kind(word)).to_lowercase();
            assert!(kept.ends_with(word), "{word}: {kept}");
        }
        assert_eq!(kind("escalated"), action::ChangeKind::Updated);
    }
}
