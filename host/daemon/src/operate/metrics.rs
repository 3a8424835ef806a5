//! `/metrics`: the counters and the state of the relay, in Prometheus's text format.
//!
//! Reads all values for each scrape: from the parts that count, the store and `/proc/self`. Label values come from the
//! configuration in force or from the relay itself, never from a sender or a peer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::prometheus_text;
use tokio::sync::Mutex;

use super::ready;
use crate::plugins::Shelf;
use crate::runtime::server::{Connections, Security};
use crate::runtime::{process, trouble};
use crate::shared::app::App;
use crate::shared::problem::HttpProblem;
use crate::shared::reloads::Reloads;

mod deliveries;
mod listeners;
mod metric;
mod plugins;
mod relay;
mod requests;
mod store;
mod system;

use store::Stored;

/// For how long the network gets one text: somebody who asks without a pause keeps no more of the relay busy than
/// somebody who asks every second.
const SHOWN_FOR: Duration = Duration::from_secs(1);

/// Answers `/metrics`.
pub struct Exporter {
    app: Arc<App>,
    shelf: Arc<Shelf>,
    /// The connections of the main listener.
    connections: Arc<Connections>,
    /// The TLS of the listeners.
    security: Arc<Security>,
    reloads: Reloads,
    last: Last,
}

impl Exporter {
    /// An exporter of this relay, whose main listener has these connections and whose listeners this TLS.
    pub fn new(
        app: Arc<App>,
        shelf: Arc<Shelf>,
        connections: Arc<Connections>,
        security: Arc<Security>,
        reloads: Reloads,
    ) -> Self {
        Self { app, shelf, connections, security, reloads, last: Last::default() }
    }

    /// The whole answer, without the values that cannot be read from the store.
    ///
    /// # Errors
    /// The text cannot be written.
    pub async fn now(&self) -> Result<Response, HttpProblem> {
        self.answer(Duration::ZERO).await
    }

    /// The same, as it was within the last second.
    ///
    /// # Errors
    /// As [`Self::now`].
    pub async fn recent(&self) -> Result<Response, HttpProblem> {
        self.answer(SHOWN_FOR).await
    }

    async fn answer(&self, shown_for: Duration) -> Result<Response, HttpProblem> {
        let text = self.last.text(shown_for, self.text()).await?;
        Ok(([(CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], text).into_response())
    }

    async fn text(&self) -> Result<String, HttpProblem> {
        let Self { app, shelf, connections, .. } = self;
        let read = app.reading(|app| {
            let room = process::room(&app.config().state_dir).ok();
            Ok((room, process::usage(), Stored::read(app)))
        });
        let (room, usage, stored) = read.await?;
        let stored = trouble::watched(trouble::NOT_READ, stored).ok();
        let in_force = app.in_force();
        let mut metrics = relay::all(app, shelf, &ready::parts(app, shelf).await);
        metrics.push(relay::reloaded(&self.reloads));
        metrics.extend(listeners::all(connections, &self.security, &app.config()));
        metrics.extend(requests::all(app, &in_force.config));
        metrics.extend(plugins::all(&in_force, &shelf.gauges()));
        metrics.extend(deliveries::all(app, &in_force.config, stored.as_ref()));
        metrics.extend(store::all(app, &in_force.config, stored.as_ref()));
        metrics.extend(system::all(&usage, room, app.measures.started_at));
        metric::text(metrics).map_err(|error| {
            HttpProblem::unavailable("Not written", format!("The metrics could not be written: {error}."))
        })
    }
}

/// The last text, with when it was made. Locked while another is made: those who ask meanwhile wait for that one.
#[derive(Default)]
struct Last(Mutex<Option<(Instant, String)>>);

impl Last {
    /// The last text while it is younger than `shown_for`, else what `made` gives.
    async fn text<E>(
        &self,
        shown_for: Duration,
        made: impl Future<Output = Result<String, E>>,
    ) -> Result<String, E> {
        let mut last = self.0.lock().await;
        if let Some((_, text)) = last.as_ref().filter(|(at, _)| at.elapsed() < shown_for) {
            return Ok(text.clone());
        }
        let text = made.await?;
        *last = Some((Instant::now(), text.clone()));
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_text_is_shown_again_for_a_while_and_made_anew_for_those_who_want_it_as_it_is() {
        let (last, made) = (Last::default(), AtomicUsize::new(0));
        let asked = async |shown_for| {
            let make = async { Ok::<_, Infallible>(made.fetch_add(1, Ordering::Relaxed).to_string()) };
            last.text(shown_for, make).await.expect("it is made")
        };
        let long = Duration::from_secs(60);
        assert_eq!((asked(long).await, asked(long).await), ("0".to_owned(), "0".to_owned()));
        assert_eq!(asked(Duration::ZERO).await, "1");
        assert_eq!(asked(long).await, "1");
        let long_ago = Instant::now().checked_sub(long).expect("a machine that runs for longer");
        *last.0.lock().await = Some((long_ago, "old".to_owned()));
        assert_eq!(asked(long).await, "2");
    }

    #[tokio::test]
    async fn a_text_that_cannot_be_made_is_tried_again() {
        let last = Last::default();
        let failed = last.text(SHOWN_FOR, async { Err("no") }).await;
        assert_eq!(failed, Err("no"));
        assert_eq!(
            last.text(SHOWN_FOR, async { Ok::<_, &str>("text".to_owned()) }).await,
            Ok("text".to_owned())
        );
    }
}
