//! What plugins answer, in the core's words.
//!
//! Never cuts or refuses anything; every value has a counterpart, but for what is in `extra`: nothing is known yet that
//! a plugin could say there.

use tocsin_core::delivery::Reference;
use tocsin_core::event::{Event, EventChange, Link, Severity};
use tocsin_core::plugin as core;
use tocsin_core::settings::{Choice, Field, FieldKind};
use tocsin_core::time::Timestamp;

use super::v0_2::{
    action_encoder as action, connection_prober, description, source_decoder as source, types,
};

fn pair(header: types::Header) -> core::Pair {
    core::Pair { name: header.name, value: header.value }
}

fn pairs(headers: Vec<types::Header>) -> Vec<core::Pair> {
    headers.into_iter().map(pair).collect()
}

impl From<types::Severity> for Severity {
    fn from(severity: types::Severity) -> Self {
        match severity {
            types::Severity::Critical => Self::Critical,
            types::Severity::High => Self::High,
            types::Severity::Medium => Self::Medium,
            types::Severity::Low => Self::Low,
            types::Severity::Info => Self::Info,
        }
    }
}

impl From<types::Signature> for core::Signature {
    fn from(signature: types::Signature) -> Self {
        match signature {
            types::Signature::BodyHmac(hmac) => Self::BodyHmac {
                header: hmac.header,
                prefix: hmac.prefix,
                digest: match hmac.digest {
                    types::Digest::Sha1 => core::Digest::Sha1,
                    types::Digest::Sha256 => core::Digest::Sha256,
                    types::Digest::Sha512 => core::Digest::Sha512,
                },
                encoding: match hmac.encoding {
                    types::Encoding::Hex => core::Encoding::Hex,
                    types::Encoding::Base64 => core::Encoding::Base64,
                },
            },
            types::Signature::StandardWebhooks => Self::StandardWebhooks,
        }
    }
}

impl From<description::Field> for Field {
    fn from(field: description::Field) -> Self {
        use description::FieldKind as Kind;
        let kind = match field.kind {
            Kind::Text => FieldKind::Text,
            Kind::Multiline => FieldKind::Multiline,
            Kind::Template => FieldKind::Template,
            Kind::JsonTemplate => FieldKind::JsonTemplate,
            Kind::Expression => FieldKind::Expression,
            Kind::Integer => FieldKind::Integer,
            Kind::Boolean => FieldKind::Boolean,
            Kind::Choice(choices) => FieldKind::Choice(
                choices
                    .into_iter()
                    .map(|choice| Choice { value: choice.value, label: choice.label })
                    .collect(),
            ),
            Kind::Color => FieldKind::Color,
            Kind::Url => FieldKind::Url,
            Kind::Duration => FieldKind::Duration,
            Kind::Texts => FieldKind::Texts,
            Kind::Secret => FieldKind::Secret,
            Kind::Path => FieldKind::Path,
        };
        Self {
            key: field.key,
            label: field.label,
            help: field.help,
            kind,
            required: field.required,
            default: field.default,
        }
    }
}

fn fields(fields: Vec<description::Field>) -> Vec<Field> {
    fields.into_iter().map(Field::from).collect()
}

impl From<description::SourceInfo> for core::SourceInfo {
    fn from(info: description::SourceInfo) -> Self {
        Self {
            fields: fields(info.fields),
            signatures: info.signatures.into_iter().map(core::Signature::from).collect(),
            methods: info.methods,
            replays: match info.replays {
                description::Replays::ByDeliveryId => core::Replays::ByDeliveryId,
                description::Replays::ByBody => core::Replays::ByBody,
            },
            body_limit: info.body_limit,
            confirm_hosts: info.confirm_hosts,
            example: info.example.map(|example| core::Example {
                method: example.method,
                query: example.query,
                content_type: example.content_type,
                body: example.body,
            }),
        }
    }
}

impl From<description::ActionInfo> for core::ActionInfo {
    fn from(info: description::ActionInfo) -> Self {
        Self {
            connection: fields(info.connection),
            fields: fields(info.fields),
            hosts: info.hosts,
            rate: info.rate.map(|rate| core::Rate { requests: rate.requests, per_ms: rate.per_ms }),
            records: info.records,
        }
    }
}

impl From<description::PluginInfo> for core::PluginInfo {
    fn from(info: description::PluginInfo) -> Self {
        Self {
            id: info.id,
            name: info.name,
            summary: info.summary,
            version: info.version,
            documentation: info.documentation,
            source: info.source.map(core::SourceInfo::from),
            action: info.action.map(core::ActionInfo::from),
        }
    }
}

impl From<source::Event> for Event {
    fn from(event: source::Event) -> Self {
        Self {
            change: match event.change {
                source::Change::Trigger => EventChange::Trigger,
                source::Change::Acknowledge => EventChange::Acknowledge,
                source::Change::Resolve => EventChange::Resolve,
                source::Change::Note => EventChange::Note,
            },
            key: event.key,
            aliases: event.aliases,
            title: event.title,
            message: event.message,
            severity: event.severity.map(Severity::from),
            labels: event.labels.into_iter().map(|label| (label.key, label.value)).collect(),
            links: event.links.into_iter().map(|link| Link { title: link.title, url: link.url }).collect(),
            actor: event.actor,
            occurred_at: event.occurred_at.map(Timestamp::from_micros),
        }
    }
}

impl From<source::Decoded> for core::Decoded {
    fn from(decoded: source::Decoded) -> Self {
        Self {
            events: decoded.events.into_iter().map(Event::from).collect(),
            rejected: decoded
                .rejected
                .into_iter()
                .map(|found| core::RejectedElement { place: found.place, reason: found.reason })
                .collect(),
            remarks: decoded.remarks,
            delivery_id: decoded.delivery_id,
            reply: decoded.reply.map(|reply| core::Reply {
                status: reply.status,
                headers: pairs(reply.headers),
                body: reply.body,
            }),
            ignored: decoded.ignored,
            confirm: decoded.confirm,
        }
    }
}

impl From<source::Refusal> for core::Refusal {
    fn from(refusal: source::Refusal) -> Self {
        match refusal {
            source::Refusal::Unsupported(reason) => Self::Unsupported(reason),
            source::Refusal::Malformed(reason) => Self::Malformed(reason),
            source::Refusal::Missing(field) => Self::Missing(field),
            source::Refusal::Invalid(invalid) => {
                Self::Invalid { field: invalid.field, problem: invalid.problem }
            }
        }
    }
}

impl From<types::Part> for core::Part {
    fn from(part: types::Part) -> Self {
        match part {
            types::Part::Bytes(bytes) => Self::Bytes(bytes),
            types::Part::Secret(secret) => Self::Secret {
                name: secret.name,
                encoding: match secret.encoding {
                    types::SecretEncoding::Raw => core::SecretEncoding::Raw,
                    types::SecretEncoding::Json => core::SecretEncoding::Json,
                    types::SecretEncoding::Form => core::SecretEncoding::Form,
                },
            },
            types::Part::Credentials(given) => {
                Self::Credentials { user: given.user, password: given.password }
            }
        }
    }
}

fn parts(parts: Vec<types::Part>) -> Vec<core::Part> {
    parts.into_iter().map(core::Part::from).collect()
}

impl From<types::Request> for core::ActionRequest {
    fn from(request: types::Request) -> Self {
        Self {
            method: request.method,
            path: request.path,
            query: request
                .query
                .into_iter()
                .map(|parameter| core::Pair { name: parameter.name, value: parameter.value })
                .collect(),
            headers: request.headers.into_iter().map(|line| (line.name, parts(line.value))).collect(),
            content_type: request.content_type,
            body: parts(request.body),
            signing: request
                .signing
                .into_iter()
                .map(|signing| core::Signing { secret: signing.secret, signature: signing.signature.into() })
                .collect(),
        }
    }
}

impl From<action::Step> for core::Step {
    fn from(step: action::Step) -> Self {
        match step {
            action::Step::Send(exchange) => {
                Self::Send { request: exchange.request.into(), state: exchange.state }
            }
            action::Step::Delivered(receipt) => Self::Delivered(core::Receipt {
                certainty: match receipt.certainty {
                    action::Certainty::Delivered => core::Certainty::Delivered,
                    action::Certainty::Accepted => core::Certainty::Accepted,
                },
                summary: receipt.summary,
                references: receipt
                    .references
                    .into_iter()
                    .map(|given| Reference { key: given.key, value: given.value, url: given.url })
                    .collect(),
                updates: receipt.updates.into_iter().map(|label| (label.key, label.value)).collect(),
            }),
            action::Step::Skipped(reason) => Self::Skipped(reason),
        }
    }
}

impl From<types::Failure> for core::Failure {
    fn from(failure: types::Failure) -> Self {
        match failure {
            types::Failure::Retry(later) => Self::Retry { reason: later.reason, after_ms: later.after_ms },
            types::Failure::Rejected(reason) => Self::Rejected(reason),
            types::Failure::Misconfigured(reason) => Self::Misconfigured(reason),
        }
    }
}

impl From<connection_prober::Probe> for core::Probe {
    fn from(probe: connection_prober::Probe) -> Self {
        let place = match probe.place {
            connection_prober::Place::End => core::Place::End,
            connection_prober::Place::After(part) => core::Place::After(part),
            connection_prober::Place::Root => core::Place::Root,
        };
        Self { request: probe.request.into(), place }
    }
}
