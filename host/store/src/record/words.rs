//! The words that states, changes and the like are written as. Fixed: a word in a record keeps its meaning,
//! whatever the core calls it later.

use serde::{Deserialize, Serialize};
use tocsin_core::delivery::{ChangeKind, DeliveryState};
use tocsin_core::event::{EventChange, Severity};
use tocsin_core::incident::IncidentState;
use tocsin_core::routing::ActionStatus;
use tocsin_core::transition::{Command, Transition};

/// An enum without data, with its word for each variant of the core's.
macro_rules! words {
    ($name:ident for $core:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        #[derive(Clone, Copy, Serialize, Deserialize)]
        pub(super) enum $name { $(#[serde(rename = $word)] $variant),+ }

        impl From<$core> for $name {
            fn from(value: $core) -> Self {
                match value { $($core::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for $core {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}

words!(SeverityV1 for Severity {
    Critical = "critical",
    High = "high",
    Medium = "medium",
    Low = "low",
    Info = "info",
});

words!(EventChangeV1 for EventChange {
    Trigger = "trigger",
    Acknowledge = "acknowledge",
    Resolve = "resolve",
    Note = "note",
});

words!(IncidentStateV1 for IncidentState {
    Open = "open",
    Acknowledged = "acknowledged",
    Resolved = "resolved",
});

words!(ChangeKindV1 for ChangeKind {
    Opened = "opened",
    Updated = "updated",
    Acknowledged = "acknowledged",
    Unacknowledged = "unacknowledged",
    Resolved = "resolved",
    Reopened = "reopened",
    Noted = "noted",
    Repeated = "repeated",
    Flapping = "flapping",
    Steady = "steady",
    Referenced = "referenced",
});

words!(DeliveryStateV1 for DeliveryState {
    Waiting = "waiting",
    Due = "due",
    Sending = "sending",
    Delivered = "delivered",
    Accepted = "accepted",
    Skipped = "skipped",
    NotSent = "not_sent",
    Rejected = "rejected",
    Expired = "expired",
    Discarded = "discarded",
});

words!(CommandV1 for Command {
    Acknowledge = "acknowledge",
    Unacknowledge = "unacknowledge",
    Resolve = "resolve",
    Reopen = "reopen",
    Note = "note",
});

words!(TransitionV1 for Transition {
    Open = "open",
    OpenAcknowledged = "open_acknowledged",
    Merge = "merge",
    Count = "count",
    Reopen = "reopen",
    Acknowledge = "acknowledge",
    Resolve = "resolve",
    Note = "note",
    NoteLate = "note_late",
    Orphan = "orphan",
    Nothing = "nothing",
    Echo = "echo",
});

words!(ActionStatusV1 for ActionStatus {
    Enabled = "enabled",
    Test = "test",
    Disabled = "disabled",
});
