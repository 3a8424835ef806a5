//! `/in/<source>`: takes a request in and answers when it is on the disk.
//!
//! Nothing of a request counts before its sender is known: what can be checked before the body is read, is. Every
//! answer leaves through [`receive`], which counts it, so that no rejection goes unseen.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{HeaderValue, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tocsin_core::plugin::SourceRequest;
use tocsin_core::receipt::{ReceiptRecord, ReceiptStatus};
use tocsin_core::trace::Origin;
use tracing::Span;

use super::client_address;
use super::credentials::{Shown, Unproven, forget, prove_field, prove_head, prove_signature, strip};
use super::shown::shown;
use crate::config::Source;
use crate::receive::content_encoding;
use crate::receive::decode::{Ingested, ingest, named};
use crate::receive::{confirm, reply};
use crate::runtime::request::{answered, current};
use crate::runtime::server::{Activity, Doing, Peer};
use crate::runtime::steps::{Traced, What};
use crate::runtime::{clock, wording};
use crate::shared::app::{App, CommitError};
use crate::shared::budget::Portion;
use crate::shared::intake::{Outcome, Rejection};
use crate::shared::problem::HttpProblem;

mod body;
mod head;
mod probe;

pub(super) use head::target;

/// An answer and what it was the answer to.
struct Answered {
    response: Response,
    outcome: Outcome,
    /// The receipt, if the request was kept.
    receipt: Option<String>,
}

/// What a step tells of a request once its sender is known. Strangers are in no trace: they could crowd out the rest.
struct Known {
    origin: Origin,
    method: Method,
    /// Whether its address goes on after the source's name.
    has_path: bool,
    bytes: usize,
    client: Option<IpAddr>,
}

/// Answers a request, counts the answer, and logs it when it is a rejection.
pub async fn receive(State(app): State<Arc<App>>, request: Request) -> Response {
    let (began, mut of_known) = (Instant::now(), None);
    let (name, path) = target(request.uri());
    let source = app.config().sources.get(&name).map(Arc::clone);
    let known = if source.is_some() { name } else { shown(&app, &name) };
    if source.is_some() {
        Span::current().record("source", known.as_str());
    }
    let answered = match &source {
        Some(source) => take(&app, source, path, request, &mut of_known).await,
        None => Err(HttpProblem::not_found(match known.as_str() {
            "" => "The address names no source: sources are at /in/<source>.".to_owned(),
            known => format!("There is no source `{known}`."),
        })),
    };
    let response = match answered {
        Ok(answered) => settle(&app, &known, answered),
        Err(problem) => {
            let rejection = Rejection {
                status: problem.status().as_u16(),
                receipt: problem.receipt().map(str::to_owned),
                reason: problem.cause().to_owned(),
            };
            app.intake.reject(&known, &rejection);
            problem.into_response()
        }
    };
    if let Some(of_known) = of_known {
        tell(&app, &known, of_known, began, response.status());
    }
    response
}

/// Reports that a request has its answer.
fn tell(app: &App, source: &str, known: Known, began: Instant, status: StatusCode) {
    let Known { origin, method, has_path, bytes, client } = known;
    app.tell(Some(Traced::by(origin)), clock::micros_since(began), || What::Replied {
        receipt: origin.receipt,
        source: source.to_owned(),
        method,
        // What follows the name may be a token.
        path: format!("/in/{source}{}", if has_path { "/…" } else { "" }),
        bytes,
        client,
        parent: current().and_then(|request| request.parent),
        status: status.as_u16(),
    });
}

/// Counts an answer that is no error of the relay's. A plugin's own answer may be one of the sender's.
fn settle(app: &App, source: &str, answered: Answered) -> Response {
    let Answered { response, outcome, receipt } = answered;
    app.intake.count(source, outcome);
    let status = response.status();
    if !status.is_success() {
        let reason = format!("the plugin's own answer, {status}");
        app.intake.reject(source, &Rejection { status: status.as_u16(), receipt, reason });
    }
    response
}

async fn take(
    app: &Arc<App>,
    source: &Source,
    path: String,
    request: Request,
    known: &mut Option<Known>,
) -> Result<Answered, HttpProblem> {
    let (parts, body) = request.into_parts();
    let has_path = !matches!(path.as_str(), "" | "/");
    let peer = parts.extensions.get::<Peer>().map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
    let address = client_address::address(peer, &parts.headers, &app.config().trusted_proxies);
    let mut head = head::read(&parts, path, app.clock.now());
    let shown = authenticate(source, address, &mut head)?;
    head::check(&parts)?;
    let activity = parts.extensions.get::<Activity>();
    let proven = source.authentication.proves_by_head() || source.authentication.is_open();
    if proven {
        may_send(app, source, activity)?;
    }
    let probe = probe::find(app, &source.name, &head);
    let limit = app.body_limit(source);
    // Until the answer: so long is the body in memory.
    let portion = app.bodies.portion(&source.name, source.authentication.proves_by_head());
    head.body = body::read(body, &parts.headers, limit, app.config().limits.body_time, &portion).await?;
    if let Some(activity) = activity {
        activity.is(Doing::Working);
    }
    head.received_at = app.clock.now();
    let request = authenticate_body(app, source, head, limit, &portion).await?;
    let request = without_secrets(app, source, shown, request);
    if !proven {
        may_send(app, source, activity)?;
    }
    if let Some(probe) = probe? {
        let response = probe.answer(&source.name, &request);
        return Ok(Answered { response, outcome: Outcome::Probed, receipt: None });
    }
    // Held until the answer: a place in the store's queue.
    let _place = app.admission.take(&source.name).ok_or(CommitError::Busy)?;
    let origin = named(app, answered(), request.received_at)?;
    let (method, bytes) = (parts.method, request.body.len());
    *known = Some(Known { origin, method, has_path, bytes, client: address });
    let mut ingested = ingest(app, &source.name, request, origin).await?;
    let (outcome, receipt) = (outcome(&ingested.receipt.status), ingested.receipt.id);
    Span::current().record("receipt", tracing::field::display(receipt));
    app.intake.count_echoes(&source.name, ingested.receipt.echoes());
    if let Some(url) = ingested.confirm.take() {
        confirm::asked(app, source, &ingested.receipt, url);
    }
    let response = answer(app, ingested).await?;
    Ok(Answered { response, outcome, receipt: Some(receipt.to_string()) })
}

/// Counts a request whose sender may send, against the rate of its source. Strangers use up nothing of it. An open source
/// knows nobody: what comes to it is paced by address as well.
fn may_send(app: &App, source: &Source, activity: Option<&Activity>) -> Result<(), HttpProblem> {
    if let Some(activity) = activity.filter(|_| !source.authentication.is_open()) {
        activity.is_proven();
    }
    let Some(rate) = source.rate else { return Ok(()) };
    let taken = app.rates.take(&source.name, rate, app.clock.moment().instant.into_std());
    taken.map_err(|seconds| HttpProblem::too_many(rate.per_minute, seconds))
}

/// What a receipt counts as, if its answer is no error.
fn outcome(status: &ReceiptStatus) -> Outcome {
    match status {
        ReceiptStatus::Ignored(_) => Outcome::Ignored,
        ReceiptStatus::Failed(_) => Outcome::Failed,
        ReceiptStatus::PartlyRefused(_) => Outcome::PartlyRefused,
        ReceiptStatus::Applied
        | ReceiptStatus::Discarded(_)
        | ReceiptStatus::Duplicate(_)
        | ReceiptStatus::Refused(_) => Outcome::Accepted,
    }
}

/// What can be known of the sender before the body is read. What proves it is taken out.
fn authenticate(
    source: &Source,
    address: Option<IpAddr>,
    head: &mut SourceRequest,
) -> Result<Option<Shown>, HttpProblem> {
    let wanted = &source.authentication;
    let proven = prove_head(wanted, &mut head.path, &head.query, &head.headers);
    strip(&mut head.query, &mut head.headers);
    // `/in/<source>/` is `/in/<source>`, also behind a token in the path.
    if head.path == "/" {
        head.path.clear();
    }
    let shown = proven.map_err(unauthorized)?;
    if client_address::is_allowed(address, &wanted.allow) {
        Ok(shown)
    } else {
        Err(unauthorized(Unproven::Address))
    }
}

/// What needs the body: a signature over the bytes as they were sent, then the field's token in what they say. A
/// signature that nobody can check, for want of the plugin that describes it, is no reason to turn the sender away
/// for good.
async fn authenticate_body(
    app: &App,
    source: &Source,
    mut request: SourceRequest,
    limit: usize,
    portion: &Arc<Portion>,
) -> Result<SourceRequest, HttpProblem> {
    let wanted = &source.authentication;
    let bindings = app.bindings();
    let signatures = match bindings.sources.get(&source.name) {
        Some(Ok(binding)) => binding.info.signatures.as_slice(),
        Some(Err(_)) | None if wanted.signing_key.is_some() => {
            let detail =
                "The source's plugin is not in force, so signatures cannot be checked; nothing was kept.";
            return Err(HttpProblem::unavailable("Not checkable", detail));
        }
        Some(Err(_)) | None => &[],
    };
    prove_signature(wanted, signatures, &request, &app.clock).map_err(unauthorized)?;
    content_encoding::undo(&mut request, limit, portion).await?;
    prove_field(wanted, &mut request).map_err(unauthorized)?;
    Ok(request)
}

/// An authenticated request, without its credentials. Notes which token it used.
fn without_secrets(
    app: &App,
    source: &Source,
    shown: Option<Shown>,
    mut request: SourceRequest,
) -> SourceRequest {
    if let Some(shown) = &shown {
        app.tokens.used(&source.name, shown.place, request.received_at);
    }
    forget(&source.authentication, shown.as_ref(), &mut request);
    request
}

/// The same words whatever was missing or wrong; which it was is for the operator.
fn unauthorized(unproven: Unproven) -> HttpProblem {
    HttpProblem::new(
        StatusCode::UNAUTHORIZED,
        "Unauthorized",
        "The request does not prove what this source asks for: a token as ?token=…, Authorization: Bearer … or \
         X-Tocsin-Token: …, or whatever else its configuration names.",
    )
    .caused_by(unproven.sentence())
    .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tocsin\", Basic realm=\"tocsin\""))
}

async fn answer(app: &App, ingested: Ingested) -> Result<Response, HttpProblem> {
    let Ingested { receipt, reply, unsupported, .. } = ingested;
    match (&receipt.status, reply) {
        (ReceiptStatus::Refused(why), _) => {
            let status = if unsupported {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            let title = if unsupported { "Not supported" } else { "Not understood" };
            Err(HttpProblem::new(status, title, why.clone()).with("receipt", receipt.id.to_string()))
        }
        (ReceiptStatus::Failed(_), _) => {
            Ok((StatusCode::ACCEPTED, Json(accepted(&receipt, "kept"))).into_response())
        }
        (_, Some(reply)) => Ok(reply::response(reply)),
        (ReceiptStatus::Duplicate(first), None) => {
            let first = *first;
            let store = app.store.clone();
            let found = tokio::task::spawn_blocking(move || store.receipt(first)).await;
            // It is on the disk, whether or not the first one can be read.
            let first = found.ok().and_then(Result::ok).flatten();
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
            document["reason"] = json!(why.to_string());
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
            let change = wording::transition(effect.transition);
            Some(json!({ "id": id.to_string(), "number": number, "change": change }))
        })
        .collect();
    let mut document = json!({ "receipt": receipt.id.to_string(), "status": status, "incidents": incidents });
    if let ReceiptStatus::PartlyRefused(elements) = &receipt.status {
        let kept = elements.kept.iter();
        document["refused"] =
            kept.map(|element| json!({ "place": element.place, "reason": element.reason })).collect();
        document["refused_count"] = json!(elements.count);
    }
    if !receipt.remarks.is_empty() {
        document["remarks"] = json!(receipt.remarks);
    }
    document
}
