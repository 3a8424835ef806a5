//! Actions: the list, and what exactly one would send.
//!
//! `GET /actions`, `POST /actions/<action>/try`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Pair;
use super::body::Body;

/// An action.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// `enabled`, `disabled` or `test`.
    pub status: String,
    /// The reader's language as a BCP 47 tag, such as `de` or `pt-BR`; empty if the operator sets none.
    pub language: String,
    /// The connection that it sends over.
    pub connection: String,
    /// The connection that tests go over.
    pub test_connection: Option<String>,
    /// The plugin of its connection.
    pub plugin: Option<String>,
    /// The changes that it runs on.
    pub on: Vec<String>,
    /// The states that it runs on when an incident enters them.
    pub enters: Vec<String>,
    /// The states that it runs on when an incident leaves them.
    pub leaves: Vec<String>,
    /// What an incident has to match.
    pub filter: Option<String>,
    /// Milliseconds that it waits before it sends.
    pub delay_ms: Option<u64>,
    /// Milliseconds after which it tells an open incident again.
    pub repeat_ms: Option<u64>,
    /// Whether it takes what no other action takes.
    pub fallback: bool,
    /// When it runs, in words.
    pub when: String,
    /// What the reader of a message may do on the incident's page.
    pub readers_may: Vec<String>,
    /// Why it does not work, if it does not.
    pub problem: Option<String>,
}

/// What is to be tried.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Try {
    /// The incident's number or id; the sample when left out.
    pub incident: Option<String>,
    /// What happened to it; what its state says when left out.
    pub change: Option<String>,
    /// Whether it is sent, over the test connection.
    #[serde(default)]
    pub send: bool,
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default)]
    pub actor: Option<String>,
    /// Whether addresses are shown whole.
    #[serde(default)]
    pub show_url: bool,
}

/// What an action would send, or has sent over its test connection.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Tried {
    /// The action.
    pub action: String,
    /// The connection.
    pub connection: String,
    /// Whether the message is marked as a test.
    pub test: bool,
    /// The incident, in words.
    pub incident: String,
    /// What happened to it.
    pub change: String,
    /// Why the action would not be told of it; empty when it would.
    pub not_sent: Vec<String>,
    /// The requests: the first alone when nothing was sent.
    pub requests: Vec<Exchange>,
    /// What came of it, or would, in words.
    pub outcome: String,
    /// Whether that is good.
    pub good: bool,
}

/// A request to a peer, and its answer if it was sent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// Where it goes; the connection's own path is masked unless asked for.
    pub address: String,
    /// The headers, secrets masked.
    pub headers: Vec<Pair>,
    /// The body, secrets masked.
    pub body: Body,
    /// What the peer answered.
    pub answer: Option<Answer>,
}

/// What a peer answered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, without those that may open something.
    pub headers: Vec<Pair>,
    /// The body, secrets taken out.
    pub body: Body,
}
