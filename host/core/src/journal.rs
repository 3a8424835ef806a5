//! What is recorded: entries of facts. A fact says what happened and nothing about why it was decided, so that any later
//! version can read it and bring state about with it ([`crate::evolve`]).
//!
//! These types are the format. A number in `#[n(…)]` is never given to anything else; what is added is optional
//! (`host/store/README.md` has the rules). Never holds a secret, a filter, or a sentence of the relay's own.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::delivery::{Change, ChangeKind, DeliveryState, Reference};
use crate::event::{EventChange, Link, Severity};
use crate::id::Id;
use crate::incident::IncidentState;
use crate::reason::Reason;
use crate::receipt::{Effect, ReceiptStatus};
use crate::time::Timestamp;
use crate::timer::Timer;

/// Facts that became true together.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Entry {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// What made them true.
    #[n(1)]
    pub cause: Cause,
    /// In the order in which they became true.
    #[n(2)]
    pub facts: Vec<Fact>,
    /// The digest of the policy that decided: for people who ask why. Nothing follows from it.
    #[n(3)]
    pub policy: u64,
    /// The term of the leader that wrote it; 0 where there is one node.
    #[n(4)]
    #[cbor(default)]
    pub epoch: u64,
}

impl Entry {
    /// Whether nothing happened, so that it need not be kept. A start is kept: it says who writes from then on.
    pub fn is_void(&self) -> bool {
        self.facts.is_empty() && !matches!(self.cause, Cause::Start(_))
    }
}

/// What made facts true.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Cause {
    /// A relay of this version started.
    #[n(0)]
    Start(#[n(0)] String),
    /// A request arrived: its receipt.
    #[n(1)]
    Request(#[n(0)] Id),
    /// A kept request was decoded again.
    #[n(2)]
    DecodedAgain(#[n(0)] Id),
    /// This operator did something.
    #[n(3)]
    Operator(#[n(0)] String),
    /// Attempts began.
    #[n(4)]
    Attempts,
    /// An attempt over a paused connection began, to see whether it works again.
    #[n(5)]
    Trial,
    /// An attempt ended.
    #[n(6)]
    Outcome,
    /// A paused connection works again; how that is known.
    #[n(7)]
    Works(#[n(0)] String),
    /// Timers were due.
    #[n(8)]
    Timers,
    /// For a while no source could have been heard.
    #[n(9)]
    Interruption,
    /// What is kept for long enough is forgotten.
    #[n(10)]
    Retention,
}

impl Cause {
    /// The request that brought it.
    pub const fn receipt(&self) -> Option<Id> {
        match self {
            Self::Request(receipt) | Self::DecodedAgain(receipt) => Some(*receipt),
            _ => None,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(flat)]
pub enum Fact {
    /// An incident is new.
    #[n(0)]
    IncidentOpened(#[n(0)] Opening),
    /// An incident says something else than before. The state is [`Fact::StateChanged`].
    #[n(1)]
    IncidentChanged {
        /// Which.
        #[n(0)]
        incident: Id,
        /// What differs.
        #[n(1)]
        fields: Fields,
    },
    /// An incident is in another state.
    #[n(2)]
    StateChanged {
        /// Which.
        #[n(0)]
        incident: Id,
        /// How it came into it.
        #[n(1)]
        by: StateChange,
    },
    /// A change of an incident stands in its history.
    #[n(3)]
    ChangeRecorded(#[n(0)] Recorded),
    /// An event of an incident came too late to count.
    #[n(4)]
    EventLate {
        /// Of which.
        #[n(0)]
        incident: Id,
        /// What it asked for.
        #[n(1)]
        change: EventChange,
        /// Who did it at the sender.
        #[n(2)]
        actor: Option<String>,
        /// The event's title.
        #[n(3)]
        title: String,
    },
    /// An incident is known under these keys of its source.
    #[n(5)]
    KeysBound {
        /// Which.
        #[n(0)]
        incident: Id,
        /// The source's name.
        #[n(1)]
        source: String,
        /// The keys.
        #[n(2)]
        keys: Vec<String>,
    },
    /// What came of decoding a request.
    #[n(6)]
    ReceiptRecorded(#[n(0)] Receipted),
    /// An operator gave up on requests that could not be decoded.
    #[n(7)]
    ReceiptsDiscarded {
        /// Which.
        #[n(0)]
        receipts: Vec<Id>,
        /// Who.
        #[n(1)]
        actor: String,
    },
    /// A request of these identities was applied.
    #[n(8)]
    IdentitiesSeen {
        /// The source's name.
        #[n(0)]
        source: String,
        /// The identities.
        #[n(1)]
        identities: Vec<String>,
        /// The request's receipt.
        #[n(2)]
        receipt: Id,
    },
    /// The oldest identities that were seen before a time are forgotten.
    #[n(9)]
    IdentitiesForgotten {
        /// The time.
        #[n(0)]
        before: Timestamp,
        /// So many of them at most.
        #[n(1)]
        most: u64,
    },
    /// A delivery is owed.
    #[n(10)]
    DeliveryQueued(#[n(0)] Queued),
    /// A delivery is held, or for longer.
    #[n(11)]
    DeliveryHeld {
        /// Which.
        #[n(0)]
        delivery: Id,
        /// Until when.
        #[n(1)]
        until: Timestamp,
    },
    /// A held delivery goes into its lane.
    #[n(12)]
    DeliveryReleased {
        /// Which.
        #[n(0)]
        delivery: Id,
        /// Over which connection.
        #[n(1)]
        connection: String,
        /// Whether its action is in test.
        #[n(2)]
        test: bool,
        /// Whether it is about the incident's state.
        #[n(3)]
        is_of_state: bool,
    },
    /// An attempt began. It shows the incident as it is.
    #[n(13)]
    DeliveryClaimed {
        /// Of this delivery.
        #[n(0)]
        delivery: Id,
        /// What it tells of, when that is not what it was queued for.
        #[n(1)]
        change: Option<Change>,
        /// Whether it is from now on the latest delivery about the incident's state.
        #[n(2)]
        #[cbor(default)]
        is_of_state: bool,
    },
    /// An attempt ended.
    #[n(14)]
    DeliverySettled(#[n(0)] Settled),
    /// A delivery ended without an attempt.
    #[n(15)]
    DeliveryDropped {
        /// Which.
        #[n(0)]
        delivery: Id,
        /// Skipped, not sent or discarded.
        #[n(1)]
        state: DeliveryState,
        /// Why.
        #[n(2)]
        why: Reason,
    },
    /// An operator wants a delivery tried now.
    #[n(16)]
    DeliveryRetried {
        /// Which.
        #[n(0)]
        delivery: Id,
        /// Whether it is about the incident's state.
        #[n(1)]
        is_of_state: bool,
    },
    /// An attempt broke off without an answer: its delivery is due again.
    #[n(17)]
    AttemptLost {
        /// Of this delivery.
        #[n(0)]
        delivery: Id,
        /// What it may have left at its reader.
        #[n(1)]
        left: Option<Left>,
    },
    /// A peer has names for an incident.
    #[n(18)]
    ReferencesSet {
        /// The incident.
        #[n(0)]
        incident: Id,
        /// Whose names: [`crate::delivery::Delivery::referrer`].
        #[n(1)]
        referrer: String,
        /// Those that are new or differ.
        #[n(2)]
        references: Vec<Reference>,
    },
    /// A timer is set, or stopped.
    #[n(19)]
    TimerSet {
        /// Which.
        #[n(0)]
        timer: Timer,
        /// For when; none stops it.
        #[n(1)]
        at: Option<Timestamp>,
    },
    /// A connection is paused, or for another reason.
    #[n(20)]
    ConnectionPaused {
        /// Its name.
        #[n(0)]
        connection: String,
        /// What to mend.
        #[n(1)]
        reason: String,
    },
    /// A connection is no longer paused.
    #[n(21)]
    ConnectionResumed {
        /// Its name.
        #[n(0)]
        connection: String,
    },
    /// The source of an incident sent an event of it, or begins to be waited for: `auto_resolve` counts from here.
    #[n(22)]
    IncidentHeard {
        /// Which.
        #[n(0)]
        incident: Id,
    },
    /// Resolved incidents are forgotten, with their deliveries and their history.
    #[n(23)]
    IncidentsForgotten {
        /// Which.
        #[n(0)]
        incidents: Vec<Id>,
    },
    /// Receipts are forgotten.
    #[n(24)]
    ReceiptsForgotten {
        /// Which.
        #[n(0)]
        receipts: Vec<Id>,
    },
}

/// An incident that is new: open, since the time of its entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Opening {
    /// Its id.
    #[n(0)]
    pub id: Id,
    /// Its number.
    #[n(1)]
    pub number: u64,
    /// The source's name.
    #[n(2)]
    pub source: String,
    /// What tells it from others of the source.
    #[n(3)]
    pub key: String,
    /// One line.
    #[n(4)]
    pub title: String,
    /// Plain text.
    #[n(5)]
    #[cbor(skip_if = "String::is_empty")]
    pub message: String,
    /// How bad.
    #[n(6)]
    pub severity: Severity,
    /// Facts.
    #[n(7)]
    #[cbor(skip_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Where to read more.
    #[n(8)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// When it happened, by the sender's clock.
    #[n(9)]
    pub occurred_at: Option<Timestamp>,
    /// Whether no action took it.
    #[n(10)]
    #[cbor(skip_if = "is_false")]
    pub unmatched: bool,
}

/// What differs of an incident; what is left out is as before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Fields {
    /// The title.
    #[n(0)]
    pub title: Option<String>,
    /// The message.
    #[n(1)]
    pub message: Option<String>,
    /// The severity.
    #[n(2)]
    pub severity: Option<Severity>,
    /// These labels.
    #[n(3)]
    #[cbor(skip_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The links, all of them.
    #[n(4)]
    pub links: Option<Vec<Link>>,
    /// Triggers merged into it so far.
    #[n(5)]
    pub count: Option<u64>,
    /// The latest time that a sender gave.
    #[n(6)]
    pub occurred_at: Option<Timestamp>,
    /// When it was reopened lately, all of it.
    #[n(7)]
    pub reopened: Option<Vec<Timestamp>>,
    /// Whether it flaps.
    #[n(8)]
    pub flapping: Option<bool>,
    /// Whether no action took it.
    #[n(9)]
    pub unmatched: Option<bool>,
}

/// How an incident comes into a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum StateChange {
    /// Somebody is on it.
    #[n(0)]
    Acknowledged,
    /// Nobody is on it any more.
    #[n(1)]
    Unacknowledged,
    /// It is over.
    #[n(2)]
    Resolved,
    /// It is back.
    #[n(3)]
    Reopened,
}

/// A change of an incident as its history has it, at the time of its entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Recorded {
    /// Of which.
    #[n(0)]
    pub incident: Id,
    /// What.
    #[n(1)]
    pub kind: ChangeKind,
    /// Who did it.
    #[n(2)]
    pub actor: Option<String>,
    /// A note's text, or why.
    #[n(3)]
    #[cbor(skip_if = "Reason::is_empty")]
    pub text: Reason,
    /// The fields that differ from before.
    #[n(4)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// What they were before.
    #[n(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub before: Vec<(String, String)>,
}

/// What came of decoding a request.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(map)]
pub struct Receipted {
    /// Its receipt.
    #[n(0)]
    pub receipt: Id,
    /// The source's name.
    #[n(1)]
    pub source: String,
    /// Which plugin decoded it: `id version digest`; empty when there was none.
    #[n(2)]
    pub plugin: String,
    /// What came of it.
    #[n(3)]
    pub status: ReceiptStatus,
    /// So many effects are those that the receipt had before; the others are in `effects`.
    #[n(4)]
    #[cbor(default)]
    pub kept: u64,
    /// What its events did, behind those that are kept.
    #[n(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// Notes for the operator who sets the source up.
    #[n(6)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// A delivery that is owed, of the time of its entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Queued {
    /// Its id.
    #[n(0)]
    pub id: Id,
    /// Of which incident.
    #[n(1)]
    pub incident: Id,
    /// To which action.
    #[n(2)]
    pub action: String,
    /// Over which connection.
    #[n(3)]
    pub connection: String,
    /// Whether its action is in test.
    #[n(4)]
    #[cbor(skip_if = "is_false")]
    pub test: bool,
    /// What it tells of.
    #[n(5)]
    pub change: Tells,
    /// Where it is.
    #[n(6)]
    pub place: Place,
    /// Whether it is about the incident's state, so that the next such delivery overtakes it.
    #[n(7)]
    #[cbor(skip_if = "is_false")]
    pub is_of_state: bool,
    /// Whether what its action told of the incident is remembered from now on.
    #[n(8)]
    #[cbor(skip_if = "is_false")]
    pub is_followed: bool,
}

/// What a delivery tells of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Tells {
    /// The change that the line with this number, of those that the entry writes into histories, has recorded.
    #[n(0)]
    Line(#[n(0)] u32),
    /// A change that stands in no history.
    #[n(1)]
    Own(#[n(0)] Change),
}

/// Where a delivery begins.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Place {
    /// At the end of its lane.
    #[n(0)]
    Lane,
    /// Outside of its lane, until this time.
    #[n(1)]
    Held(#[n(0)] Timestamp),
    /// It has ended: skipped, or not sent.
    #[n(2)]
    Ended(#[n(0)] DeliveryState, #[n(1)] Reason),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Settled {
    /// Of which delivery.
    #[n(0)]
    pub delivery: Id,
    /// In which state it leaves the delivery. [`DeliveryState::Due`]: it is tried again.
    #[n(1)]
    pub state: DeliveryState,
    /// One line: what the plugin made of it, or what went wrong.
    #[n(2)]
    pub summary: String,
    /// How long it took, in microseconds.
    #[n(3)]
    pub took_us: u64,
    /// The last HTTP status, if a peer answered.
    #[n(4)]
    pub status: Option<u16>,
    /// When it is tried again, if not at once.
    #[n(5)]
    pub next_at: Option<Timestamp>,
    /// What it left at its reader.
    #[n(6)]
    pub left: Option<Left>,
}

/// What an attempt leaves at the reader of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Left {
    /// The message arrived, and says that the incident is in this state.
    #[n(0)]
    Says(#[n(0)] IncidentState),
    /// The message says nothing about the state, and shows the incident in this one, to who knew none.
    #[n(1)]
    Shows(#[n(0)] IncidentState),
    /// The message, which may have arrived, says that the incident is in this state.
    #[n(2)]
    MaySay(#[n(0)] IncidentState),
}

/// Whether a flag says what leaving it out says.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the derive macro gives a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
