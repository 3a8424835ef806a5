//! Sources over the control socket: list them, and try one without keeping anything.

use axum::Json;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use tocsin_core::event::Event;
use tocsin_core::fold::{about, foresee};
use tocsin_core::journal::Decoding;
use tocsin_core::plugin::{Pair, SourceRequest};
use tocsin_core::transition::Transition;
use tocsin_store::ReadError;

use super::{Control, blocking, intake, query, shapes};
use crate::app::App;
use crate::pipeline::dry_run;
use crate::problem::Problem;
use crate::{clock, words};

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

/// A request that did not come.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TryBody {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    /// In base 64.
    body: String,
}

/// Decodes the request as if it had come, and says what would happen.
pub(super) async fn try_out(
    State(control): State<Control>,
    Path(source): Path<String>,
    Json(given): Json<TryBody>,
) -> Result<Json<Value>, Problem> {
    if !control.app.config.sources.contains_key(&source) {
        return Err(query::unknown("source", &source, control.app.config.sources.keys()));
    }
    let pairs =
        |pairs: Vec<(String, String)>| pairs.into_iter().map(|(name, value)| Pair { name, value }).collect();
    let body = BASE64.decode(&given.body).map_err(|_| Problem::bad_request("The body is not base 64."))?;
    let request = SourceRequest {
        method: given.method.to_ascii_uppercase(),
        path: given.path,
        query: pairs(given.query),
        headers: pairs(given.headers),
        body,
        received_at: clock::now(),
    };
    let (received, took_us) = dry_run(&control.app, &source, &request).await?;
    let mut shape = json!({ "plugin": received.plugin, "took_us": took_us, "outcome": words::decoding(&received.decoding) });
    match received.decoding {
        Decoding::Events(events) => {
            let app = control.app.clone();
            let events = blocking(move || -> Result<Vec<Value>, ReadError> {
                events.iter().map(|event| would(&app, &source, event)).collect()
            });
            shape["events"] = json!(events.await?);
            shape["status"] = json!("applied");
        }
        Decoding::Ignored(_) => shape["status"] = json!("ignored"),
        Decoding::Refused(_) => shape["status"] = json!("refused"),
        Decoding::Failed(_) => shape["status"] = json!("failed"),
    }
    Ok(Json(shape))
}

/// What `event` would do to which incident, were it the next.
fn would(app: &App, source: &str, event: &Event) -> Result<Value, ReadError> {
    let found = about(event, |key| app.store.incident_by_key(source, key))?;
    let rule = app.config.sources.get(source).map(|source| source.rule.clone()).unwrap_or_default();
    let transition = foresee(found.as_ref(), event, &rule, clock::now());
    let incident = found.filter(|_| !matches!(transition, Transition::Open | Transition::Orphan));
    let mut shape = shapes::event(event);
    shape["would"] = json!(words::transition(transition));
    shape["incident"] = incident.map_or(Value::Null, |incident| json!(incident.number));
    Ok(shape)
}
