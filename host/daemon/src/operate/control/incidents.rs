//! Incidents over the control socket: list, show, and what operators do to them.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use tocsin_core::command::Command;
use tocsin_core::event::Severity;
use tocsin_core::incident::Incident;
use tocsin_core::transition::IncidentCommand;
use tocsin_store::{DeliveryQuery, IncidentQuery, ReadError, Store};

use super::query::{self, ListQuery};
use super::{Control, blocking, receipts, shapes, unmatched};
use crate::shared::problem::Problem;

/// Lines of an incident's history that are shown.
const TIMELINE_MAX: usize = 500;
/// Deliveries of an incident that are shown.
const DELIVERIES_MAX: usize = 200;

pub(super) async fn list(
    State(control): State<Control>,
    Query(list): Query<ListQuery>,
) -> Result<Json<Value>, Problem> {
    let query = IncidentQuery {
        states: list.states()?,
        source: list.source.clone(),
        before: list.before()?,
        limit: list.limit(),
    };
    let app = control.app.clone();
    let incidents = blocking(move || -> Result<_, Problem> {
        receipts::known_source(&app, query.source.as_ref())?;
        Ok(app.store.incidents(&query)?)
    });
    let incidents = incidents.await?;
    Ok(Json(incidents.iter().map(shapes::incident).collect()))
}

pub(super) async fn show(
    State(control): State<Control>,
    Path(incident): Path<String>,
) -> Result<Json<Value>, Problem> {
    let app = control.app.clone();
    let shown = blocking(move || -> Result<Value, Problem> {
        let store = &app.store;
        let incident = find(store, &incident)?;
        let timeline = store.timeline(incident.id, TIMELINE_MAX)?;
        let query =
            DeliveryQuery { incident: Some(incident.id), limit: DELIVERIES_MAX, ..Default::default() };
        let deliveries = store.deliveries(&query)?;
        let mut shown = shapes::incident(&incident);
        shown["actions"] = unmatched::reasons(&app.config, &incident, &deliveries);
        shown["timeline"] = timeline.iter().map(shapes::timeline).collect();
        shown["deliveries"] = deliveries.iter().map(shapes::delivery).collect();
        Ok(shown)
    });
    shown.await.map(Json)
}

/// Who does it, and what they have to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandBody {
    actor: String,
    #[serde(default)]
    text: String,
}

pub(super) async fn command(
    State(control): State<Control>,
    Path((incident, command)): Path<(String, String)>,
    Json(body): Json<CommandBody>,
) -> Result<Json<Value>, Problem> {
    let command: IncidentCommand = command.parse().map_err(|_| {
        Problem::not_found(format!(
            "There is no command `{command}`: there is acknowledge, unacknowledge, resolve, reopen, note and modify."
        ))
    })?;
    if command == IncidentCommand::Note && body.text.trim().is_empty() {
        return Err(Problem::bad_request("The note is empty."));
    }
    let store = control.app.store.clone();
    let found = blocking(move || find(&store, &incident)).await?;
    let fact = Command::Operate { incident: found.id, command, actor: body.actor, text: body.text };
    let (mut shown, changed) = recorded(&control, &found, fact).await?;
    shown["changed"] = json!(changed || command == IncidentCommand::Note);
    Ok(Json(shown))
}

/// What an incident should say, and who says so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModifyBody {
    actor: String,
    #[serde(default)]
    text: String,
    title: Option<String>,
    severity: Option<String>,
}

pub(super) async fn modify(
    State(control): State<Control>,
    Path(incident): Path<String>,
    Json(body): Json<ModifyBody>,
) -> Result<Json<Value>, Problem> {
    let ModifyBody { actor, text, title, severity } = body;
    if title.is_none() && severity.is_none() && text.trim().is_empty() {
        return Err(Problem::bad_request("Nothing is to be modified: give a title or a severity."));
    }
    let severity = severity.map(|word| word.parse::<Severity>()).transpose();
    let severity = severity.map_err(|error| Problem::bad_request(format!("{error}.")))?;
    let store = control.app.store.clone();
    let found = blocking(move || find(&store, &incident)).await?;
    let fact = Command::Modify { incident: found.id, title, severity, actor, text };
    let (mut shown, changed) = recorded(&control, &found, fact).await?;
    shown["changed"] = json!(changed);
    Ok(Json(shown))
}

/// The incident after `fact` about it, and whether it is another than `before`.
async fn recorded(control: &Control, before: &Incident, fact: Command) -> Result<(Value, bool), Problem> {
    let applied = control.app.record(fact).await?;
    let changed = applied.incident.as_ref().is_some_and(|incident| incident != before);
    Ok((applied.incident.as_ref().map(shapes::incident).unwrap_or_default(), changed))
}

/// The incident with this number or id.
pub(super) fn find(store: &Store, reference: &str) -> Result<Incident, Problem> {
    let found: Result<Option<Incident>, ReadError> = match reference.trim_start_matches('#').parse::<u64>() {
        Ok(number) => store.incident_by_number(number),
        Err(_) => store.incident(query::id(reference)?),
    };
    found?.ok_or_else(|| Problem::not_found(format!("There is no incident {reference}.")))
}
