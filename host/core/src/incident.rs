//! An incident: one problem of one source, from its first trigger until it is resolved.
//!
//! Holds what is known and how it is changed; which change an event makes is decided in
//! [`crate::transition`].

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::event::{
    Event, LABELS_MAX, Link, Severity, TITLE_CHARS_MAX, UnknownWord, bounded_labels, single_line,
};
use crate::id::IncidentId;
use crate::name::SourceName;
use crate::time::Timestamp;

/// Where an incident is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum IncidentState {
    /// Nobody is on it.
    #[n(0)]
    Open,
    /// Somebody is on it.
    #[n(1)]
    Acknowledged,
    /// It is over.
    #[n(2)]
    Resolved,
}

impl IncidentState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Resolved];

    /// As written in configurations and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

impl std::str::FromStr for IncidentState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownWord::new("state", text, &Self::ALL.map(Self::as_str)))
    }
}

/// Where an incident is in its life, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Phase {
    /// It has been open since [`Incident::open_since`].
    #[n(0)]
    Open,
    /// Somebody has been on it since then.
    #[n(1)]
    Acknowledged(#[n(0)] Timestamp),
    /// It is over.
    #[n(2)]
    Resolved {
        /// Since when.
        #[n(0)]
        at: Timestamp,
        /// Since when somebody was on it until then.
        #[n(1)]
        acknowledged_at: Option<Timestamp>,
    },
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Incident {
    /// Unique for ever.
    #[n(0)]
    pub id: IncidentId,
    /// Counts up from 1; what people say.
    #[n(1)]
    pub number: u64,
    /// The source's name.
    #[n(2)]
    pub source: SourceName,
    /// What tells it from others of the source.
    #[n(3)]
    pub key: String,
    /// One line.
    #[n(4)]
    pub title: String,
    /// Plain text.
    #[n(5)]
    #[cbor(skip_if = "String::is_empty")]
    pub message: String,
    /// How bad.
    #[n(6)]
    pub severity: Severity,
    /// Where in its life.
    #[n(7)]
    pub phase: Phase,
    /// Facts.
    #[n(8)]
    #[cbor(skip_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Where to read more.
    #[n(9)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// Triggers merged into it, the first included.
    #[n(10)]
    pub count: u64,
    /// First trigger.
    #[n(11)]
    pub opened_at: Timestamp,
    /// Since when it is open, or was until it was resolved: `opened_at`, or when it was last reopened.
    #[n(12)]
    pub open_since: Timestamp,
    /// Last change.
    #[n(13)]
    pub updated_at: Timestamp,
    /// When it was reopened lately, oldest first; kept only as far as flapping is told by it.
    #[n(14)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub reopened: Vec<Timestamp>,
    /// Whether it opens and resolves so often that people are not told of each time.
    #[n(15)]
    pub flapping: bool,
    /// The latest time that a sender gave for a trigger, acknowledgement or resolution: what is older is late.
    #[n(16)]
    pub last_occurred_at: Option<Timestamp>,
    /// Whether no enabled action took it when it was opened or last reopened, and none since. The fallback takes such
    /// an incident.
    #[n(17)]
    pub unmatched: bool,
    /// From when on the `auto_resolve` of its source counts: its last event, or when there first was such a setting.
    #[n(18)]
    pub heard_at: Option<Timestamp>,
}

impl Incident {
    /// A new, open incident of `event`. Without a title, it is called by its key.
    pub fn open(
        id: IncidentId,
        number: u64,
        source: &SourceName,
        event: &Event,
        default: Severity,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            number,
            source: source.clone(),
            key: event.key.clone(),
            title: if event.title.is_empty() {
                single_line(&event.key, TITLE_CHARS_MAX)
            } else {
                event.title.clone()
            },
            message: event.message.clone(),
            severity: event.severity.unwrap_or(default),
            phase: Phase::Open,
            labels: event.labels.clone(),
            links: event.links.clone(),
            count: 1,
            opened_at: now,
            open_since: now,
            updated_at: now,
            reopened: Vec::new(),
            flapping: false,
            last_occurred_at: event.occurred_at,
            unmatched: false,
            heard_at: None,
        }
    }

    /// Takes over what `event` says: a title, message or links that are not empty, a severity that is given,
    /// labels by key. Returns the names of the fields that a person would see differently: for labels, `labels` and
    /// each by itself, `labels.status`.
    pub fn absorb(&mut self, event: &Event) -> Vec<String> {
        let mut changed = Vec::new();
        let mut replace = |name: &str, field: &mut String, new: &str| {
            if !new.is_empty() && field != new {
                new.clone_into(field);
                changed.push(name.to_owned());
            }
        };
        replace("title", &mut self.title, &event.title);
        replace("message", &mut self.message, &event.message);
        if let Some(severity) = event.severity
            && severity != self.severity
        {
            self.severity = severity;
            changed.push("severity".to_owned());
        }
        let labels = self.merge_labels(event.labels.iter());
        if !labels.is_empty() {
            changed.push("labels".to_owned());
            changed.extend(labels.iter().map(|key| format!("labels.{key}")));
        }
        if !event.links.is_empty() {
            self.links.clone_from(&event.links);
        }
        changed
    }

    /// Sets these labels. Returns the keys of those that differ from before. New ones beyond [`LABELS_MAX`] are left
    /// out.
    pub fn merge_labels<'a>(
        &mut self,
        labels: impl Iterator<Item = (&'a String, &'a String)>,
    ) -> Vec<String> {
        let given = bounded_labels(labels.map(|(key, value)| (key.clone(), value.clone())).collect());
        let mut changed = Vec::new();
        for (key, value) in given {
            let room = self.labels.len() < LABELS_MAX || self.labels.contains_key(&key);
            if room && self.labels.get(&key) != Some(&value) {
                self.labels.insert(key.clone(), value);
                changed.push(key);
            }
        }
        changed
    }

    /// What these fields say, of the names that [`Self::absorb`] gives; without those that are empty or missing, and
    /// without `message`, which is long.
    pub fn values(&self, fields: &[String]) -> Vec<(String, String)> {
        let value = |name: &str| match name {
            "title" => Some(self.title.clone()),
            "severity" => Some(self.severity.as_str().to_owned()),
            other => other.strip_prefix("labels.").and_then(|key| self.labels.get(key)).cloned(),
        };
        let named = fields.iter().filter_map(|name| Some((name.clone(), value(name)?)));
        named.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Where in its life.
    pub const fn state(&self) -> IncidentState {
        match self.phase {
            Phase::Open => IncidentState::Open,
            Phase::Acknowledged(_) => IncidentState::Acknowledged,
            Phase::Resolved { .. } => IncidentState::Resolved,
        }
    }

    /// Since when somebody is on it, or was until it was resolved.
    pub const fn acknowledged_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Open => None,
            Phase::Acknowledged(at) => Some(at),
            Phase::Resolved { acknowledged_at, .. } => acknowledged_at,
        }
    }

    /// Since when it is over.
    pub const fn resolved_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Resolved { at, .. } => Some(at),
            Phase::Open | Phase::Acknowledged(_) => None,
        }
    }

    /// Somebody is on it since `now`.
    pub const fn acknowledge(&mut self, now: Timestamp) {
        self.phase = Phase::Acknowledged(now);
    }

    /// Nobody is on it any more.
    pub const fn unacknowledge(&mut self) {
        self.phase = Phase::Open;
    }

    /// It is over since `now`.
    pub const fn resolve(&mut self, now: Timestamp) {
        self.phase = Phase::Resolved { at: now, acknowledged_at: self.acknowledged_at() };
    }

    /// It is back at `now`: nobody is on it.
    pub fn reopen(&mut self, now: Timestamp) {
        self.phase = Phase::Open;
        self.open_since = now;
    }

    /// The state that it left since it was `before`; none when it is in the same.
    pub fn left(&self, before: &Self) -> Option<IncidentState> {
        (before.state() != self.state()).then_some(before.state())
    }

    /// Whether `event` is older than the last one that was applied, by its sender's clock.
    pub fn is_late(&self, event: &Event) -> bool {
        matches!((event.occurred_at, self.last_occurred_at), (Some(this), Some(last)) if this < last)
    }

    /// Remembers the sender's time of an event that was applied.
    pub fn occurred(&mut self, event: &Event) {
        self.last_occurred_at = self.last_occurred_at.max(event.occurred_at);
    }
}
