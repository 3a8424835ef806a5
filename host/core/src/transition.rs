//! The table: what an event, or an operator's command, does to an incident.
//!
//! Two functions over small enums, one exhaustive `match` each, no wildcard arm: a new event or state fails to
//! compile until every cell answers it. Never looks at more than its arguments.

use minicbor::{Decode, Encode};

use crate::event::{EventChange, UnknownWord};
use crate::incident::IncidentState;

/// What an event finds under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// No incident was ever there.
    None,
    /// One that nobody is on.
    Open,
    /// One that somebody is on.
    Acknowledged,
    /// One that was resolved within the source's reopen window.
    ResolvedRecently,
    /// One that was resolved before it.
    ResolvedLongAgo,
}

impl Situation {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::None, Self::Open, Self::Acknowledged, Self::ResolvedRecently, Self::ResolvedLongAgo];

    /// What an event finds: an incident in this state, resolved this long ago.
    pub fn of(state: IncidentState, resolved_for_ms: u64, reopen_window_ms: u64) -> Self {
        match state {
            IncidentState::Open => Self::Open,
            IncidentState::Acknowledged => Self::Acknowledged,
            IncidentState::Resolved if resolved_for_ms <= reopen_window_ms => Self::ResolvedRecently,
            IncidentState::Resolved => Self::ResolvedLongAgo,
        }
    }
}

/// Whether an event is older than the last one that was applied, by its sender's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It is not, or nobody can tell.
    InOrder,
    /// It was overtaken: it must not undo what is newer.
    Late,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Transition {
    /// Open a new incident.
    #[n(0)]
    Open,
    /// Open a new incident that somebody is on already.
    #[n(1)]
    OpenAcknowledged,
    /// Take over what the event says, count it.
    #[n(2)]
    Merge,
    /// Count it, take over nothing: what is there is newer.
    #[n(3)]
    Count,
    /// Open the same incident again.
    #[n(4)]
    Reopen,
    /// Somebody is on it.
    #[n(5)]
    Acknowledge,
    /// It is over.
    #[n(6)]
    Resolve,
    /// Add a note.
    #[n(7)]
    Note,
    /// Add a note that says that it came too late.
    #[n(8)]
    NoteLate,
    /// There is no incident for it: remembered with the receipt only.
    #[n(9)]
    Orphan,
    /// Nothing differs.
    #[n(10)]
    Nothing,
    /// It is a message of the relay's own that came back: no incident is opened for it. The table never says so.
    #[n(11)]
    Echo,
}

impl Transition {
    /// Whether it leaves a trace at an incident.
    pub const fn does_something(self) -> bool {
        match self {
            Self::Open
            | Self::OpenAcknowledged
            | Self::Merge
            | Self::Count
            | Self::Reopen
            | Self::Acknowledge
            | Self::Resolve
            | Self::Note
            | Self::NoteLate => true,
            Self::Orphan | Self::Nothing | Self::Echo => false,
        }
    }
}

/// What `change` does in `situation`.
pub fn on_event(situation: Situation, change: EventChange, order: Order) -> Transition {
    use EventChange as E;
    use Order::{InOrder, Late};
    use Situation as S;
    match (situation, change, order) {
        (S::None, E::Trigger, InOrder | Late) => Transition::Open,
        (S::None, E::Acknowledge, InOrder | Late) => Transition::OpenAcknowledged,
        (S::None, E::Resolve | E::Note, InOrder | Late) => Transition::Orphan,

        (S::Open | S::Acknowledged, E::Trigger, InOrder) => Transition::Merge,
        (S::Open | S::Acknowledged, E::Trigger, Late) => Transition::Count,
        (S::Open, E::Acknowledge, InOrder) => Transition::Acknowledge,
        (S::Acknowledged, E::Acknowledge, InOrder) => Transition::Nothing,
        (S::Open | S::Acknowledged, E::Acknowledge, Late) => Transition::NoteLate,
        (S::Open | S::Acknowledged, E::Resolve, InOrder) => Transition::Resolve,
        (S::Open | S::Acknowledged, E::Resolve, Late) => Transition::NoteLate,
        (S::Open | S::Acknowledged, E::Note, InOrder | Late) => Transition::Note,

        (S::ResolvedRecently, E::Trigger, InOrder) => Transition::Reopen,
        (S::ResolvedLongAgo, E::Trigger, InOrder) => Transition::Open,
        (S::ResolvedRecently | S::ResolvedLongAgo, E::Trigger, Late) => Transition::NoteLate,
        (S::ResolvedRecently | S::ResolvedLongAgo, E::Acknowledge | E::Resolve, InOrder | Late) => {
            Transition::Nothing
        }
        (S::ResolvedRecently, E::Note, InOrder | Late) => Transition::Note,
        (S::ResolvedLongAgo, E::Note, InOrder | Late) => Transition::Orphan,
    }
}

/// What an operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentCommand {
    /// I am on it.
    Acknowledge,
    /// I no longer am.
    Unacknowledge,
    /// It is over.
    Resolve,
    /// It is not over after all.
    Reopen,
    /// Write this down.
    Note,
}

impl IncidentCommand {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Acknowledge, Self::Unacknowledge, Self::Resolve, Self::Reopen, Self::Note];

    /// As written in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Unacknowledge => "unacknowledge",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::Note => "note",
        }
    }
}

impl std::str::FromStr for IncidentCommand {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|command| command.as_str() == text)
            .ok_or_else(|| UnknownWord::new("command", text, &Self::ALL.map(Self::as_str)))
    }
}

/// What a command does to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commanded {
    /// Somebody is on it.
    Acknowledge,
    /// Nobody is.
    Unacknowledge,
    /// It is over.
    Resolve,
    /// It is back, unless another incident took its place.
    Reopen,
    /// Add the note.
    Note,
    /// It is already so.
    Nothing,
    /// It cannot be done in this state.
    Refused,
}

/// What `command` does to an incident in `state`.
pub fn on_command(state: IncidentState, command: IncidentCommand) -> Commanded {
    use IncidentCommand as C;
    use IncidentState as S;
    match (state, command) {
        (S::Open, C::Acknowledge) => Commanded::Acknowledge,
        (S::Acknowledged, C::Acknowledge) => Commanded::Nothing,
        (S::Acknowledged, C::Unacknowledge) => Commanded::Unacknowledge,
        (S::Open, C::Unacknowledge) => Commanded::Nothing,
        (S::Open | S::Acknowledged, C::Resolve) => Commanded::Resolve,
        (S::Resolved, C::Resolve) => Commanded::Nothing,
        (S::Resolved, C::Acknowledge | C::Unacknowledge) => Commanded::Refused,
        (S::Resolved, C::Reopen) => Commanded::Reopen,
        (S::Open | S::Acknowledged, C::Reopen) => Commanded::Nothing,
        (S::Open | S::Acknowledged | S::Resolved, C::Note) => Commanded::Note,
    }
}
