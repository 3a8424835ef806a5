//! How state follows from what is recorded. No policy, no filter, no sentence: written once, and kept for ever.
//!
//! Deterministic: the same entries over the same state give the same state, whatever the [`State`] is kept in. Never
//! fails by itself: the errors are the state's own. A fact about something that is not there changes nothing.

use crate::delivery::{Delivery, LineId};
use crate::id::{DeliveryId, IncidentId};
use crate::incident::Incident;
use crate::journal::{Cause, Entry, Fact};
use crate::name::ConnectionName;
use crate::state::{Pause, State, TimelineItem};
use crate::time::Timestamp;
use crate::trace::Origin;

mod deliveries;
mod incidents;
mod receipts;

/// Has `state` follow from `entry`, which is the next one of the journal. An entry of an older leader's term than one
/// before it is void.
///
/// # Errors
/// The state's own; it may be half changed then, and must be thrown away.
pub fn evolve<S: State>(state: &mut S, entry: &Entry) -> Result<(), S::Error> {
    if entry.epoch < state.position().epoch {
        return Ok(());
    }
    let mut evolution = Evolution::of(state, entry.at, &entry.cause);
    for fact in &entry.facts {
        evolution.apply(state, fact)?;
    }
    Ok(())
}

/// One entry, while its facts become state.
#[derive(Clone, Debug)]
pub(crate) struct Evolution {
    at: Timestamp,
    /// The number of the entry.
    entry: u64,
    origin: Option<Origin>,
    /// Lines that it wrote into timelines.
    lines: u32,
}

impl Evolution {
    /// The entry that follows what `state` follows from.
    pub(crate) fn of<S: State>(state: &S, at: Timestamp, cause: &Cause) -> Self {
        Self { at, entry: state.position().entry + 1, origin: cause.origin(), lines: 0 }
    }

    /// The request that the entry follows from.
    pub(crate) const fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// Lines written into timelines so far.
    pub(crate) const fn lines(&self) -> u32 {
        self.lines
    }

    /// Brings about what follows from `fact`.
    pub(crate) fn apply<S: State>(&mut self, state: &mut S, fact: &Fact) -> Result<(), S::Error> {
        match fact {
            Fact::IncidentOpened(opening) => self.opened(state, opening),
            Fact::IncidentChanged { incident, fields } => {
                changed(state, *incident, |incident| fields.put_into(incident))
            }
            Fact::StateChanged { incident, by } => {
                changed(state, *incident, |incident| by.put_into(incident, self.at))
            }
            Fact::ChangeRecorded(recorded) => self.recorded(state, recorded),
            Fact::EventLate { incident, change, actor, title } => {
                self.late(state, *incident, *change, actor.as_ref(), title)
            }
            Fact::IncidentHeard { incident } => {
                changed(state, *incident, |incident| incident.heard_at = Some(self.at))
            }
            Fact::KeysBound { incident, source, keys } => {
                keys.iter().try_for_each(|key| state.point(source, key, *incident))
            }
            Fact::ReceiptRecorded(receipted) => self.receipted(state, receipted),
            Fact::ReceiptsDiscarded { receipts, actor } => discarded(state, receipts, actor),
            Fact::IdentitiesSeen { source, identities, receipt } => {
                identities.iter().try_for_each(|identity| state.remember(source, identity, self.at, *receipt))
            }
            Fact::IdentitiesForgotten { before, most } => state.forget(*before, *most),
            Fact::DeliveryQueued(queued) => self.queued(state, queued),
            Fact::DeliveryHeld { delivery, until } => self.held(state, *delivery, *until),
            Fact::DeliveryReleased { delivery, connection, test, is_of_state } => {
                self.released(state, *delivery, (connection, *test), *is_of_state)
            }
            Fact::DeliveryClaimed { delivery, change, is_of_state } => {
                claimed(state, *delivery, change.as_ref(), *is_of_state)
            }
            Fact::DeliverySettled(settled) => self.settled(state, settled),
            Fact::DeliveryDropped { delivery, state: how, why } => self.dropped(state, *delivery, *how, why),
            Fact::DeliveryRetried { delivery, is_of_state } => self.retried(state, *delivery, *is_of_state),
            Fact::AttemptLost { delivery, left } => self.lost(state, *delivery, *left),
            Fact::ReferencesSet { incident, referrer, references } => {
                referenced(state, *incident, referrer, references)
            }
            Fact::TimerSet { timer, at } => state.set_timer(timer, *at),
            Fact::ConnectionPaused { connection, reason } => self.paused(state, connection, reason),
            Fact::ConnectionResumed { connection } => state.set_pause(connection, None),
            Fact::IncidentsForgotten { incidents } => incidents.iter().try_for_each(|id| {
                let incident = state.incident(*id)?;
                incident.map_or(Ok(()), |incident| state.forget_incident(&incident))
            }),
            Fact::ReceiptsForgotten { receipts } => {
                receipts.iter().try_for_each(|receipt| state.forget_receipt(*receipt))
            }
        }
    }

    /// Pauses a connection. One that is paused already stays so since then, for the latest reason.
    fn paused<S: State>(
        &self,
        state: &mut S,
        connection: &ConnectionName,
        reason: &str,
    ) -> Result<(), S::Error> {
        let known = state.pauses()?.into_iter().find(|(name, _)| name == connection);
        let since = known.map_or(self.at, |(_, pause)| pause.since);
        state.set_pause(connection, Some(&Pause { since, reason: reason.to_owned() }))
    }

    /// Writes the next line of this entry into an incident's timeline.
    fn write<S: State>(
        &mut self,
        state: &mut S,
        incident: IncidentId,
        item: &TimelineItem,
    ) -> Result<(), S::Error> {
        self.lines += 1;
        state.append(incident, LineId { entry: self.entry, line: self.lines }, item)
    }
}

use deliveries::{claimed, referenced};
use receipts::discarded;

/// Changes an incident, if it is there.
fn changed<S: State>(
    state: &mut S,
    id: IncidentId,
    change: impl FnOnce(&mut Incident),
) -> Result<(), S::Error> {
    let Some(before) = state.incident(id)? else { return Ok(()) };
    let mut after = before.clone();
    change(&mut after);
    if after == before { Ok(()) } else { state.put_incident(Some(&before), &after) }
}

/// Changes a delivery, if it is there, and returns it as it was and as it is.
fn moved<S: State>(
    state: &mut S,
    id: DeliveryId,
    change: impl FnOnce(&mut Delivery),
) -> Result<Option<(Delivery, Delivery)>, S::Error> {
    let Some(before) = state.delivery(id)? else { return Ok(None) };
    let mut after = before.clone();
    change(&mut after);
    state.put_delivery(Some(&before), &after)?;
    Ok(Some((before, after)))
}
