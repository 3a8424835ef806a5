//! `/in/<source>`: takes a request in and answers when it is on the disk.
//!
//! Nothing of a request counts before its sender is known: what can be checked before the body is read, is.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{ALLOW, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tocsin_core::fold::{ReceiptRecord, ReceiptStatus};
use tocsin_core::plugin::{Pair, Reply, SourceRequest};

use super::client;
use super::credentials::{prove_body, prove_head, strip};
use crate::app::{App, CommitError};
use crate::config::Source;
use crate::control::refused;
use crate::pipeline::{Ingested, ingest};
use crate::problem::Problem;
use crate::server::Peer;
use crate::{clock, words};

/// Headers of a request; more is no sender that anybody knows.
const HEADERS_MAX: usize = 100;
/// Bytes of a query, token included.
const QUERY_BYTES_MAX: usize = 16 * 1024;

pub(super) async fn at_source(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    receive(&app, &source, String::new(), request).await
}

pub(super) async fn below_source(
    State(app): State<Arc<App>>,
    Path((source, rest)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    receive(&app, &source, format!("/{rest}"), request).await
}

async fn receive(app: &App, name: &str, path: String, request: Request) -> Result<Response, Problem> {
    let source = app
        .config
        .sources
        .get(name)
        .ok_or_else(|| Problem::not_found(format!("There is no source `{}`.", shown(name))))?;
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    let mut head = SourceRequest {
        method: parts.method.as_str().to_ascii_uppercase(),
        path,
        query: query(&parts.uri)?,
        headers: headers(&parts.headers)?,
        body: Vec::new(),
        received_at: clock::now(),
    };
    authenticate(app, source, peer, &mut head)?;
    check_method(app, name, &head.method)?;
    let time = app.config.limits.body_time;
    head.body = tokio::time::timeout(time, read(body, &parts.headers, source.body_bytes))
        .await
        .map_err(|_| too_slow(time))??;
    head.received_at = clock::now();
    let request = authenticate_body(app, source, head)?;
    // Held until the answer: a place in the store's queue.
    let _place = app.admission.try_acquire().map_err(|_| CommitError::Busy)?;
    let ingested = ingest(app, name, request).await?;
    answer(app, ingested).await
}

/// What can be known of the sender before the body is read. What proves it is taken out.
fn authenticate(app: &App, source: &Source, peer: IpAddr, head: &mut SourceRequest) -> Result<(), Problem> {
    let wanted = &source.authentication;
    let address = client::address(peer, &head.headers, &app.config.trusted_proxies);
    let proven = prove_head(wanted, &mut head.path, &head.query, &head.headers);
    strip(&mut head.query, &mut head.headers);
    if proven.is_ok() && client::is_allowed(address, &wanted.allow) {
        return Ok(());
    }
    Err(unauthorized(app, source))
}

/// What needs the body. A signature that nobody can check, for want of the plugin that describes it, is no
/// reason to turn the sender away for good.
fn authenticate_body(
    app: &App,
    source: &Source,
    mut request: SourceRequest,
) -> Result<SourceRequest, Problem> {
    let wanted = &source.authentication;
    let bindings = app.bindings();
    let signatures = match bindings.sources.get(&source.name) {
        Some(Ok(binding)) => binding.info.signatures.as_slice(),
        Some(Err(_)) | None if wanted.signing_key.is_some() => {
            let detail =
                "The source's plugin is not in force, so signatures cannot be checked; nothing was kept.";
            return Err(Problem::unavailable("Not checkable", detail));
        }
        Some(Err(_)) | None => &[],
    };
    match prove_body(wanted, signatures, &mut request) {
        Ok(()) => Ok(request),
        Err(_) => Err(unauthorized(app, source)),
    }
}

/// The same words whatever was missing or wrong, and one more for the source's count.
fn unauthorized(app: &App, source: &Source) -> Problem {
    app.count_unauthorized(&source.name);
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "Unauthorized",
        "The request does not prove what this source asks for: a token as ?token=…, Authorization: Bearer … or \
         X-Tocsin-Token: …, or whatever else its configuration names.",
    )
    .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tocsin\", Basic realm=\"tocsin\""))
}

/// A plugin says which methods its sender uses; without a plugin any is kept.
fn check_method(app: &App, name: &str, method: &str) -> Result<(), Problem> {
    let bindings = app.bindings();
    let Some(Ok(binding)) = bindings.sources.get(name) else { return Ok(()) };
    let methods = &binding.info.methods;
    if methods.is_empty() || methods.iter().any(|known| known == method) {
        return Ok(());
    }
    let known = methods.join(", ");
    let problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "Method not allowed",
        format!("This source takes {known}."),
    );
    Err(match HeaderValue::from_str(&known) {
        Ok(value) => problem.header(ALLOW, value),
        Err(_) => problem,
    })
}

fn query(uri: &Uri) -> Result<Vec<Pair>, Problem> {
    let query = uri.query().unwrap_or_default();
    if query.len() > QUERY_BYTES_MAX {
        let detail = format!("The query has {} bytes, the limit is {QUERY_BYTES_MAX}.", query.len());
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "Query too long", detail));
    }
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    Ok(pairs.map(|(name, value)| Pair::new(name, value)).collect())
}

fn headers(headers: &HeaderMap) -> Result<Vec<Pair>, Problem> {
    if headers.len() > HEADERS_MAX {
        let detail = format!("The request has {} headers, the limit is {HEADERS_MAX}.", headers.len());
        return Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many headers", detail));
    }
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        Pair::new(name.as_str(), String::from_utf8_lossy(value.as_bytes()))
    };
    Ok(headers.iter().map(pair).collect())
}

fn too_slow(time: Duration) -> Problem {
    let detail = format!(
        "The body did not come whole within {time:?}, which `limits.body_time` allows; nothing was kept."
    );
    Problem::new(StatusCode::REQUEST_TIMEOUT, "Request timeout", detail)
}

async fn read(body: Body, headers: &HeaderMap, limit: usize) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        let detail =
            format!("The body is larger than {limit} bytes, which this source's `body_limit` allows.");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Body too large", detail)
    };
    let declared = headers.get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > limit) {
        return Err(too_large());
    }
    match to_bytes(body, limit).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            let cause = std::error::Error::source(&error);
            let over = cause.is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
            Err(if over {
                too_large()
            } else {
                Problem::bad_request("The body ended before it was complete.")
            })
        }
    }
}

async fn answer(app: &App, ingested: Ingested) -> Result<Response, Problem> {
    let Ingested { receipt, reply, unsupported, .. } = ingested;
    match (&receipt.status, reply) {
        (ReceiptStatus::Refused(why), _) => {
            let status = if unsupported {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            let title = if unsupported { "Not supported" } else { "Not understood" };
            Err(Problem::new(status, title, why.clone()).with("receipt", receipt.id.to_string()))
        }
        (ReceiptStatus::Failed(_), _) => {
            Ok((StatusCode::ACCEPTED, Json(accepted(&receipt, "kept"))).into_response())
        }
        (_, Some(reply)) => own(reply),
        (ReceiptStatus::Duplicate(first), None) => {
            let first = *first;
            let store = app.store.clone();
            let found = tokio::task::spawn_blocking(move || store.receipt(first)).await;
            let first = found.ok().transpose()?.flatten();
            let mut document = accepted(first.as_ref().unwrap_or(&receipt), "duplicate");
            document["receipt"] = json!(receipt.id.to_string());
            Ok(Json(document).into_response())
        }
        (ReceiptStatus::PartlyRefused(_), None) => {
            Ok(Json(accepted(&receipt, "partly refused")).into_response())
        }
        (ReceiptStatus::Applied | ReceiptStatus::Discarded(_), None) => {
            Ok(Json(accepted(&receipt, receipt.outcome())).into_response())
        }
        (ReceiptStatus::Ignored(why), None) => {
            let mut document = accepted(&receipt, receipt.outcome());
            document["reason"] = json!(why);
            Ok(Json(document).into_response())
        }
    }
}

/// What a sender is told: an object, since Zapier shows it as the step's output.
fn accepted(receipt: &ReceiptRecord, status: &str) -> Value {
    let incidents: Vec<Value> = receipt
        .effects
        .iter()
        .filter_map(|effect| {
            let (id, number) = effect.incident?;
            let change = words::transition(effect.transition);
            Some(json!({ "id": id.to_string(), "number": number, "change": change }))
        })
        .collect();
    let mut document = json!({ "receipt": receipt.id.to_string(), "status": status, "incidents": incidents });
    if let ReceiptStatus::PartlyRefused(elements) = &receipt.status {
        document["refused"] = refused(elements);
        document["refused_count"] = json!(elements.count);
    }
    if !receipt.remarks.is_empty() {
        document["remarks"] = json!(receipt.remarks);
    }
    document
}

/// The plugin's own answer; one that cannot be sent is no answer.
fn own(reply: Reply) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = (status, reply.body).into_response();
    for pair in reply.headers {
        let name = HeaderName::from_bytes(pair.name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&pair.value)) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}
