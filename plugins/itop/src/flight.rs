//! Where an attempt stands between two requests: what was asked, of which ticket, and what was done and refused
//! so far.
//!
//! Never kept beyond the attempt: it is written into a request's state and read with its answer.

use serde_json::json;
use strum::{EnumString, IntoStaticStr};
use tocsin_plugin::prelude::*;

use crate::back::Ticket;

/// Characters of what was done, and of what was refused.
const NOTE_CHARS: usize = 400;

/// What the answer is awaited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
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
    /// Whether the login may write another class than the one that was refused.
    Rights,
}

/// Where an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    pub(crate) doing: Doing,
    pub(crate) ticket: Option<Ticket>,
    /// Whether this attempt has made the ticket.
    pub(crate) is_new: bool,
    /// Optional fields that iTop refused, without which the ticket is made.
    pub(crate) without: Vec<String>,
    /// Fields in which the ticket has something already: what a person wrote there stays.
    pub(crate) held: Vec<String>,
    /// Whether entries go to the private log, because the ticket takes none in the configured one.
    pub(crate) is_private: bool,
    /// The place in the path of stimuli.
    pub(crate) at: usize,
    /// What was done so far, for the delivery log.
    pub(crate) done: String,
    /// What was refused so far, for the delivery log.
    pub(crate) note: String,
}

impl From<Doing> for Flight {
    fn from(doing: Doing) -> Self {
        Self {
            doing,
            ticket: None,
            is_new: false,
            without: Vec::new(),
            held: Vec::new(),
            is_private: false,
            at: 0,
            done: String::new(),
            note: String::new(),
        }
    }
}

impl From<Ticket> for Flight {
    /// About a ticket that was there before this attempt.
    fn from(ticket: Ticket) -> Self {
        Self { ticket: Some(ticket), ..Self::from(Doing::Single) }
    }
}

impl Flight {
    /// The same with what is awaited next.
    pub(crate) fn to(self, doing: Doing) -> Self {
        Self { doing, ..self }
    }

    /// The same at another place of the path.
    pub(crate) fn at(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// The same with something more done.
    pub(crate) fn having(self, done: &str) -> Self {
        Self { done: text::truncate(&join(&self.done, ", ", done), NOTE_CHARS), ..self }
    }

    /// The same with something more refused.
    pub(crate) fn noted(self, note: &str) -> Self {
        Self { note: text::truncate(&join(&self.note, "; ", note), NOTE_CHARS), ..self }
    }

    /// The ticket that this is about.
    ///
    /// # Errors
    /// A state that is none of ours.
    pub(crate) fn ticket(&self) -> Result<&Ticket, Failure> {
        self.ticket.as_ref().ok_or_else(lost)
    }

    /// `I-000012: assigned, wrote to the case log (ev_assign was refused: …)`, of what was done last.
    pub(crate) fn summary(&self, name: &str, last: &str) -> String {
        let done = join(&self.done, ", ", last);
        if self.note.is_empty() {
            format!("{name}: {done}")
        } else {
            format!("{name}: {done} ({})", self.note)
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let ticket = self.ticket.as_ref();
        let ticket = ticket.map(|t| json!({"class": t.class, "id": t.id, "name": t.name}));
        let Self { doing, is_new, is_private, without, held, at, done, note, .. } = self;
        let doing: &str = doing.into();
        let mut state = json!({
            "doing": doing, "ticket": ticket, "is_new": is_new, "at": at, "done": done, "note": note,
        });
        if *is_private {
            state["is_private"] = json!(true);
        }
        for (name, list) in [("without", without), ("held", held)] {
            if !list.is_empty() {
                state[name] = json!(list);
            }
        }
        state.to_string().into_bytes()
    }

    /// Nothing when these are not the bytes of [`Flight::to_bytes`].
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let text = |path: &str| json::text(&value, path);
        let doing = text("doing")?.parse().ok()?;
        let ticket = match (text("ticket.class"), text("ticket.id"), text("ticket.name")) {
            (Some(class), Some(id), Some(name)) => Some(Ticket { class, id, name }),
            _ => None,
        };
        let at = value.get("at")?.as_u64().and_then(|at| usize::try_from(at).ok())?;
        let is_new = value.get("is_new")?.as_bool()?;
        let is_private = value.get("is_private").and_then(serde_json::Value::as_bool).unwrap_or(false);
        let (done, note) = (text("done").unwrap_or_default(), text("note").unwrap_or_default());
        let list = |name: &str| -> Vec<String> {
            let items = value.get(name).and_then(serde_json::Value::as_array).into_iter().flatten();
            items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let (without, held) = (list("without"), list("held"));
        Some(Self { doing, ticket, is_new, without, held, is_private, at, done, note })
    }
}

fn join(before: &str, between: &str, more: &str) -> String {
    if before.is_empty() { more.to_owned() } else { format!("{before}{between}{more}") }
}

/// A state that is none of ours.
pub(crate) fn lost() -> Failure {
    Failure::rejected("the attempt's own state could not be read")
}
