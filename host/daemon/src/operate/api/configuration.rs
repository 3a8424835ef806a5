//! The configuration: reading it again, and what that would change.
//!
//! `POST /reload` and `POST /diff`.

use serde::{Deserialize, Serialize};

use super::status::StatusProblem;

/// A request to read the configuration again and to put it in force if it is right.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reload {
    /// Who asks.
    pub actor: String,
}

/// What a reload changed, or would change.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reloaded {
    /// What differs. Nothing: the configuration in force stays as it is.
    pub changes: Vec<Changed>,
    /// Settings that differ and take effect with the next start, by path.
    pub with_the_next_start: Vec<String>,
    /// What `tocsin check` warns of.
    pub warnings: Vec<StatusProblem>,
    /// Actions that would have taken other incidents of the last day. A reload leaves it empty.
    pub filters: Vec<OtherMatches>,
}

/// A part of the configuration that differs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changed {
    /// Which, for example `sources.jira` or `limits.body_time`.
    pub path: String,
    /// How: `added`, `changed` or `removed`.
    pub how: String,
}

/// An action that takes other incidents than before.
#[derive(Debug, Serialize, Deserialize)]
pub struct OtherMatches {
    /// The action's name.
    pub action: String,
    /// Numbers of incidents that it takes and did not take before.
    pub more: Vec<u64>,
    /// Numbers of incidents that it took and does not take any more.
    pub fewer: Vec<u64>,
}
