//! Timers: what happens when nothing else does. They are state; an entry runs those that are due.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

use crate::id::{DeliveryId, IncidentId};
use crate::name::{ActionName, SourceName};

/// Something that happens when nothing else does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(flat)]
pub enum Timer {
    /// This incident is steady again.
    #[n(0)]
    Steady(#[n(0)] IncidentId),
    /// This source has been silent for too long.
    #[n(1)]
    Silence(#[n(0)] SourceName),
    /// The delay of this delivery is over.
    #[n(2)]
    Held(#[n(0)] DeliveryId),
    /// This action tells again of this incident.
    #[n(3)]
    Repeat {
        /// Whose id.
        #[n(0)]
        incident: IncidentId,
        /// Its name.
        #[n(1)]
        action: ActionName,
    },
    /// The source of this incident has sent no event of it for too long.
    #[n(4)]
    AutoResolve(#[n(0)] IncidentId),
}

impl fmt::Display for Timer {
    /// As it is kept: `steady <incident>`, `silence <source>`, `held <delivery>`, `repeat <incident> <action>`,
    /// `auto_resolve <incident>`. A name comes last, so it may have any characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steady(incident) => write!(f, "steady {incident}"),
            Self::Silence(source) => write!(f, "silence {source}"),
            Self::Held(delivery) => write!(f, "held {delivery}"),
            Self::Repeat { incident, action } => write!(f, "repeat {incident} {action}"),
            Self::AutoResolve(incident) => write!(f, "auto_resolve {incident}"),
        }
    }
}

/// A text that is no timer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a timer")]
pub struct InvalidTimer(String);

impl FromStr for Timer {
    type Err = InvalidTimer;

    fn from_str(text: &str) -> Result<Self, InvalidTimer> {
        let invalid = || InvalidTimer(text.chars().take(80).collect());
        match text.split_once(' ') {
            Some(("steady", id)) => id.parse().map(Self::Steady).map_err(|_| invalid()),
            Some(("silence", source)) => Ok(Self::Silence(source.into())),
            Some(("held", id)) => id.parse().map(Self::Held).map_err(|_| invalid()),
            Some(("auto_resolve", id)) => id.parse().map(Self::AutoResolve).map_err(|_| invalid()),
            Some(("repeat", rest)) => {
                let (id, action) = rest.split_once(' ').ok_or_else(invalid)?;
                let incident = id.parse().map_err(|_| invalid())?;
                Ok(Self::Repeat { incident, action: action.into() })
            }
            _ => Err(invalid()),
        }
    }
}
