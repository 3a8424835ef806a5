//! State is a fold of the journal: [`apply`] is the only thing that changes it.
//!
//! Deterministic: the same entries over the same state give the same state, whatever the [`State`] is kept
//! in. Never fails by itself: the errors are the state's own, and an entry that does not fit is a
//! [`Rejection`], found before anything is changed.

use std::sync::Arc;

use crate::delivery::{ChangeKind, Delivery, DeliveryState, Reference};
use crate::event::EventChange;
use crate::id::Id;
use crate::incident::{Incident, IncidentState};
use crate::journal::{Entry, Fact};
use crate::routing::{FailedFilter, Router};
use crate::time::Timestamp;
use crate::transition::Command;

mod auto_resolve;
mod commands;
mod deliveries;
mod discards;
mod echo;
mod events;
mod fallback;
mod follow;
mod owed;
mod pauses;
mod receipt;
mod receipts;
mod repeats;
mod timers;
mod told;
mod truth;
mod written_back;

pub use echo::echo;
pub use events::{about, foresee};
pub use receipt::{Effect, ReceiptRecord, ReceiptStatus};
pub use timers::{SILENCE_KEY, Timer};
pub use told::Told;

use pauses::Over;

/// One line of an incident's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineItem {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
    /// Who.
    pub actor: Option<String>,
    /// A note's text, why, or what came of it.
    pub text: String,
    /// The request that brought it.
    pub receipt: Option<Id>,
}

/// What happened to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It changed; with the fields that differ.
    Changed(ChangeKind, Vec<String>),
    /// An event came too late to count.
    Late(EventChange),
    /// A delivery ended.
    Delivery {
        /// Which.
        id: Id,
        /// Of which action.
        action: String,
        /// How.
        state: DeliveryState,
    },
}

/// Why a connection is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// What to mend.
    pub reason: String,
}

/// Where state is kept. Implementations keep their own indices (incidents by state, deliveries that are due
/// or being sent) from what `put_incident` and `put_delivery` are given.
pub trait State {
    /// What can go wrong with keeping it.
    type Error;

    /// The configuration in force.
    fn router(&self) -> Arc<Router>;
    /// Puts another in force.
    fn set_router(&mut self, router: Router) -> Result<(), Self::Error>;
    /// The next incident number, counting from 1.
    fn take_number(&mut self) -> Result<u64, Self::Error>;

    /// The incident with this id.
    fn incident(&self, id: Id) -> Result<Option<Incident>, Self::Error>;
    /// The incidents that are not resolved, in the order of their ids.
    fn unresolved(&self) -> Result<Vec<Id>, Self::Error>;
    /// Keeps `after`, which was `before` until now.
    fn put_incident(&mut self, before: Option<&Incident>, after: &Incident) -> Result<(), Self::Error>;
    /// The latest incident known under this key of this source.
    fn find(&self, source: &str, key: &str) -> Result<Option<Id>, Self::Error>;
    /// Makes it known under this key.
    fn point(&mut self, source: &str, key: &str, incident: Id) -> Result<(), Self::Error>;
    /// Adds a line to an incident's history.
    fn append(&mut self, incident: Id, item: &TimelineItem) -> Result<(), Self::Error>;

    /// The request with this id.
    fn receipt(&self, id: Id) -> Result<Option<ReceiptRecord>, Self::Error>;
    /// Keeps it.
    fn put_receipt(&mut self, receipt: &ReceiptRecord) -> Result<(), Self::Error>;
    /// When, and with which receipt, a request of this identity was applied.
    fn seen(&self, source: &str, identity: &str) -> Result<Option<(Timestamp, Id)>, Self::Error>;
    /// Remembers that it was.
    fn remember(
        &mut self,
        source: &str,
        identity: &str,
        at: Timestamp,
        receipt: Id,
    ) -> Result<(), Self::Error>;
    /// Forgets up to `limit` identities that were remembered before `at`, the oldest first.
    fn forget(&mut self, before: Timestamp, limit: usize) -> Result<(), Self::Error>;

    /// The delivery with this id.
    fn delivery(&self, id: Id) -> Result<Option<Delivery>, Self::Error>;
    /// Keeps `after`, which was `before` until now.
    fn put_delivery(&mut self, before: Option<&Delivery>, after: &Delivery) -> Result<(), Self::Error>;
    /// The deliveries in state [`DeliveryState::Sending`], in the order of their ids.
    fn sending(&self) -> Result<Vec<Id>, Self::Error>;
    /// The unsettled deliveries of an incident to a connection, the next one first.
    fn lane(&self, connection: &str, incident: Id) -> Result<Vec<Id>, Self::Error>;
    /// Replaces them.
    fn set_lane(&mut self, connection: &str, incident: Id, lane: &[Id]) -> Result<(), Self::Error>;
    /// What the peer behind a connection calls an incident.
    fn references(&self, connection: &str, incident: Id) -> Result<Vec<Reference>, Self::Error>;
    /// Replaces it.
    fn set_references(
        &mut self,
        connection: &str,
        incident: Id,
        references: &[Reference],
    ) -> Result<(), Self::Error>;
    /// What each action told of an incident, in the order of actions and connections.
    fn told(&self, incident: Id) -> Result<Vec<Told>, Self::Error>;
    /// Keeps what one action told over one connection, in place of what it told there before.
    fn put_told(&mut self, incident: Id, told: &Told) -> Result<(), Self::Error>;
    /// When this timer is due.
    fn timer(&self, timer: &Timer) -> Result<Option<Timestamp>, Self::Error>;
    /// Sets it to this time, or stops it.
    fn set_timer(&mut self, timer: &Timer, at: Option<Timestamp>) -> Result<(), Self::Error>;
    /// Up to `limit` timers that are due at `now`, the earliest first.
    fn elapsed(&self, now: Timestamp, limit: usize) -> Result<Vec<Timer>, Self::Error>;

    /// The paused connections.
    fn pauses(&self) -> Result<Vec<(String, Pause)>, Self::Error>;
    /// Pauses a connection, or lets it go on.
    fn set_pause(&mut self, connection: &str, pause: Option<&Pause>) -> Result<(), Self::Error>;
}

/// What an entry did, for whoever wrote it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// The request, with its effects.
    pub receipt: Option<ReceiptRecord>,
    /// The incident that a command was for, as it is now.
    pub incident: Option<Incident>,
    /// The deliveries whose attempts begin, as they are sent: of those that were claimed, some may be skipped.
    pub claimed: Vec<Delivery>,
    /// Whether a delivery may be due that was not before.
    pub scheduled: bool,
    /// Whether a timer was set.
    pub timed: bool,
    /// The filters that could not be applied to an incident, each with what failed. They let it through.
    pub failed_filters: Vec<FailedFilter>,
}

impl Applied {
    /// What this and the `next` entry of the same request did.
    #[must_use]
    pub fn and_then(mut self, next: Self) -> Self {
        self.claimed.extend(next.claimed);
        Self {
            receipt: next.receipt.or(self.receipt),
            incident: next.incident.or(self.incident),
            claimed: self.claimed,
            scheduled: self.scheduled || next.scheduled,
            timed: self.timed || next.timed,
            failed_filters: [self.failed_filters, next.failed_filters].concat(),
        }
    }
}

/// An entry that does not fit the state. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such incident.
    #[error("there is no incident {0}")]
    NoIncident(Id),
    /// There is no such delivery.
    #[error("there is no delivery {0}")]
    NoDelivery(Id),
    /// There is no such receipt.
    #[error("there is no receipt {0}")]
    NoReceipt(Id),
    /// The table says no.
    #[error("incident #{number} is {}, so it cannot be {}d", state.as_str(), command.as_str())]
    Refused {
        /// Which.
        number: u64,
        /// In which state.
        state: IncidentState,
        /// What was asked for.
        command: Command,
    },
    /// Its key leads to another incident that is not resolved.
    #[error("incident #{number} cannot be reopened: #{other} took its place and is not resolved")]
    Succeeded {
        /// Which.
        number: u64,
        /// The other's number.
        other: u64,
    },
    /// A title that is to be put in place of another is blank.
    #[error("the new title of incident #{0} is empty")]
    NoTitle(u64),
    /// The delivery is not in a state in which this can happen to it.
    #[error("delivery {id} is {}, {expected}", state.as_str())]
    WrongState {
        /// Which.
        id: Id,
        /// In which state.
        state: DeliveryState,
        /// In which it would have to be.
        expected: &'static str,
    },
    /// An attempt over a connection that waits for an operator.
    #[error("delivery {id} cannot be sent: connection `{connection}` is paused")]
    Paused {
        /// Of this delivery.
        id: Id,
        /// The connection's name.
        connection: String,
    },
    /// The receipt is no dead letter.
    #[error("receipt {id} is {status}: only a refused, partly refused or failed one can be discarded")]
    NotDeadLetter {
        /// Its id.
        id: Id,
        /// Its status.
        status: &'static str,
    },
    /// Nothing of the receipt is left to decode.
    #[error(
        "receipt {id} is {status}: only a refused, partly refused, failed or ignored one can be decoded again"
    )]
    NotDecodable {
        /// Its id.
        id: Id,
        /// Its status.
        status: &'static str,
    },
    /// More events of a request whose earlier events are not there.
    #[error("receipt {id} does not have {after} events that were applied, so no more can follow")]
    NotContinued {
        /// The receipt's id.
        id: Id,
        /// Events of the request that the entries before hold.
        after: u64,
    },
    /// The configuration's filters do not compile.
    #[error("{0}")]
    InvalidRouting(String),
}

/// Why an entry was not applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError<E> {
    /// It does not fit; nothing was changed.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The state could not be read or written; it may be half changed and must be thrown away.
    #[error("{0}")]
    State(E),
}

/// The result of applying something to a state.
pub type Fold<T, S> = Result<T, ApplyError<<S as State>::Error>>;

/// Applies one entry.
///
/// # Errors
/// [`ApplyError::Rejected`] before anything is changed; [`ApplyError::State`] when the state cannot be kept.
pub fn apply<S: State>(state: &mut S, entry: &Entry) -> Fold<Applied, S> {
    let mut step = Step { state, at: entry.at, seed: entry.seed, ids: 0, applied: Applied::default() };
    match &entry.fact {
        Fact::Started { routing, .. } => step.started(routing.as_ref())?,
        Fact::Received(received) => step.received(entry.seed, received)?,
        Fact::Redecoded { receipt, received } => step.redecoded(*receipt, received)?,
        Fact::Continued { receipt, after, events } => step.continued(*receipt, *after, events)?,
        Fact::Commanded { incident, command, actor, text } => {
            step.commanded(*incident, *command, actor, text)?;
        }
        Fact::Modified { incident, title, severity, actor, text } => {
            step.modified(*incident, title.as_deref(), *severity, actor, text)?;
        }
        Fact::Claimed { deliveries, records } => step.claimed(deliveries, records, Over::AnyThatRuns)?,
        Fact::Tried { delivery, record } => {
            let records: &[Id] = if *record { &[*delivery] } else { &[] };
            step.claimed(&[*delivery], records, Over::APausedOne)?;
        }
        Fact::Resumed { connection, .. } => step.resumed(connection)?,
        Fact::Settled { delivery, took_us, status, verdict } => {
            step.settled(*delivery, *took_us, *status, verdict)?;
        }
        Fact::Discarded { receipts, actor } => step.discarded(receipts, actor)?,
        Fact::GaveUp { deliveries, actor } => step.gave_up(deliveries, actor)?,
        Fact::Ticked => step.ticked()?,
        Fact::Interrupted => step.interrupted()?,
        Fact::Retried { delivery, .. } => step.retried(*delivery)?,
    }
    step.applied.failed_filters = step.state.router().take_failures();
    Ok(step.applied)
}

/// One entry being applied.
struct Step<'a, S: State> {
    state: &'a mut S,
    at: Timestamp,
    seed: Id,
    ids: u32,
    applied: Applied,
}

impl<S: State> Step<'_, S> {
    /// The next id that follows from the entry's.
    fn next_id(&mut self) -> Id {
        self.ids += 1;
        self.seed.successor(self.ids)
    }
}

/// Wraps the state's own errors.
trait Kept<T, E> {
    fn kept(self) -> Result<T, ApplyError<E>>;
}

impl<T, E> Kept<T, E> for Result<T, E> {
    fn kept(self) -> Result<T, ApplyError<E>> {
        self.map_err(ApplyError::State)
    }
}
