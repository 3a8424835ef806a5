//! What people did, and every change of the configuration.
//!
//! `GET /audit`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which deeds are listed, the newest first. Answered with a page, whose `next` is the number of an entry of the journal.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct AuditList {
    /// Only from this time on.
    #[param(format = "date-time")]
    pub since: Option<String>,
    /// Only before this time.
    #[param(format = "date-time")]
    pub until: Option<String>,
    /// Only of persons whose recorded name has this text; case does not matter.
    pub by: Option<String>,
    /// Only those before the entry with this number, such as a page's `next`.
    pub after: Option<String>,
    /// So many at most: 50 when left out, 1,000 at most. A page may have fewer although more follow.
    pub limit: Option<usize>,
}

/// What a person did: one entry of the journal.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Deed {
    /// The number of the entry.
    pub number: u64,
    /// When. None if the entry cannot be read.
    pub at: Option<String>,
    /// The person: the name that they gave. In parentheses is the system's user, or the access token and its address.
    /// For a reader of a message, the link by which they came.
    pub by: String,
    /// `operator` for what was done to incidents, deliveries and requests, `configured` for a change of the
    /// configuration, `audited` for anything else. None if the entry cannot be read.
    pub cause: Option<String>,
    /// What they did, in words, one item for each: `acknowledged #42`. The parts that changed, for a configuration.
    pub what: Vec<String>,
}
