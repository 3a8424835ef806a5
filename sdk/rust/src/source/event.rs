//! One thing that a source reports, and how it is put together.
//!
//! Never holds more labels or links than the host takes, nor an empty one.

use strum::IntoStaticStr;

use crate::{Label, Link, Severity, Timestamp, keys};

/// What an event does to the incident of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Change {
    /// Opens it, reopens it, or is merged into it.
    Trigger,
    /// Somebody is on it.
    Acknowledge,
    /// It is over.
    Resolve,
    /// Adds a note to an incident that is there; never opens one.
    Note,
}

impl Change {
    /// As written in configurations and answers.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// One thing that a source reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it does.
    pub change: Change,
    /// What tells this problem from others of the same source: 1 to 1024 bytes, stable from trigger to resolve.
    pub key: String,
    /// Other keys under which the same problem may be known; the host keeps 8.
    pub aliases: Vec<String>,
    /// One line; the host cuts it at 1000 characters.
    pub title: String,
    /// Plain text; the host cuts it at 64 KiB.
    pub message: String,
    /// Left out: the severity that the incident has, or the source's default.
    pub severity: Option<Severity>,
    /// At most 64.
    pub labels: Vec<Label>,
    /// At most 16.
    pub links: Vec<Link>,
    /// The person or system at the sender that did it.
    pub actor: Option<String>,
    /// When it happened, by the sender's clock.
    pub occurred_at: Option<Timestamp>,
}

impl Event {
    /// An event with the least that one has. An overlong key is shortened by [`keys::fit`].
    pub fn new(change: Change, key: &str, title: &str) -> Self {
        Self {
            change,
            key: keys::fit(key),
            aliases: Vec::new(),
            title: title.trim().to_owned(),
            message: String::new(),
            severity: None,
            labels: Vec::new(),
            links: Vec::new(),
            actor: None,
            occurred_at: None,
        }
    }

    /// The same event for each of these changes, as [`crate::vocabulary::changes`] gives them.
    pub fn for_each(self, changes: &[Change]) -> Vec<Self> {
        let Some((last, others)) = changes.split_last() else { return Vec::new() };
        let mut events: Vec<Self> =
            others.iter().map(|change| Self { change: *change, ..self.clone() }).collect();
        events.push(Self { change: *last, ..self });
        events
    }

    /// The same with another key of the same problem; nothing when it is empty or the key itself.
    #[must_use]
    pub fn alias(mut self, alias: &str) -> Self {
        let alias = keys::fit(alias);
        if !alias.is_empty() && alias != self.key && !self.aliases.contains(&alias) {
            self.aliases.push(alias);
        }
        self
    }

    /// The same with this text.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// The same with a severity, or with none.
    #[must_use]
    pub fn severity(mut self, severity: impl Into<Option<Severity>>) -> Self {
        self.severity = severity.into();
        self
    }

    /// The same with a fact. An empty key or value is left out: it would say nothing.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        let (key, value) = (key.trim(), value.trim());
        if !key.is_empty() && !value.is_empty() && self.labels.len() < LABELS_MAX {
            self.labels.push(Label { key: key.to_owned(), value: value.to_owned() });
        }
        self
    }

    /// The same with an address; left out unless it is absolute http or https without spaces.
    #[must_use]
    pub fn link(mut self, title: &str, url: &str) -> Self {
        if crate::text::is_web_address(url) && self.links.len() < LINKS_MAX {
            self.links.push(Link { title: title.to_owned(), url: url.trim().to_owned() });
        }
        self
    }

    /// The same with who did it; nothing when the name is empty.
    #[must_use]
    pub fn actor(mut self, name: &str) -> Self {
        self.actor = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        self
    }

    /// The same with when it happened by the sender's clock, if known.
    #[must_use]
    pub fn occurred_at(mut self, at: impl Into<Option<Timestamp>>) -> Self {
        self.occurred_at = at.into();
        self
    }
}

/// Labels that the host takes with one event.
pub(crate) const LABELS_MAX: usize = 64;
/// Links that the host takes with one event.
pub(crate) const LINKS_MAX: usize = 16;
