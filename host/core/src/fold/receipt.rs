//! What is remembered of a request: its status, what its events did, what could not be read.
//!
//! Never holds the request itself: its bytes are kept beside the state.

use crate::event::EventChange;
use crate::id::Id;
use crate::journal::RejectedElements;
use crate::time::Timestamp;
use crate::transition::Transition;

/// What is remembered of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceiptRecord {
    /// Its id.
    pub id: Id,
    /// When it came.
    pub at: Timestamp,
    /// The source's name.
    pub source: String,
    /// Which plugin decoded it last: `id version digest`.
    pub plugin: String,
    /// What came of it.
    pub status: ReceiptStatus,
    /// What its events did, in order. Effects of an earlier decoding whose events the last one did not give come last.
    pub effects: Vec<Effect>,
    /// The plugin's and the host's notes for the operator who sets the source up.
    pub remarks: Vec<String>,
}

impl ReceiptRecord {
    /// The status in one word; `nothing` when events were applied and none of them did anything.
    pub fn outcome(&self) -> &'static str {
        let did_something = self.effects.iter().any(|effect| effect.transition.does_something());
        match &self.status {
            ReceiptStatus::Applied if !did_something => "nothing",
            status => status.as_str(),
        }
    }
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptStatus {
    /// Its events were applied.
    Applied,
    /// Dead letter: these elements could not be read. The events of the others were applied.
    PartlyRefused(RejectedElements),
    /// Nothing wrong and nothing to do; why.
    Ignored(String),
    /// The same delivery as this earlier one.
    Duplicate(Id),
    /// Dead letter: the sender's mistake.
    Refused(String),
    /// Dead letter: ours.
    Failed(String),
    /// It was a dead letter until an operator gave up on it: the operator's name.
    Discarded(String),
}

impl ReceiptStatus {
    /// As written in answers.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::PartlyRefused(_) => "partly_refused",
            Self::Ignored(_) => "ignored",
            Self::Duplicate(_) => "duplicate",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Discarded(_) => "discarded",
        }
    }

    /// Whether it, or a part of it, could not be decoded and waits for an operator.
    pub const fn is_dead_letter(&self) -> bool {
        matches!(self, Self::PartlyRefused(_) | Self::Refused(_) | Self::Failed(_))
    }

    /// Whether it can be decoded again.
    pub const fn is_decodable(&self) -> bool {
        self.is_dead_letter() || matches!(self, Self::Ignored(_))
    }
}

/// What one event did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What it asked for.
    pub change: EventChange,
    /// Its key.
    pub key: String,
    /// What the table said.
    pub transition: Transition,
    /// To which incident: id and number.
    pub incident: Option<(Id, u64)>,
}
