//! Decisions: what follows from a command, as facts. The only place with filters, windows, delays, damping and routing.
//!
//! Pure: it sees the state through [`View`], the policy, and what comes with the command. Each fact becomes state as soon
//! as it is decided ([`crate::evolve`]), so that what is decided next sees it; nothing here changes state in another way.
//! A command that does not fit is a [`Rejection`], found before anything is recorded.

use crate::command::{Command, Issued, beside};
use crate::delivery::{Change, Delivery, DeliveryState};
use crate::evolve::Evolution;
use crate::id::{DeliveryId, Id, IncidentId, Kind, ReceiptId};
use crate::incident::{Incident, IncidentState};
use crate::journal::{Cause, Entry, Fact, Fields, Place, StateChange};
use crate::name::ConnectionName;
use crate::receipt::ReceiptRecord;
use crate::routing::{FailedFilter, Router};
use crate::state::{State, View};
use crate::time::Timestamp;
use crate::transition::IncidentCommand;

mod address;
mod auto_resolve;
mod commands;
mod deliveries;
mod discards;
mod echo;
mod events;
mod fallback;
mod follow;
mod forget;
mod owed;
mod pauses;
mod receipts;
mod repeats;
mod timers;
mod told;
mod truth;
mod written_back;

pub use echo::echo;
pub use events::{about, foresee};
pub use timers::SILENCE_KEY;

use pauses::Over;

/// What a command did, for whoever gave it.
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
    /// The receipts that were forgotten.
    pub forgotten_receipts: Vec<ReceiptId>,
}

impl Applied {
    /// What this and the `next` command of the same request did.
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
            forgotten_receipts: [self.forgotten_receipts, next.forgotten_receipts].concat(),
        }
    }
}

/// A command that does not fit the state. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such incident.
    #[error("there is no incident {0}")]
    NoIncident(IncidentId),
    /// There is no such delivery.
    #[error("there is no delivery {0}")]
    NoDelivery(DeliveryId),
    /// There is no such receipt.
    #[error("there is no receipt {0}")]
    NoReceipt(ReceiptId),
    /// The table says no.
    #[error("incident #{number} is {}, so it cannot be {}d", state.as_str(), command.as_str())]
    Refused {
        /// Which.
        number: u64,
        /// In which state.
        state: IncidentState,
        /// What was asked for.
        command: IncidentCommand,
    },
    /// Its key leads to another incident that is not resolved.
    #[error("incident #{number} cannot be reopened: #{other} took its place and is not resolved")]
    Succeeded {
        /// Which.
        number: u64,
        /// The other's number.
        other: u64,
    },
    /// It has changed since the caller looked at it.
    #[error("incident #{number} has changed since: look at it again")]
    Changed {
        /// Which.
        number: u64,
    },
    /// A title that is to be put in place of another is blank.
    #[error("the new title of incident #{0} is empty")]
    NoTitle(u64),
    /// The delivery is not in a state in which this can happen to it.
    #[error("delivery {id} is {}, {expected}", state.as_str())]
    WrongState {
        /// Which.
        id: DeliveryId,
        /// In which state.
        state: DeliveryState,
        /// In which it would have to be.
        expected: &'static str,
    },
    /// An attempt over a connection that waits for an operator.
    #[error("delivery {id} cannot be sent: connection `{connection}` is paused")]
    Paused {
        /// Of this delivery.
        id: DeliveryId,
        /// The connection's name.
        connection: ConnectionName,
    },
    /// The receipt is no dead letter.
    #[error("receipt {id} is {status}: only a refused, partly refused or failed one can be discarded")]
    NotDeadLetter {
        /// Its id.
        id: ReceiptId,
        /// Its status.
        status: &'static str,
    },
    /// Nothing of the receipt is left to decode.
    #[error(
        "receipt {id} is {status}: only a refused, partly refused, failed or ignored one can be decoded again"
    )]
    NotDecodable {
        /// Its id.
        id: ReceiptId,
        /// Its status.
        status: &'static str,
    },
    /// More events of a request whose earlier events are not there.
    #[error("receipt {id} does not have {after} events that were applied, so no more can follow")]
    NotContinued {
        /// The receipt's id.
        id: ReceiptId,
        /// Events of the request that the entries before hold.
        after: u64,
    },
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError<E> {
    /// It does not fit; nothing was changed.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The state could not be read or written; it may be half changed and must be thrown away.
    #[error("{0}")]
    State(E),
}

/// The result of deciding over a state.
pub type Decided<T, S> = Result<T, DecideError<<S as View>::Error>>;

/// Decides what follows from a command, and has `state` follow.
///
/// # Errors
/// [`DecideError::Rejected`] before anything is changed; [`DecideError::State`] when the state cannot be read or kept: it
/// may be half changed then, and must be thrown away.
pub fn decide<S: State>(state: &mut S, policy: &Router, issued: &Issued) -> Decided<(Entry, Applied), S> {
    let cause = cause(state, issued)?;
    let evolution = Evolution::of(state, issued.at, &cause);
    let mut step = Step {
        state,
        policy,
        at: issued.at,
        seed: issued.seed,
        ids: 0,
        evolution,
        facts: Vec::new(),
        recorded: None,
        applied: Applied::default(),
    };
    step.run(issued.seed, &issued.command)?;
    let Step { facts, mut applied, .. } = step;
    applied.failed_filters = policy.take_failures();
    Ok((Entry { at: issued.at, cause, facts, policy: policy.digest(), epoch: 0 }, applied))
}

/// What makes the facts true that follow from a command.
fn cause<S: State>(state: &S, issued: &Issued) -> Decided<Cause, S> {
    let mut cause = cause_of(issued.seed, &issued.command);
    if let (Cause::Request(receipt, given) | Cause::DecodedAgain(receipt, given), true) =
        (&mut cause, !matches!(issued.command, Command::Receive(_)))
    {
        *given = state.receipt(*receipt).kept()?.and_then(|record| record.trace);
    }
    Ok(cause)
}

fn cause_of(seed: ReceiptId, command: &Command) -> Cause {
    match command {
        Command::Acting { user, command } => match cause_of(seed, command) {
            Cause::Operator(claim) => Cause::Operator(beside(&claim, user)),
            cause => cause,
        },
        Command::Expecting { command, .. } => cause_of(seed, command),
        Command::Start { version } => Cause::Start(version.clone()),
        Command::Configure { by, digest, changes, .. } => {
            Cause::Configured { by: by.clone(), digest: digest.clone(), changes: changes.clone() }
        }
        Command::Audit { by, what } => Cause::Audited { by: by.clone(), what: what.clone() },
        Command::Receive(received) => Cause::Request(seed, received.trace),
        Command::Redecode { receipt, .. } => Cause::DecodedAgain(*receipt, None),
        Command::Continue { receipt, .. } => Cause::Request(*receipt, None),
        Command::Operate { actor, .. }
        | Command::Modify { actor, .. }
        | Command::Discard { actor, .. }
        | Command::GiveUp { actor, .. }
        | Command::Retry { actor, .. } => Cause::Operator(actor.clone()),
        Command::Claim { .. } => Cause::Attempts,
        Command::Try { .. } => Cause::Trial,
        Command::Settle { .. } => Cause::Outcome,
        Command::Resume { reason, .. } => Cause::Works(reason.clone()),
        Command::Tick => Cause::Timers,
        Command::Forget(_) => Cause::Retention,
        Command::Interrupt => Cause::Interruption,
    }
}

/// One command being decided.
struct Step<'a, S: State> {
    state: &'a mut S,
    policy: &'a Router,
    at: Timestamp,
    seed: ReceiptId,
    ids: u32,
    evolution: Evolution,
    facts: Vec<Fact>,
    /// The change that was written into a timeline last, of which incident, and the line that has it.
    recorded: Option<(IncidentId, Change, u32)>,
    applied: Applied,
}

impl<S: State> Step<'_, S> {
    fn run(&mut self, seed: ReceiptId, command: &Command) -> Decided<(), S> {
        match command {
            Command::Start { .. } => self.start(),
            Command::Acting { command, .. } => self.run(seed, command),
            Command::Expecting { incident, versions, command } => {
                self.expect_version(*incident, versions)?;
                self.run(seed, command)
            }
            Command::Configure { sources, connections, .. } => self.configure(sources, connections),
            Command::Audit { .. } => Ok(()),
            Command::Receive(received) => self.receive(seed, received),
            Command::Redecode { receipt, received } => self.redecode(*receipt, received),
            Command::Continue { receipt, after, events } => self.continue_with(*receipt, *after, events),
            Command::Operate { incident, command, actor, text } => {
                self.operate(*incident, *command, actor, text)
            }
            Command::Modify { incident, title, severity, actor, text } => {
                self.modify(*incident, title.as_deref(), *severity, actor, text)
            }
            Command::Claim { deliveries, records } => self.claim(deliveries, records, Over::AnyThatRuns),
            Command::Try { delivery, record } => {
                let records: &[DeliveryId] = if *record { &[*delivery] } else { &[] };
                self.claim(&[*delivery], records, Over::APausedOne)
            }
            Command::Resume { connection, .. } => self.resume(connection),
            Command::Settle { delivery, took_us, status, verdict } => {
                self.settle(*delivery, *took_us, *status, verdict)
            }
            Command::Discard { receipts, actor } => self.discard(receipts, actor),
            Command::GiveUp { deliveries, actor } => self.give_up(deliveries, actor),
            Command::Tick => self.tick(),
            Command::Forget(asked) => self.forget(asked),
            Command::Interrupt => self.interrupt(),
            Command::Retry { delivery, .. } => self.retry(*delivery),
        }
    }

    /// The next id that follows from the command's.
    fn next_id<K: Kind>(&mut self) -> Id<K> {
        self.ids += 1;
        self.seed.successor(self.ids)
    }

    /// Records `fact`, and has the state follow.
    fn record(&mut self, fact: Fact) -> Decided<(), S> {
        match &fact {
            Fact::DeliveryQueued(queued) => self.applied.scheduled |= queued.place == Place::Lane,
            Fact::DeliveryReleased { .. }
            | Fact::DeliverySettled(_)
            | Fact::DeliveryDropped { .. }
            | Fact::DeliveryRetried { .. }
            | Fact::AttemptLost { .. }
            | Fact::ConnectionResumed { .. } => self.applied.scheduled = true,
            Fact::TimerSet { at, .. } => self.applied.timed |= at.is_some(),
            _ => {}
        }
        self.evolution.apply(self.state, &fact).kept()?;
        self.facts.push(fact);
        Ok(())
    }

    /// Records what of `after` differs from `before`, which is the incident as it is kept.
    fn change_incident(&mut self, before: &Incident, after: &Incident) -> Decided<(), S> {
        let fields = Fields::between(before, after);
        if !fields.is_empty() {
            self.record(Fact::IncidentChanged { incident: after.id, fields })?;
        }
        match StateChange::between(before.state(), after.state()) {
            Some(by) => self.record(Fact::StateChanged { incident: after.id, by }),
            None => Ok(()),
        }
    }
}

/// Wraps the state's own errors.
trait Kept<T, E> {
    fn kept(self) -> Result<T, DecideError<E>>;
}

impl<T, E> Kept<T, E> for Result<T, E> {
    fn kept(self) -> Result<T, DecideError<E>> {
        self.map_err(DecideError::State)
    }
}
