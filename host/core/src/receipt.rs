//! What is remembered of a request: its status, what its events did, what could not be read.
//!
//! Never holds the request itself: its bytes are kept beside the state.

use minicbor::{Decode, Encode};

use crate::command::RejectedElements;
use crate::event::EventChange;
use crate::id::{IncidentId, ReceiptId};
use crate::name::SourceName;
use crate::reason::Reason;
use crate::time::Timestamp;
use crate::trace::{Origin, Trace};
use crate::transition::Transition;

/// What is remembered of a request.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(map)]
pub struct ReceiptRecord {
    /// Its id.
    #[n(0)]
    pub id: ReceiptId,
    /// When it came.
    #[n(1)]
    pub at: Timestamp,
    /// The source's name.
    #[n(2)]
    pub source: SourceName,
    /// Which plugin decoded it last: `id version digest`.
    #[n(3)]
    pub plugin: String,
    /// What came of it.
    #[n(4)]
    pub status: ReceiptStatus,
    /// What its events did, in order. Effects of an earlier decoding whose events the last one did not give come last.
    #[n(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// The plugin's and the host's notes for the operator who sets the source up.
    #[n(6)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// The trace that its sender gave.
    #[n(7)]
    pub trace: Option<Trace>,
}

impl ReceiptRecord {
    /// The request, as what follows from it knows it.
    pub const fn origin(&self) -> Origin {
        Origin { receipt: self.id, given: self.trace }
    }

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
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum ReceiptStatus {
    /// Its events were applied.
    #[n(0)]
    Applied,
    /// Dead letter: these elements could not be read. The events of the others were applied.
    #[n(1)]
    PartlyRefused(#[n(0)] RejectedElements),
    /// Nothing wrong and nothing to do; why.
    #[n(2)]
    Ignored(#[n(0)] Reason),
    /// The same delivery as this earlier one.
    #[n(3)]
    Duplicate(#[n(0)] ReceiptId),
    /// Dead letter: the sender's mistake.
    #[n(4)]
    Refused(#[n(0)] String),
    /// Dead letter: ours.
    #[n(5)]
    Failed(#[n(0)] String),
    /// It was a dead letter until an operator gave up on it: the operator's name.
    #[n(6)]
    Discarded(#[n(0)] String),
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
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Effect {
    /// What it asked for.
    #[n(0)]
    pub change: EventChange,
    /// Its key.
    #[n(1)]
    pub key: String,
    /// What the table said.
    #[n(2)]
    pub transition: Transition,
    /// To which incident: id and number.
    #[n(3)]
    pub incident: Option<(IncidentId, u64)>,
}

impl ReceiptRecord {
    /// How many of its events were echoes.
    pub fn echoes(&self) -> usize {
        self.effects.iter().filter(|effect| effect.transition == Transition::Echo).count()
    }

    /// Whether it is ignored, for its echoes or by its plugin.
    pub(crate) const fn is_ignored(&self) -> bool {
        matches!(self.status, ReceiptStatus::Ignored(_))
    }

    /// A request whose events are all echoes is ignored, and says whose they are.
    pub(crate) fn ignore_echoes(&mut self) {
        let is_echo = |effect: &Effect| effect.transition == Transition::Echo;
        let first = self.effects.first().filter(|_| self.effects.iter().all(is_echo));
        let status = match (&self.status, first.and_then(|effect| effect.incident)) {
            (ReceiptStatus::Applied, Some((_, number))) => {
                ReceiptStatus::Ignored(Reason::OwnIncident(number))
            }
            // An entry of the same request that follows may hold other events.
            (ReceiptStatus::Ignored(_), None) if !self.effects.is_empty() => ReceiptStatus::Applied,
            _ => return,
        };
        self.status = status;
    }
}
