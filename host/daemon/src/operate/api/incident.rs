//! An incident, as every answer shows it that has one.
//!
//! Never with its timeline: that is [`super::incidents::WholeIncident`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Link;

/// An incident.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// Its number, from 1.
    pub number: u64,
    /// The source that it came from.
    pub source: String,
    /// What its source calls it.
    pub key: String,
    /// One line.
    pub title: String,
    /// Several lines; may be empty.
    pub message: String,
    /// `critical`, `high`, `medium`, `low` or `info`.
    pub severity: String,
    /// `open`, `acknowledged` or `resolved`.
    pub state: String,
    /// By name.
    pub labels: BTreeMap<String, String>,
    /// As its source gave them.
    pub links: Vec<Link>,
    /// Events about it.
    pub count: u64,
    /// Whether it opens and closes so often that its changes are held back.
    pub flapping: bool,
    /// Whether no action took it.
    pub unmatched: bool,
    /// When it was first opened.
    pub opened_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When somebody took it, if somebody has.
    pub acknowledged_at: Option<String>,
    /// When it was over, if it is.
    pub resolved_at: Option<String>,
}
