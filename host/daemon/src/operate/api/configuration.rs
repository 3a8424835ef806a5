//! Reloads of the configuration, and comparisons.
//!
//! `POST /config/reload` and `POST /config/diff`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::status::StatusProblem;

/// What a reload changed, or would change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
    /// The parts that differ. If none, the configuration in force stays.
    pub changes: Vec<Changed>,
    /// Changed settings that take effect at the next start, by path.
    pub with_the_next_start: Vec<String>,
    /// The warnings of `tocsin check`.
    pub warnings: Vec<StatusProblem>,
    /// Actions that incidents of the last day would have triggered differently. Empty after a reload.
    pub filters: Vec<OtherMatches>,
}

/// A part of the configuration that differs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// The part's path, such as `sources.jira` or `limits.body_time`.
    pub path: String,
    /// The kind of change: `added`, `changed` or `removed`.
    pub how: String,
}

/// An action that other incidents trigger than before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct OtherMatches {
    /// The action's name.
    pub action: String,
    /// Numbers of incidents that newly trigger it.
    pub more: Vec<u64>,
    /// Numbers of incidents that no longer trigger it.
    pub fewer: Vec<u64>,
}
