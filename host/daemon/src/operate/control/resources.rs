//! Sources, connections and actions over the API: read, created, changed and removed.
//!
//! Asks the relay's own task for a change, which does one at a time.

mod refusal;
mod versions;

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, StatusCode};

use super::asked::{Asked, Narrowed, Path};
use super::configuration::shape as shape_reloaded;
use super::context::{Control, aside};
use super::document::{Changed, Conflict, NotFound, TooLarge};
use super::user::User;
use super::version::{Header, etag};
use crate::config::{self, Kind, ManagedChange, Part};
use crate::operate::api::Actor;
use crate::operate::api::resources::{KindName, Put, Removed, Resource, SourceToken, Written};
use crate::operate::curl;
use crate::plugins::bindings::Bindings;
use crate::runtime::signing::{random_token, sha256};
use crate::shared::problem::HttpProblem;

use refusal::refusal;

/// An answer with the version of what it shows.
type Versioned<T> = (StatusCode, Header, Json<T>);

#[utoipa::path(
    get,
    path = "/config/{kind}",
    operation_id = "listResources",
    tag = "configuration",
    summary = "Sources, connections or actions, as the configuration has them.",
    params(("kind" = inline(KindName), Path, description = "What it is.")),
    responses((status = 200, description = "Done.", body = Vec<Resource>), NotFound)
)]
pub(super) async fn list(
    State(control): State<Control>,
    Path(kind): Path<String>,
) -> Result<Json<Vec<Resource>>, HttpProblem> {
    let kind = kind_of(&kind)?;
    let config = control.app.config();
    let found = aside(move || config.resources(kind)).await?;
    Ok(Json(found.into_iter().map(|found| shape(&control, found)).collect()))
}

#[utoipa::path(
    get,
    path = "/config/{kind}/{name}",
    operation_id = "getResource",
    tag = "configuration",
    summary = "A source, connection or action, as the configuration has it.",
    params(
        ("kind" = inline(KindName), Path, description = "What it is."),
        ("name" = String, Path, description = "Its name.")
    ),
    responses((status = 200, description = "Done.", body = Resource), NotFound)
)]
pub(super) async fn show(
    State(control): State<Control>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<Versioned<Resource>, HttpProblem> {
    let kind = kind_of(&kind)?;
    let absent = || refusal(config::Refusal::Absent { kind, name: name.clone() }.into(), kind, &name, false);
    let (config, wanted) = (control.app.config(), name.clone());
    let found = aside(move || config.resource(kind, &wanted)).await?.ok_or_else(absent)?;
    let resource = shape(&control, found);
    Ok((StatusCode::OK, etag(&resource.version), Json(resource)))
}

#[utoipa::path(
    put,
    path = "/config/{kind}/{name}",
    operation_id = "putResource",
    tag = "configuration",
    summary = "Creates or changes a source, connection or action, and puts it in force.",
    params(
        ("kind" = inline(KindName), Path, description = "What it is."),
        ("name" = String, Path, description = "Its name."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that the caller saw."),
        ("If-None-Match" = Option<String>, Header, description = "`*` only creates.")
    ),
    request_body = Put,
    responses(
        (status = 200, description = "Changed.", body = Written),
        (status = 201, description = "Created.", body = Written),
        NotFound,
        Conflict,
        Changed,
        TooLarge
    )
)]
pub(super) async fn put(
    State(control): State<Control>,
    user: User,
    Path((kind, name)): Path<(String, String)>,
    headers: HeaderMap,
    Asked(Put { actor, settings }): Asked<Put>,
) -> Result<(StatusCode, Header, Header, Json<Written>), HttpProblem> {
    let kind = kind_of(&kind)?;
    let expected = versions::expected(&headers)?;
    let token = random_token().map_err(|error| {
        HttpProblem::unavailable("No token", format!("The system provides no random numbers: {error}."))
    })?;
    let by = user.beside(&user.actor(actor));
    let remark = format!("Tocsin wrote this for {by} over its API at {}.", control.app.clock.now());
    let digest = sha256(token.as_bytes());
    let change = ManagedChange::put((kind, &name), &settings, expected, digest, remark);
    let change = change.map_err(|why| refusal(why.into(), kind, &name, false))?;
    let changed = control.reloads.change(by, change).await.map_err(|why| refusal(why, kind, &name, false))?;
    let found = changed.resource.ok_or_else(|| {
        // Only a removal leaves none.
        HttpProblem::not_found(format!("There is no {} `{name}` any more.", kind.one()))
    })?;
    let token = changed.uses_token.then(|| new_token(&control, &name, token));
    let cached = HeaderValue::from_static(if token.is_some() { "no-store" } else { "no-cache" });
    let resource = shape(&control, found);
    let status = if changed.is_created { StatusCode::CREATED } else { StatusCode::OK };
    let etag = etag(&resource.version);
    let reloaded = shape_reloaded(changed.reloaded);
    let written = Written { created: changed.is_created, resource, token, reloaded };
    Ok((status, etag, [(CACHE_CONTROL, cached)], Json(written)))
}

#[utoipa::path(
    delete,
    path = "/config/{kind}/{name}",
    operation_id = "removeResource",
    tag = "configuration",
    summary = "Removes a source, connection or action.",
    params(
        Actor,
        ("kind" = inline(KindName), Path, description = "What it is."),
        ("name" = String, Path, description = "Its name."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that the caller saw.")
    ),
    responses((status = 200, description = "Done.", body = Removed), NotFound, Conflict, Changed, TooLarge)
)]
pub(super) async fn remove(
    State(control): State<Control>,
    user: User,
    Path((kind, name)): Path<(String, String)>,
    Narrowed(Actor { actor }): Narrowed<Actor>,
    headers: HeaderMap,
) -> Result<Json<Removed>, HttpProblem> {
    let kind = kind_of(&kind)?;
    let change = ManagedChange::remove(kind, &name, versions::expected(&headers)?);
    let changed = control.reloads.change(user.beside(&user.actor(actor)), change).await;
    let changed = changed.map_err(|why| refusal(why, kind, &name, true))?;
    Ok(Json(Removed { reloaded: shape_reloaded(changed.reloaded) }))
}

fn kind_of(kind: &str) -> Result<Kind, HttpProblem> {
    kind.parse().map_err(|_| HttpProblem::not_found("There is nothing here."))
}

fn shape(control: &Control, found: config::Resource) -> Resource {
    let config::Resource { kind, name, part, file, settings, hidden, version } = found;
    let url = (kind == Kind::Sources).then(|| control.app.config().source_url(&name));
    Resource {
        kind: kind.as_str().to_owned(),
        problem: problem(&control.app.bindings(), kind, &name),
        part: part.as_str().to_owned(),
        file: file.display().to_string(),
        writable: part == Part::Managed,
        name,
        version,
        url,
        settings,
        hidden,
    }
}

/// Why it does not work.
fn problem(bindings: &Bindings, kind: Kind, name: &str) -> Option<String> {
    let unbound = match kind {
        Kind::Sources => bindings.sources.get(name).and_then(|bound| bound.as_ref().err()),
        Kind::Connections => bindings.connections.get(name).and_then(|bound| bound.as_ref().err()),
        Kind::Actions => bindings.actions.get(name).and_then(|bound| bound.as_ref().err()),
    };
    let path = format!("{}.", kind.path(name));
    let missed = || bindings.missed.iter().find(|missed| missed.path.starts_with(&path));
    unbound.cloned().or_else(|| missed().map(ToString::to_string))
}

fn new_token(control: &Control, source: &str, token: String) -> SourceToken {
    let address = control.app.config().source_url(source);
    let bindings = control.app.bindings();
    let bound = bindings.sources.get(source).and_then(|bound| bound.as_ref().ok());
    let example = bound.and_then(|bound| bound.info.example.as_ref());
    let curl = example.map(|example| curl::line(&curl::address(&address, &token, example), example));
    SourceToken { url: format!("{address}?token={token}"), curl, token }
}
