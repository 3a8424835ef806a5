//! Sources over the control socket: list them, and say what events would do without keeping anything.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use tocsin_core::decide::{about, echo, foresee};
use tocsin_core::event::{Event, EventChange};
use tocsin_core::incident::Incident;
use tocsin_core::time::Timestamp;
use tocsin_core::transition::Transition;
use tocsin_store::ReadError;

use super::{Control, blocking, intake, query};
use crate::runtime::{clock, words};
use crate::shared::app::App;
use crate::shared::problem::Problem;

pub(super) async fn list(State(control): State<Control>) -> Json<Value> {
    let bindings = control.app.bindings();
    let config = &control.app.config;
    let shape = |source: &crate::config::Source| {
        let mut shape = json!({
            "name": source.name,
            "plugin": source.plugin,
            "url": config.source_url(&source.name),
            "open": source.authentication.is_open(),
            "body_limit": control.app.body_limit(source),
            "heartbeat_ms": source.rule.heartbeat_ms,
            "problem": bindings.sources.get(&source.name).and_then(|bound| bound.as_ref().err()),
        });
        shape["requests"] = intake::counts(&control.app, &source.name);
        shape
    };
    Json(config.sources.values().map(shape).collect())
}

/// Events that did not come, as far as it matters which incidents they are about.
#[derive(Debug, Deserialize)]
pub(super) struct ForeseeBody {
    events: Vec<ForeseenEvent>,
}

/// The texts matter for what came from the relay itself.
#[derive(Debug, Deserialize)]
struct ForeseenEvent {
    change: String,
    key: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// Microseconds since the Unix epoch.
    #[serde(default)]
    occurred_at_us: Option<i64>,
}

/// Every change of an event, by its name.
const CHANGES: [EventChange; 4] =
    [EventChange::Trigger, EventChange::Acknowledge, EventChange::Resolve, EventChange::Note];

impl ForeseenEvent {
    fn event(self) -> Result<Event, Problem> {
        let change = CHANGES.into_iter().find(|change| change.as_str() == self.change);
        let wrong = || Problem::bad_request(format!("`{}` is not a change of an event.", self.change));
        Ok(Event {
            change: change.ok_or_else(wrong)?,
            key: self.key,
            aliases: self.aliases,
            title: self.title,
            message: self.message,
            severity: None,
            labels: self.labels,
            links: Vec::new(),
            actor: None,
            occurred_at: self.occurred_at_us.map(Timestamp::from_micros),
        })
    }
}

/// What each event would do to which incident, were it the next.
pub(super) async fn foresee_events(
    State(control): State<Control>,
    Path(source): Path<String>,
    Json(given): Json<ForeseeBody>,
) -> Result<Json<Value>, Problem> {
    if !control.app.config.sources.contains_key(&source) {
        return Err(query::unknown("source", &source, control.app.config.sources.keys()));
    }
    let events = given.events.into_iter().map(ForeseenEvent::event).collect::<Result<Vec<_>, _>>()?;
    let app = control.app.clone();
    let foreseen = blocking(move || -> Result<Vec<Value>, ReadError> {
        events.iter().map(|event| would(&app, &source, event)).collect()
    });
    Ok(Json(foreseen.await?.into()))
}

/// What `event` would do to which incident, were it the next.
fn would(app: &App, source: &str, event: &Event) -> Result<Value, ReadError> {
    let found = about(event, |key| app.store.incident_by_key(source, key))?;
    let rule = app.config.sources.get(source).map(|source| source.rule.clone()).unwrap_or_default();
    let transition = foresee(found.as_ref(), event, &rule, clock::now());
    let known = |id| -> Result<Option<Incident>, ReadError> {
        match app.store.incident(id)? {
            Some(incident) => Ok(Some(incident)),
            None => Ok(app.store.delivery(id)?.map(|delivery| delivery.incident)),
        }
    };
    if let Some(own) = echo(transition, event, known)? {
        return Ok(json!({ "would": words::transition(Transition::Echo), "incident": own.number }));
    }
    let incident = found.filter(|_| !matches!(transition, Transition::Open | Transition::Orphan));
    let number = incident.map(|incident| incident.number);
    Ok(json!({ "would": words::transition(transition), "incident": number }))
}
