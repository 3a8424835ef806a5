//! `tocsin demo`: a real relay on loopback with every bundled source, a receiver to send to, and one alert
//! for each, shown step by step.
//!
//! Nothing here is a mock of the relay: it is started as `serve` starts it, in a folder that is removed
//! afterwards, and spoken to over HTTP.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tocsin_core::id::OfAny;
use tocsin_core::plugin::Example;
use tocsin_sandbox::{Sandbox, SandboxConfig};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

use crate::commands::bundled;
use crate::commands::cache;
use crate::commands::out::say;
use crate::config::Config;
use crate::operate::curl;
use crate::plugins::compile;
use crate::relay::Relay;
use crate::runtime::clock::Clock;
use crate::runtime::steps::What;
use crate::shared::steps::Watcher;

mod receiver;
mod screen;

use receiver::{Inbox, SLACK, WEBHOOK};

/// The port that the README's examples name; another one is taken when it is not free.
const PORT: u16 = 8686;
/// How long one alert may take to arrive, before the demonstration says that something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to demonstrate.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Stop after the example alerts instead of waiting for yours.
    #[arg(long)]
    once: bool,
}

/// A source of the demonstration.
struct Sample {
    name: String,
    token: String,
    example: Example,
}

/// Runs the demonstration.
///
/// # Errors
/// The relay does not start, or an alert does not arrive.
pub(super) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir().context("making a folder for the demonstration")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        // Kept for the next time, where this user keeps such things.
        let compiled = cache::of_user().unwrap_or_else(|| folder.path().join("cache"));
        let samples = samples(&compiled).await?;
        let inbox = Inbox::default();
        let receiver = receiver::start(inbox.clone()).await?;
        let listener = listen().await?;
        let text = configuration(listener.local_addr()?, receiver, &compiled, &samples);
        let config = Config::parse(&folder.path().join("tocsin.toml"), &text)?;
        let relay = Relay::start_on(listener, config).await?;
        relay.loaded().await;
        introduce(&relay, &samples, receiver);
        let shown = show(&relay, &inbox, &samples).await;
        if shown.is_ok() && !args.once {
            invite(&relay, &samples);
            watch(&relay, &inbox).await?;
        }
        say!("\nStopping; the folder is removed.");
        relay.stop().await;
        shown
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What the bundled sources want to be tried with.
async fn samples(cache: &Path) -> anyhow::Result<Vec<Sample>> {
    let usual = SandboxConfig::new(compile::this_program());
    let sandbox = Sandbox::new(SandboxConfig { cache_dir: Some(cache.to_owned()), ..usual })?;
    let plugins = bundled::load(&sandbox, Some(cache), |_| true, |line| say!("{line}")).await?;
    let (clock, mut samples) = (Clock::default(), Vec::new());
    for plugin in plugins.values() {
        let info = plugin.info();
        if let Some(example) = info.source.as_ref().and_then(|source| source.example.clone()) {
            let token = format!("demo-{}", clock.new_id::<OfAny>(clock.now())?.to_string().to_lowercase());
            samples.push(Sample { name: info.id.clone(), token, example });
        }
    }
    Ok(samples)
}

/// On the usual port if it is free, else on any.
async fn listen() -> anyhow::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("looking for a free port"),
    }
}

fn configuration(listen: SocketAddr, receiver: SocketAddr, cache: &Path, samples: &[Sample]) -> String {
    let mut text = format!("listen = \"{listen}\"\ncache_dir = {}\n", toml_text(&cache.to_string_lossy()));
    for Sample { name, token, .. } in samples {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "\n[sources.{name}]\nplugin = \"{name}\"\ntoken = \"{token}\"\n");
    }
    for (action, plugin, path) in [(SLACK, "slack", "slack"), (WEBHOOK, "webhook", "hook")] {
        let _ = write!(
            text,
            "\n[connections.demo-{plugin}]\nplugin = \"{plugin}\"\nurl = \"http://{receiver}/{path}\"\n\
             allow_private = true\n\n[actions.{action}]\nconnection = \"demo-{plugin}\"\n",
        );
    }
    text
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn introduce(relay: &Relay, samples: &[Sample], receiver: SocketAddr) {
    say!("\nA relay runs at http://{}, with {} sources and two actions:", relay.address, samples.len());
    say!("  {SLACK}    what Slack would get, sent to a receiver at http://{receiver}/slack");
    say!("  {WEBHOOK}  the incident as JSON, sent to http://{receiver}/hook");
    say!("\nIts configuration has, for each source, two lines (plugin, token). Sources:");
    for sample in samples {
        say!("  {}", url(relay, sample));
    }
}

/// Sends every example and shows its way until both actions have settled.
async fn show(relay: &Relay, inbox: &Inbox, samples: &[Sample]) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    for sample in samples {
        say!("\n── {} ──\n{}", sample.name, line(relay, sample));
        let mut steps = relay.app.signals.steps.watch();
        let method = sample.example.method.parse().context("the example's method")?;
        let mut request = client.request(method, url(relay, sample)).body(sample.example.body.clone());
        if !sample.example.content_type.is_empty() {
            request = request.header("content-type", &sample.example.content_type);
        }
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        tokio::time::timeout(PATIENCE, follow(&mut steps, inbox, relay.app.config().actions.len()))
            .await
            .with_context(|| format!("the alert of `{}` did not arrive", sample.name))??;
        say!("  answered   {status} {body}");
    }
    Ok(())
}

/// Shows steps until `deliveries` have settled.
async fn follow(steps: &mut Watcher, inbox: &Inbox, deliveries: usize) -> anyhow::Result<()> {
    let mut settled = 0;
    while settled < deliveries {
        let step = steps.next().await.context("the relay stopped")?;
        settled += usize::from(matches!(step.what, What::Settled { .. }));
        screen::show(inbox, &step);
    }
    Ok(())
}

fn invite(relay: &Relay, samples: &[Sample]) {
    say!("\nNow yours: send any of these lines from another terminal, changed as you like. Send the same");
    say!("again and it is merged; say resolve, Up or Done, and the incident is resolved.");
    for sample in samples {
        say!("\n{}", line(relay, sample));
    }
    say!("\nCtrl-C ends it.");
}

/// Shows every step until Ctrl-C.
async fn watch(relay: &Relay, inbox: &Inbox) -> anyhow::Result<()> {
    let mut steps = relay.app.signals.steps.watch();
    loop {
        tokio::select! {
            step = steps.next() => match step {
                Ok(step) => screen::show(inbox, &step),
                Err(broadcast::error::RecvError::Lagged(missed)) => say!("  … {missed} steps not shown"),
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            },
            interrupted = tokio::signal::ctrl_c() => return interrupted.context("listening for Ctrl-C"),
        }
    }
}

fn url(relay: &Relay, sample: &Sample) -> String {
    curl::address(&format!("http://{}/in/{}", relay.address, sample.name), &sample.token, &sample.example)
}

/// The request as a line to copy.
fn line(relay: &Relay, sample: &Sample) -> String {
    curl::line(&url(relay, sample), &sample.example)
}
