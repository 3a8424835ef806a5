//! Every request over the network: gives it an id, has the lines of the log about it name it, and writes the access log.
//!
//! The id is the trace of the request's `traceparent`. Without one, it is the id that the request's receipt gets, in
//! hexadecimal digits. Never logs a query, or what follows a source's name in a path: senders put tokens there.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use tocsin_core::trace::{Caller, Origin};
use tracing::Instrument;
use tracing::field::Empty;

use super::ingest::target;
use super::shown::shown;
use super::{charset, client_address};
use crate::runtime::clock;
use crate::runtime::request::{Answered, within};
use crate::runtime::server::Peer;
use crate::shared::app::{App, CommitError};
use crate::shared::problem::HttpProblem;

/// The target of lines of the access log, by which a filter finds them.
const TARGET: &str = "access";
/// The header of an answer that has the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header of a request that has its trace (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Answers a request with what follows, under the request's id.
pub async fn observed(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let receipt = match app.clock.new_id(app.clock.now()) {
        Ok(receipt) => receipt,
        Err(error) => return HttpProblem::from(CommitError::Storage(error.to_string())).into_response(),
    };
    let caller = caller(request.headers());
    let origin = Origin { receipt, given: caller.map(|caller| caller.trace) };
    let id = origin.trace().to_string();
    // Of the highest level, so that no configured level leaves it out. Whoever knows source and receipt records them.
    let span = tracing::error_span!("request", request = id, source = Empty, receipt = Empty);
    let access = app.config().log.access.then(|| Access::begin(&app, &mut request));
    let answer = async move {
        let response = next.run(request).await;
        if let Some(access) = access {
            access.log(&response);
        }
        response
    };
    let answered = Answered { origin, parent: caller.map(|caller| caller.span) };
    let mut response = within(answered, answer).instrument(span).await;
    // Hexadecimal digits make a value.
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// What the sender says of its trace. Two headers are none, as the standard wants.
fn caller(headers: &HeaderMap) -> Option<Caller> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Caller::of_header(value.to_str().ok()?),
        _ => None,
    }
}

/// A request's line in the access log, before its answer.
struct Access {
    method: Method,
    path: String,
    address: Option<IpAddr>,
    bytes_in: Arc<AtomicU64>,
    started: Instant,
}

impl Access {
    /// Begins to observe the request: counts the bytes of its body as they are read.
    fn begin(app: &App, request: &mut Request) -> Self {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        let trusted = &app.config().trusted_proxies;
        let bytes_in = Arc::<AtomicU64>::default();
        let access = Self {
            method: request.method().clone(),
            path: path(app, request.uri()),
            address: client_address::address(peer, request.headers(), trusted),
            bytes_in: Arc::clone(&bytes_in),
            started: Instant::now(),
        };
        let body = std::mem::take(request.body_mut()).map_frame(move |frame| {
            let bytes = frame.data_ref().map_or(0, |data| data.len());
            bytes_in.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
            frame
        });
        *request.body_mut() = Body::new(body);
        access
    }

    fn log(self, response: &Response) {
        let Self { method, path, address, bytes_in, started } = self;
        let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        tracing::info!(
            target: TARGET,
            method = method.as_str(),
            path,
            status = response.status().as_u16(),
            bytes_in = bytes_in.load(Ordering::Relaxed),
            // None for a stream (events, a backup): its length is not known yet.
            bytes_out = response.body().size_hint().exact(),
            duration_us = clock::micros_since(started),
            client = address,
            "request"
        );
    }
}

/// A path for people: of a source its name, of anything else the beginning. What may be a secret is `…`.
fn path(app: &App, uri: &Uri) -> String {
    let query = if uri.query().is_some() { "?…" } else { "" };
    let path = charset::unescaped(uri.path());
    if path != "/in" && !path.starts_with("/in/") {
        let plain = path.split(['&', '=', ';', '?']).next().unwrap_or_default();
        let cut = if plain.len() < path.len() { "…" } else { "" };
        return format!("{}{cut}{query}", shown(app, plain));
    }
    let (name, rest) = target(uri);
    let name = if app.config().sources.contains_key(&name) { name } else { shown(app, &name) };
    let rest = if matches!(rest.as_str(), "" | "/") { "" } else { "/…" };
    format!("/in/{name}{rest}{query}")
}
