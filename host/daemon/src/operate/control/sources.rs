//! Sources over the API: list them, and say what events would do without keeping anything.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use tocsin_core::decide::{about, echo, foresee};
use tocsin_core::event::{Event, EventChange};
use tocsin_core::id::AnyId;
use tocsin_core::incident::Incident;
use tocsin_core::time::Timestamp;
use tocsin_core::transition::Transition;
use tocsin_store::ReadError;

use super::asked::{Asked, Path};
use super::context::{Control, blocking};
use super::document::NotFound;
use super::guard::Caller;
use super::{intake, query};
use crate::config::{TOKEN_KEYS, Token};
use crate::operate::api::sources::{Foresee, Foreseen, ForeseenEvent, Source, TokenUse};
use crate::runtime::wording;
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;

#[utoipa::path(
    get,
    path = "/sources",
    operation_id = "listSources",
    tag = "sources",
    summary = "The sources, and what came in at each.",
    responses((status = 200, description = "Done.", body = Vec<Source>))
)]
pub(super) async fn list(State(control): State<Control>, caller: Caller) -> Json<Vec<Source>> {
    let bindings = control.app.bindings();
    let config = &control.app.config();
    let shape = |source: &Arc<crate::config::Source>| Source {
        name: source.name.clone(),
        plugin: source.plugin.clone(),
        url: config.source_url(&source.name),
        open: source.authentication.is_open(),
        body_limit: control.app.body_limit(source),
        heartbeat_ms: source.rule.heartbeat_ms,
        problem: bindings.sources.get(&source.name).and_then(|bound| bound.as_ref().err()).cloned(),
        tokens: tokens(&control.app, source),
        requests: intake::counts(&control.app, &source.name),
    };
    Json(config.sources.values().filter(|source| caller.sees(&source.name)).map(shape).collect())
}

fn tokens(app: &App, source: &crate::config::Source) -> Vec<TokenUse> {
    let shape = |(place, token): &(usize, Token)| TokenUse {
        key: TOKEN_KEYS[*place].to_owned(),
        hashed: token.secret().is_none(),
        last_used: app.tokens.last(&source.name, *place).map(|at| at.to_string()),
    };
    source.authentication.tokens.iter().map(shape).collect()
}

/// Every change of an event, by its name.
const CHANGES: [EventChange; 4] =
    [EventChange::Trigger, EventChange::Acknowledge, EventChange::Resolve, EventChange::Note];

fn event(given: ForeseenEvent) -> Result<Event, HttpProblem> {
    let change = CHANGES.into_iter().find(|change| change.as_str() == given.change);
    let wrong = || HttpProblem::bad_request(format!("`{}` is not a change of an event.", given.change));
    Ok(Event {
        change: change.ok_or_else(wrong)?,
        key: given.key,
        aliases: given.aliases,
        title: given.title,
        message: given.message,
        severity: None,
        labels: given.labels,
        links: Vec::new(),
        actor: None,
        occurred_at: given.occurred_at_us.map(Timestamp::from_micros),
    })
}

/// What each event would do to which incident, were it the next.
#[utoipa::path(
    post,
    path = "/sources/{source}/foresee",
    operation_id = "foreseeEvents",
    tag = "sources",
    summary = "Says what events would do. Keeps nothing.",
    params(("source" = String, Path, description = "The name of the source.")),
    request_body = Foresee,
    responses((status = 200, description = "Done.", body = Vec<Foreseen>), NotFound)
)]
pub(super) async fn foresee_events(
    State(control): State<Control>,
    Path(source): Path<String>,
    Asked(given): Asked<Foresee>,
) -> Result<Json<Vec<Foreseen>>, HttpProblem> {
    if !control.app.config().sources.contains_key(&source) {
        return Err(query::unknown("source", &source, control.app.config().sources.keys()));
    }
    let events = given.events.into_iter().map(event).collect::<Result<Vec<_>, _>>()?;
    let app = control.app.clone();
    let foreseen = blocking(move || -> Result<Vec<Foreseen>, ReadError> {
        events.iter().map(|event| would(&app, &source, event)).collect()
    });
    Ok(Json(foreseen.await?))
}

/// What `event` would do to which incident, were it the next.
fn would(app: &App, source: &str, event: &Event) -> Result<Foreseen, ReadError> {
    let found = about(event, |key| app.store.incident_by_key(source, key))?;
    let rule = app.config().sources.get(source).map(|source| source.rule.clone()).unwrap_or_default();
    let transition = foresee(found.as_ref(), event, &rule, app.clock.now());
    let known = |id: AnyId| -> Result<Option<Incident>, ReadError> {
        match app.store.incident(id.read_as())? {
            Some(incident) => Ok(Some(incident)),
            None => Ok(app.store.delivery(id.read_as())?.map(|delivery| delivery.incident)),
        }
    };
    if let Some(own) = echo(transition, event, known)? {
        let would = wording::transition(Transition::Echo).to_owned();
        return Ok(Foreseen { would, incident: Some(own.number) });
    }
    let incident = found.filter(|_| !matches!(transition, Transition::Open | Transition::Orphan));
    let incident = incident.map(|incident| incident.number);
    Ok(Foreseen { would: wording::transition(transition).to_owned(), incident })
}
