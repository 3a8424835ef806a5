//! What the world reaches: the sources' addresses, the pages behind links in messages, an answer for Slack's
//! buttons, and the health check.
//! Everything else is behind the control socket.

use std::sync::Arc;

use axum::routing::{any, get};
use axum::{Extension, Router};

use crate::deliver::dispatch;
use crate::operate::{interactions, pages};
use crate::receive::ingest;
use crate::runtime::trouble;
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;
use crate::timers;

/// The routes of the public listener.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/in", any(ingest::receive))
        .route("/in/", any(ingest::receive))
        .route("/in/{*source}", any(ingest::receive))
        .route("/incidents/{incident}", any(pages::page).layer(Extension(Arc::<pages::Rates>::default())))
        .route("/interactions", any(interactions::answer))
        .route("/healthz", get(health))
        .fallback(async || HttpProblem::not_found("There is nothing here: sources are at /in/<source>."))
        .with_state(app)
}

/// 200 while the store can be read and, as far as is known, written, and neither deliveries nor timers stand still.
async fn health(app: axum::extract::State<Arc<App>>) -> Result<&'static str, HttpProblem> {
    let store = app.store.clone();
    let read = tokio::task::spawn_blocking(move || (store.trouble(), store.pauses()));
    match trouble::watched(trouble::NOT_ANSWERED, read.await) {
        Ok((Some(trouble), _)) => {
            let detail = format!("Nothing can be stored: {}.", trouble.cause());
            Err(HttpProblem::unavailable("Not stored", detail))
        }
        Ok((None, Ok(_))) => {
            trouble::over(trouble::NOT_READ);
            match [dispatch::TROUBLE, timers::TROUBLE].into_iter().find(|one| trouble::ongoing(one).is_some())
            {
                Some(trouble) => Err(HttpProblem::unavailable(
                    "Standing still",
                    format!("The relay works, but {trouble}; the log says why."),
                )),
                None => Ok("ok\n"),
            }
        }
        Ok((None, Err(error))) => Err(HttpProblem::from(error)),
        Err(_) => {
            Err(HttpProblem::unavailable("Not readable", "The store cannot be read; the log says why."))
        }
    }
}
