//! Deliveries over the API: list, show, retry, discard.

use axum::Json;
use axum::extract::State;
use tocsin_core::command::Command;
use tocsin_core::delivery::Delivery;
use tocsin_core::id::DeliveryId;
use tocsin_store::DeliveryQuery;

use super::asked::{Asked, Narrowed, Path};
use super::context::{Control, blocking};
use super::document::{Conflict, NotFound};
use super::user::User;
use super::{incidents, query, shapes};
use crate::operate::api::deliveries::{DeliveryList, WholeDelivery};
use crate::operate::api::{self, Actor};
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;

#[utoipa::path(
    get,
    path = "/deliveries",
    operation_id = "listDeliveries",
    tag = "deliveries",
    summary = "The deliveries, the newest first.",
    params(DeliveryList),
    responses(
        (status = 200, description = "Done.", body = api::page::Page<api::deliveries::Delivery>),
        NotFound
    )
)]
pub(super) async fn list(
    State(control): State<Control>,
    Narrowed(list): Narrowed<DeliveryList>,
) -> Result<Json<api::page::Page<api::deliveries::Delivery>>, HttpProblem> {
    let app = control.app.clone();
    let found = blocking(move || -> Result<_, HttpProblem> {
        let store = &app.store;
        check_names(&app, list.action.as_deref(), list.connection.as_deref())?;
        let incident = match &list.incident {
            Some(reference) => Some(incidents::find(store, reference)?.id),
            None => None,
        };
        let query = DeliveryQuery {
            states: query::choices(list.state.as_deref())?,
            connection: list.connection.as_ref().map(Into::into),
            action: list.action.as_ref().map(Into::into),
            incident,
            made: query::period(list.since.as_deref(), list.until.as_deref())?,
            before: query::after(list.after.as_deref())?,
            limit: query::limit(list.limit),
        };
        Ok(store.deliveries(&query)?)
    });
    Ok(Json(shapes::page(&found.await?, shapes::delivery)))
}

/// Refuses the name of an action or a connection that is neither configured nor one of a delivery. Of many deliveries, it
/// looks at the latest, and takes the name to be an earlier one's.
pub(super) fn check_names(
    app: &App,
    action: Option<&str>,
    connection: Option<&str>,
) -> Result<(), HttpProblem> {
    let one = DeliveryQuery { limit: 1, ..DeliveryQuery::default() };
    let any = |query: &DeliveryQuery| {
        let page = app.store.deliveries(query)?;
        Ok(!page.items.is_empty() || page.next.is_some())
    };
    query::known("action", action, app.config().actions.keys(), |name| {
        any(&DeliveryQuery { action: Some(name.into()), ..one.clone() })
    })?;
    query::known("connection", connection, app.config().connections.keys(), |name| {
        any(&DeliveryQuery { connection: Some(name.into()), ..one.clone() })
    })
}

#[utoipa::path(
    get,
    path = "/deliveries/{delivery}",
    operation_id = "getDelivery",
    tag = "deliveries",
    summary = "A delivery with all its attempts.",
    params(
        ("delivery" = String, Path, pattern = "^[0-9A-HJKMNP-TV-Z]{26}$", description = "The id of the delivery.")
    ),
    responses((status = 200, description = "Done.", body = WholeDelivery), NotFound)
)]
pub(super) async fn show(
    State(control): State<Control>,
    Path(delivery): Path<String>,
) -> Result<Json<WholeDelivery>, HttpProblem> {
    Ok(Json(shapes::delivery_whole(&find(&control, query::id(&delivery)?).await?)))
}

async fn find(control: &Control, id: DeliveryId) -> Result<Delivery, HttpProblem> {
    let store = control.app.store.clone();
    let found = blocking(move || store.delivery(id)).await?;
    found.ok_or_else(|| {
        HttpProblem::not_found(format!(
            "There is no delivery {id}: it never was, or it was forgotten along with its incident."
        ))
    })
}

#[utoipa::path(
    post,
    path = "/deliveries/{delivery}/retry",
    operation_id = "retryDelivery",
    tag = "deliveries",
    summary = "Tries a delivery again at once.",
    params(
        ("delivery" = String, Path, pattern = "^[0-9A-HJKMNP-TV-Z]{26}$", description = "The id of the delivery.")
    ),
    request_body = Actor,
    responses((status = 200, description = "Done.", body = WholeDelivery), NotFound, Conflict)
)]
pub(super) async fn retry(
    State(control): State<Control>,
    Path(delivery): Path<String>,
    user: User,
    Asked(body): Asked<Actor>,
) -> Result<Json<WholeDelivery>, HttpProblem> {
    let id = query::id(&delivery)?;
    control.app.record(user.does(Command::Retry { delivery: id, actor: user.actor(body.actor) })).await?;
    let retried = find(&control, id).await?;
    goes_on(&control, &retried.connection);
    Ok(Json(shapes::delivery_whole(&retried)))
}

#[utoipa::path(
    post,
    path = "/deliveries/{delivery}/discard",
    operation_id = "discardDelivery",
    tag = "deliveries",
    summary = "Gives up on a delivery.",
    params(
        ("delivery" = String, Path, pattern = "^[0-9A-HJKMNP-TV-Z]{26}$", description = "The id of the delivery.")
    ),
    request_body = Actor,
    responses((status = 200, description = "Done.", body = WholeDelivery), NotFound, Conflict)
)]
pub(super) async fn discard(
    State(control): State<Control>,
    Path(delivery): Path<String>,
    user: User,
    Asked(body): Asked<Actor>,
) -> Result<Json<WholeDelivery>, HttpProblem> {
    let id = query::id(&delivery)?;
    control
        .app
        .record(user.does(Command::GiveUp { deliveries: vec![id], actor: user.actor(body.actor) }))
        .await?;
    // The one behind it may be due now.
    control.app.signals.due.ring();
    Ok(Json(shapes::delivery_whole(&find(&control, id).await?)))
}

/// An operator has `connection` go on: neither its peer's wish nor a pause keeps it waiting, and what was doubted of
/// it is not.
pub(super) fn goes_on(control: &Control, connection: &str) {
    control.app.backoffs.release(connection);
    control.app.trials.end(connection);
    control.app.doubts.forget(connection);
    control.app.signals.due.ring();
}
