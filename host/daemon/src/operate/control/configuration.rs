//! Reloads the configuration over the API.
//!
//! Asks the relay's own task, which does one reload at a time.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::asked::Asked;
use super::context::Control;
use super::user::User;
use crate::config::{Change, ConfigProblem, count};
use crate::operate::api::configuration::{self as api, Changed};
use crate::operate::api::status::StatusProblem;
use crate::operate::api::{Actor, Nothing};
use crate::shared::problem::HttpProblem;
use crate::shared::reloads::{NotReloaded, OtherMatches, Reloaded};

#[utoipa::path(
    post,
    path = "/config/reload",
    operation_id = "reloadConfiguration",
    tag = "configuration",
    summary = "Reads the configuration again and puts it in force if it has no mistake.",
    request_body = Actor,
    responses((status = 200, description = "Done.", body = api::Reloaded))
)]
pub(super) async fn reload(
    State(control): State<Control>,
    user: User,
    Asked(Actor { actor }): Asked<Actor>,
) -> Result<Json<api::Reloaded>, HttpProblem> {
    let reloaded = control.reloads.ask(user.beside(&user.actor(actor)), false).await;
    reloaded.map(|reloaded| Json(shape(reloaded))).map_err(refusal)
}

#[utoipa::path(
    post,
    path = "/config/diff",
    operation_id = "compareConfiguration",
    tag = "configuration",
    summary = "Says what a reload would change. Changes nothing.",
    request_body = Nothing,
    responses((status = 200, description = "Done.", body = api::Reloaded))
)]
pub(super) async fn diff(
    State(control): State<Control>,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<api::Reloaded>, HttpProblem> {
    let compared = control.reloads.ask(String::new(), true).await;
    compared.map(|compared| Json(shape(compared))).map_err(refusal)
}

/// Why the configuration in force stays.
pub(super) fn refusal(why: NotReloaded) -> HttpProblem {
    match why {
        NotReloaded::Stopping => HttpProblem::unavailable("Stopping", "The relay is stopping."),
        NotReloaded::Mistakes(problems) => {
            let begin = format!("the configuration in force stays: {} to fix", count(problems.len()));
            mistakes(StatusCode::BAD_REQUEST, "Bad request", Some(begin), &problems)
        }
        NotReloaded::Failed(why) => {
            HttpProblem::unavailable("Not reloaded", format!("the configuration in force stays: {why}"))
        }
    }
}

/// Mistakes of a configuration: in words, each on a line below `begin`, and as a list, `problems`.
pub(super) fn mistakes(
    status: StatusCode,
    title: &'static str,
    begin: Option<String>,
    problems: &[ConfigProblem],
) -> HttpProblem {
    let lines: Vec<String> = begin.into_iter().chain(problems.iter().map(ToString::to_string)).collect();
    let listed: Vec<StatusProblem> = problems.iter().map(StatusProblem::from).collect();
    let problem = HttpProblem::new(status, title, lines.join("\n"));
    // A list of texts is JSON.
    problem.with("problems", serde_json::to_value(listed).unwrap_or_default())
}

pub(super) fn shape(reloaded: Reloaded) -> api::Reloaded {
    let Reloaded { changes, with_the_next_start, warnings, filters } = reloaded;
    let changed = |Change { path, how }| Changed { path, how: <&str>::from(how).to_owned() };
    let other = |OtherMatches { action, more, fewer }| api::OtherMatches { action, more, fewer };
    api::Reloaded {
        changes: changes.into_iter().map(changed).collect(),
        with_the_next_start,
        warnings: warnings.iter().map(StatusProblem::from).collect(),
        filters: filters.into_iter().map(other).collect(),
    }
}
