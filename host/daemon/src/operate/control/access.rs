//! Access tokens over the API: list, create, revoke.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use tocsin_core::time::Timestamp;

use super::asked::{Asked, Path};
use super::audit;
use super::context::{Control, aside};
use super::document::{Conflict, NotFound};
use super::user::User;
use crate::config::{NO_NAME, is_name};
use crate::operate::api::Actor;
use crate::operate::api::access::{AccessToken, CreateToken, CreatedToken};
use crate::shared::access::{AccessError, Scope, Token, UnknownScope};
use crate::shared::problem::HttpProblem;

#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "listTokens",
    tag = "access",
    summary = "The access tokens, without their secrets.",
    responses((status = 200, description = "Done.", body = Vec<AccessToken>))
)]
pub(super) async fn list(State(control): State<Control>) -> Json<Vec<AccessToken>> {
    let now = control.app.clock.now();
    let all = control.app.access.all();
    Json(all.iter().map(|(token, used)| shape(token, *used, now)).collect())
}

#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "createToken",
    tag = "access",
    summary = "Creates an access token. The answer is the only one that has its secret.",
    request_body = CreateToken,
    responses(
        (status = 201, description = "Created.", body = CreatedToken), Conflict
    )
)]
pub(super) async fn create(
    State(control): State<Control>,
    user: User,
    Asked(CreateToken { actor, name, scope, expires_at }): Asked<CreateToken>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1], Json<CreatedToken>), HttpProblem> {
    if !is_name(&name) {
        return Err(HttpProblem::bad_request(format!("`name`: `{name}` {NO_NAME}.")));
    }
    let scope: Scope = scope
        .parse()
        .map_err(|error: UnknownScope| HttpProblem::bad_request(format!("`scope`: {error}.")))?;
    if let Some(source) = &scope.source
        && !control.app.config().sources.contains_key(source)
    {
        return Err(HttpProblem::bad_request(format!(
            "`scope`: there is no source `{source}` in the configuration."
        )));
    }
    let now = control.app.clock.now();
    let expires_at = expires_at.map(|text| end(&text, now)).transpose()?;
    let actor = user.actor(actor);
    let by = user.beside(&actor);
    let what = format!("created the access token {name} with the scope {scope}");
    let app = Arc::clone(&control.app);
    let created = aside(move || app.access.create(&name, scope, &by, now, expires_at));
    let (token, about) = created.await??;
    audit::record(&control, &user, Some(&actor), what).await;
    let is_secret = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, is_secret, Json(CreatedToken { token, about: shape(&about, None, now) })))
}

fn end(text: &str, now: Timestamp) -> Result<Timestamp, HttpProblem> {
    let wrong = |why: String| HttpProblem::bad_request(format!("`expires_at`: {why}."));
    let end: Timestamp =
        text.parse().map_err(|error: tocsin_core::time::InvalidTime| wrong(error.to_string()))?;
    if end <= now {
        return Err(wrong(format!("{end} is in the past")));
    }
    Ok(end)
}

#[utoipa::path(
    post,
    path = "/tokens/{token}/revoke",
    operation_id = "revokeToken",
    tag = "access",
    summary = "Revokes an access token at once.",
    params(("token" = String, Path, description = "The name of the token.")),
    request_body = Actor,
    responses(
        (status = 200, description = "Done.", body = AccessToken), NotFound
    )
)]
pub(super) async fn revoke(
    State(control): State<Control>,
    Path(name): Path<String>,
    user: User,
    Asked(Actor { actor }): Asked<Actor>,
) -> Result<Json<AccessToken>, HttpProblem> {
    let app = Arc::clone(&control.app);
    let revoked = aside(move || app.access.revoke(&name)).await??;
    let what = format!("revoked the access token {}", revoked.name);
    audit::record(&control, &user, actor.as_deref(), what).await;
    Ok(Json(shape(&revoked, None, control.app.clock.now())))
}

impl From<AccessError> for HttpProblem {
    fn from(error: AccessError) -> Self {
        let detail = format!("{error}.");
        match error {
            AccessError::Exists(_) | AccessError::TooMany => {
                Self::new(StatusCode::CONFLICT, "Not possible now", detail)
            }
            AccessError::Unknown(_) => Self::not_found(detail),
            AccessError::Storage(_) => Self::unavailable("Not stored", detail),
        }
    }
}

fn shape(token: &Token, used: Option<Timestamp>, now: Timestamp) -> AccessToken {
    AccessToken {
        name: token.name.clone(),
        scope: token.scope.to_string(),
        created_at: token.created_at().to_string(),
        created_by: token.created_by.clone(),
        expires_at: token.expires_at().map(|at| at.to_string()),
        expired: token.is_expired(now),
        last_used: used.map(|at| at.to_string()),
    }
}
