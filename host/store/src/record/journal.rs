//! The journal's entries on disk: read for ever, since everything else follows from them.

use serde::{Deserialize, Serialize};
use tocsin_core::event::Event;
use tocsin_core::journal::{Decoding, Entry, Fact, Outcome, Received, RejectedElements, Verdict};
use tocsin_core::routing::Routing;

use super::delivery::ReferenceV1;
use super::incident::EventV1;
use super::receipt::RejectedV1;
use super::routing::RoutingV1;
use super::words::{CommandV1, SeverityV1};
use super::{IdV1, Text, TimeV1, optional};

#[derive(Serialize, Deserialize)]
pub(super) struct EntryV1<'a> {
    at: TimeV1,
    seed: IdV1,
    fact: FactV1<'a>,
}

impl<'a> From<&'a Entry> for EntryV1<'a> {
    fn from(entry: &'a Entry) -> Self {
        let Entry { at, seed, fact } = entry;
        Self { at: (*at).into(), seed: IdV1(*seed), fact: fact.into() }
    }
}

impl From<EntryV1<'_>> for Entry {
    fn from(v1: EntryV1<'_>) -> Self {
        Self { at: v1.at.into(), seed: v1.seed.0, fact: v1.fact.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FactV1<'a> {
    Started {
        version: Text<'a>,
        routing: Option<RoutingV1<'a>>,
    },
    Received(ReceivedV1<'a>),
    Redecoded {
        receipt: IdV1,
        received: ReceivedV1<'a>,
    },
    Continued {
        receipt: IdV1,
        after: u64,
        events: Vec<EventV1<'a>>,
    },
    Commanded {
        incident: IdV1,
        command: CommandV1,
        actor: Text<'a>,
        text: Text<'a>,
    },
    Modified {
        incident: IdV1,
        title: Option<Text<'a>>,
        severity: Option<SeverityV1>,
        actor: Text<'a>,
        text: Text<'a>,
    },
    Claimed {
        deliveries: Vec<IdV1>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        records: Vec<IdV1>,
    },
    Settled {
        delivery: IdV1,
        took_us: u64,
        status: Option<u16>,
        verdict: VerdictV1<'a>,
    },
    Discarded {
        receipts: Vec<IdV1>,
        actor: Text<'a>,
    },
    Ticked,
    Tried {
        delivery: IdV1,
        record: bool,
    },
    Resumed {
        connection: Text<'a>,
        reason: Text<'a>,
    },
    Interrupted,
    Retried {
        delivery: IdV1,
        actor: Text<'a>,
    },
    GaveUp {
        deliveries: Vec<IdV1>,
        actor: Text<'a>,
    },
}

impl<'a> From<&'a Fact> for FactV1<'a> {
    fn from(fact: &'a Fact) -> Self {
        match fact {
            Fact::Started { version, routing } => {
                Self::Started { version: version.into(), routing: routing.as_ref().map(RoutingV1::from) }
            }
            Fact::Received(received) => Self::Received(received.into()),
            Fact::Redecoded { receipt, received } => {
                Self::Redecoded { receipt: IdV1(*receipt), received: received.into() }
            }
            Fact::Continued { receipt, after, events } => Self::Continued {
                receipt: IdV1(*receipt),
                after: *after,
                events: events.iter().map(EventV1::from).collect(),
            },
            Fact::Commanded { incident, command, actor, text } => Self::Commanded {
                incident: IdV1(*incident),
                command: (*command).into(),
                actor: actor.into(),
                text: text.into(),
            },
            Fact::Modified { incident, title, severity, actor, text } => Self::Modified {
                incident: IdV1(*incident),
                title: optional(title.as_ref()),
                severity: severity.map(SeverityV1::from),
                actor: actor.into(),
                text: text.into(),
            },
            Fact::Claimed { deliveries, records } => Self::Claimed {
                deliveries: deliveries.iter().copied().map(IdV1).collect(),
                records: records.iter().copied().map(IdV1).collect(),
            },
            Fact::Settled { delivery, took_us, status, verdict } => Self::Settled {
                delivery: IdV1(*delivery),
                took_us: *took_us,
                status: *status,
                verdict: verdict.into(),
            },
            Fact::Discarded { receipts, actor } => Self::Discarded {
                receipts: receipts.iter().copied().map(IdV1).collect(),
                actor: actor.into(),
            },
            Fact::Ticked => Self::Ticked,
            Fact::Tried { delivery, record } => Self::Tried { delivery: IdV1(*delivery), record: *record },
            Fact::Resumed { connection, reason } => {
                Self::Resumed { connection: connection.into(), reason: reason.into() }
            }
            Fact::Interrupted => Self::Interrupted,
            Fact::Retried { delivery, actor } => {
                Self::Retried { delivery: IdV1(*delivery), actor: actor.into() }
            }
            Fact::GaveUp { deliveries, actor } => Self::GaveUp {
                deliveries: deliveries.iter().copied().map(IdV1).collect(),
                actor: actor.into(),
            },
        }
    }
}

impl From<FactV1<'_>> for Fact {
    fn from(v1: FactV1<'_>) -> Self {
        match v1 {
            FactV1::Started { version, routing } => {
                Self::Started { version: version.into_owned(), routing: routing.map(Routing::from) }
            }
            FactV1::Received(received) => Self::Received(received.into()),
            FactV1::Redecoded { receipt, received } => {
                Self::Redecoded { receipt: receipt.0, received: received.into() }
            }
            FactV1::Continued { receipt, after, events } => Self::Continued {
                receipt: receipt.0,
                after,
                events: events.into_iter().map(Event::from).collect(),
            },
            FactV1::Commanded { incident, command, actor, text } => Self::Commanded {
                incident: incident.0,
                command: command.into(),
                actor: actor.into_owned(),
                text: text.into_owned(),
            },
            FactV1::Modified { incident, title, severity, actor, text } => Self::Modified {
                incident: incident.0,
                title: title.map(Text::into_owned),
                severity: severity.map(Into::into),
                actor: actor.into_owned(),
                text: text.into_owned(),
            },
            FactV1::Claimed { deliveries, records } => Self::Claimed {
                deliveries: deliveries.into_iter().map(|id| id.0).collect(),
                records: records.into_iter().map(|id| id.0).collect(),
            },
            FactV1::Settled { delivery, took_us, status, verdict } => {
                Self::Settled { delivery: delivery.0, took_us, status, verdict: verdict.into() }
            }
            FactV1::Discarded { receipts, actor } => Self::Discarded {
                receipts: receipts.into_iter().map(|id| id.0).collect(),
                actor: actor.into_owned(),
            },
            FactV1::Ticked => Self::Ticked,
            FactV1::Tried { delivery, record } => Self::Tried { delivery: delivery.0, record },
            FactV1::Resumed { connection, reason } => {
                Self::Resumed { connection: connection.into_owned(), reason: reason.into_owned() }
            }
            FactV1::Interrupted => Self::Interrupted,
            FactV1::Retried { delivery, actor } => {
                Self::Retried { delivery: delivery.0, actor: actor.into_owned() }
            }
            FactV1::GaveUp { deliveries, actor } => Self::GaveUp {
                deliveries: deliveries.into_iter().map(|id| id.0).collect(),
                actor: actor.into_owned(),
            },
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ReceivedV1<'a> {
    source: Text<'a>,
    plugin: Text<'a>,
    identities: Vec<Text<'a>>,
    decoding: DecodingV1<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rejected: Option<RejectedV1<'a>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<Text<'a>>,
}

impl<'a> From<&'a Received> for ReceivedV1<'a> {
    fn from(received: &'a Received) -> Self {
        let Received { source, plugin, identities, decoding, rejected, remarks } = received;
        Self {
            source: source.into(),
            plugin: plugin.into(),
            identities: identities.iter().map(Text::from).collect(),
            decoding: decoding.into(),
            rejected: (*rejected != RejectedElements::default()).then(|| rejected.into()),
            remarks: remarks.iter().map(Text::from).collect(),
        }
    }
}

impl From<ReceivedV1<'_>> for Received {
    fn from(v1: ReceivedV1<'_>) -> Self {
        Self {
            source: v1.source.into_owned(),
            plugin: v1.plugin.into_owned(),
            identities: v1.identities.into_iter().map(Text::into_owned).collect(),
            decoding: v1.decoding.into(),
            rejected: v1.rejected.map(RejectedElements::from).unwrap_or_default(),
            remarks: v1.remarks.into_iter().map(Text::into_owned).collect(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DecodingV1<'a> {
    Events(Vec<EventV1<'a>>),
    Ignored(Text<'a>),
    Refused(Text<'a>),
    Failed(Text<'a>),
}

impl<'a> From<&'a Decoding> for DecodingV1<'a> {
    fn from(decoding: &'a Decoding) -> Self {
        match decoding {
            Decoding::Events(events) => Self::Events(events.iter().map(EventV1::from).collect()),
            Decoding::Ignored(why) => Self::Ignored(why.into()),
            Decoding::Refused(why) => Self::Refused(why.into()),
            Decoding::Failed(why) => Self::Failed(why.into()),
        }
    }
}

impl From<DecodingV1<'_>> for Decoding {
    fn from(v1: DecodingV1<'_>) -> Self {
        match v1 {
            DecodingV1::Events(events) => Self::Events(events.into_iter().map(Event::from).collect()),
            DecodingV1::Ignored(why) => Self::Ignored(why.into_owned()),
            DecodingV1::Refused(why) => Self::Refused(why.into_owned()),
            DecodingV1::Failed(why) => Self::Failed(why.into_owned()),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum VerdictV1<'a> {
    Delivered(OutcomeV1<'a>),
    Accepted(OutcomeV1<'a>),
    Skipped(Text<'a>),
    Retry {
        reason: Text<'a>,
        at: TimeV1,
        #[serde(default, skip_serializing_if = "is_false")]
        may_have_arrived: bool,
    },
    Expired {
        reason: Text<'a>,
        #[serde(default, skip_serializing_if = "is_false")]
        may_have_arrived: bool,
    },
    Rejected(Text<'a>),
    Misconfigured(Text<'a>),
}

impl<'a> From<&'a Verdict> for VerdictV1<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        match verdict {
            Verdict::Delivered(outcome) => Self::Delivered(outcome.into()),
            Verdict::Accepted(outcome) => Self::Accepted(outcome.into()),
            Verdict::Skipped(why) => Self::Skipped(why.into()),
            Verdict::Retry { reason, at, may_have_arrived } => {
                Self::Retry { reason: reason.into(), at: (*at).into(), may_have_arrived: *may_have_arrived }
            }
            Verdict::Expired { reason, may_have_arrived } => {
                Self::Expired { reason: reason.into(), may_have_arrived: *may_have_arrived }
            }
            Verdict::Rejected(why) => Self::Rejected(why.into()),
            Verdict::Misconfigured(why) => Self::Misconfigured(why.into()),
        }
    }
}

impl From<VerdictV1<'_>> for Verdict {
    fn from(v1: VerdictV1<'_>) -> Self {
        match v1 {
            VerdictV1::Delivered(outcome) => Self::Delivered(outcome.into()),
            VerdictV1::Accepted(outcome) => Self::Accepted(outcome.into()),
            VerdictV1::Skipped(why) => Self::Skipped(why.into_owned()),
            VerdictV1::Retry { reason, at, may_have_arrived } => {
                Self::Retry { reason: reason.into_owned(), at: at.into(), may_have_arrived }
            }
            VerdictV1::Expired { reason, may_have_arrived } => {
                Self::Expired { reason: reason.into_owned(), may_have_arrived }
            }
            VerdictV1::Rejected(why) => Self::Rejected(why.into_owned()),
            VerdictV1::Misconfigured(why) => Self::Misconfigured(why.into_owned()),
        }
    }
}

/// Whether a flag says what leaving it out says.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Serialize, Deserialize)]
struct OutcomeV1<'a> {
    summary: Text<'a>,
    references: Vec<ReferenceV1<'a>>,
    updates: Vec<(Text<'a>, Text<'a>)>,
}

impl<'a> From<&'a Outcome> for OutcomeV1<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let Outcome { summary, references, updates } = outcome;
        Self {
            summary: summary.into(),
            references: references.iter().map(ReferenceV1::from).collect(),
            updates: updates.iter().map(|(key, value)| (key.into(), value.into())).collect(),
        }
    }
}

impl From<OutcomeV1<'_>> for Outcome {
    fn from(v1: OutcomeV1<'_>) -> Self {
        let owned = |(key, value): (Text<'_>, Text<'_>)| (key.into_owned(), value.into_owned());
        Self {
            summary: v1.summary.into_owned(),
            references: v1.references.into_iter().map(Into::into).collect(),
            updates: v1.updates.into_iter().map(owned).collect(),
        }
    }
}
