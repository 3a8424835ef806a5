//! The journal's entries: everything that ever changed state, with all that the change needs to be made
//! again: time, ids and chosen delays are in the entry.
//!
//! Never holds a secret, nor what can be computed from the entries before it.

use crate::delivery::Reference;
use crate::event::{Event, Severity};
use crate::id::Id;
use crate::plugin::RejectedElement;
use crate::routing::Routing;
use crate::time::Timestamp;
use crate::transition::Command;

/// Events that one entry holds. A request with more is several entries, which the store writes in one transaction.
pub const EVENTS_PER_ENTRY: usize = 1000;
/// Elements of one request whose place and reason are kept; the others are counted.
pub const REJECTED_KEPT_MAX: usize = 100;
/// Remarks on one request that are kept.
pub const REMARKS_MAX: usize = 20;
/// Ids that one entry may give: [`EVENTS_PER_ENTRY`] events, each with an incident and some thousand deliveries.
const IDS_PER_ENTRY: u32 = 1 << 24;

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it was made; never before the entry in front of it by more than a clock's correction.
    pub at: Timestamp,
    /// Ids of what it creates are this one's successors. A receipt's entry carries the receipt's id.
    pub seed: Id,
    /// What happened.
    pub fact: Fact,
}

impl Entry {
    /// Entries for `facts`, to be written with this one: of the same time, each with ids of its own, in order.
    pub fn followed_by(&self, facts: Vec<Fact>) -> Vec<Self> {
        let mut seed = self.seed;
        let entry = |fact| {
            seed = seed.successor(IDS_PER_ENTRY);
            Self { at: self.at, seed, fact }
        };
        facts.into_iter().map(entry).collect()
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The relay started: attempts that were under way are due again, paused connections are tried again.
    Started {
        /// The relay's version.
        version: String,
        /// The configuration in force from here on, when it differs from the one before.
        routing: Option<Routing>,
    },
    /// A request arrived.
    Received(Received),
    /// A kept request was decoded again.
    Redecoded {
        /// Which.
        receipt: Id,
        /// What came of it this time.
        received: Received,
    },
    /// More events of the request of the entry before; none of them counts if that was a replay.
    Continued {
        /// The request's receipt.
        receipt: Id,
        /// Events of the request that the entries before hold.
        after: u64,
        /// At most [`EVENTS_PER_ENTRY`].
        events: Vec<Event>,
    },
    /// Somebody did something to an incident.
    Commanded {
        /// Which.
        incident: Id,
        /// What.
        command: Command,
        /// Who.
        actor: String,
        /// A note's text, or why; may be empty.
        text: String,
    },
    /// Somebody corrected what an incident says.
    Modified {
        /// Which.
        incident: Id,
        /// Its title from now on; bounded and made one line like an event's.
        title: Option<String>,
        /// Its severity from now on.
        severity: Option<Severity>,
        /// Who.
        actor: String,
        /// Why; may be empty.
        text: String,
    },
    /// Attempts begin: each of these deliveries is sent as what is the case now, or skipped.
    Claimed {
        /// Of these deliveries.
        deliveries: Vec<Id>,
        /// Those of them whose plugin wants a record of what was over before it could be sent.
        records: Vec<Id>,
    },
    /// An attempt ended.
    Settled {
        /// Of this delivery.
        delivery: Id,
        /// How long it took, in microseconds.
        took_us: u64,
        /// The last HTTP status, if a peer answered.
        status: Option<u16>,
        /// What came of it.
        verdict: Verdict,
    },
    /// An operator gave up on requests that could not be decoded.
    Discarded {
        /// Which.
        receipts: Vec<Id>,
        /// Who.
        actor: String,
    },
    /// An operator gave up on deliveries: dead letters, or such that wait, are held or are due.
    GaveUp {
        /// On which.
        deliveries: Vec<Id>,
        /// Who.
        actor: String,
    },
    /// An attempt began over a paused connection, to see whether it works again.
    Tried {
        /// Of this delivery.
        delivery: Id,
        /// Whether its plugin wants a record of what was over before it could be sent.
        record: bool,
    },
    /// A paused connection works again.
    Resumed {
        /// Its name.
        connection: String,
        /// How that is known.
        reason: String,
    },
    /// Timers are due.
    Ticked,
    /// For a while no source could have been heard: the relay was stopped, or could store nothing.
    Interrupted,
    /// An operator wants a dead letter, or one that waits for its time, tried now.
    Retried {
        /// Which.
        delivery: Id,
        /// Who.
        actor: String,
    },
}

/// A request that arrived, after its plugin saw it. The bytes are kept beside, not here.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The source's name.
    pub source: String,
    /// Which plugin decoded it: `id version digest`; empty when there was none.
    pub plugin: String,
    /// What makes another request the same delivery: the sender's id; behind [`BY_BODY`], the body's digest.
    pub identities: Vec<String>,
    /// What came of it.
    pub decoding: Decoding,
    /// The elements that could not be read, while the events of the others are applied.
    pub rejected: RejectedElements,
    /// Notes for the operator who sets the source up; at most [`REMARKS_MAX`].
    pub remarks: Vec<String>,
}

impl Received {
    /// This with as many events as one entry holds, and the facts that hold the rest, for the receipt's id.
    pub fn split(mut self, receipt: Id) -> (Self, Vec<Fact>) {
        let Decoding::Events(events) = &mut self.decoding else { return (self, Vec::new()) };
        let mut facts = Vec::new();
        let mut rest = events.split_off(events.len().min(EVENTS_PER_ENTRY));
        let mut after = events.len() as u64;
        while !rest.is_empty() {
            let next = rest.split_off(rest.len().min(EVENTS_PER_ENTRY));
            let events = std::mem::replace(&mut rest, next);
            let count = events.len() as u64;
            facts.push(Fact::Continued { receipt, after, events });
            after += count;
        }
        (self, facts)
    }
}

/// The elements of a request that could not be read, while others could.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectedElements {
    /// How many there are.
    pub count: u64,
    /// The first of them; at most [`REJECTED_KEPT_MAX`].
    pub kept: Vec<RejectedElement>,
}

impl From<Vec<RejectedElement>> for RejectedElements {
    fn from(mut elements: Vec<RejectedElement>) -> Self {
        let count = elements.len() as u64;
        elements.truncate(REJECTED_KEPT_MAX);
        Self { count, kept: elements }
    }
}

/// How an identity begins that is no more than an equal body: a sender says the same again also when the same
/// happens again, so it counts for as long as nothing else has happened.
pub const BY_BODY: &str = "body:";

/// What came of decoding.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoding {
    /// These events, within bounds.
    Events(Vec<Event>),
    /// Nothing wrong and nothing to do; why.
    Ignored(String),
    /// The sender's mistake.
    Refused(String),
    /// Ours: a trap, a limit, a missing plugin.
    Failed(String),
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The peer said that it is there.
    Delivered(Outcome),
    /// The peer took it and will not say more.
    Accepted(Outcome),
    /// The plugin had nothing to send.
    Skipped(String),
    /// Tried again at this time.
    Retry {
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
        /// Whether the peer may have taken it all the same.
        may_have_arrived: bool,
    },
    /// Dead letter: the schedule's end.
    Expired {
        /// Why.
        reason: String,
        /// Whether the peer may have taken it all the same.
        may_have_arrived: bool,
    },
    /// Dead letter: it will never work.
    Rejected(String),
    /// The connection is paused until it works again; this delivery waits with it.
    Misconfigured(String),
}

impl Verdict {
    /// The words that say it to people.
    pub const fn words_mut(&mut self) -> &mut String {
        match self {
            Self::Delivered(outcome) | Self::Accepted(outcome) => &mut outcome.summary,
            Self::Retry { reason, .. } | Self::Expired { reason, .. } => reason,
            Self::Skipped(why) | Self::Rejected(why) | Self::Misconfigured(why) => why,
        }
    }
}

/// What a delivery that arrived brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// One line.
    pub summary: String,
    /// Kept for the incident and the connection.
    pub references: Vec<Reference>,
    /// Written to the incident's labels.
    pub updates: Vec<(String, String)>,
}
