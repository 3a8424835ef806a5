//! The operations of the API, by the role that each needs.

use axum::middleware::from_fn_with_state;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::context::Control;
use super::{
    access, actions, audit, backup, configuration, connections, dead_letters, deliveries, document, events,
    guard, incidents, journal, plugins, receipts, relay, resources, sources,
};
use crate::shared::access::Role;

/// All operations, with their description.
pub(super) fn all() -> OpenApiRouter<Control> {
    OpenApiRouter::with_openapi(document::base())
        .merge(needing(Role::Source, of_a_source()))
        .merge(needing(Role::Viewer, to_read()))
        .merge(needing(Role::Operator, to_operate()))
        .merge(needing(Role::Admin, to_administer()))
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
        .routes(routes!(plugins::upload).layer(plugins::upload_limit()))
        .routes(routes!(relay::verify))
        .routes(routes!(backup::stream))
        .routes(routes!(access::list, access::create))
        .routes(routes!(access::revoke))
}

/// These operations, for callers with at least this role.
fn needing(role: Role, mut router: OpenApiRouter<Control>) -> OpenApiRouter<Control> {
    document::guarded(router.get_openapi_mut(), role);
    router.route_layer(from_fn_with_state(role, guard::require))
}
