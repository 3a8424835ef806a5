//! What happens because time passes: a flapping incident becomes steady, a silent source becomes an incident,
//! what was held is told, what nobody took care of is told again, what its sender forgot is resolved.
//!
//! Timers are state: they are set here, and due when an entry says so. Nothing here waits.

use std::fmt;
use std::str::FromStr;

use super::{Fold, Kept, State, Step};
use crate::delivery::{Change, ChangeKind};
use crate::durations::exactly;
use crate::event::{Event, EventChange, Severity};
use crate::id::Id;
use crate::incident::{Incident, IncidentState};
use crate::routing::{Flapping, SourceRule};
use crate::time::Timestamp;

/// The key of the incident that a source's silence is.
pub const SILENCE_KEY: &str = "tocsin:silence";
/// Timers that one entry runs: more come with the next.
const TIMERS_AT_ONCE: usize = 100;

/// Something that happens when nothing else does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// This incident is steady again.
    Steady(Id),
    /// This source has been silent for too long.
    Silence(String),
    /// The delay of this delivery is over.
    Held(Id),
    /// This action tells again of this incident.
    Repeat {
        /// Whose id.
        incident: Id,
        /// Its name.
        action: String,
    },
    /// The source of this incident has sent no event of it for too long.
    AutoResolve(Id),
}

impl fmt::Display for Timer {
    /// As it is kept: `steady <incident>`, `silence <source>`, `held <delivery>`, `repeat <incident> <action>`,
    /// `auto_resolve <incident>`. A name comes last, so it may have any characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steady(incident) => write!(f, "steady {incident}"),
            Self::Silence(source) => write!(f, "silence {source}"),
            Self::Held(delivery) => write!(f, "held {delivery}"),
            Self::Repeat { incident, action } => write!(f, "repeat {incident} {action}"),
            Self::AutoResolve(incident) => write!(f, "auto_resolve {incident}"),
        }
    }
}

/// A text that is no timer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a timer")]
pub struct InvalidTimer(String);

impl FromStr for Timer {
    type Err = InvalidTimer;

    fn from_str(text: &str) -> Result<Self, InvalidTimer> {
        let invalid = || InvalidTimer(text.chars().take(80).collect());
        match text.split_once(' ') {
            Some(("steady", id)) => id.parse().map(Self::Steady).map_err(|_| invalid()),
            Some(("silence", source)) => Ok(Self::Silence(source.to_owned())),
            Some(("held", id)) => id.parse().map(Self::Held).map_err(|_| invalid()),
            Some(("auto_resolve", id)) => id.parse().map(Self::AutoResolve).map_err(|_| invalid()),
            Some(("repeat", rest)) => {
                let (id, action) = rest.split_once(' ').ok_or_else(invalid)?;
                let incident = id.parse().map_err(|_| invalid())?;
                Ok(Self::Repeat { incident, action: action.to_owned() })
            }
            _ => Err(invalid()),
        }
    }
}

impl<S: State> Step<'_, S> {
    pub(super) fn ticked(&mut self) -> Fold<(), S> {
        for timer in self.state.elapsed(self.at, TIMERS_AT_ONCE).kept()? {
            // One that ran just now may have set it anew: what was held begins the time of its repetition.
            if self.state.timer(&timer).kept()?.is_none_or(|at| at > self.at) {
                continue;
            }
            self.state.set_timer(&timer, None).kept()?;
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
    pub(super) fn reopened(&mut self, incident: &mut Incident, rule: &SourceRule) -> Fold<(), S> {
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
            self.set_timer(&Timer::Steady(incident.id), window_ms)?;
        }
        Ok(())
    }

    /// Says once that `incident` is flapping from now on.
    pub(super) fn flaps(&mut self, incident: &Incident, receipt: Option<Id>) -> Fold<(), S> {
        let text = format!(
            "reopened {} times; until it is steady nobody is told each time",
            incident.reopened.len()
        );
        let change = Change::of_the_relay(ChangeKind::Flapping, self.at, text);
        self.record(incident, None, change, receipt)
    }

    fn steadied(&mut self, id: Id) -> Fold<(), S> {
        let Some(before) = self.state.incident(id).kept()? else { return Ok(()) };
        if !before.flapping {
            return Ok(());
        }
        let mut incident = before.clone();
        incident.flapping = false;
        incident.reopened.clear();
        incident.updated_at = self.at;
        self.state.put_incident(Some(&before), &incident).kept()?;
        let text = format!("steady, and {}", incident.state.as_str());
        let change = Change::of_the_relay(ChangeKind::Steady, self.at, text);
        self.record(&incident, None, change, None)
    }

    /// `source` spoke: its silence is over, and begins to count again.
    pub(super) fn heard(&mut self, source: &str, receipt: Option<Id>, rule: &SourceRule) -> Fold<(), S> {
        let Some(heartbeat_ms) = rule.heartbeat_ms else { return Ok(()) };
        self.set_timer(&Timer::Silence(source.to_owned()), heartbeat_ms)?;
        if self.is_silent(source)? {
            let over = silence(EventChange::Resolve, source, "It sends requests again.".to_owned());
            self.event(source, receipt, &over, rule)?;
        }
        Ok(())
    }

    /// Begins to listen to the sources that are to speak, and stops listening to the others. While the relay
    /// was down, was stopped or could store nothing, no source could have been heard: all of them have their time again.
    pub(super) fn listen(&mut self) -> Fold<(), S> {
        let router = self.state.router();
        for (source, rule) in &router.routing().sources {
            let timer = Timer::Silence(source.clone());
            match rule.heartbeat_ms {
                Some(heartbeat_ms) if !self.is_silent(source)? => self.set_timer(&timer, heartbeat_ms)?,
                Some(_) => {}
                None => self.state.set_timer(&timer, None).kept()?,
            }
        }
        Ok(())
    }

    /// For a while no source could have been heard: none is silent for it, and no incident forgotten.
    pub(super) fn interrupted(&mut self) -> Fold<(), S> {
        let router = self.state.router();
        self.auto_resolve_anew(&router)?;
        self.listen()
    }

    fn silent(&mut self, source: &str) -> Fold<(), S> {
        let router = self.state.router();
        // The source, or its heartbeat, may be gone from the configuration since.
        let Some(rule) = router.routing().sources.get(source) else { return Ok(()) };
        let Some(heartbeat_ms) = rule.heartbeat_ms else { return Ok(()) };
        let message = format!(
            "The source is expected to speak every {}. Either the sender is down, or it can no longer reach or \
             authenticate to the relay. Its next request resolves this incident.",
            exactly(heartbeat_ms)
        );
        let event = silence(EventChange::Trigger, source, message);
        self.event(source, None, &event, rule)?;
        Ok(())
    }

    /// Whether the incident of `source`'s silence is there and not over.
    fn is_silent(&self, source: &str) -> Fold<bool, S> {
        let Some(id) = self.state.find(source, SILENCE_KEY).kept()? else { return Ok(false) };
        let incident = self.state.incident(id).kept()?;
        Ok(incident.is_some_and(|incident| incident.state != IncidentState::Resolved))
    }

    pub(super) fn set_timer(&mut self, timer: &Timer, in_ms: u64) -> Fold<(), S> {
        self.set_timer_at(timer, self.at.plus_ms(in_ms))
    }

    pub(super) fn set_timer_at(&mut self, timer: &Timer, at: Timestamp) -> Fold<(), S> {
        self.applied.timed = true;
        self.state.set_timer(timer, Some(at)).kept()
    }
}

fn silence(change: EventChange, source: &str, message: String) -> Event {
    Event {
        change,
        key: SILENCE_KEY.to_owned(),
        aliases: Vec::new(),
        title: format!("No request at source {source}"),
        message,
        severity: Some(Severity::High),
        labels: [("heartbeat".to_owned(), source.to_owned())].into(),
        links: Vec::new(),
        actor: None,
        occurred_at: None,
    }
}
