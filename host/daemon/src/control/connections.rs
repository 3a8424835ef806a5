//! Connections over the control socket: list them, and try one without leaving a trace at its peer.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use tocsin_core::plugin::{Failure, Response};

use super::{Control, blocking};
use crate::app::App;
use crate::bindings::ConnectionBinding;
use crate::clock;
use crate::config::Connection;
use crate::outgoing::{Moment, assemble_probe};
use crate::problem::Problem;

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
            "paused": pause.map(|(_, pause)| json!({ "since": pause.since.to_string(), "reason": pause.reason })),
            "held": control.app.holds.of(name, now).map(|hold| json!({ "until": hold.until.to_string(), "reason": hold.reason })),
            "problem": problem,
        })
    };
    Ok(Json(control.app.config.connections.values().map(shape).collect()))
}

/// What came of a trial.
enum Tried {
    Good(String),
    Bad(String),
    /// The plugin has nothing that could be asked.
    Untried(String),
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
        Some(Ok(binding)) => ask(app, connection, binding).await,
        Some(Err(why)) => Tried::Bad(why.clone()),
        None => return Err(unknown()),
    };
    let (state, outcome) = match tried {
        Tried::Good(words) => ("good", words),
        Tried::Bad(words) => ("bad", words),
        Tried::Untried(words) => ("untried", words),
    };
    Ok(Json(json!({
        "connection": name,
        "plugin": connection.plugin,
        "host": connection.target.host(),
        "state": state,
        "outcome": outcome,
    })))
}

/// probe → send → judge
async fn ask(app: &App, connection: &Connection, binding: &ConnectionBinding) -> Tried {
    let host = connection.target.host();
    let probe = match binding.plugin.probe(host, &binding.settings).await {
        Ok(Some(probe)) => probe,
        Ok(None) => {
            return Tried::Untried(format!(
                "{} has nothing that could be asked without a trace: `tocsin actions try ACTION --send` sends a \
                 marked message over an action's test connection",
                binding.plugin.info().name
            ));
        }
        Err(error) => return Tried::Bad(error.to_string()),
    };
    let now = clock::now();
    let moment = Moment { delivery: "probe", seconds: now.micros() / 1_000_000 };
    let outgoing = match assemble_probe(connection, probe, &moment) {
        Ok(outgoing) => outgoing,
        Err(invalid) => return Tried::Bad(invalid.to_string()),
    };
    let response: Response = match app.senders.send(connection, outgoing).await {
        Ok(response) => response,
        Err(error) => return Tried::Bad(error.to_string()),
    };
    match binding.plugin.judge(host, &binding.settings, response).await {
        Ok(Ok(words)) => Tried::Good(words),
        Ok(Err(Failure::Retry { reason, .. })) => Tried::Bad(format!("nobody can tell now: {reason}")),
        Ok(Err(Failure::Rejected(why) | Failure::Misconfigured(why))) => Tried::Bad(why),
        Err(error) => Tried::Bad(error.to_string()),
    }
}
