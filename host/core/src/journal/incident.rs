//! What facts about incidents and receipts say.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::delivery::ChangeKind;
use crate::event::{Link, Severity};
use crate::id::{IncidentId, ReceiptId};
use crate::name::SourceName;
use crate::reason::Reason;
use crate::receipt::{Effect, ReceiptStatus};
use crate::time::Timestamp;

/// An incident that is new: open, since the time of its entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Opening {
    /// Its id.
    #[n(0)]
    pub id: IncidentId,
    /// Its number.
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
    /// Facts.
    #[n(7)]
    #[cbor(skip_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Where to read more.
    #[n(8)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// When it happened, by the sender's clock.
    #[n(9)]
    pub occurred_at: Option<Timestamp>,
    /// Whether no action took it.
    #[n(10)]
    #[cbor(skip_if = "super::is_false")]
    pub unmatched: bool,
}

/// What differs of an incident; what is left out is as before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Fields {
    /// The title.
    #[n(0)]
    pub title: Option<String>,
    /// The message.
    #[n(1)]
    pub message: Option<String>,
    /// The severity.
    #[n(2)]
    pub severity: Option<Severity>,
    /// These labels.
    #[n(3)]
    #[cbor(skip_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The links, all of them.
    #[n(4)]
    pub links: Option<Vec<Link>>,
    /// Triggers merged into it so far.
    #[n(5)]
    pub count: Option<u64>,
    /// The latest time that a sender gave.
    #[n(6)]
    pub occurred_at: Option<Timestamp>,
    /// When it was reopened lately, all of it.
    #[n(7)]
    pub reopened: Option<Vec<Timestamp>>,
    /// Whether it flaps.
    #[n(8)]
    pub flapping: Option<bool>,
    /// Whether no action took it.
    #[n(9)]
    pub unmatched: Option<bool>,
}

/// How an incident comes into a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum StateChange {
    /// Somebody is on it.
    #[n(0)]
    Acknowledged,
    /// Nobody is on it any more.
    #[n(1)]
    Unacknowledged,
    /// It is over.
    #[n(2)]
    Resolved,
    /// It is back.
    #[n(3)]
    Reopened,
}

/// A change of an incident as its timeline has it, at the time of its entry.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Recorded {
    /// Of which.
    #[n(0)]
    pub incident: IncidentId,
    /// What.
    #[n(1)]
    pub kind: ChangeKind,
    /// Who did it.
    #[n(2)]
    pub actor: Option<String>,
    /// A note's text, or why.
    #[n(3)]
    #[cbor(skip_if = "Reason::is_empty")]
    pub text: Reason,
    /// The fields that differ from before.
    #[n(4)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// What they were before.
    #[n(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub before: Vec<(String, String)>,
}

/// What came of decoding a request.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(map)]
pub struct Receipted {
    /// Its receipt.
    #[n(0)]
    pub receipt: ReceiptId,
    /// The source's name.
    #[n(1)]
    pub source: SourceName,
    /// Which plugin decoded it: `id version digest`; empty when there was none.
    #[n(2)]
    pub plugin: String,
    /// What came of it.
    #[n(3)]
    pub status: ReceiptStatus,
    /// So many effects are those that the receipt had before; the others are in `effects`.
    #[n(4)]
    #[cbor(default)]
    pub kept: u64,
    /// What its events did, behind those that are kept.
    #[n(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// Notes for the operator who sets the source up.
    #[n(6)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}
