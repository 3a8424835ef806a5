//! The routes of the listeners on the network. What senders and readers of messages reach: the sources' addresses, the
//! pages behind links, an answer for Slack's buttons. What operators and monitoring reach: the API for holders of access
//! tokens, and metrics if the configuration says so. Both have the checks of health and readiness.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};

use crate::config::Metrics;
use crate::deliver::dispatch;
use crate::operate::control::Api;
use crate::operate::metrics::Exporter;
use crate::operate::{interactions, pages, ready};
use crate::plugins::Shelf;
use crate::receive::credentials::bearer;
use crate::receive::{ingest, requests};
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;
use crate::timers;

/// The routes of each listener.
pub(super) struct Routers {
    /// Of the main one.
    pub(super) main: Router,
    /// Of the one at `api_listen`.
    pub(super) api: Router,
}

impl Routers {
    /// The routes of this relay.
    pub(super) fn new(app: &Arc<App>, shelf: &Arc<Shelf>, exporter: &Arc<Exporter>, api: &Api) -> Self {
        let elsewhere = from_fn_with_state(Arc::clone(app), unless_elsewhere);
        let main = senders().merge(operators(exporter, api).layer(elsewhere)).fallback(no_source);
        let api = operators(exporter, api).fallback(nothing);
        let observed = from_fn_with_state(Arc::clone(app), requests::observed);
        let whole = |routes: Router<Arc<App>>| {
            routes.merge(checks(shelf)).layer(observed.clone()).with_state(Arc::clone(app))
        };
        Self { main: whole(main), api: whole(api) }
    }
}

/// The routes for operators and monitoring. They are on the main listener until `api_listen` gives them their own.
fn operators(exporter: &Arc<Exporter>, api: &Api) -> Router<Arc<App>> {
    let metrics = get(metrics).fallback(nothing).layer(Extension(Arc::clone(exporter)));
    api.for_network().with_state(()).route("/metrics", metrics)
}

/// Answers as if there were no route, while the routes of [`operators`] have a listener of their own.
async fn unless_elsewhere(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if app.config().api_listen.is_some() {
        return no_source().await.into_response();
    }
    next.run(request).await
}

/// The checks of health and readiness, which every listener has.
fn checks(shelf: &Arc<Shelf>) -> Router<Arc<App>> {
    let ready = get(readiness).layer(Extension(Arc::clone(shelf)));
    Router::new().route("/healthz", get(health)).route("/readyz", ready)
}

/// The routes for senders, and for readers of messages.
fn senders() -> Router<Arc<App>> {
    Router::new()
        .route("/in", any(ingest::receive))
        .route("/in/", any(ingest::receive))
        .route("/in/{*source}", any(ingest::receive))
        .route("/incidents/{incident}", any(pages::page).layer(Extension(pages::links())))
        .route("/interactions", any(interactions::answer))
}

async fn no_source() -> HttpProblem {
    HttpProblem::not_found("There is nothing at this address. Sources are at /in/<source>.")
}

async fn nothing() -> HttpProblem {
    HttpProblem::not_found("There is nothing at this address.")
}

/// 200 while the store can be read and, as far as is known, written, and neither deliveries nor timers are stalled.
async fn health(State(app): State<Arc<App>>) -> Result<&'static str, HttpProblem> {
    let store = app.store.clone();
    let read = tokio::task::spawn_blocking(move || (store.trouble(), store.pauses()));
    match trouble::watched(trouble::NOT_ANSWERED, read.await) {
        Ok((Some(trouble), _)) => {
            let detail = format!("Nothing can be stored: {}.", trouble.cause());
            Err(HttpProblem::unavailable("Not stored", detail))
        }
        Ok((None, Ok(_))) => {
            trouble::over(trouble::NOT_READ);
            match [dispatch::TROUBLE, timers::TROUBLE].into_iter().find(|one| trouble::ongoing(one).is_some())
            {
                Some(trouble) => Err(HttpProblem::unavailable(
                    "Standing still",
                    format!("The relay works, but {trouble}; the log says why."),
                )),
                None => Ok("ok\n"),
            }
        }
        Ok((None, Err(error))) => Err(HttpProblem::from(error)),
        Err(_) => {
            Err(HttpProblem::unavailable("Not readable", "The store cannot be read; the log says why."))
        }
    }
}

async fn readiness(State(app): State<Arc<App>>, Extension(shelf): Extension<Arc<Shelf>>) -> Response {
    ready::answer(&app, &shelf).await
}

async fn metrics(
    State(app): State<Arc<App>>,
    Extension(exporter): Extension<Arc<Exporter>>,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let metrics = &app.config().metrics;
    if !metrics.enabled {
        return Err(nothing().await);
    }
    if !may_read(metrics, &headers) {
        let detail = "Metrics need the token of [metrics] as `Authorization: Bearer …`.";
        return Err(HttpProblem::no_bearer(detail));
    }
    exporter.recent().await
}

/// Whether a request with these headers may read metrics. Takes the same time for every wrong token of one length.
fn may_read(metrics: &Metrics, headers: &HeaderMap) -> bool {
    let Some(token) = &metrics.token else { return true };
    bearer(headers).is_some_and(|given| token.is(given))
}
