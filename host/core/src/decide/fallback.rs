//! Incidents that no action takes: whether one is such, decided when it opens or reopens, and no longer once an
//! action takes it.
//!
//! Never sends anything itself: [`crate::routing::Router`] lets the fallback run for the incidents that this marks.

use super::follow::News;
use super::{Decided, Step};
use crate::delivery::{Change, ChangeKind};
use crate::event::Event;
use crate::incident::{Incident, IncidentState};
use crate::reason::Reason;
use crate::routing::{ActionRule, ActionStatus};
use crate::state::State;
use crate::time::Timestamp;

/// The change by which `event` opens an incident.
pub(super) fn opening(event: &Event, at: Timestamp) -> Change {
    let actor = event.actor.clone();
    Change { actor, ..Change::of_the_relay(ChangeKind::Opened, at, Reason::none()) }
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
        let router = self.policy;
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
            text: event.message.as_str().into(),
            changed: changed.to_vec(),
            before: before.values(changed),
        };
        incident.unmatched = self.is_unmatched(incident, incident.left(before), &change);
    }

    /// Clears the mark of an incident that an action takes by this news, and returns it as it is then; none when
    /// nothing changes. From then on the fallback only closes what it told.
    pub(super) fn take_over(&mut self, news: News<'_>) -> Decided<Option<Incident>, S> {
        if !self.is_taken_over(news) {
            return Ok(None);
        }
        let taken = Incident { unmatched: false, ..news.incident.clone() };
        self.change_incident(news.incident, &taken)?;
        Ok(Some(taken))
    }

    /// Whether no action took the incident so far, and an enabled one that tells of openings is told of it now. Who
    /// takes it by its opening is decided before that.
    fn is_taken_over(&self, news: News<'_>) -> bool {
        let News { incident, left, change } = news;
        let is_over = incident.state() == IncidentState::Resolved;
        if !incident.unmatched || is_over || change.kind == ChangeKind::Opened {
            return false;
        }
        let router = self.policy;
        // While it flaps, an action hears of what triggers it alone.
        let hears = |action: &ActionRule| {
            !incident.flapping
                || (action.is_triggered(left, change.kind)
                    && router.lets_through(&action.name, incident, change))
        };
        router.enabled().any(|action| {
            action.status == ActionStatus::Enabled
                && !action.is_fallback
                && hears(action)
                && router.would_open(action, incident)
        })
    }
}
