//! Deliveries: the list, one with its attempts, and what operators do to them.
//!
//! `GET /deliveries`, `GET /deliveries/<id>`, `POST /deliveries/<id>/retry` and `…/discard`; `POST /deliveries/retry` and
//! `/deliveries/discard` for all dead letters.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::incident::Incident;

/// Which deliveries are listed, the newest first. Answered with a page.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct DeliveryList {
    /// Only in these states, with commas between them; all when empty or left out.
    pub state: Option<String>,
    /// Only over this connection.
    pub connection: Option<String>,
    /// Only of this action.
    pub action: Option<String>,
    /// Only of this incident: its number or id.
    pub incident: Option<String>,
    /// Only those that were made at this time or later.
    #[param(format = "date-time")]
    pub since: Option<String>,
    /// Only those that were made before this time.
    #[param(format = "date-time")]
    pub until: Option<String>,
    /// Only those that follow this one in the list, which are older: an id, such as a page's `next`.
    pub after: Option<String>,
    /// So many at most: 50 when left out, 1,000 at most.
    pub limit: Option<usize>,
}

/// A delivery. `I` is how much is shown of its incident.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Delivery<I = Named> {
    /// Its id.
    pub id: String,
    /// The action that it is of.
    pub action: String,
    /// The connection that it goes over.
    pub connection: String,
    /// Whether it is marked as a test.
    pub test: bool,
    /// The incident, as it was when the change happened or the last attempt began.
    pub incident: I,
    /// What happened to the incident: `opened`, `acknowledged`, …
    pub change: String,
    /// `waiting`, `due`, `sending`, `delivered`, `accepted`, `skipped`, `not_sent`, `rejected`, `expired` or `discarded`.
    pub state: String,
    /// Whether nothing more is done about it by itself.
    pub settled: bool,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is made, or its action's delay ends; none for one that waits behind another.
    pub next_at: Option<String>,
    /// Since when it is owed.
    pub owed_since: String,
    /// The last line of its log.
    pub last: Option<Attempt>,
}

/// A delivery with all that is known about it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WholeDelivery {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: Delivery<Incident>,
    /// Every attempt, the oldest first; what operators did is among them, with the number 0.
    pub log: Vec<Attempt>,
    /// What was said with the change; may be empty.
    pub text: String,
    /// Who made the change, if somebody is named.
    pub actor: Option<String>,
    /// The receipt of the request that brought the change, if one did.
    pub receipt: Option<String>,
    /// The id of that request, as its answer, the log and the peer have it.
    pub request_id: Option<String>,
}

/// The incident of a delivery.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
}

/// A line of a delivery's log.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// From 1; 0 for what is no attempt.
    pub number: u32,
    /// When it began.
    pub at: String,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// The HTTP status of the last answer, if one came.
    pub status: Option<u16>,
    /// What came of it, in words.
    pub summary: String,
}

/// All dead letters, or those of one action or connection.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetters {
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default)]
    pub actor: Option<String>,
    /// Only of this action.
    #[serde(default)]
    pub action: Option<String>,
    /// Only over this connection.
    #[serde(default)]
    pub connection: Option<String>,
}

/// The ids of the deliveries that it was done to, the oldest first.
pub type Done = Vec<String>;
