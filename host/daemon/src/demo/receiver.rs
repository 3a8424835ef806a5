//! The receiver of the demonstration: answers as Slack and as any webhook would, and shows what it got.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use axum::Router;
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::server;

/// Lines of JSON that are shown.
const LINES: usize = 12;

/// Listens on loopback until the process ends.
pub(super) async fn start() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("starting the receiver")?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/slack", post(slack)).route("/hook", post(hook));
    let (never, stopped) = watch::channel(false);
    tokio::spawn(async move {
        server::serve(listener, router, stopped, std::time::Duration::ZERO).await;
        drop(never);
    });
    Ok(address)
}

/// Slack answers `ok`, and nothing else is success.
async fn slack(body: String) -> &'static str {
    let document: Value = serde_json::from_str(&body).unwrap_or_default();
    println!("  receiver   as Slack got {}", document["text"]);
    "ok"
}

async fn hook(body: String) -> &'static str {
    let document: Value = serde_json::from_str(&body).unwrap_or_default();
    let pretty = format!("{document:#}");
    println!("  receiver   got this JSON:");
    for line in pretty.lines().take(LINES) {
        println!("             {line}");
    }
    let rest = pretty.lines().count().saturating_sub(LINES);
    if rest > 0 {
        println!("             … {rest} more lines");
    }
    "{}"
}
