//! What happens because time passes: a flapping incident becomes steady, a silent source becomes an incident,
//! what was held is told, what nobody took care of is told again, what its sender forgot is resolved.
//!
//! Timers are state: they are set here, and due when an entry says so. Nothing here waits.

use super::{Decided, Kept, Step};
use crate::delivery::{Change, ChangeKind};
use crate::durations::exactly;
use crate::event::{Event, EventChange, Severity};
use crate::id::IncidentId;
use crate::incident::{Incident, IncidentState};
use crate::journal::Fact;
use crate::name::SourceName;
use crate::reason::Reason;
use crate::routing::{Flapping, SourceRule};
use crate::state::State;
use crate::time::Timestamp;
use crate::timer::Timer;

/// The key of the incident that a source's silence is.
pub const SILENCE_KEY: &str = "tocsin:silence";
/// Timers that one entry runs: more come with the next.
const TIMERS_AT_ONCE: usize = 100;

impl<S: State> Step<'_, S> {
    pub(super) fn tick(&mut self) -> Decided<(), S> {
        for timer in self.state.elapsed(self.at, TIMERS_AT_ONCE).kept()? {
            // One that ran just now may have set it anew: what was held begins the time of its repetition.
            if self.state.timer(&timer).kept()?.is_none_or(|at| at > self.at) {
                continue;
            }
            self.stop_timer(timer.clone())?;
            match &timer {
                Timer::Steady(incident) => self.steadied(*incident)?,
                Timer::Silence(source) => self.silent(source)?,
                Timer::Held(delivery) => self.hold_over(*delivery)?,
                Timer::Repeat { incident, action } => self.repeat(*incident, action)?,
                Timer::AutoResolve(incident) => self.auto_resolve(*incident)?,
            }
        }
        Ok(())
    }

    /// Remembers that `incident` was just reopened, and whether it is flapping by that.
    pub(super) fn reopened(&mut self, incident: &mut Incident, rule: &SourceRule) -> Decided<(), S> {
        let Some(Flapping { reopenings, window_ms }) = rule.flapping else {
            incident.reopened.clear();
            return Ok(());
        };
        let since = self.at.minus_ms(window_ms);
        incident.reopened.retain(|at| *at >= since);
        if incident.reopened.len() >= Flapping::REOPENINGS_MAX {
            incident.reopened.remove(0);
        }
        incident.reopened.push(self.at);
        if incident.flapping || incident.reopened.len() >= reopenings {
            // The reopening that makes it flap is told as the flapping itself.
            incident.flapping = true;
            self.set_timer(Timer::Steady(incident.id), window_ms)?;
        }
        Ok(())
    }

    /// Says once that `incident` is flapping from now on.
    pub(super) fn flaps(&mut self, incident: &Incident) -> Decided<(), S> {
        let text = Reason::Reopened(incident.reopened.len() as u64);
        let change = Change::of_the_relay(ChangeKind::Flapping, self.at, text);
        self.happened(incident, None, change)
    }

    fn steadied(&mut self, id: IncidentId) -> Decided<(), S> {
        let Some(before) = self.state.incident(id).kept()? else { return Ok(()) };
        if !before.flapping {
            return Ok(());
        }
        let mut incident = before.clone();
        incident.flapping = false;
        incident.reopened.clear();
        incident.updated_at = self.at;
        self.change_incident(&before, &incident)?;
        let text = Reason::SteadyIn(incident.state());
        let change = Change::of_the_relay(ChangeKind::Steady, self.at, text);
        self.happened(&incident, None, change)
    }

    /// `source` spoke: its silence is over, and begins to count again.
    pub(super) fn heard(&mut self, source: &SourceName, rule: &SourceRule) -> Decided<(), S> {
        let Some(heartbeat_ms) = rule.heartbeat_ms else { return Ok(()) };
        self.set_timer(Timer::Silence(source.clone()), heartbeat_ms)?;
        if self.is_silent(source)? {
            let over = silence(EventChange::Resolve, source, "It sends requests again.".to_owned());
            self.event(source, &over, rule)?;
        }
        Ok(())
    }

    /// Begins to listen to the sources that are to speak, and stops listening to the others. While the relay
    /// was down, was stopped or could store nothing, no source could have been heard: all of them have their time again.
    pub(super) fn listen(&mut self) -> Decided<(), S> {
        let router = self.policy;
        router.routing().sources.keys().try_for_each(|source| self.listen_to(source))
    }

    /// Starts the heartbeat timer of `source` if it has one configured, or stops it.
    pub(super) fn listen_to(&mut self, source: &SourceName) -> Decided<(), S> {
        let timer = Timer::Silence(source.clone());
        let rule = self.policy.routing().sources.get(source);
        match rule.and_then(|rule| rule.heartbeat_ms) {
            Some(heartbeat_ms) if !self.is_silent(source)? => self.set_timer(timer, heartbeat_ms),
            Some(_) => Ok(()),
            None => self.stop_timer(timer),
        }
    }

    /// For a while no source could have been heard: none is silent for it, and no incident forgotten.
    pub(super) fn interrupt(&mut self) -> Decided<(), S> {
        self.auto_resolve_anew()?;
        self.listen()
    }

    fn silent(&mut self, source: &SourceName) -> Decided<(), S> {
        let router = self.policy;
        // The source, or its heartbeat, may be gone from the configuration since.
        let Some(rule) = router.routing().sources.get(source) else { return Ok(()) };
        let Some(heartbeat_ms) = rule.heartbeat_ms else { return Ok(()) };
        let message = format!(
            "The source is expected to speak every {}. Either the sender is down, or it can no longer reach or \
             authenticate to the relay. Its next request resolves this incident.",
            exactly(heartbeat_ms)
        );
        let event = silence(EventChange::Trigger, source, message);
        self.event(source, &event, rule)?;
        Ok(())
    }

    /// Whether the incident of `source`'s silence is there and not over.
    fn is_silent(&self, source: &SourceName) -> Decided<bool, S> {
        let Some(id) = self.state.find(source, SILENCE_KEY).kept()? else { return Ok(false) };
        let incident = self.state.incident(id).kept()?;
        Ok(incident.is_some_and(|incident| incident.state() != IncidentState::Resolved))
    }

    pub(super) fn set_timer(&mut self, timer: Timer, in_ms: u64) -> Decided<(), S> {
        self.set_timer_at(timer, self.at.plus_ms(in_ms))
    }

    pub(super) fn set_timer_at(&mut self, timer: Timer, at: Timestamp) -> Decided<(), S> {
        self.record(Fact::TimerSet { timer, at: Some(at) })
    }

    /// Stops a timer, if it is set.
    pub(super) fn stop_timer(&mut self, timer: Timer) -> Decided<(), S> {
        match self.state.timer(&timer).kept()? {
            Some(_) => self.record(Fact::TimerSet { timer, at: None }),
            None => Ok(()),
        }
    }
}

fn silence(change: EventChange, source: &SourceName, message: String) -> Event {
    Event {
        change,
        key: SILENCE_KEY.to_owned(),
        aliases: Vec::new(),
        title: format!("No request at source {source}"),
        message,
        severity: Some(Severity::High),
        labels: [("heartbeat".to_owned(), source.to_string())].into(),
        links: Vec::new(),
        actor: None,
        occurred_at: None,
    }
}
