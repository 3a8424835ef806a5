//! Plugin files over the API: what is refused, what waits to be compiled, an operator's yes, and uploads.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;

use super::asked::{Asked, Path};
use super::audit;
use super::context::Control;
use super::document::{Conflict, TooLarge};
use super::user::User;
use crate::operate::api::plugins::{
    Approve, Approved, PendingPlugin, Plugin, Plugins, RefusedFile, UploadedFile,
};
use crate::plugins::bindings::{Loaded, Origin};
use crate::plugins::{Pending, Refused, UploadError, Uploaded};
use crate::shared::problem::HttpProblem;
use tocsin_sandbox::COMPONENT_BYTES_MAX;

/// The files that are not in force.
pub(super) fn refused(control: &Control) -> Vec<RefusedFile> {
    let shape = |Refused { file, why, needs_approval }: Refused| RefusedFile { file, why, needs_approval };
    control.shelf.refused().into_iter().map(shape).collect()
}

/// The plugins that are yet to be compiled, the first one first.
pub(super) fn pending(control: &Control) -> Vec<PendingPlugin> {
    let shape = |Pending { name, bytes, since }: Pending| PendingPlugin {
        name,
        bytes,
        compiling_seconds: since.map(|since| since.as_secs()),
    };
    control.shelf.pending(&control.app.config()).into_iter().map(shape).collect()
}

/// The plugins in force, and the files that are not.
#[utoipa::path(
    get,
    path = "/plugins",
    operation_id = "listPlugins",
    tag = "plugins",
    summary = "The plugins in force, the files that are refused, and those that are yet to be compiled.",
    responses((status = 200, description = "Done.", body = Plugins))
)]
pub(super) async fn list(State(control): State<Control>) -> Json<Plugins> {
    Json(Plugins {
        directory: control.shelf.directory().display().to_string(),
        in_force: control.app.bindings().plugins.values().map(plugin).collect(),
        refused: refused(&control),
        pending: pending(&control),
    })
}

/// A plugin, as it is in force.
fn plugin(loaded: &Loaded) -> Plugin {
    let info = loaded.plugin.info();
    let origin = match &loaded.origin {
        Origin::Bundled => "bundled".to_owned(),
        Origin::Dropped(file) => file.clone(),
    };
    Plugin {
        id: info.id.clone(),
        name: info.name.clone(),
        summary: info.summary.clone(),
        version: info.version.clone(),
        digest: loaded.plugin.digest().to_string(),
        origin,
        source: info.source.is_some(),
        action: info.action.is_some(),
        imports: loaded.plugin.imports().to_vec(),
    }
}

#[utoipa::path(
    post,
    path = "/plugins/approve",
    operation_id = "approvePlugin",
    tag = "plugins",
    summary = "Approves a file in the plugins directory.",
    request_body = Approve,
    responses((status = 200, description = "Done.", body = Approved), Conflict)
)]
pub(super) async fn approve(
    State(control): State<Control>,
    user: User,
    Asked(Approve { file, digest, actor }): Asked<Approve>,
) -> Result<Json<Approved>, HttpProblem> {
    let approved = control.shelf.approve(&file, digest.as_deref(), control.app.clock.now()).await;
    let approved = approved.map_err(|why| HttpProblem::new(StatusCode::CONFLICT, "Not approved", why))?;
    let what = format!("approved the plugin file {} (sha256 {})", approved.file, approved.digest);
    audit::record(&control, &user, actor.as_deref(), what).await;
    // A plugin that was suspended because it was too slow is called again at once.
    if let Some(id) = &approved.id {
        control.app.forgive(id);
    }
    Ok(Json(Approved::from(approved)))
}

#[utoipa::path(
    put,
    path = "/plugins/{file}",
    operation_id = "uploadPlugin",
    tag = "plugins",
    summary = "Writes a plugin file into the plugins directory, and waits until it is decided whether it is in force.",
    params(("file" = String, Path, description = "The name of the file, such as `jira.wasm`.")),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 200, description = "Written.", body = UploadedFile), TooLarge)
)]
pub(super) async fn upload(
    State(control): State<Control>,
    user: User,
    Path(file): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<UploadedFile>, HttpProblem> {
    let bytes = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("A plugin file may have {COMPONENT_BYTES_MAX} bytes.");
            HttpProblem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail)
        }
        _ => HttpProblem::bad_request(format!("{}.", rejection.body_text())),
    })?;
    let Uploaded { digest, why } = control.shelf.upload(&file, bytes.into()).await.map_err(|error| {
        let detail = format!("{error}.");
        match error {
            UploadError::Name(_) => HttpProblem::bad_request(detail),
            UploadError::Storage(_) => HttpProblem::unavailable("Not stored", detail),
        }
    })?;
    let what = format!("uploaded the plugin file {file} (sha256 {digest})");
    audit::record(&control, &user, None, what).await;
    Ok(Json(UploadedFile { file, digest, in_force: why.is_none(), why }))
}
