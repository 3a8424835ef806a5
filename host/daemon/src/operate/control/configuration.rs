//! Reloads the configuration over the API.
//!
//! Asks the relay's own task, which does one reload at a time.

use axum::Json;
use axum::extract::State;

use super::asked::Asked;
use super::context::Control;
use super::user::User;
use crate::config::{Change, count};
use crate::operate::api::Nothing;
use crate::operate::api::configuration::{self as api, Changed, Reload};
use crate::operate::api::status::StatusProblem;
use crate::shared::problem::HttpProblem;
use crate::shared::reloads::{NotReloaded, OtherMatches, Reloaded};

#[utoipa::path(
    post,
    path = "/config/reload",
    operation_id = "reloadConfiguration",
    tag = "configuration",
    summary = "Reads the configuration again and puts it in force if it has no mistake.",
    request_body = Reload,
    responses((status = 200, description = "Done.", body = api::Reloaded))
)]
pub(super) async fn reload(
    State(control): State<Control>,
    user: User,
    Asked(Reload { actor }): Asked<Reload>,
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

fn refusal(why: NotReloaded) -> HttpProblem {
    match why {
        NotReloaded::Stopping => HttpProblem::unavailable("Stopping", "The relay is stopping."),
        NotReloaded::Mistakes(problems) => {
            let listed: String = problems.iter().map(|problem| format!("\n{problem}")).collect();
            HttpProblem::bad_request(format!(
                "the configuration in force stays: {} to fix{listed}",
                count(problems.len())
            ))
        }
        NotReloaded::Failed(why) => {
            HttpProblem::bad_request(format!("the configuration in force stays: {why}"))
        }
    }
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
