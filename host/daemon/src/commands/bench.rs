//! `tocsin bench`: how many requests a relay takes on this machine, durably, and how many it delivers.
//!
//! The relay is another process with a store in a fresh folder; this one sends and receives on loopback only,
//! for a bounded time, and shares the machine with it.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::routing::post;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::commands::client;
use crate::commands::out::say;
use crate::config::{Config, socket_in};
use crate::operate::api::plugins::Plugins;
use crate::runtime::server;

mod load;

/// How long the relay may take to start: it compiles its plugins.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// The pause between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one question whether it is ready may take.
const READY_PATIENCE: Duration = Duration::from_secs(1);
/// How long deliveries may go on after the load.
const DRAIN_PATIENCE: Duration = Duration::from_secs(60);
/// The token of the one source.
const TOKEN: &str = "bench-0123456789abcdef";

/// How to measure.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// For how long to send.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Requests at the same time.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=900))]
    connections: u64,
    /// Where to put the store; its disk is what is measured. Default: the directory for temporary files
    #[arg(long, value_name = "DIR")]
    dir: Option<std::path::PathBuf>,
    /// Leave the outgoing webhook out: measure taking in alone.
    #[arg(long)]
    no_delivery: bool,
}

pub(super) fn run(args: &BenchArgs) -> anyhow::Result<ExitCode> {
    let folder = match &args.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let folder = folder.context("making a folder for the store")?;
    // One thread: the relay is what is measured, and it needs the others.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(args, folder.path()))?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(args: &BenchArgs, folder: &Path) -> anyhow::Result<()> {
    let delivered = Arc::new(AtomicU64::new(0));
    let receiver = receive(Arc::clone(&delivered)).await?;
    let relay = free_port().await?;
    let config = folder.join("tocsin.toml");
    std::fs::write(&config, configuration(relay, receiver, args)).context("writing the configuration")?;
    let mut child = Relay::start(&config)?;
    say!("starting a relay at {relay}, store in {}", folder.display());
    let started = Instant::now();
    let socket = socket_in(&Config::read_state_dir(&config)?);
    child.wait_until_ready(relay, &socket).await?;
    say!("ready after {:.1} s", started.elapsed().as_secs_f64());
    say!("sending for {} s over {} connections", args.seconds, args.connections);
    let began = Instant::now();
    let until = began + Duration::from_secs(args.seconds);
    let mut load = load::run(relay, TOKEN, args.connections, until).await?;
    let took = began.elapsed();
    let during = delivered.load(Ordering::Relaxed);
    say!(
        "accepted   {:>9.0} requests/s, each on the disk before its answer ({} in {:.1} s)",
        per_second(load.accepted, took),
        load.accepted,
        took.as_secs_f64()
    );
    let refused: Vec<String> =
        load.others.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    say!("refused    {}", if refused.is_empty() { "none".to_owned() } else { refused.join(", ") });
    say!(
        "answered   p50 {:.1} ms, p99 {:.1} ms, slowest {:.1} ms",
        load.percentile_ms(50),
        load.percentile_ms(99),
        load.percentile_ms(100)
    );
    if !args.no_delivery {
        drain(&delivered, load.accepted).await;
        let all = delivered.load(Ordering::Relaxed);
        say!(
            "delivered  {:>9.0} requests/s while sending, {:.0} /s over all ({all} of {} in {:.1} s)",
            per_second(during, took),
            per_second(all, began.elapsed()),
            load.accepted,
            began.elapsed().as_secs_f64()
        );
    }
    say!("memory     {} MiB at its peak", child.peak_memory_kib()? / 1024);
    Ok(())
}

fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Waits until everything is delivered, or nothing more comes.
async fn drain(delivered: &AtomicU64, wanted: u64) {
    let until = Instant::now() + DRAIN_PATIENCE;
    while delivered.load(Ordering::Relaxed) < wanted && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Counts what arrives.
async fn receive(delivered: Arc<AtomicU64>) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("starting the receiver")?;
    let address = listener.local_addr()?;
    let count = move || {
        delivered.fetch_add(1, Ordering::Relaxed);
        async { "ok" }
    };
    let router = Router::new().route("/", post(count));
    let (never, stopped) = watch::channel(false);
    tokio::spawn(async move {
        server::serve(listener, router, stopped, Duration::ZERO).await;
        drop(never);
    });
    Ok(address)
}

async fn free_port() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("looking for a free port")?;
    Ok(listener.local_addr()?)
}

fn configuration(relay: SocketAddr, receiver: SocketAddr, args: &BenchArgs) -> String {
    // Writing to a `String` cannot fail.
    let mut text = format!("listen = \"{relay}\"\n");
    if let Some(cache) = super::cache::of_user() {
        let _ = writeln!(text, "cache_dir = {}", toml::Value::from(&*cache.to_string_lossy()));
    }
    let _ = write!(text, "[sources.bench]\nplugin = \"webhook\"\ntoken = \"{TOKEN}\"\n");
    if !args.no_delivery {
        let _ = write!(
            text,
            "[connections.receiver]\nplugin = \"webhook\"\nurl = \"http://{receiver}/\"\nallow_private = true\n\
             concurrency = 64\n[actions.tell]\nconnection = \"receiver\"\n"
        );
    }
    text
}

/// The relay's process; it ends with this value.
struct Relay(Child);

impl Relay {
    fn start(config: &Path) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("finding this program")?;
        let child = Command::new(program)
            .args(["serve", "--config"])
            .arg(config)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .context("starting the relay")?;
        Ok(Self(child))
    }

    /// Waits until the relay says that it is well: it listens before its plugins are compiled.
    async fn wait_until_ready(&mut self, address: SocketAddr, socket: &Path) -> anyhow::Result<()> {
        let until = Instant::now() + START_PATIENCE;
        let client = reqwest::Client::builder().no_proxy().timeout(READY_PATIENCE).build()?;
        let health = format!("http://{address}/healthz");
        while !client.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
            if let Some(status) = self.0.try_wait()? {
                anyhow::bail!("the relay did not start ({status}); it says why above");
            }
            anyhow::ensure!(Instant::now() < until, "the relay did not start within {START_PATIENCE:?}");
            tokio::time::sleep(PAUSE).await;
        }
        // Until then requests are kept instead of decoded.
        loop {
            let plugins: Plugins = client::get(socket, "/plugins").await?;
            if plugins.waiting.is_empty() {
                return Ok(());
            }
            anyhow::ensure!(
                Instant::now() < until,
                "the plugins were not compiled within {START_PATIENCE:?}"
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The most memory that the process ever had, as the system counts it.
    fn peak_memory_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.context("the system does not say how much memory the relay took")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It is thrown away with its store: there is nothing to end well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
