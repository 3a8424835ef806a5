//! Receipts: requests that came in, as they came, and what came of them.
//!
//! `GET /receipts`, `GET /receipts/<id>`, `POST /receipts/<id>/redecode`, `POST /sources/<source>/redecode`,
//! `POST /receipts/discard`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Pair;
use super::body::Body;

/// Which receipts are listed, the newest first. Answered with a page.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptList {
    /// Only dead letters: refused, also in part, or failed.
    pub dead_letters: bool,
    /// Only ignored ones; not together with `dead_letters`.
    pub ignored: bool,
    /// Only of this source.
    pub source: Option<String>,
    /// Only those that came at this time or later.
    #[param(format = "date-time")]
    pub since: Option<String>,
    /// Only those that came before this time.
    #[param(format = "date-time")]
    pub until: Option<String>,
    /// Only those that follow this one in the list, which are older: an id, such as a page's `next`.
    pub after: Option<String>,
    /// So many at most: 50 when left out, 1,000 at most.
    pub limit: Option<usize>,
}

/// A request that came in, and what came of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Its id.
    pub id: String,
    /// When it came.
    pub at: String,
    /// The source that it came to.
    pub source: String,
    /// The plugin that decoded it: id, version and digest; empty when there was none.
    pub plugin: String,
    /// `applied`, `nothing` (applied without an effect), `partly_refused`, `ignored`, `refused`, `failed`, `discarded` or `duplicate`.
    pub status: String,
    /// Whether it waits for an operator.
    pub dead_letter: bool,
    /// Whether it can be decoded again while its bytes are kept.
    pub decodable: bool,
    /// Why it was not applied, or not whole.
    pub reason: Option<String>,
    /// What its events did.
    pub effects: Vec<Effect>,
    /// What the plugin remarked.
    pub remarks: Vec<String>,
    /// The id of the request, as its answer and the log have it.
    pub request_id: String,
    /// The elements that could not be read, of one that was refused in part: as many as are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Vec<RefusedElement>>,
    /// How many they are in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_count: Option<u64>,
}

/// What an event did.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Effect {
    /// `trigger`, `acknowledge`, `resolve` or `note`.
    pub change: String,
    /// What its source calls the incident.
    pub key: String,
    /// What it did, in words: `opened`.
    pub did: String,
    /// The incident, if there is one.
    pub incident: Option<IncidentOfEffect>,
}

/// The incident that an event was about.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct IncidentOfEffect {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: u64,
}

/// An element of a request that could not be read.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedElement {
    /// Where it stands: `alerts[3]`.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A receipt with its request.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct WholeReceipt {
    /// The receipt.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// The request as it came, while its bytes are kept.
    pub request: Option<KeptRequest>,
}

/// A request as it came, without what proved its sender.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct KeptRequest {
    /// In capital letters.
    pub method: String,
    /// What followed the source's own path.
    pub path: String,
    /// The query's pairs, decoded, in their order.
    pub query: Vec<Pair>,
    /// The headers, in their order.
    pub headers: Vec<Pair>,
    /// When it came.
    pub received_at: String,
    /// Bytes of the body.
    pub body_bytes: usize,
    /// The body.
    pub body: Body,
}

/// Which of a source's receipts are decoded again.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedecodeAll {
    /// The ignored ones instead of the dead letters.
    pub ignored: bool,
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    pub actor: Option<String>,
}

/// Dead letters that are given up on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discard {
    /// The name to record. Default: the name of the access token, or of the system user on the control socket.
    #[serde(default)]
    pub actor: Option<String>,
    /// Their ids.
    #[serde(default)]
    pub receipts: Vec<String>,
    /// All of this source as well.
    #[serde(default)]
    pub source: Option<String>,
}

/// What was given up on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Discarded {
    /// How many receipts.
    pub discarded: usize,
}
