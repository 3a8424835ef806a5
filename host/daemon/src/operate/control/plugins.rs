//! Plugin files over the control socket: what is refused, what waits to be compiled, and an operator's yes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Control;
use crate::plugins::{Refused, Waiting};
use crate::shared::problem::Problem;

/// The files that are not in force.
pub(super) fn refused(control: &Control) -> Vec<Value> {
    let shape = |Refused { file, why, needs_approval }: Refused| json!({ "file": file, "why": why, "needs_approval": needs_approval });
    control.shelf.refused().into_iter().map(shape).collect()
}

/// The plugins that are yet to be compiled, the first one first.
pub(super) fn waiting(control: &Control) -> Vec<Value> {
    let shape = |Waiting { name, bytes, since }: Waiting| {
        let seconds = since.map(|since| since.as_secs());
        json!({ "name": name, "bytes": bytes, "compiling_seconds": seconds })
    };
    control.shelf.waiting(&control.app.config).into_iter().map(shape).collect()
}

/// A file to be approved.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApproveBody {
    /// Its name in the plugins directory.
    file: String,
    /// Its SHA-256, if the caller has seen the file.
    #[serde(default)]
    digest: Option<String>,
}

pub(super) async fn approve(
    State(control): State<Control>,
    Json(body): Json<ApproveBody>,
) -> Result<Json<Value>, Problem> {
    let ApproveBody { file, digest } = body;
    let approved = control.shelf.approve(&file, digest.as_deref()).await;
    let approved = approved.map_err(|why| Problem::new(StatusCode::CONFLICT, "Not approved", why))?;
    // A plugin that was suspended because it was too slow is called again at once.
    if let Some(id) = &approved.id {
        control.app.forgive(id);
    }
    Ok(Json(json!(approved)))
}
