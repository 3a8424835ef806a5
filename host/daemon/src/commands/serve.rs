//! `tocsin serve`: the relay, until it is told to stop.

use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::place::Place;
use crate::relay::Relay;
use crate::runtime::systemd::sockets::{self, Inherited, Start};
use crate::runtime::{log, systemd};

pub(super) fn run(place: &Place) -> anyhow::Result<ExitCode> {
    let start = Start::default();
    let inherited = sockets::inherited().context("taking over the sockets that systemd handed over")?;
    serve(place, inherited, start)
}

fn serve(place: &Place, inherited: Inherited, start: Start) -> anyhow::Result<ExitCode> {
    let config = place.read()?;
    log::begin(&config.log.settings);
    let runtime = super::place::runtime()?;
    let served = runtime.block_on(async {
        // Listened for before anything starts, so that a stop during the start is heard.
        let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("listening for Ctrl-C")?;
        let mut hangup = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
        let relay = Relay::start(config, inherited).await?;
        start.succeeded();
        let config = relay.app.config();
        for name in config.sources.keys() {
            tracing::info!(source = name, url = config.source_url(name), "source");
        }
        tracing::info!(address = %relay.address, "ready");
        let watchdog = relay.tell_systemd();
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => {
                    let reloads = relay.reloads.clone();
                    // The log and `tocsin status` show the result.
                    tokio::spawn(async move { reloads.ask("SIGHUP".to_owned(), false).await.map(drop) });
                }
            }
        }
        tracing::info!("stopping");
        systemd::stopping();
        watchdog.abort();
        relay.stop().await;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    });
    // Nothing is left but a plugin that is being compiled, for which a stop does not wait.
    runtime.shutdown_background();
    served
}
