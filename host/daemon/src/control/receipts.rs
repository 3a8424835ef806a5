//! Requests that came in, over the control socket: list, show the bytes, decode again.

use axum::Json;
use axum::extract::{Path, Query, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tocsin_core::plugin::{Pair, SourceRequest};
use tocsin_store::ReceiptQuery;

use super::query::{self, ListQuery};
use super::{Control, blocking, shapes};
use crate::pipeline::redecode as decode_again;
use crate::problem::Problem;

pub(super) async fn list(
    State(control): State<Control>,
    Query(list): Query<ListQuery>,
) -> Result<Json<Value>, Problem> {
    let query = ReceiptQuery {
        source: list.source.clone(),
        dead_letters_only: list.dead_letters,
        before: list.before()?,
        limit: list.limit(),
    };
    let store = control.app.store.clone();
    let found = blocking(move || store.receipts(&query)).await?;
    Ok(Json(found.iter().map(shapes::receipt).collect()))
}

pub(super) async fn show(
    State(control): State<Control>,
    Path(receipt): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = query::id(&receipt)?;
    let store = control.app.store.clone();
    let (found, request) =
        blocking(move || Ok::<_, tocsin_store::ReadError>((store.receipt(id)?, store.request(id)?))).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("There is no receipt {receipt}.")))?;
    let mut shown = shapes::receipt(&found);
    shown["request"] = request.as_ref().map_or(Value::Null, shape);
    Ok(Json(shown))
}

pub(super) async fn redecode(
    State(control): State<Control>,
    Path(receipt): Path<String>,
) -> Result<Json<Value>, Problem> {
    let id = query::id(&receipt)?;
    let store = control.app.store.clone();
    let (found, request) =
        blocking(move || Ok::<_, tocsin_store::ReadError>((store.receipt(id)?, store.request(id)?))).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("There is no receipt {receipt}.")))?;
    let request = request
        .ok_or_else(|| Problem::not_found(format!("The bytes of receipt {receipt} are no longer kept.")))?;
    let decoded = decode_again(&control.app, &found, request).await?;
    Ok(Json(shapes::receipt(&decoded)))
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
