//! Actions over the API: list them, and try one, of which nothing is recorded except who sent it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use tocsin_core::delivery::{Change, ChangeKind, Delivery, DeliveryState};
use tocsin_core::incident::IncidentState;
use tocsin_core::plugin::{Failure, Response, Step};
use tocsin_core::reason::Reason;
use url::Url;

use super::asked::{Asked, Path};
use super::context::{Control, blocking};
use super::document::NotFound;
use super::guard::{Caller, forbidden};
use super::user::User;
use super::{audit, incidents, query};
use crate::config::Action;
use crate::deliver::attempt::{Attempt, Exchange};
use crate::operate::api::Pair;
use crate::operate::api::actions::{self as api, Answer, Tried, Try};
use crate::operate::api::body::Body;
use crate::runtime::wording;
use crate::send::request::{Sketch, sketch};
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;

pub(super) mod would;

/// Headers of a peer's answer that are never shown: they may open something.
const HIDDEN: [&str; 2] = ["set-cookie", "www-authenticate"];

#[utoipa::path(
    get,
    path = "/actions",
    operation_id = "listActions",
    tag = "actions",
    summary = "The actions, and when each runs.",
    responses((status = 200, description = "Done.", body = Vec<api::Action>))
)]
pub(super) async fn list(State(control): State<Control>) -> Json<Vec<api::Action>> {
    let bindings = control.app.bindings();
    let config = &control.app.config();
    let shape = |action: &Action| {
        let rule = &action.rule;
        let states =
            |states: &[IncidentState]| states.iter().map(|state| state.as_str().to_owned()).collect();
        api::Action {
            name: rule.name.to_string(),
            description: action.description.clone(),
            status: rule.status.as_str().to_owned(),
            language: action.language.clone(),
            connection: rule.connection.to_string(),
            test_connection: rule.test_connection.as_ref().map(ToString::to_string),
            plugin: config
                .connections
                .get(rule.connection.as_str())
                .map(|connection| connection.plugin.clone()),
            on: rule.on.iter().map(|kind| kind.as_str().to_owned()).collect(),
            enters: states(&rule.enters),
            leaves: states(&rule.leaves),
            filter: rule.filter.clone(),
            delay_ms: rule.delay_ms,
            repeat_ms: rule.repeat_ms,
            fallback: rule.is_fallback,
            when: wording::triggers(rule),
            readers_may: action.readers_may.iter().map(|purpose| purpose.as_str().to_owned()).collect(),
            problem: bindings.actions.get(rule.name.as_str()).and_then(|bound| bound.as_ref().err()).cloned(),
        }
    };
    Json(config.actions.values().map(shape).collect())
}

/// Renders and encodes a delivery that is not owed; sends it over the test connection when asked to.
#[utoipa::path(
    post,
    path = "/actions/{action}/try",
    operation_id = "tryAction",
    tag = "actions",
    summary = "Renders what an action would send. Sends it over the test connection only if `send` is true.",
    params(("action" = String, Path, description = "The name of the action.")),
    request_body = Try,
    responses((status = 200, description = "Done.", body = Tried), NotFound)
)]
pub(super) async fn try_out(
    State(control): State<Control>,
    caller: Caller,
    Path(name): Path<String>,
    user: User,
    Asked(given): Asked<Try>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<Tried>), HttpProblem> {
    if given.show_url && !caller.is_admin() {
        return Err(forbidden(
            "`show_url` shows a secret address, which needs a token with the scope `admin`.",
        ));
    }
    let app = &control.app;
    let config = app.config();
    let action = config.actions.get(&name);
    let action = action.ok_or_else(|| query::unknown("action", &name, config.actions.keys()))?;
    let (attempt, before) = attempt(app, action, &given).await?;
    let incident = match &given.incident {
        Some(_) => format!("#{} {}", attempt.delivery.incident.number, attempt.delivery.incident.title),
        None => "a sample incident".to_owned(),
    };
    let (requests, outcome, good) = if given.send {
        let what = format!("sent {incident} by the action {name} over {}", attempt.delivery.connection);
        audit::record(&control, &user, given.actor.as_deref(), what).await;
        let (verdict, seen) = attempt.watched(app).await;
        let address = |sketch: &Sketch| address(app, &attempt, sketch, given.show_url);
        let requests = seen.iter().map(|seen| exchange(seen, address(&seen.sketch))).collect();
        (requests, wording::verdict(&verdict), wording::is_good(&verdict))
    } else {
        first(app, &attempt, given.show_url).await
    };
    let Attempt { delivery, .. } = &attempt;
    // An address may be a secret.
    let cached = HeaderValue::from_static(if given.show_url { "no-store" } else { "no-cache" });
    let tried = Tried {
        action: name,
        connection: delivery.connection.to_string(),
        test: delivery.test,
        incident,
        change: delivery.change.kind.as_str().to_owned(),
        not_sent: would::not_sent(&action.rule, &delivery.incident, before, &delivery.change),
        requests,
        outcome,
        good,
    };
    Ok(([(CACHE_CONTROL, cached)], Json(tried)))
}

/// The delivery that would be owed, with what peers call its incident, and the state that this was in before.
async fn attempt(
    app: &Arc<App>,
    action: &Action,
    given: &Try,
) -> Result<(Attempt, IncidentState), HttpProblem> {
    let rule = &action.rule;
    let test = rule.status == tocsin_core::routing::ActionStatus::Test;
    let connection = match (&rule.test_connection, given.send) {
        (Some(test_connection), true) => test_connection,
        (None, true) => {
            let words = format!(
                "The action has no test connection to send over: add `test_connection` to [actions.{}].",
                rule.name
            );
            return Err(HttpProblem::bad_request(words));
        }
        (Some(test_connection), false) if test => test_connection,
        (_, false) => &rule.connection,
    };
    let kind = given.change.as_deref().map(str::parse::<ChangeKind>).transpose();
    let kind = kind.map_err(|error| HttpProblem::bad_request(error.to_string()))?;
    let (incident, references) = match &given.incident {
        Some(reference) => {
            let (store, reference) = (app.store.clone(), reference.clone());
            let found = blocking(move || -> Result<_, HttpProblem> {
                let incident = incidents::find(&store, &reference)?;
                let references = store.references_of(incident.id)?;
                Ok((incident, references))
            });
            found.await?
        }
        None => (would::untouched(), Vec::new()),
    };
    let kind = kind.unwrap_or(match incident.state() {
        IncidentState::Open => ChangeKind::Opened,
        IncidentState::Acknowledged => ChangeKind::Acknowledged,
        IncidentState::Resolved => ChangeKind::Resolved,
    });
    let at = app.clock.now();
    let before = incident.state();
    let incident = would::after(kind, at, incident);
    let id = app.clock.new_id(at).map_err(|error| {
        HttpProblem::unavailable("No random numbers", format!("The system gives none: {error}."))
    })?;
    let change = Change::of_the_relay(kind, at, Reason::none());
    let delivery = Delivery {
        id,
        action: rule.name.clone(),
        connection: connection.clone(),
        test: test || given.send,
        shown: incident.state(),
        incident,
        change,
        line: None,
        origin: None,
        state: DeliveryState::Sending,
        attempts: 1,
        next_at: at,
        owed_since: at,
        log: Vec::new(),
    };
    Ok((Attempt { delivery, references }, before))
}

/// The first request, or why there is none. Nothing is sent.
async fn first(app: &App, attempt: &Attempt, show_url: bool) -> (Vec<api::Exchange>, String, bool) {
    let nothing = |outcome: String, good| (Vec::new(), outcome, good);
    let prepared = match attempt.prepare(app) {
        Ok(prepared) => prepared,
        Err(verdict) => return nothing(wording::verdict(&verdict), false),
    };
    let step = match prepared.plugin.encode(prepared.context.clone()).await {
        Ok(answer) => answer.value,
        Err(error) => return nothing(format!("the plugin gave no answer: {error}"), false),
    };
    let request = match step {
        Ok(Step::Send { request, .. }) => request,
        Ok(Step::Delivered(receipt)) => return nothing(format!("delivered: {}", receipt.summary), true),
        Ok(Step::Skipped(why)) => return nothing(format!("nothing to send: {why}"), true),
        Err(Failure::Retry { reason, .. }) => return nothing(format!("later: {reason}"), false),
        Err(Failure::Rejected(why)) => return nothing(format!("dead letter: {why}"), false),
        Err(Failure::Misconfigured(why)) => {
            return nothing(format!("the connection would pause: {why}"), false);
        }
    };
    match sketch(&prepared.connection, &prepared.target, request) {
        Ok(sketch) => {
            let address = address(app, attempt, &sketch, show_url);
            let requests = vec![exchange(&Exchange { sketch, response: None }, address)];
            (requests, "not sent; what follows on the answer shows with --send".to_owned(), true)
        }
        Err(invalid) => nothing(format!("it cannot be sent: {invalid}"), false),
    }
}

/// Where a request goes. The connection's own path and query are as good as a secret.
fn address(app: &App, attempt: &Attempt, sketch: &Sketch, show_url: bool) -> String {
    let config = app.config();
    let Some(connection) = config.connections.get(attempt.delivery.connection.as_str()) else {
        return String::new();
    };
    if show_url && let Ok(prepared) = attempt.prepare(app) {
        let joined = tocsin_core::egress::join(&prepared.target, &sketch.path, &sketch.query);
        return joined.map(String::from).unwrap_or_default();
    }
    let origin = connection.target.sample().origin().ascii_serialization();
    let mut added =
        Url::parse(&format!("{origin}{}", sketch.path)).unwrap_or(connection.target.sample().clone());
    for pair in &sketch.query {
        added.query_pairs_mut().append_pair(&pair.name, &pair.value);
    }
    let rest = added.as_str().strip_prefix(&origin).unwrap_or_default();
    let rest = if sketch.path.is_empty() { rest.trim_start_matches('/') } else { rest };
    format!("{origin}/{{{{url of {}}}}}{rest}", connection.name)
}

fn exchange(exchange: &Exchange, address: String) -> api::Exchange {
    let Exchange { sketch, response } = exchange;
    let headers = sketch.headers.iter();
    let headers = headers
        .map(|(name, value)| Pair {
            name: name.to_string(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        })
        .collect();
    api::Exchange {
        method: sketch.method.as_str().to_owned(),
        address,
        headers,
        body: Body::from(&*sketch.body),
        answer: response.as_ref().map(answered),
    }
}

fn answered(response: &Response) -> Answer {
    let shown = response.headers.iter().filter(|pair| !HIDDEN.contains(&pair.name.as_str()));
    let headers = shown.map(|pair| Pair { name: pair.name.clone(), value: pair.value.clone() }).collect();
    Answer { status: response.status, headers, body: Body::from(&*response.body) }
}
