//! Records the relay's start, and the configuration if it has changed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tocsin_core::command::Command;
use tocsin_store::ReadError;

use crate::config::{Config, History, Kept};
use crate::runtime::trouble;
use crate::shared::app::{App, CommitError};

/// The log message.
const NOT_BEGUN: &str = "the start could not be recorded";
/// The pause between two attempts to record the start.
const BEGIN_PAUSE: Duration = Duration::from_secs(1);
/// The recorded author of a change that was made while no relay ran.
const BY: &str = "a start";

/// Records the start. Returns false if the disk is full.
pub(super) async fn begin(app: &App) -> anyhow::Result<bool> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    match app.record(Command::Start { version }).await {
        Ok(_) => {
            configured(app).await;
            Ok(true)
        }
        Err(CommitError::Storage(_)) if app.store.trouble().is_some() => Ok(false),
        Err(error) => Err(error).context("recording the start"),
    }
}

/// Records the start as soon as possible. Until then, the relay can read its records but writes nothing.
pub(super) async fn begin_later(app: Arc<App>) {
    tracing::error!("the start could not be recorded: nothing is received or sent until it can be");
    loop {
        tokio::time::sleep(BEGIN_PAUSE).await;
        match begin(&app).await {
            Ok(true) => {
                trouble::over(NOT_BEGUN);
                break tracing::info!("the start is recorded: requests are received");
            }
            Ok(false) => {}
            Err(_) if app.store.counts() == Err(ReadError::Closed) => break,
            Err(error) => trouble::error(NOT_BEGUN, &format!("{error:#}")),
        }
    }
}

/// Keeps and records the configuration that the relay starts with, if it differs from the last one. The relay starts
/// even if this fails.
async fn configured(app: &App) {
    if let Err(error) = try_configured(app).await {
        tracing::error!(error = format!("{error:#}"), "could not record that the configuration changed");
    }
}

async fn try_configured(app: &App) -> anyhow::Result<()> {
    let config = app.config();
    let history = History::to_look_at(&config.state_dir);
    let before = tokio::task::spawn_blocking(move || history.newest()).await.context("reading")??;
    if before.as_ref().is_some_and(|before| before.digest == config.files.digest()) {
        return Ok(());
    }
    let changes = before.as_ref().map_or_else(Vec::new, |before| changes_since(before, &config));
    keep(app, &config, BY, changes.clone()).await?;
    let command = Command::Configure {
        by: BY.to_owned(),
        digest: config.files.digest(),
        changes,
        // The start itself has the same effects.
        sources: Vec::new(),
        connections: Vec::new(),
    };
    app.record(command).await?;
    Ok(())
}

fn changes_since(before: &Kept, config: &Config) -> Vec<String> {
    match before.config(&config.path, &config.state_dir) {
        Ok(before) => before.changes(config).iter().map(ToString::to_string).collect(),
        Err(_) => vec!["the previous one can no longer be read".to_owned()],
    }
}

/// Keeps the configuration's files in the history.
pub(super) async fn keep(
    app: &App,
    config: &Arc<Config>,
    by: &str,
    changes: Vec<String>,
) -> io::Result<Kept> {
    let history = History::of_relay(&config.state_dir);
    let (config, at, by) = (Arc::clone(config), app.clock.now().to_string(), by.to_owned());
    let kept = tokio::task::spawn_blocking(move || history.keep(&config.files, at, &by, changes)).await;
    kept.unwrap_or_else(|error| Err(io::Error::other(error)))
}
