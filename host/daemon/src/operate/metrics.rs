//! `/metrics`: the counters and the state of the relay, in Prometheus's text format.
//!
//! Reads all values for each scrape: from the parts that count, the store and `/proc/self`. Label values come from the
//! configuration in force or from the relay itself, never from a sender or a peer.

use std::sync::Arc;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::prometheus_text;
use tokio::sync::Mutex;

use super::ready;
use crate::plugins::Shelf;
use crate::runtime::server::Connections;
use crate::runtime::{process, trouble};
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;

mod deliveries;
mod metric;
mod plugins;
mod relay;
mod requests;
mod store;
mod system;

use store::Stored;

/// Answers `/metrics`.
pub struct Exporter {
    app: Arc<App>,
    shelf: Arc<Shelf>,
    /// The connections of the main listener.
    connections: Arc<Connections>,
    /// Held during a scrape, so that concurrent scrapes do not keep the store busy.
    turn: Mutex<()>,
}

impl Exporter {
    /// An exporter of this relay, whose main listener has these connections.
    pub fn new(app: Arc<App>, shelf: Arc<Shelf>, connections: Arc<Connections>) -> Self {
        Self { app, shelf, connections, turn: Mutex::new(()) }
    }

    /// The whole answer, without the values that cannot be read from the store.
    ///
    /// # Errors
    /// The text cannot be written.
    pub async fn answer(&self) -> Result<Response, HttpProblem> {
        let _turn = self.turn.lock().await;
        let Self { app, shelf, connections, .. } = self;
        let read = app.reading(|app| {
            let room = process::room(&app.config().state_dir);
            Ok((room, process::usage(), Stored::read(app)))
        });
        let (room, usage, stored) = read.await?;
        let stored = trouble::watched(trouble::NOT_READ, stored).ok();
        let in_force = app.in_force();
        let mut metrics = relay::all(app, shelf, connections, &ready::parts(app, shelf).await);
        metrics.extend(requests::all(app, &in_force.config));
        metrics.extend(plugins::all(&in_force, &shelf.gauges()));
        metrics.extend(deliveries::all(app, &in_force.config, stored.as_ref()));
        metrics.extend(store::all(app, &in_force.config, stored.as_ref()));
        metrics.extend(system::all(&usage, room, app.measures.started_at));
        let text = metric::text(metrics).map_err(|error| {
            HttpProblem::unavailable("Not written", format!("The metrics could not be written: {error}."))
        })?;
        Ok(([(CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], text).into_response())
    }
}
