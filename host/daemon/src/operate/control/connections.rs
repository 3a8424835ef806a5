//! Connections over the API: list them, and try one without leaving a trace at its peer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::asked::{Asked, Path};
use super::audit;
use super::context::{Control, blocking};
use super::document::NotFound;
use super::user::User;
use crate::config::Connection;
use crate::deliver::probe;
use crate::deliver::probe::Probed;
use crate::operate::api::Actor;
use crate::operate::api::connections::{self as api, Backoff, Paused, Tested, Works};
use crate::plugins::bindings::Bindings;
use crate::shared::in_force::InForce;
use crate::shared::problem::HttpProblem;

#[utoipa::path(
    get,
    path = "/connections",
    operation_id = "listConnections",
    tag = "connections",
    summary = "The connections, and which of them do not work.",
    responses((status = 200, description = "Done.", body = Vec<api::Connection>))
)]
pub(super) async fn list(State(control): State<Control>) -> Result<Json<Vec<api::Connection>>, HttpProblem> {
    let store = control.app.store.clone();
    let pauses = blocking(move || store.pauses()).await?;
    let bindings = control.app.bindings();
    let now = control.app.clock.now();
    let shape = |connection: &Arc<Connection>| {
        let name = &connection.name;
        let pause = pauses.iter().find(|(paused, _)| paused == name);
        let problem = bindings.connections.get(name).and_then(|bound| bound.as_ref().err());
        api::Connection {
            name: name.clone(),
            plugin: connection.plugin.clone(),
            description: connection.description.clone(),
            kind: connection.kind.clone(),
            environment: connection.environment.clone(),
            host: connection.target.host().to_owned(),
            paused: pause.map(|(_, pause)| Paused {
                since: pause.since.to_string(),
                reason: pause.reason.clone(),
                tried_next: control.app.trials.next_at(name).map(|at| at.to_string()),
            }),
            backoff: control
                .app
                .backoffs
                .of(name, now)
                .map(|backoff| Backoff { until: backoff.until.to_string(), reason: backoff.reason.clone() }),
            problem: problem.cloned(),
        }
    };
    Ok(Json(control.app.config().connections.values().map(shape).collect()))
}

#[utoipa::path(
    post,
    path = "/connections/{connection}/test",
    operation_id = "testConnection",
    tag = "connections",
    summary = "Asks the peer of a connection whether the connection works. Sends no notification.",
    params(("connection" = String, Path, description = "The name of the connection.")),
    request_body = Actor,
    responses((status = 200, description = "Done.", body = Tested), NotFound)
)]
pub(super) async fn test(
    State(control): State<Control>,
    Path(name): Path<String>,
    user: User,
    Asked(Actor { actor }): Asked<Actor>,
) -> Result<Json<Tested>, HttpProblem> {
    let app = &control.app;
    let unknown = || HttpProblem::not_found(format!("There is no connection `{name}` in the configuration."));
    let in_force = app.in_force();
    let InForce { config, bindings, senders, .. } = &*in_force;
    let connection = config.connections.get(&name).ok_or_else(unknown)?;
    let host = connection.target.host();
    if let Some(Ok(_)) = bindings.connections.get(&name) {
        let what = format!("tested the connection {name} at {host}");
        audit::record(&control, &user, actor.as_deref(), what).await;
    }
    let tried = match bindings.connections.get(&name) {
        Some(Ok(binding)) => probe::ask(app, senders, connection, binding).await,
        Some(Err(why)) => Probed::Bad(why.clone()),
        None => return Err(unknown()),
    };
    let (state, outcome) = match tried {
        Probed::Good(words) => (Works::Good, words),
        Probed::Bad(words) => (Works::Bad, words),
        Probed::Unclear(words) => (Works::Bad, format!("nobody can tell now: {words}")),
        Probed::NoProbe => (Works::Untried, no_probe(&connection.plugin, bindings)),
    };
    Ok(Json(Tested {
        plugin: connection.plugin.clone(),
        host: host.to_owned(),
        connection: name,
        state,
        outcome,
    }))
}

fn no_probe(plugin: &str, bindings: &Bindings) -> String {
    let name = bindings.plugins.get(plugin).map_or(plugin, |loaded| &loaded.plugin.info().name);
    format!(
        "{name} has nothing that could be asked without a trace: `tocsin actions try ACTION --send` sends a marked \
         message over an action's test connection"
    )
}
