//! What facts about deliveries say.

use minicbor::{Decode, Encode};

use crate::delivery::{Change, DeliveryState};
use crate::id::{DeliveryId, IncidentId};
use crate::incident::IncidentState;
use crate::name::{ActionName, ConnectionName};
use crate::reason::Reason;
use crate::time::Timestamp;

/// A delivery that is owed, of the time of its entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Queued {
    /// Its id.
    #[n(0)]
    pub id: DeliveryId,
    /// Of which incident.
    #[n(1)]
    pub incident: IncidentId,
    /// To which action.
    #[n(2)]
    pub action: ActionName,
    /// Over which connection.
    #[n(3)]
    pub connection: ConnectionName,
    /// Whether its action is in test.
    #[n(4)]
    #[cbor(skip_if = "super::is_false")]
    pub test: bool,
    /// What it tells of.
    #[n(5)]
    pub change: Tells,
    /// Where it is.
    #[n(6)]
    pub place: Place,
    /// Whether it is about the incident's state, so that the next such delivery overtakes it.
    #[n(7)]
    #[cbor(skip_if = "super::is_false")]
    pub is_of_state: bool,
    /// Whether what its action told of the incident is remembered from now on.
    #[n(8)]
    #[cbor(skip_if = "super::is_false")]
    pub is_followed: bool,
}

/// What a delivery tells of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Tells {
    /// The change that the line with this number, of those that the entry writes into timelines, has recorded.
    #[n(0)]
    Line(#[n(0)] u32),
    /// A change that stands in no timeline.
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
    pub delivery: DeliveryId,
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
