//! What a link in a message leads to, as configured (`readers_may`) and as written in links.
//!
//! Never says whether somebody may: the link's action does.

use tocsin_core::event::UnknownWord;
use tocsin_core::incident::IncidentState;

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Read it.
    Incident,
    /// Take it.
    Acknowledge,
    /// Hand it back.
    Unacknowledge,
    /// Say that it is over.
    Resolve,
    /// Say that it is not.
    Reopen,
    /// Write something down.
    Note,
    /// Correct its title or severity.
    Modify,
    /// Say that it was none.
    Delete,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Incident,
        Self::Acknowledge,
        Self::Unacknowledge,
        Self::Resolve,
        Self::Reopen,
        Self::Note,
        Self::Modify,
        Self::Delete,
    ];
    /// Those that change something.
    pub const CHANGES: [Self; 7] = [
        Self::Acknowledge,
        Self::Unacknowledge,
        Self::Resolve,
        Self::Reopen,
        Self::Note,
        Self::Modify,
        Self::Delete,
    ];

    /// As written in configurations and links.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Acknowledge => "acknowledge",
            Self::Unacknowledge => "unacknowledge",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::Note => "note",
            Self::Modify => "modify",
            Self::Delete => "delete",
        }
    }

    /// Whether it can be done to an incident in this state.
    pub const fn fits(self, state: IncidentState) -> bool {
        match self {
            Self::Incident | Self::Note | Self::Modify => true,
            Self::Acknowledge => matches!(state, IncidentState::Open),
            Self::Unacknowledge => matches!(state, IncidentState::Acknowledged),
            Self::Resolve | Self::Delete => !matches!(state, IncidentState::Resolved),
            Self::Reopen => matches!(state, IncidentState::Resolved),
        }
    }
}

impl std::str::FromStr for Purpose {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or_else(|| UnknownWord::new("purpose", text, &Self::ALL.map(Self::as_str)))
    }
}
