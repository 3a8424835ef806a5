//! Resolves what its sender forgot: an incident whose source sends no event of it for as long as the source's
//! `auto_resolve` says.
//!
//! A timer for each unresolved incident of such a source, set anew by every event about it. An operator's command
//! does not set it anew. Never resolves the incident of a source's silence: nobody has forgotten that one.

use super::{Fold, Kept, SILENCE_KEY, State, Step, Timer};
use crate::delivery::{Change, ChangeKind};
use crate::id::Id;
use crate::incident::{Incident, IncidentState};
use crate::routing::{Router, SourceRule};

/// What an incident has left at least after a start or an interruption, or the whole time if that is shorter. While the
/// relay was down or stopped no sender could reach it; Alertmanager, for one, repeats every four hours.
const LEFT_AFTER_START_MS: u64 = 6 * 60 * 60 * 1000;
/// Who resolves, in the timeline.
const ACTOR: &str = "tocsin";

impl<S: State> Step<'_, S> {
    /// The source sent an event about `incident`: its time begins again, or is over with it.
    pub(super) fn heard_of(&mut self, incident: &Incident, rule: &SourceRule) -> Fold<(), S> {
        match rule.auto_resolve_ms {
            Some(ms) if is_watched(incident) => self.set_timer(&Timer::AutoResolve(incident.id), ms),
            _ => self.forget_timer(incident.id),
        }
    }

    /// An operator did something to `incident`. Its time is over when it is resolved, and begins when it has none.
    pub(super) fn handled(&mut self, incident: &Incident) -> Fold<(), S> {
        let timer = Timer::AutoResolve(incident.id);
        let rule = self.state.router().source(&incident.source);
        match rule.auto_resolve_ms {
            Some(ms) if is_watched(incident) => match self.state.timer(&timer).kept()? {
                Some(_) => Ok(()),
                None => self.set_timer(&timer, ms),
            },
            _ => self.forget_timer(incident.id),
        }
    }

    /// The relay starts, with another configuration than `before` or with the same, or goes on after an interruption:
    /// unresolved incidents have the time that the configuration says now, counted from their last event where that is
    /// known, or from now.
    pub(super) fn auto_resolve_anew(&mut self, before: &Router) -> Fold<(), S> {
        let router = self.state.router();
        let is_used = |router: &Router| {
            router.routing().sources.values().any(|source| source.auto_resolve_ms.is_some())
        };
        if !is_used(before) && !is_used(&router) {
            return Ok(());
        }
        for id in self.state.unresolved().kept()? {
            let Some(incident) = self.state.incident(id).kept()? else { continue };
            let timer = Timer::AutoResolve(id);
            let now = router.source(&incident.source).auto_resolve_ms.filter(|_| is_watched(&incident));
            let Some(ms) = now else {
                self.forget_timer(id)?;
                continue;
            };
            let was = before.source(&incident.source).auto_resolve_ms;
            let from_last_event = match (self.state.timer(&timer).kept()?, was) {
                (Some(due), Some(was)) => due.minus_ms(was).plus_ms(ms),
                _ => self.at.plus_ms(ms),
            };
            let soonest = self.at.plus_ms(ms.min(LEFT_AFTER_START_MS));
            self.set_timer_at(&timer, from_last_event.max(soonest))?;
        }
        Ok(())
    }

    /// The time of an incident is over.
    pub(super) fn auto_resolve(&mut self, id: Id) -> Fold<(), S> {
        let Some(before) = self.state.incident(id).kept()? else { return Ok(()) };
        let router = self.state.router();
        // The source, or its `auto_resolve`, may be gone from the configuration since.
        let Some(ms) = router.source(&before.source).auto_resolve_ms else { return Ok(()) };
        if !is_watched(&before) {
            return Ok(());
        }
        let mut incident = before.clone();
        incident.state = IncidentState::Resolved;
        incident.resolved_at = Some(self.at);
        incident.updated_at = self.at;
        self.state.put_incident(Some(&before), &incident).kept()?;
        let text = format!("no event for {}: auto_resolve of source {}", in_words(ms), incident.source);
        let change = Change::of_the_relay(ChangeKind::Resolved, self.at, text);
        let change = Change { actor: Some(ACTOR.to_owned()), ..change };
        self.record(&incident, incident.left(&before), change, None)
    }

    fn forget_timer(&mut self, incident: Id) -> Fold<(), S> {
        let timer = Timer::AutoResolve(incident);
        if self.state.timer(&timer).kept()?.is_some() {
            self.state.set_timer(&timer, None).kept()?;
        }
        Ok(())
    }
}

fn is_watched(incident: &Incident) -> bool {
    incident.state != IncidentState::Resolved && incident.key != SILENCE_KEY
}

/// A duration in a sentence: `7 days`, `1 hour`, `90 minutes`.
fn in_words(ms: u64) -> String {
    const UNITS: [(u64, &str); 5] = [
        (24 * 60 * 60 * 1000, "day"),
        (60 * 60 * 1000, "hour"),
        (60 * 1000, "minute"),
        (1000, "second"),
        (1, "millisecond"),
    ];
    let unit = UNITS.into_iter().find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit));
    let (unit, name) = unit.unwrap_or((1, "millisecond"));
    let count = ms / unit;
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}
