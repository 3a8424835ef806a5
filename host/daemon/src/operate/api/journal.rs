//! The journal: what was recorded, entry by entry.
//!
//! `GET /journal`. Facts have the fields that they are recorded with; none holds a secret.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// Which entries, the oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct JournalList {
    /// From the entry with this number on. When neither this, nor `since`, `incident` or `receipt` is given: the last
    /// entries.
    pub from: Option<u64>,
    /// Up to the entry with this number.
    pub to: Option<u64>,
    /// From this time on.
    #[param(format = "date-time")]
    pub since: Option<String>,
    /// Only about this incident: its number or id.
    pub incident: Option<String>,
    /// Only about this receipt: its id.
    pub receipt: Option<String>,
    /// So many at most: 50 when left out, 1,000 at most. A page may have fewer although more follow.
    pub limit: Option<usize>,
}

/// Entries in their order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct JournalPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The number with which the next page begins; none at the end.
    pub next: Option<u64>,
    /// The number of the first entry that is kept; none while there is no entry.
    pub first: Option<u64>,
    /// The number of the last entry.
    pub last: Option<u64>,
}

/// Facts that became true together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its number.
    pub number: u64,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What made the facts true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// In the order in which they became true.
    pub facts: Vec<Fact>,
    /// The digest of the configuration that decided, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The term of the leader that wrote it; 0 where there is one node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Why it cannot be read, if it cannot: then it has nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// What made facts true.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Cause {
    /// `start`, `request`, `decoded_again`, `operator`, `attempts`, `trial`, `outcome`, `works`, `timers`,
    /// `interruption`, `retention`, `configured` or `audited`.
    pub cause: String,
    /// In words.
    pub description: String,
    /// What belongs to it, such as the `receipt` of a request.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// What happened.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// Its kind, such as `incident_opened`.
    pub fact: String,
    /// In words, on one line.
    pub description: String,
    /// Its fields, as they are recorded.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}
