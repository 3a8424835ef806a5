//! Why something is so, for people: somebody's own words, or a code with arguments.
//!
//! Codes are what is kept. They become words only where a person reads them, so that a better wording, or another
//! language, changes nothing that was recorded.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::durations::{exactly, roughly};
use crate::incident::IncidentState;
use crate::name::{ConnectionName, SourceName};

/// Why, or what was said.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Reason {
    /// The words of a person, a sender, a plugin or a peer. May be empty.
    #[n(0)]
    Said(#[n(0)] String),

    /// Not sent: the incident was resolved first.
    #[n(1)]
    OverBeforeSent,
    /// Not sent: the incident was open again.
    #[n(2)]
    OpenAgainBeforeSent,
    /// Not sent: an earlier message says it.
    #[n(3)]
    ToldEarlier,
    /// Not sent: a later change says something else.
    #[n(4)]
    Overtaken,
    /// Not sent: the message that the incident flaps says it.
    #[n(5)]
    ToldAsFlapping,
    /// Not sent: the incident became steady first.
    #[n(6)]
    SteadyBeforeSent,
    /// Not sent: its action is disabled.
    #[n(7)]
    ActionDisabled,
    /// Not sent: another action took the incident.
    #[n(8)]
    TakenByAnotherAction,
    /// Not sent: somebody was on the incident first.
    #[n(9)]
    AcknowledgedBeforeSent,
    /// Not sent: its action is in test and has no test connection.
    #[n(10)]
    NoTestConnection,

    /// Not told: the incident was over within its action's delay, in milliseconds.
    #[n(11)]
    OverWithinDelay(#[n(0)] u64),
    /// Not told: the incident was over when the delay was.
    #[n(12)]
    OverAfterDelay,
    /// Not told: its action is gone from the configuration.
    #[n(13)]
    ActionGone,
    /// Not told: its action was disabled during its delay.
    #[n(14)]
    DisabledDuringDelay,
    /// Not told: another action took the incident during the delay.
    #[n(15)]
    TakenDuringDelay,
    /// Not told: the filter of its action no longer matches.
    #[n(16)]
    FilteredAfterDelay,

    /// The incident flaps: it was reopened so often.
    #[n(17)]
    Reopened(#[n(0)] u64),
    /// The incident no longer flaps, and is in this state.
    #[n(18)]
    SteadyIn(#[n(0)] IncidentState),
    /// The incident is open for so many milliseconds.
    #[n(19)]
    StillOpen(#[n(0)] u64),
    /// The source sent no event of the incident for as long as its `auto_resolve` says, in milliseconds.
    #[n(20)]
    NoEventFor {
        /// Milliseconds.
        #[n(0)]
        ms: u64,
        /// The source's name.
        #[n(1)]
        source: SourceName,
    },
    /// A peer answered with references or labels.
    #[n(21)]
    Answered {
        /// The connection's name.
        #[n(0)]
        connection: ConnectionName,
        /// What the peer said.
        #[n(1)]
        said: String,
    },
    /// This operator gave up on it.
    #[n(22)]
    GivenUpBy(#[n(0)] String),
    /// A request that came from a message about the incident with this number.
    #[n(23)]
    OwnIncident(#[n(0)] u64),
}

impl Reason {
    /// No words.
    pub const fn none() -> Self {
        Self::Said(String::new())
    }

    /// Whether there is nothing to read.
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Said(words) if words.is_empty())
    }
}

impl Default for Reason {
    fn default() -> Self {
        Self::none()
    }
}

impl From<String> for Reason {
    fn from(words: String) -> Self {
        Self::Said(words)
    }
}

impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        Self::Said(words.to_owned())
    }
}

impl PartialEq<str> for Reason {
    /// Whether it reads so.
    fn eq(&self, words: &str) -> bool {
        let read = self.to_string();
        read == words
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, words: &&str) -> bool {
        self == *words
    }
}

impl fmt::Display for Reason {
    /// In English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Said(words) => words,
            Self::OverBeforeSent => "resolved before it could be sent",
            Self::OpenAgainBeforeSent => "it was open again before it could be sent",
            Self::ToldEarlier => "told with an earlier message",
            Self::Overtaken => "overtaken by a later change before it could be sent",
            Self::ToldAsFlapping => "the incident is flapping: the message about that tells of it",
            Self::SteadyBeforeSent => "the incident was steady before it could be sent",
            Self::ActionDisabled => "not sent: its action is disabled (`status` in the configuration)",
            Self::TakenByAnotherAction => "another action took the incident before it could be sent",
            Self::AcknowledgedBeforeSent => "somebody was on it before it could be sent",
            Self::NoTestConnection => "not sent: the action is in test and has no test connection",
            Self::OverWithinDelay(ms) => {
                return write!(f, "not told: it was over within the delay of {}", exactly(*ms));
            }
            Self::OverAfterDelay => "not told: it was over when its delay was",
            Self::ActionGone => "not told: its action is gone from the configuration",
            Self::DisabledDuringDelay => "not told: its action is disabled",
            Self::TakenDuringDelay => "not told: another action took the incident",
            Self::FilteredAfterDelay => "not told: its action's filter no longer matches",
            Self::Reopened(times) => {
                return write!(f, "reopened {times} times; until it is steady nobody is told each time");
            }
            Self::SteadyIn(state) => return write!(f, "steady, and {}", state.as_str()),
            Self::StillOpen(ms) => return write!(f, "still open after {}", roughly(*ms)),
            Self::NoEventFor { ms, source } => {
                return write!(f, "no event for {}: auto_resolve of source {source}", in_words(*ms));
            }
            Self::Answered { connection, said } => return write!(f, "{connection}: {said}"),
            Self::GivenUpBy(actor) => return write!(f, "by {actor}"),
            Self::OwnIncident(number) => {
                return write!(f, "it came from Tocsin's own incident #{number}");
            }
        })
    }
}

/// A duration in a sentence: `7 days`, `1 hour`, `90 minutes`.
fn in_words(ms: u64) -> String {
    const UNITS: [(u64, &str); 5] = [
        (24 * 60 * 60 * 1000, "day"),
        (60 * 60 * 1000, "hour"),
        (60 * 1000, "minute"),
        (1000, "second"),
        (1, "millisecond"),
    ];
    let unit = UNITS.into_iter().find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit));
    let (unit, name) = unit.unwrap_or((1, "millisecond"));
    let count = ms / unit;
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}
