//! What a good link leads to: an incident with a page of its timeline.
//!
//! Never says what its reader may do.

use tocsin_core::incident::Incident;
use tocsin_core::state::TimelineItem;

/// Pages of the timeline that can be leafed through.
pub(super) const PAGES_MAX: usize = 100;

/// What a good link leads to.
pub(super) struct Found {
    /// The incident.
    pub(super) incident: Incident,
    /// A page of its timeline, the newest first.
    pub(super) timeline: Vec<TimelineItem>,
    /// Whether there are earlier lines.
    pub(super) is_cut: bool,
}
