//! Requests that came in, over the control socket: list, show the bytes, decode again.

use axum::Json;
use axum::extract::{Path, Query, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use tocsin_core::command::Command;
use tocsin_core::id::Id;
use tocsin_core::plugin::{Pair, SourceRequest};
use tocsin_core::receipt::ReceiptRecord;
use tocsin_store::{IncidentQuery, ReadError, ReceiptQuery, Receipts};

use super::query::{self, ListQuery};
use super::{Control, blocking, shapes};
use crate::receive::decode::redecode as decode_again;
use crate::shared::app::App;
use crate::shared::problem::Problem;

pub(super) async fn list(
    State(control): State<Control>,
    Query(list): Query<ListQuery>,
) -> Result<Json<Value>, Problem> {
    let query = ReceiptQuery {
        source: list.source.clone(),
        which: list.receipts()?,
        before: list.before()?,
        limit: list.limit(),
    };
    let app = control.app.clone();
    let found = blocking(move || -> Result<_, Problem> {
        known_source(&app, query.source.as_ref())?;
        Ok(app.store.receipts(&query)?)
    });
    let found = found.await?;
    Ok(Json(found.iter().map(shapes::receipt).collect()))
}

/// Refuses a source that is not configured and that nothing is kept of.
pub(super) fn known_source(app: &App, source: Option<&String>) -> Result<(), Problem> {
    query::known("source", source, app.config.sources.keys(), |name| {
        let (source, limit) = (Some(name.to_owned()), 1);
        let receipts = ReceiptQuery { source: source.clone(), limit, ..ReceiptQuery::default() };
        // One that was silent has an incident, and may never have got anything.
        let incidents = IncidentQuery { source, limit, ..IncidentQuery::default() };
        Ok(!app.store.receipts(&receipts)?.is_empty() || !app.store.incidents(&incidents)?.is_empty())
    })
}

pub(super) async fn show(
    State(control): State<Control>,
    Path(receipt): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (found, request) = find(&control, &receipt).await?;
    let mut shown = shapes::receipt(&found);
    shown["request"] = request.as_ref().map_or(Value::Null, shape);
    Ok(Json(shown))
}

pub(super) async fn redecode(
    State(control): State<Control>,
    Path(receipt): Path<String>,
) -> Result<Json<Value>, Problem> {
    let (found, request) = find(&control, &receipt).await?;
    let request = request
        .ok_or_else(|| Problem::not_found(format!("The bytes of receipt {receipt} are no longer kept.")))?;
    let decoded = decode_again(&control.app, &found, request).await?;
    Ok(Json(shapes::receipt(&decoded)))
}

/// The receipt with this id, with its request while the bytes are kept.
async fn find(control: &Control, receipt: &str) -> Result<(ReceiptRecord, Option<SourceRequest>), Problem> {
    let id = query::id(receipt)?;
    let store = control.app.store.clone();
    let (found, request) =
        blocking(move || Ok::<_, ReadError>((store.receipt(id)?, store.request(id)?))).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("There is no receipt {receipt}.")))?;
    Ok((found, request))
}

/// Receipts that are read at once, or discarded by one entry of the journal.
const AT_ONCE: usize = 1000;

/// The ids of a source's receipts of this outcome, the oldest first.
async fn ids(control: &Control, source: String, which: Receipts) -> Result<Vec<Id>, Problem> {
    let app = control.app.clone();
    let found = blocking(move || -> Result<_, Problem> {
        known_source(&app, Some(&source))?;
        let mut query = ReceiptQuery { source: Some(source), which, before: None, limit: AT_ONCE };
        let mut ids: Vec<Id> = Vec::new();
        loop {
            let page = app.store.receipts(&query)?;
            ids.extend(page.iter().map(|receipt| receipt.id));
            match page.last() {
                Some(last) if page.len() == AT_ONCE => query.before = Some(last.id),
                _ => break,
            }
        }
        ids.reverse();
        Ok(ids)
    });
    found.await
}

/// Which receipts of a source are decoded again: the dead letters, unless the ignored ones are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedecodeQuery {
    #[serde(default)]
    ignored: bool,
}

/// Decodes a source's dead letters or ignored requests again, the oldest first, as they came.
pub(super) async fn redecode_all(
    State(control): State<Control>,
    Path(source): Path<String>,
    Query(query): Query<RedecodeQuery>,
) -> Result<Json<Value>, Problem> {
    let which = if query.ignored { Receipts::Ignored } else { Receipts::DeadLetters };
    let mut outcomes = Vec::new();
    for id in ids(&control, source, which).await? {
        let store = control.app.store.clone();
        let read = blocking(move || Ok::<_, ReadError>((store.receipt(id)?, store.request(id)?)));
        let outcome = match read.await? {
            (Some(found), Some(request)) if found.status.is_decodable() => {
                decode_again(&control.app, &found, request).await?
            }
            // Bytes that are no longer kept cannot be decoded; the receipt stays as it is.
            (Some(found), _) => found,
            (None, _) => continue,
        };
        outcomes.push(shapes::receipt(&outcome));
    }
    Ok(Json(outcomes.into()))
}

/// Which dead letters, and who gives up on them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DiscardBody {
    actor: String,
    #[serde(default)]
    receipts: Vec<String>,
    /// All of this source.
    #[serde(default)]
    source: Option<String>,
}

pub(super) async fn discard(
    State(control): State<Control>,
    Json(body): Json<DiscardBody>,
) -> Result<Json<Value>, Problem> {
    let mut receipts = body.receipts.iter().map(|text| query::id(text)).collect::<Result<Vec<_>, _>>()?;
    if let Some(source) = body.source {
        receipts.extend(ids(&control, source, Receipts::DeadLetters).await?);
    }
    receipts.sort();
    receipts.dedup();
    for receipts in receipts.chunks(AT_ONCE) {
        let fact = Command::Discard { receipts: receipts.to_vec(), actor: body.actor.clone() };
        control.app.record(fact).await?;
    }
    Ok(Json(json!({ "discarded": receipts.len() })))
}

/// The request: its body as text where it is text, otherwise in base 64.
fn shape(request: &SourceRequest) -> Value {
    let pairs = |pairs: &[Pair]| {
        pairs.iter().map(|pair| json!({ "name": pair.name, "value": pair.value })).collect::<Value>()
    };
    let body = match std::str::from_utf8(&request.body) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": BASE64.encode(&request.body) }),
    };
    json!({
        "method": request.method,
        "path": request.path,
        "query": pairs(&request.query),
        "headers": pairs(&request.headers),
        "received_at": request.received_at.to_string(),
        "body_bytes": request.body.len(),
        "body": body,
    })
}
