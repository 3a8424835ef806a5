//! Resolves what its sender forgot: an incident whose source sends no event of it for as long as the source's
//! `auto_resolve` says.
//!
//! A timer for each unresolved incident of such a source, set anew by every event about it. An operator's command
//! does not set it anew. Never resolves the incident of a source's silence: nobody has forgotten that one.

use super::{Decided, Kept, SILENCE_KEY, Step};
use crate::delivery::{Change, ChangeKind};
use crate::id::IncidentId;
use crate::incident::{Incident, IncidentState};
use crate::journal::Fact;
use crate::reason::Reason;
use crate::routing::SourceRule;
use crate::state::State;
use crate::time::Timestamp;
use crate::timer::Timer;

/// What an incident has left at least after a start or an interruption, or the whole time if that is shorter. While the
/// relay was down or stopped no sender could reach it; Alertmanager, for one, repeats every four hours.
const LEFT_AFTER_START_MS: u64 = 6 * 60 * 60 * 1000;
/// Who resolves, in the timeline.
const ACTOR: &str = "tocsin";

impl<S: State> Step<'_, S> {
    /// The source sent an event about `incident`: its time begins again, or is over with it.
    pub(super) fn heard_of(&mut self, incident: &Incident, rule: &SourceRule) -> Decided<(), S> {
        match rule.auto_resolve_ms {
            Some(ms) if is_watched(incident) => self.watch(incident.id, ms),
            _ => self.stop_timer(Timer::AutoResolve(incident.id)),
        }
    }

    /// An operator did something to `incident`. Its time is over when it is resolved, and begins when it has none.
    pub(super) fn handled(&mut self, incident: &Incident) -> Decided<(), S> {
        let timer = Timer::AutoResolve(incident.id);
        let rule = self.policy.source(&incident.source);
        match rule.auto_resolve_ms {
            Some(ms) if is_watched(incident) => match self.state.timer(&timer).kept()? {
                Some(_) => Ok(()),
                None => self.watch(incident.id, ms),
            },
            _ => self.stop_timer(timer),
        }
    }

    /// The relay starts, or goes on after an interruption: unresolved incidents have the time that the configuration
    /// says now, counted from their last event where that is known, or from now.
    pub(super) fn auto_resolve_anew(&mut self) -> Decided<(), S> {
        let mut sources = self.policy.routing().sources.values();
        let is_used = sources.any(|source| source.auto_resolve_ms.is_some());
        if !is_used && self.state.position().policy == self.policy.digest() {
            return Ok(());
        }
        self.watch_all(|soonest, _| soonest)
    }

    /// Applies a changed configuration to unresolved incidents. If the time of an incident gets shorter, the incident
    /// has as much left as after a start.
    pub(super) fn auto_resolve_as_configured(&mut self) -> Decided<(), S> {
        self.watch_all(Timestamp::min)
    }

    /// Sets the end of every unresolved incident from the configured time, counted from its last event if that is
    /// known, or from now. `earliest` computes the earliest end from the time after a start and the previous end.
    fn watch_all(&mut self, earliest: impl Fn(Timestamp, Timestamp) -> Timestamp) -> Decided<(), S> {
        for id in self.state.unresolved().kept()? {
            let Some(incident) = self.state.incident(id).kept()? else { continue };
            let timer = Timer::AutoResolve(id);
            let rule = self.policy.source(&incident.source);
            let Some(ms) = rule.auto_resolve_ms.filter(|_| is_watched(&incident)) else {
                self.stop_timer(timer)?;
                continue;
            };
            // Without a timer, the source had no `auto_resolve` until now.
            let (Some(until), Some(from)) = (self.state.timer(&timer).kept()?, incident.heard_at) else {
                self.watch(id, ms)?;
                continue;
            };
            let soonest = earliest(self.at.plus_ms(ms.min(LEFT_AFTER_START_MS)), until);
            self.set_timer_at(timer, from.plus_ms(ms).max(soonest))?;
        }
        Ok(())
    }

    /// The time of an incident begins.
    fn watch(&mut self, incident: IncidentId, ms: u64) -> Decided<(), S> {
        self.record(Fact::IncidentHeard { incident })?;
        self.set_timer(Timer::AutoResolve(incident), ms)
    }

    /// The time of an incident is over.
    pub(super) fn auto_resolve(&mut self, id: IncidentId) -> Decided<(), S> {
        let Some(before) = self.state.incident(id).kept()? else { return Ok(()) };
        let router = self.policy;
        // The source, or its `auto_resolve`, may be gone from the configuration since.
        let Some(ms) = router.source(&before.source).auto_resolve_ms else { return Ok(()) };
        if !is_watched(&before) {
            return Ok(());
        }
        let mut incident = before.clone();
        incident.resolve(self.at);
        incident.updated_at = self.at;
        self.change_incident(&before, &incident)?;
        let text = Reason::NoEventFor { ms, source: incident.source.clone() };
        let change = Change::of_the_relay(ChangeKind::Resolved, self.at, text);
        let change = Change { actor: Some(ACTOR.to_owned()), ..change };
        self.happened(&incident, incident.left(&before), change)
    }
}

fn is_watched(incident: &Incident) -> bool {
    incident.state() != IncidentState::Resolved && incident.key != SILENCE_KEY
}
