//! What plugins are asked, in the plugin API's words. Requests are moved, not copied: they may be large.
//!
//! Never leaves anything out.

use std::collections::BTreeMap;

use tocsin_core::delivery::{Change, Reference};
use tocsin_core::event::{Link, Severity};
use tocsin_core::incident::{Incident, IncidentState};
use tocsin_core::plugin as core;
use tocsin_core::time::Timestamp;

use super::v0_2::{action_encoder as action, source_decoder as source, types};

fn headers(pairs: Vec<core::Pair>) -> Vec<types::Header> {
    pairs.into_iter().map(|pair| types::Header { name: pair.name, value: pair.value }).collect()
}

fn labels(labels: BTreeMap<String, String>) -> Vec<types::Label> {
    labels.into_iter().map(|(key, value)| types::Label { key, value }).collect()
}

fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::micros)
}

/// The settings as a plugin gets them.
pub(crate) fn settings(settings: &[core::Setting]) -> Vec<types::Setting> {
    settings.iter().cloned().map(types::Setting::from).collect()
}

impl From<core::Setting> for types::Setting {
    fn from(setting: core::Setting) -> Self {
        let value = match setting.value {
            core::Value::Text(text) => types::Value::Text(text),
            core::Value::Integer(number) => types::Value::Integer(number),
            core::Value::Boolean(yes) => types::Value::Boolean(yes),
            core::Value::Texts(texts) => types::Value::Texts(texts),
            core::Value::Document(core::Document { text, fixed }) => {
                types::Value::Document(types::Document { text, fixed })
            }
        };
        Self { key: setting.key, value }
    }
}

impl From<Severity> for types::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::High => Self::High,
            Severity::Medium => Self::Medium,
            Severity::Low => Self::Low,
            Severity::Info => Self::Info,
        }
    }
}

impl From<core::SourceRequest> for source::Request {
    fn from(request: core::SourceRequest) -> Self {
        Self {
            method: request.method,
            path: request.path,
            query: request
                .query
                .into_iter()
                .map(|pair| types::Parameter { name: pair.name, value: pair.value })
                .collect(),
            headers: headers(request.headers),
            body: request.body,
            received_at: request.received_at.micros(),
            extra: Vec::new(),
        }
    }
}

impl From<Link> for types::Link {
    fn from(link: Link) -> Self {
        Self { title: link.title, url: link.url }
    }
}

impl From<Incident> for action::Incident {
    fn from(incident: Incident) -> Self {
        let (state, acknowledged_at, resolved_at) =
            (incident.state(), incident.acknowledged_at(), incident.resolved_at());
        Self {
            id: incident.id.to_string(),
            number: incident.number,
            source: incident.source.to_string(),
            key: incident.key,
            title: incident.title,
            message: incident.message,
            severity: incident.severity.into(),
            state: match state {
                IncidentState::Open => action::State::Open,
                IncidentState::Acknowledged => action::State::Acknowledged,
                IncidentState::Resolved => action::State::Resolved,
            },
            labels: labels(incident.labels),
            links: incident.links.into_iter().map(types::Link::from).collect(),
            count: incident.count,
            opened_at: incident.opened_at.micros(),
            open_since: incident.open_since.micros(),
            updated_at: incident.updated_at.micros(),
            acknowledged_at: micros(acknowledged_at),
            resolved_at: micros(resolved_at),
            extra: Vec::new(),
        }
    }
}

impl From<Change> for action::Change {
    fn from(change: Change) -> Self {
        Self {
            kind: change.kind.as_str().to_owned(),
            at: change.at.micros(),
            actor: change.actor,
            text: change.text.to_string(),
            changed: change.changed,
            before: change.before.into_iter().map(|(key, value)| types::Label { key, value }).collect(),
            extra: Vec::new(),
        }
    }
}

impl From<Reference> for types::Reference {
    fn from(reference: Reference) -> Self {
        Self { key: reference.key, value: reference.value, url: reference.url }
    }
}

impl From<core::Context> for action::Context {
    fn from(context: core::Context) -> Self {
        Self {
            incident: context.incident.into(),
            change: context.change.into(),
            attempt: context.attempt,
            delivery_id: context.delivery_id,
            test: context.test,
            now: context.now.micros(),
            owed_since: context.owed_since.micros(),
            zone: action::Zone {
                id: context.zone.id,
                name: context.zone.name,
                offset_minutes: context.zone.offset_minutes,
            },
            language: context.language,
            action: context.action.to_string(),
            references: context.references.into_iter().map(types::Reference::from).collect(),
            settings: context.settings.into_iter().map(types::Setting::from).collect(),
            connection: context.connection.into_iter().map(types::Setting::from).collect(),
            host: context.host,
            urls: context
                .urls
                .into_iter()
                .map(|link| types::Label { key: link.title, value: link.url })
                .collect(),
            extra: Vec::new(),
        }
    }
}

impl From<core::Response> for types::Response {
    fn from(response: core::Response) -> Self {
        let (status, headers) = (response.status, headers(response.headers));
        Self { status, headers, body: response.body, extra: Vec::new() }
    }
}
