//! Who is told: the part of the configuration that state depends on, and the choice of actions for a change.
//!
//! Holds no URL and no secret. Never fails at three in the morning: filters are checked when the
//! configuration is read, and one that fails all the same lets the change through, since a message too many
//! is better than one too few. What failed is handed out with what the entry did.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::delivery::{Change, ChangeKind};
use crate::event::{Severity, UnknownWord};
use crate::incident::{Incident, IncidentState, Phase};
use crate::name::{ActionName, ConnectionName, SourceName};
use crate::reason::Reason;
use crate::template::{Expression, TemplateError};
use crate::view::View;

/// The configuration in force, as far as state depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    /// By name.
    pub sources: BTreeMap<SourceName, SourceRule>,
    /// In the order of their names.
    pub actions: Vec<ActionRule>,
}

/// How a source's events are treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRule {
    /// A trigger this long after the resolution reopens the incident; later, it opens a new one. Milliseconds.
    pub reopen_window_ms: u64,
    /// Of an event that says nothing about it.
    pub default_severity: Severity,
    /// For how long a request with the same identity is the same delivery. Milliseconds.
    pub replay_window_ms: u64,
    /// When an incident is flapping; never when left out.
    pub flapping: Option<Flapping>,
    /// The longest silence that is no incident by itself, in milliseconds; any when left out.
    pub heartbeat_ms: Option<u64>,
    /// An incident without an event for this long is resolved, in milliseconds; never when left out.
    pub auto_resolve_ms: Option<u64>,
}

/// When an incident is flapping: it is reopened this often within this time. It is steady again when it was
/// not reopened for as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flapping {
    /// From 2 to [`Flapping::REOPENINGS_MAX`].
    pub reopenings: usize,
    /// Milliseconds.
    pub window_ms: u64,
}

impl Flapping {
    /// Reopenings that an incident remembers at most.
    pub const REOPENINGS_MAX: usize = 20;
}

impl Default for SourceRule {
    /// Reopens within an hour, takes replays for a day, `medium`, flapping from five reopenings in half an hour,
    /// may be silent for ever.
    fn default() -> Self {
        Self {
            reopen_window_ms: 60 * 60 * 1000,
            default_severity: Severity::Medium,
            replay_window_ms: 24 * 60 * 60 * 1000,
            flapping: Some(Flapping { reopenings: 5, window_ms: 30 * 60 * 1000 }),
            heartbeat_ms: None,
            auto_resolve_ms: None,
        }
    }
}

/// Whether an action runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[strum(parse_err_ty = UnknownWord, parse_err_fn = no_status)]
pub enum ActionStatus {
    /// It does.
    Enabled,
    /// Over its test connection, with its message marked.
    Test,
    /// It does not.
    Disabled,
}

fn no_status(given: &str) -> UnknownWord {
    UnknownWord::new("status", given, ActionStatus::VARIANTS)
}

impl ActionStatus {
    /// As written in configurations and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// When an action runs and over which connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRule {
    /// Its name.
    pub name: ActionName,
    /// Whether it runs.
    pub status: ActionStatus,
    /// Where to.
    pub connection: ConnectionName,
    /// Where to while it is in test.
    pub test_connection: Option<ConnectionName>,
    /// On which changes.
    pub on: Vec<ChangeKind>,
    /// On any change by which the incident enters one of these states.
    pub enters: Vec<IncidentState>,
    /// On any change by which the incident leaves one of these states.
    pub leaves: Vec<IncidentState>,
    /// How long an incident must have been open before this action tells of it. Milliseconds.
    pub delay_ms: Option<u64>,
    /// How often it tells again of an incident that is open and that nobody is on. Milliseconds; less than
    /// [`ActionRule::REPEAT_MS_MIN`] counts as that.
    pub repeat_ms: Option<u64>,
    /// Which incidents, as an expression over [`View`]; all when left out.
    pub filter: Option<String>,
    /// Whether it is the fallback: it runs only for incidents that no other action took.
    pub is_fallback: bool,
}

impl ActionRule {
    /// The shortest time between two repetitions. Milliseconds.
    pub const REPEAT_MS_MIN: u64 = 1000;

    /// The connection that it sends over: none when it is in test and has no test connection.
    pub fn destination(&self) -> Option<&ConnectionName> {
        match self.status {
            ActionStatus::Test => self.test_connection.as_ref(),
            ActionStatus::Enabled | ActionStatus::Disabled => Some(&self.connection),
        }
    }

    /// Whether it is the fallback, and another action took `incident`: it only closes what it told.
    pub fn is_done_with(&self, incident: &Incident) -> bool {
        self.is_fallback && !incident.unmatched
    }

    /// Whether it runs on a change of this kind by which the incident left the state `left`.
    pub fn is_triggered(&self, left: Option<IncidentState>, kind: ChangeKind) -> bool {
        self.on.contains(&kind)
            || left.is_some_and(|state| self.leaves.contains(&state))
            || kind.entered().is_some_and(|state| self.enters.contains(&state))
    }
}

/// A [`Routing`] with its filters compiled.
#[derive(Debug)]
pub struct Router {
    routing: Routing,
    digest: u64,
    filters: Vec<Option<Expression>>,
    /// Of filters that failed since this was asked for last. It decides nothing.
    failures: Mutex<Vec<FailedFilter>>,
}

/// A filter that could not be applied to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedFilter {
    /// The action's name.
    pub action: ActionName,
    /// The number of the incident.
    pub incident: u64,
    /// What failed.
    pub reason: String,
}

/// A filter that does not compile.
#[derive(Debug, thiserror::Error)]
#[error("actions.{action}.filter: {source}")]
pub struct InvalidFilter {
    /// Whose.
    pub action: ActionName,
    /// What is wrong with it.
    pub source: TemplateError,
}

impl Router {
    /// Compiles the filters of `routing`.
    ///
    /// # Errors
    /// The first filter that does not compile.
    pub fn new(routing: Routing) -> Result<Self, InvalidFilter> {
        let filters = routing
            .actions
            .iter()
            .map(|action| {
                let compile = |filter: &String| {
                    Expression::parse(filter)
                        .map_err(|source| InvalidFilter { action: action.name.clone(), source })
                };
                action.filter.as_ref().map(compile).transpose()
            })
            .collect::<Result<_, _>>()?;
        let mut hasher = DefaultHasher::new();
        format!("{routing:?}").hash(&mut hasher);
        Ok(Self { digest: hasher.finish(), routing, filters, failures: Mutex::default() })
    }

    /// A number by which two configurations are told apart. It may be another after an upgrade.
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// What it was made of.
    pub fn routing(&self) -> &Routing {
        &self.routing
    }

    /// How `source`'s events are treated; as by default when the configuration no longer knows it.
    pub fn source(&self, source: &str) -> SourceRule {
        self.routing.sources.get(source).cloned().unwrap_or_default()
    }

    /// After this many milliseconds no source takes a request for a repetition of an older one.
    pub fn longest_replay_window_ms(&self) -> u64 {
        let rules = self.routing.sources.values().map(|rule| rule.replay_window_ms);
        rules.fold(SourceRule::default().replay_window_ms, u64::max)
    }

    /// The action of this name, unless it is gone from the configuration.
    pub fn action(&self, name: &str) -> Option<&ActionRule> {
        self.routing.actions.iter().find(|action| action.name == name)
    }

    /// The actions that are not disabled, in order.
    pub fn enabled(&self) -> impl Iterator<Item = &ActionRule> {
        self.routing.actions.iter().filter(|action| action.status != ActionStatus::Disabled)
    }

    /// The actions that repeat and whose filter lets `incident` through after `change`, in order.
    pub fn repeating<'a>(
        &'a self,
        incident: &'a Incident,
        change: &'a Change,
    ) -> impl Iterator<Item = &'a ActionRule> {
        self.running(incident, change, |action| action.repeat_ms.is_some())
    }

    /// The actions that `change` of `incident` triggers, in order. By it the incident left the state `left`.
    pub fn route<'a>(
        &'a self,
        incident: &'a Incident,
        left: Option<IncidentState>,
        change: &'a Change,
    ) -> impl Iterator<Item = &'a ActionRule> {
        self.running(incident, change, move |action| action.is_triggered(left, change.kind))
    }

    /// Whether the action of this name runs, and its filter lets `incident` through after `change`.
    pub fn lets_through(&self, action: &str, incident: &Incident, change: &Change) -> bool {
        self.running(incident, change, |other| other.name == action).next().is_some()
    }

    /// The filters that failed since this was asked for last, each once.
    pub fn take_failures(&self) -> Vec<FailedFilter> {
        std::mem::take(&mut *self.failures.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether `filter` matches. One that fails does: a message too many is better than one too few.
    fn matches(&self, action: &ActionRule, filter: &Expression, view: &View<'_>, incident: u64) -> bool {
        filter.matches(view).unwrap_or_else(|error| {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            if failures.iter().all(|known| known.action != action.name) {
                let reason = error.to_string();
                failures.push(FailedFilter { action: action.name.clone(), incident, reason });
            }
            true
        })
    }

    /// Whether `action` tells of openings, runs, and its filter would let `incident` through if it opened as it is.
    pub fn would_open(&self, action: &ActionRule, incident: &Incident) -> bool {
        if !action.is_triggered(None, ChangeKind::Opened) {
            return false;
        }
        let opening = Change::of_the_relay(ChangeKind::Opened, incident.updated_at, Reason::none());
        if incident.state() != IncidentState::Resolved {
            return self.lets_through(&action.name, incident, &opening);
        }
        let open = Incident { phase: Phase::Open, ..incident.clone() };
        self.lets_through(&action.name, &open, &opening)
    }

    /// Whether any action sends over the connection of this name.
    pub fn knows_connection(&self, name: &str) -> bool {
        self.routing
            .actions
            .iter()
            .any(|action| action.connection == name || action.test_connection.as_deref() == Some(name))
    }

    /// The actions that are not disabled, that `wanted` says yes to, and whose filter matches.
    fn running<'a>(
        &'a self,
        incident: &'a Incident,
        change: &'a Change,
        wanted: impl Fn(&ActionRule) -> bool + 'a,
    ) -> impl Iterator<Item = &'a ActionRule> {
        let view = View::new(incident, change);
        self.routing.actions.iter().zip(&self.filters).filter_map(move |(action, filter)| {
            let runs =
                !action.is_done_with(incident) && action.status != ActionStatus::Disabled && wanted(action);
            let matches =
                || filter.as_ref().is_none_or(|filter| self.matches(action, filter, &view, incident.number));
            (runs && matches()).then_some(action)
        })
    }
}
