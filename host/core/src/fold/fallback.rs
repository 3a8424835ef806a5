//! Incidents that no action takes: whether one is such, decided when it opens or reopens.
//!
//! Never sends anything itself: [`crate::routing::Router`] lets the fallback run for the incidents that this marks.

use super::{State, Step};
use crate::delivery::{Change, ChangeKind};
use crate::event::Event;
use crate::incident::{Incident, IncidentState};
use crate::routing::ActionStatus;
use crate::time::Timestamp;

/// The change by which `event` opens an incident.
pub(super) fn opening(event: &Event, at: Timestamp) -> Change {
    let actor = event.actor.clone();
    Change { actor, ..Change::of_the_relay(ChangeKind::Opened, at, String::new()) }
}

impl<S: State> Step<'_, S> {
    /// Whether no enabled action takes `change`, which opens or reopens `incident`. An action in test takes nothing,
    /// since its messages do not reach the people on duty.
    pub(super) fn is_unmatched(
        &self,
        incident: &Incident,
        left: Option<IncidentState>,
        change: &Change,
    ) -> bool {
        let router = self.state.router();
        let mut taken = router.route(incident, left, change);
        !taken.any(|action| action.status == ActionStatus::Enabled && !action.is_fallback)
    }

    /// Decides it again for `incident`, which `event` has just reopened. While it flaps no action gets its
    /// reopenings, so it stays as it was decided before.
    pub(super) fn match_anew(
        &self,
        before: &Incident,
        incident: &mut Incident,
        changed: &[String],
        event: &Event,
    ) {
        if incident.flapping {
            return;
        }
        let change = Change {
            kind: ChangeKind::Reopened,
            at: self.at,
            actor: event.actor.clone(),
            text: event.message.clone(),
            changed: changed.to_vec(),
            before: before.values(changed),
        };
        incident.unmatched = self.is_unmatched(incident, incident.left(before), &change);
    }
}
