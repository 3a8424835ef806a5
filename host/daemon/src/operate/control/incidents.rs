//! Incidents over the API: list, show, and what operators do to them.

use axum::Json;
use axum::extract::State;
use tocsin_core::command::Command;
use tocsin_core::event::Severity;
use tocsin_core::id::IncidentId;
use tocsin_core::incident::Incident;
use tocsin_core::transition::IncidentCommand;
use tocsin_store::{DeliveryQuery, IncidentQuery, ReadError, Store};

use super::asked::{Asked, Narrowed, Path};
use super::context::{Control, blocking};
use super::document::{Changed, Conflict, NotFound};
use super::guard::Caller;
use super::user::User;
use super::version::{Expected, Header, etag_of};
use super::{query, shapes, unmatched};
use crate::operate::api::incident::Incident as Shown;
use crate::operate::api::incidents::{
    Command as Asks, CommandName, Commanded, IncidentList, Modify, WholeIncident,
};
use crate::operate::api::page::Page;
use crate::shared::problem::HttpProblem;

/// An answer with the version of its incident.
type Answered<T> = (Header, Json<T>);

/// Lines of an incident's timeline that are shown.
const TIMELINE_MAX: usize = 500;
/// Deliveries of an incident that are shown.
const DELIVERIES_MAX: usize = 200;

#[utoipa::path(
    get,
    path = "/incidents",
    operation_id = "listIncidents",
    tag = "incidents",
    summary = "The incidents, the newest first.",
    params(IncidentList),
    responses((status = 200, description = "Done.", body = Page<Shown>), NotFound)
)]
pub(super) async fn list(
    State(control): State<Control>,
    caller: Caller,
    Narrowed(list): Narrowed<IncidentList>,
) -> Result<Json<Page<Shown>>, HttpProblem> {
    let query = IncidentQuery {
        states: query::choices(list.state.as_deref())?,
        severities: query::choices(list.severity.as_deref())?,
        source: caller.narrowed(list.source)?.map(Into::into),
        opened: query::period(list.since.as_deref(), list.until.as_deref())?,
        text: list.text,
        before: None,
        limit: query::limit(list.limit),
    };
    let app = control.app.clone();
    let incidents = blocking(move || -> Result<_, HttpProblem> {
        query::known_source(&app, query.source.as_deref())?;
        let before = list.after.map(|reference| id_of(&app.store, &reference)).transpose()?;
        Ok(app.store.incidents(&IncidentQuery { before, ..query })?)
    });
    Ok(Json(shapes::page(&incidents.await?, shapes::incident)))
}

#[utoipa::path(
    get,
    path = "/incidents/{incident}",
    operation_id = "getIncident",
    tag = "incidents",
    summary = "An incident with its timeline, its deliveries, and what each action makes of it.",
    params(("incident" = String, Path, description = "The number of the incident, or its id.")),
    responses((status = 200, description = "Done.", body = WholeIncident), NotFound)
)]
pub(super) async fn show(
    State(control): State<Control>,
    caller: Caller,
    Path(reference): Path<String>,
) -> Result<Answered<WholeIncident>, HttpProblem> {
    let app = control.app.clone();
    let shown = blocking(move || -> Result<_, HttpProblem> {
        let store = &app.store;
        let incident = find(store, &reference)?;
        if !caller.sees(&incident.source) {
            return Err(not_found(&reference));
        }
        let mut timeline = store.timeline(incident.id, TIMELINE_MAX + 1)?;
        let timeline_cut = timeline.len() > TIMELINE_MAX;
        timeline.truncate(TIMELINE_MAX);
        let query =
            DeliveryQuery { incident: Some(incident.id), limit: DELIVERIES_MAX, ..Default::default() };
        let deliveries = store.deliveries(&query)?;
        let version = etag_of(&incident);
        let whole = WholeIncident {
            actions: if caller.source().is_some() {
                Vec::new()
            } else {
                unmatched::reasons(&app.config(), &incident, &deliveries.items)
            },
            timeline: timeline.iter().map(shapes::timeline).collect(),
            timeline_cut,
            deliveries_next: deliveries.next.map(|id| id.to_string()),
            deliveries: deliveries.items.iter().map(shapes::delivery).collect(),
            incident: shapes::incident(&incident),
        };
        Ok((version, Json(whole)))
    });
    shown.await
}

#[utoipa::path(
    post,
    path = "/incidents/{incident}/{command}",
    operation_id = "commandIncident",
    tag = "incidents",
    summary = "Acknowledges, resolves or reopens an incident, or adds a note.",
    params(
        ("incident" = String, Path, description = "The number of the incident, or its id."),
        ("command" = inline(CommandName), Path, description = "What to do."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the incident as the caller saw it.")
    ),
    request_body = Asks,
    responses((status = 200, description = "Done.", body = Commanded), NotFound, Conflict, Changed)
)]
pub(super) async fn command(
    State(control): State<Control>,
    Path((incident, command)): Path<(String, String)>,
    user: User,
    expected: Expected,
    Asked(body): Asked<Asks>,
) -> Result<Answered<Commanded>, HttpProblem> {
    let command: IncidentCommand = command.parse().map_err(|_| {
        HttpProblem::not_found(format!(
            "There is no command `{command}`: there is acknowledge, unacknowledge, resolve, reopen, note and modify."
        ))
    })?;
    if command == IncidentCommand::Note && body.text.trim().is_empty() {
        return Err(HttpProblem::bad_request("The note is empty."));
    }
    let store = control.app.store.clone();
    let found = blocking(move || find(&store, &incident)).await?;
    let operate =
        Command::Operate { incident: found.id, command, actor: user.actor(body.actor), text: body.text };
    let operate = expected.only(found.id, operate);
    let (etag, Json(shown)) = recorded(&control, &found, user.does(operate)).await?;
    Ok((etag, Json(Commanded { changed: shown.changed || command == IncidentCommand::Note, ..shown })))
}

#[utoipa::path(
    post,
    path = "/incidents/{incident}/modify",
    operation_id = "modifyIncident",
    tag = "incidents",
    summary = "Corrects the title or the severity of an incident.",
    params(
        ("incident" = String, Path, description = "The number of the incident, or its id."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the incident as the caller saw it.")
    ),
    request_body = Modify,
    responses((status = 200, description = "Done.", body = Commanded), NotFound, Conflict, Changed)
)]
pub(super) async fn modify(
    State(control): State<Control>,
    Path(incident): Path<String>,
    user: User,
    expected: Expected,
    Asked(body): Asked<Modify>,
) -> Result<Answered<Commanded>, HttpProblem> {
    let Modify { actor, text, title, severity } = body;
    if title.is_none() && severity.is_none() && text.trim().is_empty() {
        return Err(HttpProblem::bad_request("Nothing is to be modified: give a title or a severity."));
    }
    let severity = severity.map(|word| word.parse::<Severity>()).transpose();
    let severity = severity.map_err(|error| HttpProblem::bad_request(format!("{error}.")))?;
    let store = control.app.store.clone();
    let found = blocking(move || find(&store, &incident)).await?;
    let actor = user.actor(actor);
    let command = Command::Modify { incident: found.id, title, severity, actor, text };
    recorded(&control, &found, user.does(expected.only(found.id, command))).await
}

/// The incident after `command`, and whether it is another than `before`.
async fn recorded(
    control: &Control,
    before: &Incident,
    command: Command,
) -> Result<Answered<Commanded>, HttpProblem> {
    let applied = control.app.record(command).await?;
    let now = applied.incident.as_ref().unwrap_or(before);
    Ok((etag_of(now), Json(Commanded { incident: shapes::incident(now), changed: now != before })))
}

/// The id that an incident's number or id means. An id need not be an incident's any more.
fn id_of(store: &Store, reference: &str) -> Result<IncidentId, HttpProblem> {
    query::id(reference).or_else(|_| find(store, reference).map(|incident| incident.id))
}

/// The incident with this number or id.
pub(super) fn find(store: &Store, reference: &str) -> Result<Incident, HttpProblem> {
    let found: Result<Option<Incident>, ReadError> = match reference.trim_start_matches('#').parse::<u64>() {
        Ok(number) => store.incident_by_number(number),
        Err(_) => store.incident(query::id(reference)?),
    };
    found?.ok_or_else(|| not_found(reference))
}

fn not_found(reference: &str) -> HttpProblem {
    HttpProblem::not_found(format!(
        "There is no incident {reference}: it never was, or it was forgotten, as resolved incidents are after \
         `limits.keep_incidents`."
    ))
}
