//! The operations of the API, by the role that each needs.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tocsin_sandbox::COMPONENT_BYTES_MAX;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::context::Control;
use super::idempotency::{self, Answers};
use super::whole;
use super::{
    access, actions, audit, backup, configuration, connections, dead_letters, deliveries, document, events,
    guard, incidents, journal, plugins, receipts, relay, resources, sources,
};
use crate::shared::access::Role;

/// Bytes of a request's body at most.
const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// All operations, with their description.
pub(super) fn all() -> OpenApiRouter<Control> {
    let answers = Arc::<Answers>::default();
    let needing = |role, bytes, operations| needing(role, bytes, &answers, operations);
    OpenApiRouter::with_openapi(document::base())
        .merge(needing(Role::Source, BODY_BYTES_MAX, of_a_source()))
        .merge(needing(Role::Viewer, BODY_BYTES_MAX, to_read()))
        .merge(needing(Role::Operator, BODY_BYTES_MAX, to_operate()))
        .merge(needing(Role::Admin, BODY_BYTES_MAX, to_administer()))
        .merge(needing(Role::Admin, COMPONENT_BYTES_MAX, to_upload()))
}

/// Operations that keep to one source if the caller may see only that.
fn of_a_source() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(sources::list))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::show))
        .routes(routes!(receipts::list))
        .routes(routes!(receipts::show))
}

fn to_read() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(relay::status))
        .routes(routes!(plugins::list))
        .routes(routes!(connections::list))
        .routes(routes!(actions::list))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::show))
        .routes(routes!(journal::list))
        .routes(routes!(events::stream))
        .routes(routes!(audit::list))
        .routes(routes!(backup::sizes))
        .routes(routes!(sources::foresee_events))
}

fn to_operate() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(incidents::command))
        .routes(routes!(incidents::modify))
        .routes(routes!(deliveries::retry))
        .routes(routes!(deliveries::discard))
        .routes(routes!(dead_letters::retry))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(receipts::redecode))
        .routes(routes!(receipts::redecode_all))
        .routes(routes!(receipts::discard))
        .routes(routes!(connections::test))
        .routes(routes!(actions::try_out))
        .routes(routes!(relay::dismiss))
}

fn to_administer() -> OpenApiRouter<Control> {
    OpenApiRouter::new()
        .routes(routes!(configuration::reload))
        .routes(routes!(configuration::diff))
        .routes(routes!(resources::list))
        .routes(routes!(resources::show, resources::put, resources::remove))
        .routes(routes!(plugins::approve))
        .routes(routes!(relay::verify))
        .routes(routes!(backup::stream))
        .routes(routes!(access::list, access::create))
        .routes(routes!(access::revoke))
}

/// Operations with a large body.
fn to_upload() -> OpenApiRouter<Control> {
    OpenApiRouter::new().routes(routes!(plugins::upload).layer(DefaultBodyLimit::max(COMPONENT_BYTES_MAX)))
}

/// These operations, for callers with at least this role, whose requests have at most so many bytes.
fn needing(
    role: Role,
    bytes: usize,
    answers: &Arc<Answers>,
    mut router: OpenApiRouter<Control>,
) -> OpenApiRouter<Control> {
    document::guarded(router.get_openapi_mut(), role);
    // The last layer is the first that a request comes to.
    router
        .route_layer(from_fn_with_state(Arc::clone(answers), idempotency::once))
        .route_layer(from_fn_with_state(bytes, whole::whole))
        .route_layer(from_fn_with_state(role, guard::require))
}
