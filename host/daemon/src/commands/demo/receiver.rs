//! The receiver of the demonstration: answers as Slack and as any webhook would, and keeps what it got to be shown.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::runtime::server;

/// Lines of JSON that are shown.
const LINES: usize = 12;
/// The action that sends as to Slack.
pub(super) const SLACK: &str = "tell-slack";
/// The action that sends as to any webhook.
pub(super) const WEBHOOK: &str = "tell-webhook";

/// What came and was not shown yet, by the action that sent it. Shown by whoever shows the other steps, so that
/// they stand in the order in which they happened.
#[derive(Clone, Default)]
pub(super) struct Inbox(Arc<Mutex<BTreeMap<&'static str, Vec<String>>>>);

impl Inbox {
    fn put(&self, action: &'static str, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(action).or_default().push(text);
    }

    /// What came of this action since the last time.
    pub(super) fn take(&self, action: &str) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(action).unwrap_or_default()
    }
}

/// Listens on loopback until the process ends.
pub(super) async fn start(inbox: Inbox) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("starting the receiver")?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/slack", post(slack)).route("/hook", post(hook)).with_state(inbox);
    let (never, stopped) = watch::channel(false);
    tokio::spawn(async move {
        server::serve(listener, router, stopped, std::time::Duration::ZERO).await;
        drop(never);
    });
    Ok(address)
}

/// A message to Slack, as far as it is shown.
#[derive(Default, Deserialize)]
struct Message {
    /// What Slack shows where it cannot show the blocks.
    text: Option<String>,
}

/// Slack answers `ok`, and nothing else is success.
async fn slack(State(inbox): State<Inbox>, body: String) -> &'static str {
    let message: Message = serde_json::from_str(&body).unwrap_or_default();
    inbox.put(SLACK, format!("  receiver   as Slack got {}", Value::from(message.text)));
    "ok"
}

async fn hook(State(inbox): State<Inbox>, body: String) -> &'static str {
    let document: Value = serde_json::from_str(&body).unwrap_or_default();
    let pretty = format!("{document:#}");
    let mut text = "  receiver   got this JSON:".to_owned();
    for line in pretty.lines().take(LINES) {
        text.push_str("\n             ");
        text.push_str(line);
    }
    let rest = pretty.lines().count().saturating_sub(LINES);
    if rest > 0 {
        text.push_str(&format!("\n             … {rest} more lines"));
    }
    inbox.put(WEBHOOK, text);
    "{}"
}
