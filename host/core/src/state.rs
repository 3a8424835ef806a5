//! The state that follows from the journal: what of it a decision reads ([`View`]), and where it is kept ([`State`]).
//!
//! Knows no rule. [`crate::decide`] reads it, [`crate::evolve`] alone changes it.

use minicbor::{Decode, Encode};

use crate::delivery::{Change, ChangeKind, Delivery, DeliveryState, LineId, Reference};
use crate::event::EventChange;
use crate::id::{DeliveryId, IncidentId, ReceiptId};
use crate::incident::Incident;
use crate::name::{ActionName, ConnectionName, SourceName};
use crate::reason::Reason;
use crate::receipt::ReceiptRecord;
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::told::Told;
use crate::trace::{Origin, Trace};

/// One line of an incident's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TimelineItem {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// What.
    #[n(1)]
    pub what: Happening,
    /// Who.
    #[n(2)]
    pub actor: Option<String>,
    /// A note's text, why, or what came of it.
    #[n(3)]
    #[cbor(skip_if = "Reason::is_empty")]
    pub text: Reason,
    /// The request that brought it.
    #[n(4)]
    pub receipt: Option<ReceiptId>,
    /// What the fields were before that a change made different.
    #[n(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub before: Vec<(String, String)>,
    /// The trace that the sender of that request gave.
    #[n(6)]
    pub trace: Option<Trace>,
}

/// What happened to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Happening {
    /// It changed; with the fields that differ.
    #[n(0)]
    Changed(#[n(0)] ChangeKind, #[n(1)] Vec<String>),
    /// An event came too late to count.
    #[n(1)]
    Late(#[n(0)] EventChange),
    /// A delivery ended.
    #[n(2)]
    Delivery {
        /// Which.
        #[n(0)]
        id: DeliveryId,
        /// Of which action.
        #[n(1)]
        action: ActionName,
        /// How.
        #[n(2)]
        state: DeliveryState,
    },
}

impl TimelineItem {
    /// The request that brought it.
    pub fn origin(&self) -> Option<Origin> {
        self.receipt.map(|receipt| Origin { receipt, given: self.trace })
    }

    /// The change that this line has, if it has one.
    pub fn change(&self) -> Option<Change> {
        let Happening::Changed(kind, changed) = &self.what else { return None };
        Some(Change {
            kind: *kind,
            at: self.at,
            actor: self.actor.clone(),
            text: self.text.clone(),
            changed: changed.clone(),
            before: self.before.clone(),
        })
    }
}

/// Why a connection is paused.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pause {
    /// Since when.
    #[n(0)]
    pub since: Timestamp,
    /// What to mend.
    #[n(1)]
    pub reason: String,
}

/// What is known of the journal's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of the last entry; 0 when there is none.
    pub entry: u64,
    /// The digest of the policy that decided it.
    pub policy: u64,
    /// The latest term of a leader that wrote an entry.
    pub epoch: u64,
}

/// What a decision sees.
pub trait View {
    /// What can go wrong with reading.
    type Error;

    /// The journal's end.
    fn position(&self) -> Position;
    /// The last incident number that was given; 0 when none was.
    fn last_number(&self) -> u64;

    /// The incident with this id.
    fn incident(&self, id: IncidentId) -> Result<Option<Incident>, Self::Error>;
    /// The incidents that are not resolved, in the order of their ids.
    fn unresolved(&self) -> Result<Vec<IncidentId>, Self::Error>;
    /// The latest incident known under this key of this source.
    fn find(&self, source: &SourceName, key: &str) -> Result<Option<IncidentId>, Self::Error>;

    /// The request with this id.
    fn receipt(&self, id: ReceiptId) -> Result<Option<ReceiptRecord>, Self::Error>;
    /// When, and with which receipt, a request of this identity was applied.
    fn seen(
        &self,
        source: &SourceName,
        identity: &str,
    ) -> Result<Option<(Timestamp, ReceiptId)>, Self::Error>;
    /// Whether an identity is remembered that was seen before `at`.
    fn has_seen_before(&self, at: Timestamp) -> Result<bool, Self::Error>;

    /// The delivery with this id, with its incident as that is now.
    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Self::Error>;
    /// The states of an incident's deliveries, in the order of these.
    fn delivery_states(&self, incident: IncidentId) -> Result<Vec<DeliveryState>, Self::Error>;
    /// The deliveries in state [`DeliveryState::Sending`], in the order of their ids.
    fn sending(&self) -> Result<Vec<DeliveryId>, Self::Error>;
    /// The unsettled deliveries of an incident to a connection, the next one first.
    fn lane(&self, connection: &ConnectionName, incident: IncidentId)
    -> Result<Vec<DeliveryId>, Self::Error>;
    /// What the peer behind a connection calls an incident.
    fn references(
        &self,
        connection: &ConnectionName,
        incident: IncidentId,
    ) -> Result<Vec<Reference>, Self::Error>;
    /// What each action told of an incident, in the order of actions and connections.
    fn told(&self, incident: IncidentId) -> Result<Vec<Told>, Self::Error>;
    /// When this timer is due.
    fn timer(&self, timer: &Timer) -> Result<Option<Timestamp>, Self::Error>;
    /// The timers of repetitions of an incident, in the order of their actions.
    fn repeats_of(&self, incident: IncidentId) -> Result<Vec<Timer>, Self::Error>;
    /// Up to `limit` timers that are due at `now`, the earliest first.
    fn elapsed(&self, now: Timestamp, limit: usize) -> Result<Vec<Timer>, Self::Error>;
    /// The paused connections.
    fn pauses(&self) -> Result<Vec<(ConnectionName, Pause)>, Self::Error>;
}

/// Where state is kept. Implementations keep their own indices (incidents by state, deliveries that are due
/// or being sent) from what `put_incident` and `put_delivery` are given.
pub trait State: View {
    /// Remembers that this incident number was given.
    fn number_given(&mut self, number: u64) -> Result<(), Self::Error>;
    /// Keeps `after`, which was `before` until now.
    fn put_incident(&mut self, before: Option<&Incident>, after: &Incident) -> Result<(), Self::Error>;
    /// Makes an incident known under this key.
    fn point(&mut self, source: &SourceName, key: &str, incident: IncidentId) -> Result<(), Self::Error>;
    /// Adds a line to an incident's timeline.
    fn append(&mut self, incident: IncidentId, line: LineId, item: &TimelineItem) -> Result<(), Self::Error>;
    /// The line with this id of an incident's timeline.
    fn line(&self, incident: IncidentId, line: LineId) -> Result<Option<TimelineItem>, Self::Error>;

    /// Keeps it.
    fn put_receipt(&mut self, receipt: &ReceiptRecord) -> Result<(), Self::Error>;
    /// Remembers that a request of this identity was applied.
    fn remember(
        &mut self,
        source: &SourceName,
        identity: &str,
        at: Timestamp,
        receipt: ReceiptId,
    ) -> Result<(), Self::Error>;
    /// Forgets up to `limit` identities that were remembered before `at`, the oldest first.
    fn forget(&mut self, before: Timestamp, limit: u64) -> Result<(), Self::Error>;

    /// Keeps `after`, which was `before` until now.
    fn put_delivery(&mut self, before: Option<&Delivery>, after: &Delivery) -> Result<(), Self::Error>;
    /// Replaces the deliveries of a lane.
    fn set_lane(
        &mut self,
        connection: &ConnectionName,
        incident: IncidentId,
        lane: &[DeliveryId],
    ) -> Result<(), Self::Error>;
    /// Replaces what the peer behind a connection calls an incident.
    fn set_references(
        &mut self,
        connection: &ConnectionName,
        incident: IncidentId,
        references: &[Reference],
    ) -> Result<(), Self::Error>;
    /// Keeps what one action told over one connection, in place of what it told there before.
    fn put_told(&mut self, incident: IncidentId, told: &Told) -> Result<(), Self::Error>;
    /// Sets a timer to this time, or stops it.
    fn set_timer(&mut self, timer: &Timer, at: Option<Timestamp>) -> Result<(), Self::Error>;
    /// Pauses a connection, or lets it go on.
    fn set_pause(&mut self, connection: &ConnectionName, pause: Option<&Pause>) -> Result<(), Self::Error>;

    /// Takes a resolved incident out, with everything that belongs to it: timeline, keys that lead to it, deliveries,
    /// references, what was told of it, timers.
    fn forget_incident(&mut self, incident: &Incident) -> Result<(), Self::Error>;
    /// Takes a receipt out.
    fn forget_receipt(&mut self, receipt: ReceiptId) -> Result<(), Self::Error>;
}
