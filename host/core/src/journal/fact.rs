//! What can happen.

use minicbor::{Decode, Encode};

use super::delivery::{Left, Queued, Settled};
use super::incident::{Fields, Opening, Receipted, Recorded, StateChange};
use crate::delivery::{Change, DeliveryState, Reference};
use crate::event::EventChange;
use crate::id::{DeliveryId, IncidentId, ReceiptId};
use crate::name::{ConnectionName, SourceName};
use crate::reason::Reason;
use crate::time::Timestamp;
use crate::timer::Timer;

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
        incident: IncidentId,
        /// What differs.
        #[n(1)]
        fields: Fields,
    },
    /// An incident is in another state.
    #[n(2)]
    StateChanged {
        /// Which.
        #[n(0)]
        incident: IncidentId,
        /// How it came into it.
        #[n(1)]
        by: StateChange,
    },
    /// A change of an incident stands in its timeline.
    #[n(3)]
    ChangeRecorded(#[n(0)] Recorded),
    /// An event of an incident came too late to count.
    #[n(4)]
    EventLate {
        /// Of which.
        #[n(0)]
        incident: IncidentId,
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
        incident: IncidentId,
        /// The source's name.
        #[n(1)]
        source: SourceName,
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
        receipts: Vec<ReceiptId>,
        /// Who.
        #[n(1)]
        actor: String,
    },
    /// A request of these identities was applied.
    #[n(8)]
    IdentitiesSeen {
        /// The source's name.
        #[n(0)]
        source: SourceName,
        /// The identities.
        #[n(1)]
        identities: Vec<String>,
        /// The request's receipt.
        #[n(2)]
        receipt: ReceiptId,
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
        delivery: DeliveryId,
        /// Until when.
        #[n(1)]
        until: Timestamp,
    },
    /// A held delivery goes into its lane.
    #[n(12)]
    DeliveryReleased {
        /// Which.
        #[n(0)]
        delivery: DeliveryId,
        /// Over which connection.
        #[n(1)]
        connection: ConnectionName,
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
        delivery: DeliveryId,
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
        delivery: DeliveryId,
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
        delivery: DeliveryId,
        /// Whether it is about the incident's state.
        #[n(1)]
        is_of_state: bool,
    },
    /// An attempt broke off without an answer: its delivery is due again.
    #[n(17)]
    AttemptLost {
        /// Of this delivery.
        #[n(0)]
        delivery: DeliveryId,
        /// What it may have left at its reader.
        #[n(1)]
        left: Option<Left>,
    },
    /// A peer has names for an incident.
    #[n(18)]
    ReferencesSet {
        /// The incident.
        #[n(0)]
        incident: IncidentId,
        /// Whose names: [`crate::delivery::Delivery::referrer`].
        #[n(1)]
        referrer: ConnectionName,
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
        connection: ConnectionName,
        /// What to mend.
        #[n(1)]
        reason: String,
    },
    /// A connection is no longer paused.
    #[n(21)]
    ConnectionResumed {
        /// Its name.
        #[n(0)]
        connection: ConnectionName,
    },
    /// The source of an incident sent an event of it, or begins to be waited for: `auto_resolve` counts from here.
    #[n(22)]
    IncidentHeard {
        /// Which.
        #[n(0)]
        incident: IncidentId,
    },
    /// Resolved incidents are forgotten, with their deliveries and their timeline.
    #[n(23)]
    IncidentsForgotten {
        /// Which.
        #[n(0)]
        incidents: Vec<IncidentId>,
    },
    /// Receipts are forgotten.
    #[n(24)]
    ReceiptsForgotten {
        /// Which.
        #[n(0)]
        receipts: Vec<ReceiptId>,
    },
}
