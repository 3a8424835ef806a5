//! Receipts, histories and pauses on disk.

use serde::{Deserialize, Serialize};
use tocsin_core::fold::{Effect, Happening, Pause, ReceiptRecord, ReceiptStatus, TimelineItem};
use tocsin_core::journal::RejectedElements;
use tocsin_core::plugin::RejectedElement;

use super::words::{ChangeKindV1, DeliveryStateV1, EventChangeV1, TransitionV1};
use super::{IdV1, Text, TimeV1, optional};

#[derive(Serialize, Deserialize)]
pub(super) struct ReceiptRecordV1<'a> {
    id: IdV1,
    at: TimeV1,
    source: Text<'a>,
    plugin: Text<'a>,
    status: ReceiptStatusV1<'a>,
    effects: Vec<EffectV1<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<Text<'a>>,
}

impl<'a> From<&'a ReceiptRecord> for ReceiptRecordV1<'a> {
    fn from(record: &'a ReceiptRecord) -> Self {
        let ReceiptRecord { id, at, source, plugin, status, effects, remarks } = record;
        Self {
            id: IdV1(*id),
            at: (*at).into(),
            source: source.into(),
            plugin: plugin.into(),
            status: status.into(),
            effects: effects.iter().map(EffectV1::from).collect(),
            remarks: remarks.iter().map(Text::from).collect(),
        }
    }
}

impl From<ReceiptRecordV1<'_>> for ReceiptRecord {
    fn from(v1: ReceiptRecordV1<'_>) -> Self {
        Self {
            id: v1.id.0,
            at: v1.at.into(),
            source: v1.source.into_owned(),
            plugin: v1.plugin.into_owned(),
            status: v1.status.into(),
            effects: v1.effects.into_iter().map(Effect::from).collect(),
            remarks: v1.remarks.into_iter().map(Text::into_owned).collect(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReceiptStatusV1<'a> {
    Applied,
    PartlyRefused(RejectedV1<'a>),
    Ignored(Text<'a>),
    Duplicate(IdV1),
    Refused(Text<'a>),
    Failed(Text<'a>),
    Discarded(Text<'a>),
}

impl<'a> From<&'a ReceiptStatus> for ReceiptStatusV1<'a> {
    fn from(status: &'a ReceiptStatus) -> Self {
        match status {
            ReceiptStatus::Applied => Self::Applied,
            ReceiptStatus::PartlyRefused(rejected) => Self::PartlyRefused(rejected.into()),
            ReceiptStatus::Ignored(why) => Self::Ignored(why.into()),
            ReceiptStatus::Duplicate(first) => Self::Duplicate(IdV1(*first)),
            ReceiptStatus::Refused(why) => Self::Refused(why.into()),
            ReceiptStatus::Failed(why) => Self::Failed(why.into()),
            ReceiptStatus::Discarded(actor) => Self::Discarded(actor.into()),
        }
    }
}

impl From<ReceiptStatusV1<'_>> for ReceiptStatus {
    fn from(v1: ReceiptStatusV1<'_>) -> Self {
        match v1 {
            ReceiptStatusV1::Applied => Self::Applied,
            ReceiptStatusV1::PartlyRefused(rejected) => Self::PartlyRefused(rejected.into()),
            ReceiptStatusV1::Ignored(why) => Self::Ignored(why.into_owned()),
            ReceiptStatusV1::Duplicate(first) => Self::Duplicate(first.0),
            ReceiptStatusV1::Refused(why) => Self::Refused(why.into_owned()),
            ReceiptStatusV1::Failed(why) => Self::Failed(why.into_owned()),
            ReceiptStatusV1::Discarded(actor) => Self::Discarded(actor.into_owned()),
        }
    }
}

/// Elements of a request that could not be read: how many, and place and reason of the first.
#[derive(Serialize, Deserialize)]
pub(super) struct RejectedV1<'a> {
    count: u64,
    kept: Vec<(Text<'a>, Text<'a>)>,
}

impl<'a> From<&'a RejectedElements> for RejectedV1<'a> {
    fn from(rejected: &'a RejectedElements) -> Self {
        let RejectedElements { count, kept } = rejected;
        let pair = |element: &'a RejectedElement| {
            let RejectedElement { place, reason } = element;
            (place.into(), reason.into())
        };
        Self { count: *count, kept: kept.iter().map(pair).collect() }
    }
}

impl From<RejectedV1<'_>> for RejectedElements {
    fn from(v1: RejectedV1<'_>) -> Self {
        let element = |(place, reason): (Text<'_>, Text<'_>)| RejectedElement {
            place: place.into_owned(),
            reason: reason.into_owned(),
        };
        Self { count: v1.count, kept: v1.kept.into_iter().map(element).collect() }
    }
}

#[derive(Serialize, Deserialize)]
struct EffectV1<'a> {
    change: EventChangeV1,
    key: Text<'a>,
    transition: TransitionV1,
    incident: Option<(IdV1, u64)>,
}

impl<'a> From<&'a Effect> for EffectV1<'a> {
    fn from(effect: &'a Effect) -> Self {
        let Effect { change, key, transition, incident } = effect;
        Self {
            change: (*change).into(),
            key: key.into(),
            transition: (*transition).into(),
            incident: incident.map(|(id, number)| (IdV1(id), number)),
        }
    }
}

impl From<EffectV1<'_>> for Effect {
    fn from(v1: EffectV1<'_>) -> Self {
        Self {
            change: v1.change.into(),
            key: v1.key.into_owned(),
            transition: v1.transition.into(),
            incident: v1.incident.map(|(id, number)| (id.0, number)),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct TimelineItemV1<'a> {
    at: TimeV1,
    what: HappeningV1<'a>,
    actor: Option<Text<'a>>,
    text: Text<'a>,
    receipt: Option<IdV1>,
}

impl<'a> From<&'a TimelineItem> for TimelineItemV1<'a> {
    fn from(item: &'a TimelineItem) -> Self {
        let TimelineItem { at, what, actor, text, receipt } = item;
        Self {
            at: (*at).into(),
            what: what.into(),
            actor: optional(actor.as_ref()),
            text: text.into(),
            receipt: receipt.map(IdV1),
        }
    }
}

impl From<TimelineItemV1<'_>> for TimelineItem {
    fn from(v1: TimelineItemV1<'_>) -> Self {
        Self {
            at: v1.at.into(),
            what: v1.what.into(),
            actor: v1.actor.map(Text::into_owned),
            text: v1.text.into_owned(),
            receipt: v1.receipt.map(|id| id.0),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HappeningV1<'a> {
    Changed(ChangeKindV1, Vec<Text<'a>>),
    Late(EventChangeV1),
    Delivery { id: IdV1, action: Text<'a>, state: DeliveryStateV1 },
}

impl<'a> From<&'a Happening> for HappeningV1<'a> {
    fn from(what: &'a Happening) -> Self {
        match what {
            Happening::Changed(kind, fields) => {
                Self::Changed((*kind).into(), fields.iter().map(Text::from).collect())
            }
            Happening::Late(change) => Self::Late((*change).into()),
            Happening::Delivery { id, action, state } => {
                Self::Delivery { id: IdV1(*id), action: action.into(), state: (*state).into() }
            }
        }
    }
}

impl From<HappeningV1<'_>> for Happening {
    fn from(v1: HappeningV1<'_>) -> Self {
        match v1 {
            HappeningV1::Changed(kind, fields) => {
                Self::Changed(kind.into(), fields.into_iter().map(Text::into_owned).collect())
            }
            HappeningV1::Late(change) => Self::Late(change.into()),
            HappeningV1::Delivery { id, action, state } => {
                Self::Delivery { id: id.0, action: action.into_owned(), state: state.into() }
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct PauseV1<'a> {
    since: TimeV1,
    reason: Text<'a>,
}

impl<'a> From<&'a Pause> for PauseV1<'a> {
    fn from(pause: &'a Pause) -> Self {
        let Pause { since, reason } = pause;
        Self { since: (*since).into(), reason: reason.into() }
    }
}

impl From<PauseV1<'_>> for Pause {
    fn from(v1: PauseV1<'_>) -> Self {
        Self { since: v1.since.into(), reason: v1.reason.into_owned() }
    }
}
