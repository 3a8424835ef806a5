//! What the relay is asked to do, and by whom: the input of [`crate::decide`]. It is not kept; what follows from it is
//! ([`crate::journal`]).
//!
//! Time and ids come with it: a decision has neither clock nor randomness.

use minicbor::{Decode, Encode};

use crate::delivery::Reference;
use crate::event::{Event, Severity};
use crate::id::{DeliveryId, IncidentId, ReceiptId};
use crate::name::{ConnectionName, SourceName};
use crate::plugin::RejectedElement;
use crate::time::Timestamp;
use crate::trace::Trace;
use crate::transition::IncidentCommand;

/// Events that one entry holds. A request with more is several entries, which the store writes in one transaction.
pub const EVENTS_PER_ENTRY: usize = 1000;
/// Elements of one request whose place and reason are kept; the others are counted.
pub const REJECTED_KEPT_MAX: usize = 100;
/// Remarks on one request that are kept.
pub const REMARKS_MAX: usize = 20;
/// Ids that one entry may give: [`EVENTS_PER_ENTRY`] events, each with an incident and some thousand deliveries.
const IDS_PER_ENTRY: u32 = 1 << 24;

/// A command, with the time and the ids that its decision uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// When; never before the command in front of it by more than a clock's correction.
    pub at: Timestamp,
    /// Ids of what it creates are this one's successors. For a request it is the receipt's id.
    pub seed: ReceiptId,
    /// What is to be done.
    pub command: Command,
}

impl Issued {
    /// The source whose request it is about; empty for what the relay or an operator does.
    pub fn source(&self) -> &str {
        match &self.command {
            Command::Receive(received) | Command::Redecode { received, .. } => &received.source,
            _ => "",
        }
    }

    /// Further `commands`, to be decided right after this one: of the same time, each with ids of its own, in order.
    pub fn followed_by(&self, commands: Vec<Command>) -> Vec<Self> {
        let mut seed = self.seed;
        let issued = |command| {
            seed = seed.successor(IDS_PER_ENTRY);
            Self { at: self.at, seed, command }
        };
        commands.into_iter().map(issued).collect()
    }
}

/// The name that a person gave, followed by the system user in parentheses, unless the two are the same.
pub fn beside(claim: &str, user: &str) -> String {
    if claim == user { claim.to_owned() } else { format!("{claim} ({user})") }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The relay starts: attempts that were under way are due again, paused connections are tried again.
    Start {
        /// The relay's version.
        version: String,
    },
    /// Puts another configuration in force. Its policy applies from this command on.
    Configure {
        /// The author of the change, and how it was made.
        by: String,
        /// The digest of its files.
        digest: String,
        /// The changes from the previous configuration, one per line.
        changes: Vec<String>,
        /// Sources that were added, removed or changed: their heartbeats begin again.
        sources: Vec<SourceName>,
        /// Connections that were added, removed or changed: the relay tries them again if they are paused.
        connections: Vec<ConnectionName>,
    },
    /// Records what a person did, where no state follows from it.
    Audit {
        /// The person.
        by: String,
        /// What the person did, in words.
        what: String,
    },
    /// An operator's command over the API. The command has the name that the operator gave; the entry also records the
    /// system's user, or the access token and its address.
    Acting {
        /// The system's user, or the access token and its address.
        user: String,
        /// The operator's command.
        command: Box<Self>,
    },
    /// A command for an incident that only fits if the incident has not changed since somebody looked at it.
    Expecting {
        /// Which.
        incident: IncidentId,
        /// The times of its last change that the caller accepts.
        versions: Vec<Timestamp>,
        /// The command.
        command: Box<Self>,
    },
    /// A request arrived.
    Receive(Received),
    /// A kept request was decoded again.
    Redecode {
        /// Which.
        receipt: ReceiptId,
        /// What came of it this time.
        received: Received,
    },
    /// More events of the request of the entry before; none of them counts if that was a replay.
    Continue {
        /// The request's receipt.
        receipt: ReceiptId,
        /// Events of the request that the entries before hold.
        after: u64,
        /// At most [`EVENTS_PER_ENTRY`].
        events: Vec<Event>,
    },
    /// Somebody does something to an incident.
    Operate {
        /// Which.
        incident: IncidentId,
        /// What.
        command: IncidentCommand,
        /// Who.
        actor: String,
        /// A note's text, or why; may be empty.
        text: String,
    },
    /// Somebody corrects what an incident says.
    Modify {
        /// Which.
        incident: IncidentId,
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
    Claim {
        /// Of these deliveries.
        deliveries: Vec<DeliveryId>,
        /// Those of them whose plugin wants a record of what was over before it could be sent.
        records: Vec<DeliveryId>,
    },
    /// An attempt ended.
    Settle {
        /// Of this delivery.
        delivery: DeliveryId,
        /// How long it took, in microseconds.
        took_us: u64,
        /// The last HTTP status, if a peer answered.
        status: Option<u16>,
        /// What came of it.
        verdict: Verdict,
    },
    /// An operator gives up on requests that could not be decoded.
    Discard {
        /// Which.
        receipts: Vec<ReceiptId>,
        /// Who.
        actor: String,
    },
    /// An operator gives up on deliveries: dead letters, or such that wait, are held or are due.
    GiveUp {
        /// On which.
        deliveries: Vec<DeliveryId>,
        /// Who.
        actor: String,
    },
    /// An attempt begins over a paused connection, to see whether it works again.
    Try {
        /// Of this delivery.
        delivery: DeliveryId,
        /// Whether its plugin wants a record of what was over before it could be sent.
        record: bool,
    },
    /// A paused connection works again.
    Resume {
        /// Its name.
        connection: ConnectionName,
        /// How that is known.
        reason: String,
    },
    /// Timers are due.
    Tick,
    /// What was kept for long enough is forgotten.
    Forget(Forget),
    /// For a while no source could have been heard: the relay was stopped, or could store nothing.
    Interrupt,
    /// An operator wants a dead letter, or one that waits for its time, tried now.
    Retry {
        /// Which.
        delivery: DeliveryId,
        /// Who.
        actor: String,
    },
}

/// What may have been kept for long enough. Of what is named here, that is forgotten of which it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forget {
    /// Incidents. One that is not resolved, or has a delivery that is not settled, stays.
    pub incidents: Vec<IncidentId>,
    /// When an incident must have been resolved before.
    pub resolved_before: Timestamp,
    /// Receipts.
    pub receipts: Vec<ReceiptId>,
    /// When a request must have come before.
    pub came_before: Timestamp,
    /// When a request that is a dead letter must have come before, in addition.
    pub dead_letters_came_before: Timestamp,
}

/// A request that arrived, after its plugin saw it. The bytes are kept beside, not here.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The source's name.
    pub source: SourceName,
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
    /// The trace that its sender gave. Of a request that is decoded again, its receipt has it.
    pub trace: Option<Trace>,
}

impl Received {
    /// Events that were decoded.
    pub fn events(&self) -> usize {
        match &self.decoding {
            Decoding::Events(events) => events.len(),
            _ => 0,
        }
    }

    /// This with as many events as one entry holds, and the facts that hold the rest, for the receipt's id.
    pub fn split(mut self, receipt: ReceiptId) -> (Self, Vec<Command>) {
        let Decoding::Events(events) = &mut self.decoding else { return (self, Vec::new()) };
        let mut more = Vec::new();
        let mut rest = events.split_off(events.len().min(EVENTS_PER_ENTRY));
        let mut after = events.len() as u64;
        while !rest.is_empty() {
            let next = rest.split_off(rest.len().min(EVENTS_PER_ENTRY));
            let events = std::mem::replace(&mut rest, next);
            let count = events.len() as u64;
            more.push(Command::Continue { receipt, after, events });
            after += count;
        }
        (self, more)
    }
}

/// The elements of a request that could not be read, while others could.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct RejectedElements {
    /// How many there are.
    #[n(0)]
    pub count: u64,
    /// The first of them; at most [`REJECTED_KEPT_MAX`].
    #[n(1)]
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
    pub const fn text_mut(&mut self) -> &mut String {
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
