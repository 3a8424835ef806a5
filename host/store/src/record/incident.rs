//! Incidents and events on disk. Never read by anything but the conversions here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tocsin_core::event::{Event, Link};
use tocsin_core::incident::Incident;

use super::words::{EventChangeV1, IncidentStateV1, SeverityV1};
use super::{IdV1, Text, TimeV1, optional};

/// Labels, borrowed to be written.
type Labels<'a> = Cow<'a, BTreeMap<String, String>>;

#[derive(Serialize, Deserialize)]
pub(super) struct LinkV1<'a> {
    title: Text<'a>,
    url: Text<'a>,
}

impl<'a> From<&'a Link> for LinkV1<'a> {
    fn from(link: &'a Link) -> Self {
        let Link { title, url } = link;
        Self { title: title.into(), url: url.into() }
    }
}

impl From<LinkV1<'_>> for Link {
    fn from(link: LinkV1<'_>) -> Self {
        Self { title: link.title.into_owned(), url: link.url.into_owned() }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct IncidentV1<'a> {
    id: IdV1,
    number: u64,
    source: Text<'a>,
    key: Text<'a>,
    title: Text<'a>,
    message: Text<'a>,
    severity: SeverityV1,
    state: IncidentStateV1,
    labels: Labels<'a>,
    links: Vec<LinkV1<'a>>,
    count: u64,
    opened_at: TimeV1,
    /// `opened_at` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_since: Option<TimeV1>,
    updated_at: TimeV1,
    acknowledged_at: Option<TimeV1>,
    resolved_at: Option<TimeV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reopened: Vec<TimeV1>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    flapping: bool,
    last_occurred_at: Option<TimeV1>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unmatched: bool,
}

impl<'a> From<&'a Incident> for IncidentV1<'a> {
    fn from(incident: &'a Incident) -> Self {
        // Taken apart, so that a new field does not compile until it is kept.
        let Incident {
            id,
            number,
            source,
            key,
            title,
            message,
            severity,
            state,
            labels,
            links,
            count,
            opened_at,
            open_since,
            updated_at,
            acknowledged_at,
            resolved_at,
            reopened,
            flapping,
            last_occurred_at,
            unmatched,
        } = incident;
        Self {
            id: IdV1(*id),
            number: *number,
            source: source.into(),
            key: key.into(),
            title: title.into(),
            message: message.into(),
            severity: (*severity).into(),
            state: (*state).into(),
            labels: Cow::Borrowed(labels),
            links: links.iter().map(LinkV1::from).collect(),
            count: *count,
            opened_at: (*opened_at).into(),
            open_since: (open_since != opened_at).then_some((*open_since).into()),
            updated_at: (*updated_at).into(),
            acknowledged_at: acknowledged_at.map(TimeV1::from),
            resolved_at: resolved_at.map(TimeV1::from),
            reopened: reopened.iter().copied().map(TimeV1::from).collect(),
            flapping: *flapping,
            last_occurred_at: last_occurred_at.map(TimeV1::from),
            unmatched: *unmatched,
        }
    }
}

impl From<IncidentV1<'_>> for Incident {
    fn from(v1: IncidentV1<'_>) -> Self {
        Self {
            id: v1.id.0,
            number: v1.number,
            source: v1.source.into_owned(),
            key: v1.key.into_owned(),
            title: v1.title.into_owned(),
            message: v1.message.into_owned(),
            severity: v1.severity.into(),
            state: v1.state.into(),
            labels: v1.labels.into_owned(),
            links: v1.links.into_iter().map(Link::from).collect(),
            count: v1.count,
            opened_at: v1.opened_at.into(),
            open_since: v1.open_since.unwrap_or(v1.opened_at).into(),
            updated_at: v1.updated_at.into(),
            acknowledged_at: v1.acknowledged_at.map(Into::into),
            resolved_at: v1.resolved_at.map(Into::into),
            reopened: v1.reopened.into_iter().map(Into::into).collect(),
            flapping: v1.flapping,
            last_occurred_at: v1.last_occurred_at.map(Into::into),
            unmatched: v1.unmatched,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct EventV1<'a> {
    change: EventChangeV1,
    key: Text<'a>,
    aliases: Vec<Text<'a>>,
    title: Text<'a>,
    message: Text<'a>,
    severity: Option<SeverityV1>,
    labels: Labels<'a>,
    links: Vec<LinkV1<'a>>,
    actor: Option<Text<'a>>,
    occurred_at: Option<TimeV1>,
}

impl<'a> From<&'a Event> for EventV1<'a> {
    fn from(event: &'a Event) -> Self {
        let Event { change, key, aliases, title, message, severity, labels, links, actor, occurred_at } =
            event;
        Self {
            change: (*change).into(),
            key: key.into(),
            aliases: aliases.iter().map(Text::from).collect(),
            title: title.into(),
            message: message.into(),
            severity: severity.map(SeverityV1::from),
            labels: Cow::Borrowed(labels),
            links: links.iter().map(LinkV1::from).collect(),
            actor: optional(actor.as_ref()),
            occurred_at: occurred_at.map(TimeV1::from),
        }
    }
}

impl From<EventV1<'_>> for Event {
    fn from(v1: EventV1<'_>) -> Self {
        Self {
            change: v1.change.into(),
            key: v1.key.into_owned(),
            aliases: v1.aliases.into_iter().map(Text::into_owned).collect(),
            title: v1.title.into_owned(),
            message: v1.message.into_owned(),
            severity: v1.severity.map(Into::into),
            labels: v1.labels.into_owned(),
            links: v1.links.into_iter().map(Link::from).collect(),
            actor: v1.actor.map(Text::into_owned),
            occurred_at: v1.occurred_at.map(Into::into),
        }
    }
}
