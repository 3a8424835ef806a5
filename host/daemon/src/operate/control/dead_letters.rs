//! All dead letters over the API: tried again, or given up on, the oldest first.
//!
//! Never stops at one that somebody else was quicker with: that is none any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use tocsin_core::command::Command;
use tocsin_core::delivery::DeliveryState;
use tocsin_core::id::DeliveryId;
use tocsin_core::name::ConnectionName;
use tocsin_store::{DeliveryQuery, Store};

use super::asked::Asked;
use super::context::{Control, blocking};
use super::deliveries;
use super::document::NotFound;
use super::user::User;
use crate::operate::api::deliveries::{DeadLetters, Done};
use crate::shared::app::CommitError;
use crate::shared::problem::HttpProblem;

/// Dead letters that are read, and written, at once.
const AT_ONCE: usize = 200;

/// A dead letter, and the connection that it goes over.
type DeadLetter = (DeliveryId, ConnectionName);

#[utoipa::path(
    post,
    path = "/deliveries/retry",
    operation_id = "retryDeadLetters",
    tag = "deliveries",
    summary = "Tries all dead letters again, or those of an action or a connection.",
    request_body = DeadLetters,
    responses((status = 200, description = "Done.", body = Vec<String>), NotFound)
)]
pub(super) async fn retry(
    State(control): State<Control>,
    user: User,
    Asked(wanted): Asked<DeadLetters>,
) -> Result<Json<Done>, HttpProblem> {
    let found = find(&control, &wanted).await?;
    let connections: BTreeSet<&ConnectionName> = found.iter().map(|(_, connection)| connection).collect();
    connections.into_iter().for_each(|connection| deliveries::goes_on(&control, connection));
    let actor = user.actor(wanted.actor);
    let command = |id: DeliveryId| user.does(Command::Retry { delivery: id, actor: actor.clone() });
    let done = record(&control, &found, command).await?;
    control.app.signals.due.ring();
    Ok(Json(done))
}

#[utoipa::path(
    post,
    path = "/deliveries/discard",
    operation_id = "discardDeadLetters",
    tag = "deliveries",
    summary = "Gives up on all dead letters, or on those of an action or a connection.",
    request_body = DeadLetters,
    responses((status = 200, description = "Done.", body = Vec<String>), NotFound)
)]
pub(super) async fn discard(
    State(control): State<Control>,
    user: User,
    Asked(wanted): Asked<DeadLetters>,
) -> Result<Json<Done>, HttpProblem> {
    let found = find(&control, &wanted).await?;
    let actor = user.actor(wanted.actor);
    let command = |id: DeliveryId| user.does(Command::GiveUp { deliveries: vec![id], actor: actor.clone() });
    record(&control, &found, command).await.map(Json)
}

/// All dead letters that are wanted, the oldest first.
async fn find(control: &Control, wanted: &DeadLetters) -> Result<Vec<DeadLetter>, HttpProblem> {
    let states = DeliveryState::ALL.into_iter().filter(|state| state.is_dead_letter()).collect();
    let (action, connection) =
        (wanted.action.as_ref().map(Into::into), wanted.connection.as_ref().map(Into::into));
    let query = DeliveryQuery { states, action, connection, limit: AT_ONCE, ..DeliveryQuery::default() };
    let app = Arc::clone(&control.app);
    blocking(move || -> Result<_, HttpProblem> {
        deliveries::check_names(&app, query.action.as_deref(), query.connection.as_deref())?;
        Ok(all(&app.store, query)?)
    })
    .await
}

fn all(store: &Store, mut query: DeliveryQuery) -> Result<Vec<DeadLetter>, tocsin_store::ReadError> {
    let mut found = Vec::new();
    loop {
        let page = store.deliveries(&query)?;
        query.before = page.next;
        let is_last = page.next.is_none();
        found.extend(page.items.into_iter().map(|delivery| (delivery.id, delivery.connection)));
        if is_last {
            found.reverse();
            return Ok(found);
        }
    }
}

/// Records a fact about each of them, many at once. Returns the ids of those that it fitted.
async fn record(
    control: &Control,
    found: &[DeadLetter],
    command: impl Fn(DeliveryId) -> Command,
) -> Result<Done, HttpProblem> {
    let mut done = Vec::with_capacity(found.len());
    for many in found.chunks(AT_ONCE) {
        let mut commands: Vec<Command> = many.iter().map(|(id, _)| command(*id)).collect();
        let first = commands.remove(0);
        match control.app.record_all(first, commands).await {
            Ok(_) => done.extend(many.iter().map(|(id, _)| id.to_string())),
            // One of them is none any more: then each by itself.
            Err(CommitError::Rejected(_)) => {
                for (id, _) in many {
                    match control.app.record(command(*id)).await {
                        Ok(_) => done.push(id.to_string()),
                        Err(CommitError::Rejected(_)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(done)
}
