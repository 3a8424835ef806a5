//! What is recorded: entries of facts. A fact says what happened and nothing about why it was decided, so that any later
//! version can read it and bring state about with it ([`crate::evolve`]).
//!
//! These types are the format. A number in `#[n(…)]` is never given to anything else; what is added is optional
//! (`host/store/README.md` has the rules). Never holds a secret, a filter, or a sentence of the relay's own.

use minicbor::{Decode, Encode};

use crate::id::ReceiptId;
use crate::time::Timestamp;
use crate::trace::{Origin, Trace};

mod delivery;
mod fact;
mod incident;

pub use delivery::{Left, Place, Queued, Settled, Tells};
pub use fact::Fact;
pub use incident::{Fields, Opening, Receipted, Recorded, StateChange};

/// Facts that became true together.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Entry {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// What made them true.
    #[n(1)]
    pub cause: Cause,
    /// In the order in which they became true.
    #[n(2)]
    pub facts: Vec<Fact>,
    /// The digest of the policy that decided: for people who ask why. Nothing follows from it.
    #[n(3)]
    pub policy: u64,
    /// The term of the leader that wrote it; 0 where there is one node.
    #[n(4)]
    #[cbor(default)]
    pub epoch: u64,
}

impl Entry {
    /// Whether nothing happened, so that it need not be kept. A start is kept, because it records which version writes
    /// the following entries. A configuration is kept, because it records which policy decides them. What a person did
    /// is kept although no state follows from it.
    pub fn is_void(&self) -> bool {
        let is_kept =
            matches!(self.cause, Cause::Start(_) | Cause::Configured { .. } | Cause::Audited { .. });
        self.facts.is_empty() && !is_kept
    }
}

/// What made facts true.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Cause {
    /// A relay of this version started.
    #[n(0)]
    Start(#[n(0)] String),
    /// A request arrived: its receipt, and the trace that its sender gave.
    #[n(1)]
    Request(#[n(0)] ReceiptId, #[n(1)] Option<Trace>),
    /// A kept request was decoded again.
    #[n(2)]
    DecodedAgain(#[n(0)] ReceiptId, #[n(1)] Option<Trace>),
    /// This operator did something.
    #[n(3)]
    Operator(#[n(0)] String),
    /// Attempts began.
    #[n(4)]
    Attempts,
    /// An attempt over a paused connection began, to see whether it works again.
    #[n(5)]
    Trial,
    /// An attempt ended.
    #[n(6)]
    Outcome,
    /// A paused connection works again; how that is known.
    #[n(7)]
    Works(#[n(0)] String),
    /// Timers were due.
    #[n(8)]
    Timers,
    /// For a while no source could have been heard.
    #[n(9)]
    Interruption,
    /// What is kept for long enough is forgotten.
    #[n(10)]
    Retention,
    /// Another configuration was put in force.
    #[n(11)]
    Configured {
        /// The author of the change, and how it was made.
        #[n(0)]
        by: String,
        /// The digest of its files.
        #[n(1)]
        digest: String,
        /// The changes from the previous configuration, one per line.
        #[n(2)]
        changes: Vec<String>,
    },
    /// A person did something that changes no state of the journal, such as approving a plugin.
    #[n(12)]
    Audited {
        /// The person.
        #[n(0)]
        by: String,
        /// What the person did, in words: `approved the plugin file jira.wasm`.
        #[n(1)]
        what: String,
    },
}

impl Cause {
    /// The person behind it: the operator or reader who acted, or the author of a configuration. None for what requests,
    /// time or the relay itself caused.
    pub fn by(&self) -> Option<&str> {
        match self {
            Self::Operator(by) | Self::Configured { by, .. } | Self::Audited { by, .. } => Some(by),
            _ => None,
        }
    }

    /// The request that brought it.
    pub fn receipt(&self) -> Option<ReceiptId> {
        self.origin().map(|origin| origin.receipt)
    }

    /// The request that brought it, with its trace.
    pub const fn origin(&self) -> Option<Origin> {
        match self {
            Self::Request(receipt, given) | Self::DecodedAgain(receipt, given) => {
                Some(Origin { receipt: *receipt, given: *given })
            }
            _ => None,
        }
    }
}

/// Whether a flag says what leaving it out says.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the derive macro gives a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
