//! Sources: the list with what came in at each, and what a request would do that did not come.
//!
//! `GET /sources`, `POST /sources/<source>/foresee`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::receipts::RefusedElement;
use super::{Link, Pair};

/// A source.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its plugin.
    pub plugin: String,
    /// Where its senders send to.
    pub url: String,
    /// Whether anybody may send to it.
    pub open: bool,
    /// Bytes of the largest body that it takes.
    pub body_limit: usize,
    /// Milliseconds without a request after which it counts as silent, if it may.
    pub heartbeat_ms: Option<u64>,
    /// Why it does not work, if it does not.
    pub problem: Option<String>,
    /// Its tokens, and when each was last used.
    pub tokens: Vec<TokenUse>,
    /// What came in at it.
    pub requests: Requests,
}

/// A token that senders may give.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TokenUse {
    /// Its key in the configuration: `token` or `next_token`.
    pub key: String,
    /// Whether the configuration has only its SHA-256.
    pub hashed: bool,
    /// When a request last had it, since the relay's start or the source's last change.
    pub last_used: Option<String>,
}

/// A new token for senders.
#[derive(Debug, Serialize, Deserialize)]
pub struct NewToken {
    /// The token, for the sender.
    pub token: String,
    /// Its SHA-256 in hexadecimal digits, for the configuration.
    pub sha256: String,
}

/// What came in at a source since its first start.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Requests {
    /// Requests that were applied.
    pub accepted: u64,
    /// Requests that brought nothing new.
    pub ignored: u64,
    /// Events that are messages of this relay and came back to it.
    pub echoes: u64,
    /// Requests of which a part could not be read.
    pub partly_refused: u64,
    /// Requests that are kept since their plugin failed or was not in force.
    pub failed: u64,
    /// Requests that only ask whether somebody is there.
    pub probes: u64,
    /// Requests that were rejected.
    pub rejected: u64,
    /// The same by HTTP status.
    pub rejected_by_status: BTreeMap<String, u64>,
    /// When the source was last heard.
    pub last_heard: Option<String>,
    /// When a request was last rejected.
    pub last_rejected: Option<String>,
    /// Why.
    pub last_rejection: Option<String>,
    /// What came of the last subscription that was confirmed.
    pub confirmation: Option<Confirmation>,
}

/// A subscription that a sender asked to be confirmed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Confirmation {
    /// When.
    pub at: String,
    /// What came of it, in words.
    pub outcome: String,
}

/// Events that did not come.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Foresee {
    /// The events, each by itself.
    pub events: Vec<ForeseenEvent>,
}

/// An event, as far as it matters which incident it is about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeseenEvent {
    /// `trigger`, `acknowledge`, `resolve` or `note`.
    pub change: String,
    /// What the source calls the incident.
    pub key: String,
    /// Other names of the same incident.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Its title: it tells what came from the relay itself.
    #[serde(default)]
    pub title: String,
    /// Its message, likewise.
    #[serde(default)]
    pub message: String,
    /// Its labels, likewise.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Microseconds since the Unix epoch.
    #[serde(default)]
    pub occurred_at_us: Option<i64>,
}

/// What an event would do, were it the next.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Foreseen {
    /// In words: `opened`.
    pub would: String,
    /// The number of the incident that it would change, if it is there.
    pub incident: Option<u64>,
}

/// What a request would do that did not come.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tried {
    /// The plugin that decoded it: id, version and digest; empty when there was none.
    pub plugin: String,
    /// How long decoding took, in microseconds.
    pub took_us: u64,
    /// What would come of it, in words.
    pub outcome: String,
    /// The status that its receipt would have.
    pub status: String,
    /// The elements that could not be read.
    pub rejected: Vec<RefusedElement>,
    /// What the plugin remarked.
    pub remarks: Vec<String>,
    /// An address that would be fetched to confirm a subscription.
    pub confirm: Option<String>,
    /// The events, if it has any to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<TriedEvent>>,
    /// What the sender would be answered, in place of the relay's own answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// Why no relay says what the events would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unforeseen: Option<String>,
}

/// An event of a request, with what it would do where a relay runs that says it.
#[derive(Debug, Serialize, Deserialize)]
pub struct TriedEvent {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// What it would do.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub foreseen: Option<Foreseen>,
}

/// An event, as a plugin reads it in a request.
#[derive(Debug, Serialize, Deserialize)]
pub struct Event {
    /// `trigger`, `acknowledge`, `resolve` or `note`.
    pub change: String,
    /// What the source calls the incident.
    pub key: String,
    /// Other names of the same incident.
    pub aliases: Vec<String>,
    /// One line; may be empty.
    pub title: String,
    /// Several lines; may be empty.
    pub message: String,
    /// The severity, if it says one.
    pub severity: Option<String>,
    /// By name.
    pub labels: BTreeMap<String, String>,
    /// As the sender gave them.
    pub links: Vec<Link>,
    /// Who did it, if somebody is named.
    pub actor: Option<String>,
    /// When it happened, if it says so.
    pub occurred_at: Option<String>,
}

/// What a plugin answers a sender.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<Pair>,
    /// The body; what is no UTF-8 in it is replaced.
    pub body: String,
}
