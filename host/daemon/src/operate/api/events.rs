//! Live events: each entry of the journal as it is committed, as server-sent events.
//!
//! `GET /events`. The header `Last-Event-ID` takes precedence over `after`. Each event has the number of its entry as `id`,
//! the word of its cause as `event` (`request`, `operator`, `outcome`, `configured` …; `unreadable` for an entry that cannot
//! be read) and an [`super::journal::Entry`] on one line as `data`. The event `gap` has a [`Gap`].

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which events.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct EventList {
    /// Those after the entry with this number; what comes next if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// Only about this incident and its deliveries: its number or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// Entries that the stream cannot have.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gap {
    /// The number of the first entry that is missing.
    pub from: u64,
    /// The number of the last.
    pub to: u64,
    /// Why.
    pub why: String,
}
