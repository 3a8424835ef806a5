//! Deliveries on disk, in two records: the head, rewritten with each attempt, and the content, written once.
//! Also what peers call incidents.

use serde::{Deserialize, Serialize};
use tocsin_core::delivery::{Attempt, Change, Delivery, DeliveryState, Reference};
use tocsin_core::id::Id;
use tocsin_core::incident::Incident;
use tocsin_core::time::Timestamp;

use super::incident::IncidentV1;
use super::words::{ChangeKindV1, DeliveryStateV1};
use super::{IdV1, Problem, Text, TimeV1, optional, read_v1, write_v1};

/// The references of one incident and connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct References(pub(crate) Vec<Reference>);

#[derive(Serialize, Deserialize)]
pub(super) struct ReferenceV1<'a> {
    key: Text<'a>,
    value: Text<'a>,
    url: Option<Text<'a>>,
}

impl<'a> From<&'a Reference> for ReferenceV1<'a> {
    fn from(reference: &'a Reference) -> Self {
        let Reference { key, value, url } = reference;
        Self { key: key.into(), value: value.into(), url: optional(url.as_ref()) }
    }
}

impl From<ReferenceV1<'_>> for Reference {
    fn from(v1: ReferenceV1<'_>) -> Self {
        Self { key: v1.key.into_owned(), value: v1.value.into_owned(), url: v1.url.map(Text::into_owned) }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ReferencesV1<'a>(Vec<ReferenceV1<'a>>);

impl<'a> From<&'a References> for ReferencesV1<'a> {
    fn from(references: &'a References) -> Self {
        Self(references.0.iter().map(ReferenceV1::from).collect())
    }
}

impl From<ReferencesV1<'_>> for References {
    fn from(v1: ReferencesV1<'_>) -> Self {
        Self(v1.0.into_iter().map(Reference::from).collect())
    }
}

/// The part of a delivery that its attempts change, and what lists are filtered by.
#[derive(Serialize, Deserialize)]
pub(crate) struct HeadV1<'a> {
    id: IdV1,
    pub(crate) action: Text<'a>,
    pub(crate) connection: Text<'a>,
    /// The source of the incident.
    pub(crate) source: Text<'a>,
    test: bool,
    state: DeliveryStateV1,
    attempts: u32,
    next_at: TimeV1,
    owed_since: TimeV1,
    log: Vec<AttemptV1<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ContentV1<'a> {
    incident: IncidentV1<'a>,
    change: ChangeV1<'a>,
}

impl HeadV1<'_> {
    /// Whose head it is.
    pub(crate) fn id(&self) -> Id {
        self.id.0
    }

    /// When it is due.
    pub(crate) fn next_at(&self) -> Timestamp {
        self.next_at.into()
    }

    /// Where the delivery is.
    pub(crate) fn state(&self) -> DeliveryState {
        self.state.into()
    }
}

/// Appends the head of `delivery` to `out`.
pub(crate) fn write_head(delivery: &Delivery, out: &mut Vec<u8>) -> Result<(), Problem> {
    // `incident`, but for its source, and `change` are the content's.
    let Delivery {
        id,
        action,
        connection,
        test,
        incident,
        change: _,
        state,
        attempts,
        next_at,
        owed_since,
        log,
    } = delivery;
    let head = HeadV1 {
        id: IdV1(*id),
        action: action.into(),
        connection: connection.into(),
        source: (&incident.source).into(),
        test: *test,
        state: (*state).into(),
        attempts: *attempts,
        next_at: (*next_at).into(),
        owed_since: (*owed_since).into(),
        log: log.iter().map(AttemptV1::from).collect(),
    };
    write_v1(out, &head)
}

/// Appends the content of `delivery` to `out`.
pub(crate) fn write_content(delivery: &Delivery, out: &mut Vec<u8>) -> Result<(), Problem> {
    write_v1(out, &ContentV1 { incident: (&delivery.incident).into(), change: (&delivery.change).into() })
}

/// Reads a head alone.
pub(crate) fn read_head(bytes: &[u8]) -> Result<HeadV1<'static>, Problem> {
    read_v1(bytes)
}

/// Puts a delivery together from its head and the bytes of its content.
pub(crate) fn with_content(head: HeadV1<'_>, content: &[u8]) -> Result<Delivery, Problem> {
    let content: ContentV1<'static> = read_v1(content)?;
    Ok(Delivery {
        id: head.id.0,
        action: head.action.into_owned(),
        connection: head.connection.into_owned(),
        test: head.test,
        incident: Incident::from(content.incident),
        change: Change::from(content.change),
        state: head.state.into(),
        attempts: head.attempts,
        next_at: head.next_at.into(),
        owed_since: head.owed_since.into(),
        log: head.log.into_iter().map(Attempt::from).collect(),
    })
}

#[derive(Serialize, Deserialize)]
struct AttemptV1<'a> {
    number: u32,
    at: TimeV1,
    took_us: u64,
    status: Option<u16>,
    summary: Text<'a>,
}

impl<'a> From<&'a Attempt> for AttemptV1<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        let Attempt { number, at, took_us, status, summary } = attempt;
        Self {
            number: *number,
            at: (*at).into(),
            took_us: *took_us,
            status: *status,
            summary: summary.into(),
        }
    }
}

impl From<AttemptV1<'_>> for Attempt {
    fn from(v1: AttemptV1<'_>) -> Self {
        Self {
            number: v1.number,
            at: v1.at.into(),
            took_us: v1.took_us,
            status: v1.status,
            summary: v1.summary.into_owned(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ChangeV1<'a> {
    kind: ChangeKindV1,
    at: TimeV1,
    actor: Option<Text<'a>>,
    text: Text<'a>,
    changed: Vec<Text<'a>>,
    before: Vec<(Text<'a>, Text<'a>)>,
}

impl<'a> From<&'a Change> for ChangeV1<'a> {
    fn from(change: &'a Change) -> Self {
        let Change { kind, at, actor, text, changed, before } = change;
        Self {
            kind: (*kind).into(),
            at: (*at).into(),
            actor: optional(actor.as_ref()),
            text: text.into(),
            changed: changed.iter().map(Text::from).collect(),
            before: before.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        }
    }
}

impl From<ChangeV1<'_>> for Change {
    fn from(v1: ChangeV1<'_>) -> Self {
        Self {
            kind: v1.kind.into(),
            at: v1.at.into(),
            actor: v1.actor.map(Text::into_owned),
            text: v1.text.into_owned(),
            changed: v1.changed.into_iter().map(Text::into_owned).collect(),
            before: v1
                .before
                .into_iter()
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        }
    }
}
