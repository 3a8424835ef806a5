//! Connections over the control socket: list them, and try one without leaving a trace at its peer.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{Control, blocking};
use crate::config::Connection;
use crate::deliver::probe;
use crate::deliver::probe::Probed;
use crate::plugins::bindings::Bindings;
use crate::runtime::clock;
use crate::shared::problem::Problem;

pub(super) async fn list(State(control): State<Control>) -> Result<Json<Value>, Problem> {
    let store = control.app.store.clone();
    let pauses = blocking(move || store.pauses()).await?;
    let bindings = control.app.bindings();
    let now = clock::now();
    let shape = |connection: &Connection| {
        let name = &connection.name;
        let pause = pauses.iter().find(|(paused, _)| paused == name);
        let problem = bindings.connections.get(name).and_then(|bound| bound.as_ref().err());
        json!({
            "name": name,
            "plugin": connection.plugin,
            "description": connection.description,
            "type": connection.kind,
            "environment": connection.environment,
            "host": connection.target.host(),
            "paused": pause.map(|(_, pause)| json!({
                "since": pause.since.to_string(),
                "reason": pause.reason,
                "tried_next": control.app.trials.next_at(name).map(|at| at.to_string()),
            })),
            "held": control.app.holds.of(name, now).map(|hold| json!({ "until": hold.until.to_string(), "reason": hold.reason })),
            "problem": problem,
        })
    };
    Ok(Json(control.app.config.connections.values().map(shape).collect()))
}

pub(super) async fn test(
    State(control): State<Control>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let app = &control.app;
    let unknown = || Problem::not_found(format!("There is no connection `{name}` in the configuration."));
    let connection = app.config.connections.get(&name).ok_or_else(unknown)?;
    let bindings = app.bindings();
    let tried = match bindings.connections.get(&name) {
        Some(Ok(binding)) => probe::ask(app, connection, binding).await,
        Some(Err(why)) => Probed::Bad(why.clone()),
        None => return Err(unknown()),
    };
    let (state, outcome) = match tried {
        Probed::Good(words) => ("good", words),
        Probed::Bad(words) => ("bad", words),
        Probed::Unclear(words) => ("bad", format!("nobody can tell now: {words}")),
        Probed::NoProbe => ("untried", no_probe(&connection.plugin, &bindings)),
    };
    Ok(Json(json!({
        "connection": name,
        "plugin": connection.plugin,
        "host": connection.target.host(),
        "state": state,
        "outcome": outcome,
    })))
}

fn no_probe(plugin: &str, bindings: &Bindings) -> String {
    let name = bindings.plugins.get(plugin).map_or(plugin, |loaded| &loaded.plugin.info().name);
    format!(
        "{name} has nothing that could be asked without a trace: `tocsin actions try ACTION --send` sends a marked \
         message over an action's test connection"
    )
}
