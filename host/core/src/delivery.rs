//! A delivery: one change of one incident on its way to one destination, from the moment it is owed until it
//! is settled.
//!
//! Never sends anything and never reads a clock; [`crate::evolve`] moves it on, as the journal says.

use minicbor::{Decode, Encode};

use crate::event::UnknownWord;
use crate::id::DeliveryId;
use crate::incident::{Incident, IncidentState};
use crate::name::{ActionName, ConnectionName};
use crate::reason::Reason;
use crate::time::Timestamp;
use crate::trace::Origin;

/// Attempts whose log a delivery keeps: the first says why, the last say whether it changed.
pub const ATTEMPTS_KEPT: usize = 10;

/// What happened to an incident, as people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum ChangeKind {
    /// It is new.
    #[n(0)]
    Opened,
    /// Something that a person would see is different.
    #[n(1)]
    Updated,
    /// Somebody is on it.
    #[n(2)]
    Acknowledged,
    /// Nobody is on it any more.
    #[n(3)]
    Unacknowledged,
    /// It is over.
    #[n(4)]
    Resolved,
    /// It is back.
    #[n(5)]
    Reopened,
    /// Somebody wrote something.
    #[n(6)]
    Noted,
    /// It still is as it was.
    #[n(7)]
    Repeated,
    /// It opens and resolves so often that single changes say nothing.
    #[n(8)]
    Flapping,
    /// It no longer does.
    #[n(9)]
    Steady,
    /// A peer that was told of it answered with a reference or a label that is new.
    #[n(10)]
    Referenced,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Opened,
        Self::Updated,
        Self::Acknowledged,
        Self::Unacknowledged,
        Self::Resolved,
        Self::Reopened,
        Self::Noted,
        Self::Repeated,
        Self::Flapping,
        Self::Steady,
        Self::Referenced,
    ];

    /// As written in configurations and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Acknowledged => "acknowledged",
            Self::Unacknowledged => "unacknowledged",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Noted => "noted",
            Self::Repeated => "repeated",
            Self::Flapping => "flapping",
            Self::Steady => "steady",
            Self::Referenced => "referenced",
        }
    }

    /// The state that an incident is in by this, whatever it was in before; none for what leaves it as it is.
    pub const fn entered(self) -> Option<IncidentState> {
        match self {
            Self::Opened | Self::Unacknowledged | Self::Reopened => Some(IncidentState::Open),
            Self::Acknowledged => Some(IncidentState::Acknowledged),
            Self::Resolved => Some(IncidentState::Resolved),
            Self::Updated
            | Self::Noted
            | Self::Repeated
            | Self::Flapping
            | Self::Steady
            | Self::Referenced => None,
        }
    }
}

impl std::str::FromStr for ChangeKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownWord::new("change", text, &Self::ALL.map(Self::as_str)))
    }
}

/// A change of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Change {
    /// What.
    #[n(0)]
    pub kind: ChangeKind,
    /// When it was recorded.
    #[n(1)]
    pub at: Timestamp,
    /// Who did it.
    #[n(2)]
    pub actor: Option<String>,
    /// A note's text, or why.
    #[n(3)]
    #[cbor(skip_if = "Reason::is_empty")]
    pub text: Reason,
    /// The incident's fields that differ from before.
    #[n(4)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// What they were before, by the names in `changed`; without what was empty, and without the message.
    #[n(5)]
    #[cbor(skip_if = "Vec::is_empty")]
    pub before: Vec<(String, String)>,
}

impl Change {
    /// A change that the relay itself makes, with why in words.
    pub const fn of_the_relay(kind: ChangeKind, at: Timestamp, text: Reason) -> Self {
        Self { kind, at, actor: None, text, changed: Vec::new(), before: Vec::new() }
    }
}

/// What a peer called something of ours.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reference {
    /// What it is for, in the plugin's words.
    #[n(0)]
    pub key: String,
    /// The peer's identifier.
    #[n(1)]
    pub value: String,
    /// Where a person can see it.
    #[n(2)]
    pub url: Option<String>,
}

/// Where a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum DeliveryState {
    /// An earlier change of the same incident to the same connection goes first, or it is held: the incident
    /// has not been open for as long as the action's delay.
    #[n(0)]
    Waiting,
    /// To be tried at its `next_at`.
    #[n(1)]
    Due,
    /// An attempt began; whether it arrived is not known yet.
    #[n(2)]
    Sending,
    /// The peer said that it is there.
    #[n(3)]
    Delivered,
    /// The peer took it and will not say more.
    #[n(4)]
    Accepted,
    /// The plugin had nothing to send, or there was nothing to send any more when its delay was over or its attempt
    /// was to begin.
    #[n(5)]
    Skipped,
    /// The action is in test and has no test connection.
    #[n(6)]
    NotSent,
    /// Dead letter: the peer will never take it as it is.
    #[n(7)]
    Rejected,
    /// Dead letter: tried for as long as the schedule allows.
    #[n(8)]
    Expired,
    /// It was a dead letter until somebody gave up on it.
    #[n(9)]
    Discarded,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Due,
        Self::Sending,
        Self::Delivered,
        Self::Accepted,
        Self::Skipped,
        Self::NotSent,
        Self::Rejected,
        Self::Expired,
        Self::Discarded,
    ];

    /// As written in answers and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Due => "due",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Accepted => "accepted",
            Self::Skipped => "skipped",
            Self::NotSent => "not_sent",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Discarded => "discarded",
        }
    }

    /// Whether nothing more will happen by itself.
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Waiting | Self::Due | Self::Sending)
    }

    /// Whether it ended without arriving and an operator may try it again.
    pub const fn is_dead_letter(self) -> bool {
        matches!(self, Self::Rejected | Self::Expired)
    }
}

impl std::str::FromStr for DeliveryState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| UnknownWord::new("delivery state", text, &Self::ALL.map(Self::as_str)))
    }
}

/// A line of an incident's timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct LineId {
    /// The number of the entry that wrote it.
    #[n(0)]
    pub entry: u64,
    /// Which of the lines that the entry wrote, from 1.
    #[n(1)]
    pub line: u32,
}

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Attempt {
    /// From 1; 0 for a delivery that was settled without any.
    #[n(0)]
    pub number: u32,
    /// When it was settled.
    #[n(1)]
    pub at: Timestamp,
    /// How long it took, in microseconds.
    #[n(2)]
    pub took_us: u64,
    /// The last HTTP status, if a peer answered.
    #[n(3)]
    pub status: Option<u16>,
    /// One line: what the plugin made of it, or what went wrong on the way.
    #[n(4)]
    pub summary: Reason,
}

/// One change of one incident, owed to one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The same over all attempts.
    pub id: DeliveryId,
    /// The action's name.
    pub action: ActionName,
    /// The name of the connection that it goes over: the test connection while the action is in test.
    pub connection: ConnectionName,
    /// Whether the action is in test.
    pub test: bool,
    /// The incident as it is now.
    pub incident: Incident,
    /// In which state the incident was when the delivery was queued; once an attempt began, when the latest began.
    pub shown: IncidentState,
    /// What happened.
    pub change: Change,
    /// The line of the incident's timeline that has the change, if one has.
    pub line: Option<LineId>,
    /// The request that brought the change, if one did. That line has it, so a change without a line has none.
    pub origin: Option<Origin>,
    /// Where it is.
    pub state: DeliveryState,
    /// Attempts begun.
    pub attempts: u32,
    /// When to try next, while [`DeliveryState::Due`]; while it is held, when it is looked at again.
    pub next_at: Timestamp,
    /// Since when the schedule counts: its creation, the end of its hold, or an operator's retry.
    pub owed_since: Timestamp,
    /// The first attempt and the latest, [`ATTEMPTS_KEPT`] at most.
    pub log: Vec<Attempt>,
}

/// What follows a connection's name where the references of tests are kept: no name of a connection has it.
const OF_A_TEST: &str = " (test)";

impl Delivery {
    /// Under which name the references are kept that this delivery brings back and is given.
    pub fn referrer(&self) -> ConnectionName {
        let of_a_test = if self.test { OF_A_TEST } else { "" };
        format!("{}{of_a_test}", self.connection).into()
    }

    /// What peers call the incident, by connection, as this delivery is to see it: a test sees what tests
    /// brought back, any other what was brought back in earnest.
    pub fn referred(&self, references: Vec<(String, Vec<Reference>)>) -> Vec<(String, Vec<Reference>)> {
        let seen = |(name, references): (String, Vec<Reference>)| {
            let of_a_test = name.strip_suffix(OF_A_TEST).map(str::to_owned);
            if of_a_test.is_some() != self.test {
                return None;
            }
            Some((of_a_test.unwrap_or(name), references))
        };
        references.into_iter().filter_map(seen).collect()
    }

    /// When it should first have been sent, with its action's delay. An operator's retry begins the schedule anew,
    /// and makes a late message no less late.
    pub fn first_owed(&self, delay_ms: Option<u64>) -> Timestamp {
        let held_until = delay_ms.map(|delay_ms| self.incident.open_since.plus_ms(delay_ms));
        let first = held_until.unwrap_or_default().max(self.id.at());
        first.min(self.owed_since)
    }

    /// Adds an attempt to the log, keeping the first and the latest.
    pub fn record(&mut self, attempt: Attempt) {
        if self.log.len() >= ATTEMPTS_KEPT {
            self.log.remove(1);
        }
        self.log.push(attempt);
    }
}
