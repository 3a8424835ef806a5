//! Pages of lists: each list of incidents, deliveries, receipts or deeds is answered in pages, the newest first.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The newest first.
    pub items: Vec<T>,
    /// Where the list goes on: what `after` of the next request is. Without one, the list ends here.
    pub next: Option<String>,
    /// How far back this page looked, if it ends early because too much had to be looked at. Then it may be short or empty,
    /// and the list goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched_until: Option<String>,
}
