//! What a link in a message leads to, as configured (`readers_may`) and as written in links.
//!
//! Never says whether somebody may: the link's action does.

use strum::{EnumIter, EnumString, IntoStaticStr, VariantNames};
use tocsin_core::event::UnknownWord;
use tocsin_core::incident::IncidentState;

/// What a link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[strum(parse_err_ty = UnknownWord, parse_err_fn = no_purpose)]
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
    pub fn as_str(self) -> &'static str {
        self.into()
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

fn no_purpose(given: &str) -> UnknownWord {
    UnknownWord::new("purpose", given, Purpose::VARIANTS)
}
