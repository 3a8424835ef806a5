//! `/incidents/<id>`: one incident for whoever has a link to it, from a message.
//!
//! GET shows and never changes anything, so that a service that looks behind links does no harm; what a button
//! leads to is asked again here, and done by POST. Without a good link nothing is said, not even whether the
//! incident exists.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tocsin_core::fold::TimelineItem;
use tocsin_core::incident::Incident;
use tocsin_store::ReadError;
use url::form_urlencoded;

use crate::app::{App, CommitError};
use crate::clock;
use crate::links::{Claim, InvalidLink, Purpose};
use crate::quiet;

mod act;
mod view;

use act::Form;
use view::Shown;

/// Bytes of a form: a note and what surrounds it.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Lines of the history that are shown.
const TIMELINE_MAX: usize = 200;
/// What the log calls it.
const NOT_CHANGED: &str = "a change by a link could not be recorded";

/// What a link asks for, beside what it proves.
#[derive(Default)]
struct Query {
    claim: Claim,
    purpose: Option<Purpose>,
    done: Option<Purpose>,
    /// Whether it was so before.
    already: bool,
}

/// A page that says why there is no other.
struct Sorry(StatusCode, String);

impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        answer(self.0, view::sorry(&self.1))
    }
}

impl From<ReadError> for Sorry {
    fn from(error: ReadError) -> Self {
        quiet::error(quiet::NOT_READ, &error);
        unavailable("The store cannot be read; the log says why.")
    }
}

fn unavailable(words: &str) -> Sorry {
    Sorry(StatusCode::SERVICE_UNAVAILABLE, words.to_owned())
}

pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(incident): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let done = match parts.method {
        Method::GET | Method::HEAD => show(&app, &incident, &query).await,
        Method::POST => change(&app, &incident, &query, body).await,
        _ => Err(Sorry(StatusCode::METHOD_NOT_ALLOWED, "Only GET and POST do something here.".to_owned())),
    };
    done.unwrap_or_else(IntoResponse::into_response)
}

async fn show(app: &App, incident: &str, query: &Query) -> Result<Response, Sorry> {
    let (incident, timeline) = found(app, incident, query).await?;
    let shown = Shown {
        incident: &incident,
        timeline: &timeline,
        claim: &query.claim,
        may: &may(app, query)?,
        purpose: query.purpose,
        said: query.done.map(|done| view::done(done, incident.state, query.already)).unwrap_or_default(),
    };
    Ok(answer(StatusCode::OK, shown.page()))
}

async fn change(app: &App, incident: &str, query: &Query, body: Body) -> Result<Response, Sorry> {
    let (incident, timeline) = found(app, incident, query).await?;
    let may = may(app, query)?;
    let too_long = |_| Sorry(StatusCode::PAYLOAD_TOO_LARGE, "The form is too long.".to_owned());
    let form = Form::read(&to_bytes(body, FORM_BYTES_MAX).await.map_err(too_long)?);
    let again = |status, said: String| {
        let purpose = form.purpose;
        let shown =
            Shown { incident: &incident, timeline: &timeline, claim: &query.claim, may: &may, purpose, said };
        answer(status, shown.page())
    };
    let fact = match form.fact(&incident, &query.claim.via, &may) {
        Ok(fact) => fact,
        Err(problem) => return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, problem)),
    };
    let done = form.purpose.map_or("", Purpose::as_str);
    let next = format!("{}&done={done}", view::href(&query.claim));
    // A button that was pressed twice.
    if form.is_written(&timeline, &query.claim.via) {
        return Ok(see(&next));
    }
    match app.record(fact).await {
        Ok(applied) => {
            quiet::over(NOT_CHANGED);
            let state = applied.incident.map_or(incident.state, |incident| incident.state);
            let already = if state == incident.state { "&already=1" } else { "" };
            Ok(see(&format!("{next}{already}")))
        }
        Err(CommitError::Rejected(rejection)) => {
            Ok(again(StatusCode::CONFLICT, format!("Nothing was changed: {rejection}.")))
        }
        Err(error) => {
            quiet::error(NOT_CHANGED, &error);
            Err(unavailable("Nothing was changed: the store takes no more at the moment. Try again."))
        }
    }
}

/// The incident that a good link leads to, with its history.
async fn found(app: &App, id: &str, query: &Query) -> Result<(Incident, Vec<TimelineItem>), Sorry> {
    let forged = || {
        let words = "This link is not one of this relay's, or not whole. Open it again from the message.";
        Sorry(StatusCode::FORBIDDEN, words.to_owned())
    };
    let id = id.parse().map_err(|_| forged())?;
    match app.links.check(id, &query.claim, clock::now()) {
        Ok(()) => {}
        Err(InvalidLink::Forged) => return Err(forged()),
        Err(InvalidLink::Expired(until)) => {
            let words = format!(
                "This link was good until {}. Newer messages about the incident have newer links.",
                view::minute(until)
            );
            return Err(Sorry(StatusCode::GONE, words));
        }
    }
    let store = app.store.clone();
    let read = tokio::task::spawn_blocking(move || -> Result<_, ReadError> {
        let Some(incident) = store.incident(id)? else { return Ok(None) };
        let timeline = store.timeline(id, TIMELINE_MAX)?;
        Ok(Some((incident, timeline)))
    });
    let read = quiet::watched(quiet::NOT_ANSWERED, read.await)
        .map_err(|_| unavailable("The relay could not answer; the log says why."))??;
    quiet::over(quiet::NOT_READ);
    read.ok_or_else(|| Sorry(StatusCode::NOT_FOUND, "This incident is not kept any more.".to_owned()))
}

/// What the link's holder may do: as the action is configured now, not as it was when the link was made.
fn may(app: &App, query: &Query) -> Result<Vec<Purpose>, Sorry> {
    let action = app.config.actions.get(&query.claim.via).ok_or_else(|| {
        let words = "The action that sent this link is not configured any more.";
        Sorry(StatusCode::GONE, words.to_owned())
    })?;
    Ok(action.readers_may.clone())
}

impl Query {
    fn read(query: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "via" => read.claim.via = value.into_owned(),
                "until" => read.claim.until = value.into_owned(),
                "sig" => read.claim.sig = value.into_owned(),
                "do" => read.purpose = value.parse().ok(),
                "done" => read.done = value.parse().ok(),
                "already" => read.already = true,
                _ => {}
            }
        }
        read
    }
}

/// The page to look at next, so that loading it again does not do the same again.
fn see(href: &str) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_str(href) {
        headers.insert(LOCATION, location);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn answer(status: StatusCode, page: Result<String, minijinja::Error>) -> Response {
    let (status, page) = match quiet::watched("a page could not be made", page) {
        Ok(page) => (status, page),
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made; the log says why.".to_owned())
        }
    };
    let fixed = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let headers: HeaderMap = [
        fixed(CONTENT_TYPE, "text/html; charset=utf-8"),
        // The address is a capability: neither a cache nor a linked page may get hold of it.
        fixed(CACHE_CONTROL, "no-store"),
        fixed(REFERRER_POLICY, "no-referrer"),
        fixed(X_CONTENT_TYPE_OPTIONS, "nosniff"),
        fixed(HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (CONTENT_SECURITY_POLICY, view::policy()),
    ]
    .into_iter()
    .collect();
    (status, headers, page).into_response()
}
