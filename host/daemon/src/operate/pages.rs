//! `/incidents/<id>`: one incident for whoever has a link to it, from a message.
//!
//! GET shows and never changes anything, so that a service that looks behind links does no harm; what a button
//! leads to is asked again here, and done by POST. Without a good link nothing is said, not even whether the
//! incident exists. What a page costs is bounded: its timeline, a form's size and time, and requests by one link.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tocsin_core::id::IncidentId;
use tocsin_store::ReadError;
use url::form_urlencoded;

use super::throttle::Throttle;
use crate::config::Purpose;
use crate::runtime::trouble;
use crate::shared::app::{App, CommitError};
use crate::shared::links::{Claim, InvalidLink};

mod act;
mod found;
mod view;

use act::Form;
use found::{Found, PAGES_MAX};
use view::Shown;

/// Requests that a link may make at once; so many come back in [`PERIOD`]. Twenty people who each look, confirm and
/// look again: a link that leaked, or a program that follows it in a loop, costs no more.
const BURST: u32 = 60;
/// In which a link's share is whole again.
const PERIOD: Duration = Duration::from_secs(60);
/// What each link has used of its share, by its signature. Only links with a right signature count, so that strangers
/// neither fill the table nor use up a link's share.
pub type Links = Throttle<String>;

/// The shares of links.
pub fn links() -> Arc<Links> {
    Arc::new(Throttle::new(BURST, PERIOD))
}

/// Bytes of a form: the longest note, each character of which may take twelve, and what surrounds it.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// What the log calls it.
const NOT_CHANGED: &str = "a change by a link could not be recorded";
/// Lines of the timeline on one page.
const LINES_SHOWN: usize = 100;

/// What a link asks for, beside what it proves.
#[derive(Default)]
struct Query {
    claim: Claim,
    purpose: Option<Purpose>,
    done: Option<Purpose>,
    /// Whether it was so before.
    already: bool,
    /// How many pages of the timeline to leaf back.
    earlier: usize,
}

/// A page that says why there is no other.
enum Sorry {
    Because(StatusCode, String),
    /// The link was opened too often; when it may be again.
    Later(Duration),
}

impl IntoResponse for Sorry {
    fn into_response(self) -> Response {
        let wait = match self {
            Self::Because(status, words) => return answer(status, view::sorry(&words)),
            Self::Later(wait) => wait.as_secs().saturating_add(1),
        };
        let words = format!("This link was opened too often. Try again in {wait} s.");
        let mut response = answer(StatusCode::TOO_MANY_REQUESTS, view::sorry(&words));
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
        response
    }
}

impl From<ReadError> for Sorry {
    fn from(error: ReadError) -> Self {
        trouble::error(trouble::NOT_READ, &error);
        unavailable("The store cannot be read; the log says why.")
    }
}

fn unavailable(words: &str) -> Sorry {
    Sorry::Because(StatusCode::SERVICE_UNAVAILABLE, words.to_owned())
}

/// Answers a request for an incident's page, or for what a button on it does.
pub async fn page(
    State(app): State<Arc<App>>,
    Extension(links): Extension<Arc<Links>>,
    Path(incident): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let done = async {
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
            let words = "Only GET and POST do something here.".to_owned();
            return Err(Sorry::Because(StatusCode::METHOD_NOT_ALLOWED, words));
        }
        let id = checked(&app, &incident, &query)?;
        links.take(query.claim.sig.clone(), app.clock.moment().instant.into_std()).map_err(Sorry::Later)?;
        match parts.method {
            Method::POST => change(&app, id, &query, body).await,
            _ => show(&app, id, &query).await,
        }
    };
    done.await.unwrap_or_else(IntoResponse::into_response)
}

async fn show(app: &App, id: IncidentId, query: &Query) -> Result<Response, Sorry> {
    let found = found(app, id, query.earlier).await?;
    let state = found.incident.state();
    let shown = Shown {
        found: &found,
        claim: &query.claim,
        may: &may(app, query)?,
        purpose: query.purpose,
        earlier: query.earlier,
        said: query.done.map(|done| view::done(done, state, query.already)).unwrap_or_default(),
        form: &Form::default(),
    };
    Ok(answer(StatusCode::OK, shown.page()))
}

/// The form of a request, within its size and time.
async fn form(app: &App, body: Body) -> Result<Form, Sorry> {
    let time = app.config().limits.body_time;
    let read = tokio::time::timeout(time, to_bytes(body, FORM_BYTES_MAX)).await;
    let read = read.map_err(|_| {
        let words =
            format!("Nothing was changed: the form did not come whole within {time:?}. Send it again.");
        Sorry::Because(StatusCode::REQUEST_TIMEOUT, words)
    })?;
    let too_long = |_| {
        let words = format!(
            "Nothing was changed: the form is not whole or has more than {} KiB. Shorten it.",
            FORM_BYTES_MAX / 1024
        );
        Sorry::Because(StatusCode::PAYLOAD_TOO_LARGE, words)
    };
    Ok(Form::read(&read.map_err(too_long)?))
}

async fn change(app: &App, id: IncidentId, query: &Query, body: Body) -> Result<Response, Sorry> {
    let may = may(app, query)?;
    let form = form(app, body).await?;
    // Looked at after the form has come: that may take a while.
    let found = found(app, id, 0).await?;
    let Found { incident, timeline, .. } = &found;
    let again = |status, said: String| {
        let (purpose, claim) = (form.purpose, &query.claim);
        let shown = Shown { found: &found, claim, may: &may, purpose, earlier: 0, said, form: &form };
        answer(status, shown.page())
    };
    let command = match form.fact(incident, &query.claim.via, &may) {
        Ok(command) => command,
        Err(problem) => return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, problem)),
    };
    let done = form.purpose.map_or("", Purpose::as_str);
    let next = format!("{}&done={done}", view::href(&query.claim));
    // A button that was pressed twice.
    if form.is_written(timeline, &query.claim.via) {
        return Ok(see(&next));
    }
    match app.record(command).await {
        Ok(applied) => {
            trouble::over(NOT_CHANGED);
            let state = applied.incident.map_or(incident.state(), |incident| incident.state());
            let already = if state == incident.state() { "&already=1" } else { "" };
            Ok(see(&format!("{next}{already}")))
        }
        Err(CommitError::Rejected(rejection)) => {
            Ok(again(StatusCode::CONFLICT, format!("Nothing was changed: {rejection}.")))
        }
        Err(error) => {
            trouble::error(NOT_CHANGED, &error);
            Err(unavailable("Nothing was changed: the store takes no more at the moment. Try again."))
        }
    }
}

/// The incident that a good link names.
fn checked(app: &App, id: &str, query: &Query) -> Result<IncidentId, Sorry> {
    let forged = || {
        let words = "This link is not one of this relay's, or not whole. Open it again from the message.";
        Sorry::Because(StatusCode::FORBIDDEN, words.to_owned())
    };
    let id = id.parse().map_err(|_| forged())?;
    match app.in_force().links.check(id, &query.claim, app.clock.now()) {
        Ok(()) => Ok(id),
        Err(InvalidLink::Forged) => Err(forged()),
        Err(InvalidLink::Expired(until)) => {
            let words = format!(
                "This link was good until {}. Newer messages about the incident have newer links.",
                view::minute(until)
            );
            Err(Sorry::Because(StatusCode::GONE, words))
        }
    }
}

/// The incident with a page of its timeline.
async fn found(app: &App, id: IncidentId, earlier: usize) -> Result<Found, Sorry> {
    let store = app.store.clone();
    let read = tokio::task::spawn_blocking(move || -> Result<_, ReadError> {
        let Some(incident) = store.incident(id)? else { return Ok(None) };
        let skipped = earlier * LINES_SHOWN;
        // One more, to see whether there are more.
        let mut timeline = store.timeline(id, skipped + LINES_SHOWN + 1)?;
        timeline.drain(..skipped.min(timeline.len()));
        let is_cut = timeline.len() > LINES_SHOWN;
        timeline.truncate(LINES_SHOWN);
        Ok(Some(Found { incident, timeline, is_cut }))
    });
    let read = trouble::watched(trouble::NOT_ANSWERED, read.await)
        .map_err(|_| unavailable("The relay could not answer; the log says why."))??;
    trouble::over(trouble::NOT_READ);
    read.ok_or_else(|| {
        Sorry::Because(StatusCode::NOT_FOUND, "This incident is not kept any more.".to_owned())
    })
}

/// What the link's holder may do: as the action is configured now, not as it was when the link was made.
fn may(app: &App, query: &Query) -> Result<Vec<Purpose>, Sorry> {
    let config = app.config();
    let action = config.actions.get(&query.claim.via).ok_or_else(|| {
        let words = "The action that sent this link is not configured any more.";
        Sorry::Because(StatusCode::GONE, words.to_owned())
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
                "earlier" => read.earlier = value.parse().unwrap_or(0).min(PAGES_MAX - 1),
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
    let (status, page) = match trouble::watched("a page could not be made", page) {
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
