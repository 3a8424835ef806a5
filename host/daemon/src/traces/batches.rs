//! Sends spans to a collector, some at a time.
//!
//! One request at a time. A collector that cannot take one now is asked again a few times; then the spans are dropped,
//! and the next ones have their turn.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::sync::{mpsc, watch};

use crate::config::Traces;
use crate::runtime::trouble;
use crate::send::collector::{Accepted, Collector, Failure};
use crate::shared::app::App;

/// What the log and `tocsin status` call it.
pub const TROUBLE: &str = "traces could not be sent";
/// Spans in one request, as OpenTelemetry's libraries have it.
const BATCH: usize = 512;
/// How long a span waits for others at most.
const FILLED_WITHIN: Duration = Duration::from_secs(1);
/// The pause after a collector could not take a request; it doubles.
const PAUSE: Duration = Duration::from_secs(1);
/// How often one request is sent: for half a minute, as long as a collector takes for a restart.
const TRIES: u32 = 6;

/// What sends batches.
pub(super) struct Batches {
    app: Arc<App>,
    collector: Collector,
    exporter: SpanExporter,
    /// Has lost its sender once no more will come.
    closed: watch::Receiver<()>,
}

impl Batches {
    /// Batches for the collector of this `plan`, until `closed` has lost its sender.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub(super) async fn new(
        app: &Arc<App>,
        plan: &Traces,
        closed: watch::Receiver<()>,
    ) -> anyhow::Result<Self> {
        let collector = Collector::new(plan).await?;
        // The library would wait between two requests by keeping a thread of the relay.
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector.clone())
            .with_retry_policy(RetryPolicy::disabled())
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(plan.endpoint.as_str())
            .build()?;
        exporter.set_resource(&resource());
        Ok(Self { app: Arc::clone(app), collector, exporter, closed })
    }

    /// Sends all that comes. Once no more will, takes no longer than `last`.
    pub(super) async fn send(self, mut waiting: mpsc::Receiver<SpanData>, last: Duration) {
        let mut batch = Vec::with_capacity(BATCH);
        let limit = async {
            self.closed().await;
            tokio::time::sleep(last).await;
        };
        tokio::select! {
            () = self.send_all(&mut waiting, &mut batch) => return,
            () = limit => {}
        }
        let lost = batch.len() + waiting.len();
        self.drop_spans(lost, &format!("they were not sent within {} s", last.as_secs()));
    }

    async fn send_all(&self, waiting: &mut mpsc::Receiver<SpanData>, batch: &mut Vec<SpanData>) {
        while waiting.recv_many(batch, BATCH).await > 0 {
            let fill = async {
                while batch.len() < BATCH && waiting.recv_many(batch, BATCH - batch.len()).await > 0 {}
            };
            // One that is not full is sent as well.
            let _ = tokio::time::timeout(FILLED_WITHIN, fill).await;
            self.send_one(batch).await;
            batch.clear();
        }
    }

    /// Sends a batch; again if that may help, unless no more will come.
    async fn send_one(&self, batch: &[SpanData]) {
        let mut pause = PAUSE;
        for tried in 1..=TRIES {
            let Failure { words, may_pass, after } = match self.export(batch).await {
                Ok(accepted) => return self.accepted(batch.len(), &accepted),
                Err(failure) => failure,
            };
            if !may_pass || tried == TRIES || self.is_over() {
                return self.drop_spans(batch.len(), &words);
            }
            trouble::error(TROUBLE, &words);
            tokio::select! {
                () = tokio::time::sleep(after.unwrap_or(pause).max(pause)) => {}
                () = self.closed() => return self.drop_spans(batch.len(), &words),
            }
            pause *= 2;
        }
    }

    /// Waits until no more will come.
    async fn closed(&self) {
        let mut closed = self.closed.clone();
        while closed.changed().await.is_ok() {}
    }

    /// Whether no more will come. The trouble is then that of the next plan: this one neither reports nor ends it.
    fn is_over(&self) -> bool {
        self.closed.has_changed().is_err()
    }

    async fn export(&self, batch: &[SpanData]) -> Result<Accepted, Failure> {
        let exported = self.exporter.export(batch.to_vec()).await;
        let unsent = || Failure {
            words: exported.err().map_or_else(String::new, |error| error.to_string()),
            may_pass: false,
            after: None,
        };
        // Without a request, it is the library that failed.
        self.collector.last().unwrap_or_else(|| Err(unsent()))
    }

    fn accepted(&self, count: usize, Accepted { rejected }: &Accepted) {
        let rejected = usize::try_from(*rejected).unwrap_or(count).min(count);
        self.app.measures.traces.exported(count - rejected);
        if rejected > 0 {
            self.drop_spans(rejected, "the collector rejected spans; its own log says why");
        } else if !self.is_over() {
            trouble::over(TROUBLE);
        }
    }

    fn drop_spans(&self, count: usize, why: &str) {
        self.app.measures.traces.dropped(u64::try_from(count).unwrap_or(u64::MAX));
        if self.is_over() {
            tracing::warn!(count, error = why, "the last spans of traces were dropped");
        } else {
            trouble::error(TROUBLE, &why);
        }
    }
}

/// What all spans are of.
fn resource() -> Resource {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    // Nothing comes from the environment.
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "tocsin"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("host.name", host),
        ])
        .build()
}
