//! The HTTP API under [`ROOT`]: on the control socket for the command line, and on the network for holders of access
//! tokens. `routes` lists the operations, and `guard` decides who may ask for which.

use std::sync::Arc;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Extension, Router};
use utoipa::openapi::OpenApi;

use crate::operate::api::ROOT;
use crate::operate::metrics::Exporter;
use crate::plugins::Shelf;
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;
use crate::shared::reloads::Reloads;

mod access;
mod actions;
mod asked;
mod audit;
mod backup;
mod configuration;
mod connections;
mod context;
mod dead_letters;
mod deliveries;
mod document;
mod events;
mod guard;
mod idempotency;
mod incidents;
mod intake;
mod journal;
mod pieces;
mod plugins;
mod query;
mod receipts;
mod relay;
mod resources;
mod routes;
pub(crate) mod shapes;
mod socket;
mod sources;
mod unmatched;
mod user;
mod version;
mod whole;

pub use journal::page as journal_page;
pub use shapes::verified;
pub use socket::{SocketError, listen};

use context::Control;
use guard::Gate;

/// The API of a relay.
#[derive(Clone)]
pub struct Api {
    app: Arc<App>,
    operations: Router,
    description: Router,
}

impl Api {
    /// The API of this relay.
    ///
    /// # Errors
    /// The page of the description cannot be written.
    pub fn new(app: Arc<App>, shelf: Arc<Shelf>, reloads: Reloads) -> anyhow::Result<Self> {
        let (operations, description) = routes::all().split_for_parts();
        let description = document::router(&description)?;
        let operations = operations
            .fallback(async || HttpProblem::not_found("There is no such operation."))
            .method_not_allowed_fallback(not_allowed)
            .with_state(Control { app: Arc::clone(&app), shelf, reloads });
        Ok(Self { app, operations, description })
    }

    /// For the control socket, whose users may do everything. It has metrics whatever the configuration says.
    pub fn for_socket(&self, exporter: Arc<Exporter>) -> Router {
        Router::new()
            .route("/metrics", get(relay::metrics).layer(Extension(exporter)))
            .nest(ROOT, self.operations.clone().layer(from_fn(guard::local)))
            .fallback(async || HttpProblem::not_found("There is nothing here."))
    }

    /// For the network, where each request needs an access token.
    pub fn for_network(&self) -> Router {
        let gate = Gate::new(Arc::clone(&self.app));
        let operations = self.operations.clone().layer(from_fn_with_state(gate, guard::authenticate));
        self.description.clone().nest(ROOT, operations)
    }
}

/// The OpenAPI description of the API.
pub fn description() -> OpenApi {
    routes::all().split_for_parts().1
}

async fn not_allowed() -> HttpProblem {
    HttpProblem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "Method not allowed",
        "This operation has another method: see the description of the API.",
    )
}
