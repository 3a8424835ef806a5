//! Where an attempt stands between two requests: what was asked, of which ticket, and what was refused so far.
//!
//! Never kept beyond the attempt: it is written into a request's state and read with its answer.

use serde_json::json;
use tocsin_plugin::prelude::*;

use crate::back::Ticket;

/// Characters of what was refused.
const NOTE_CHARS: usize = 400;

/// What the answer is awaited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// The search for a ticket with our mark.
    Find,
    /// A new ticket.
    Create,
    /// The ticket's state.
    Status,
    /// A stimulus of the path.
    Stimulus,
    /// The stimulus that the path falls back to.
    Autoresolve,
    /// Whether an earlier attempt's entry is in the log.
    SeenLog,
    /// An entry in the log.
    Log,
    /// Other fields of the ticket.
    Update,
    /// The one request of an operation.
    Single,
}

impl Doing {
    const ALL: [(&'static str, Self); 9] = [
        ("find", Self::Find),
        ("create", Self::Create),
        ("status", Self::Status),
        ("stimulus", Self::Stimulus),
        ("autoresolve", Self::Autoresolve),
        ("seen-log", Self::SeenLog),
        ("log", Self::Log),
        ("update", Self::Update),
        ("single", Self::Single),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, doing)| *doing == self).map_or("single", |(name, _)| name)
    }
}

/// Where an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    pub(crate) doing: Doing,
    pub(crate) ticket: Option<Ticket>,
    /// The place in the path of stimuli.
    pub(crate) at: usize,
    /// What was refused so far, for the delivery log.
    pub(crate) note: String,
}

impl From<Doing> for Flight {
    fn from(doing: Doing) -> Self {
        Self { doing, ticket: None, at: 0, note: String::new() }
    }
}

impl Flight {
    /// The same about a ticket.
    pub(crate) fn about(doing: Doing, ticket: Ticket, note: &str) -> Self {
        Self { doing, ticket: Some(ticket), at: 0, note: text::truncate(note, NOTE_CHARS) }
    }

    /// The same at another place of the path.
    pub(crate) fn at(self, at: usize) -> Self {
        Self { at, ..self }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let ticket = self.ticket.as_ref();
        let ticket = ticket.map(|t| json!({"class": t.class, "id": t.id, "name": t.name}));
        json!({"doing": self.doing.as_str(), "ticket": ticket, "at": self.at, "note": self.note})
            .to_string()
            .into_bytes()
    }

    /// Nothing when these are not the bytes of [`Flight::to_bytes`].
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let text = |path: &str| json::text(&value, path);
        let name = text("doing")?;
        let (_, doing) = Doing::ALL.into_iter().find(|(known, _)| *known == name)?;
        let ticket = match (text("ticket.class"), text("ticket.id"), text("ticket.name")) {
            (Some(class), Some(id), Some(name)) => Some(Ticket { class, id, name }),
            _ => None,
        };
        let at = value.get("at")?.as_u64().and_then(|at| usize::try_from(at).ok())?;
        Some(Self { doing, ticket, at, note: text("note").unwrap_or_default() })
    }
}
