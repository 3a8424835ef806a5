//! `tocsin bench`: how many requests a relay takes on this machine, durably, how many it delivers, and what each
//! costs the disk.
//!
//! The relay is another process with a store in a fresh folder; this one sends and receives on loopback only,
//! for a bounded time, and shares the machine with it.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use axum::routing::post;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::table;
use crate::commands::out::{complain, say};
use crate::runtime::server;

mod body;
mod load;
mod relay;
mod report;

use body::Bodies;
use load::Target;
use relay::Relay;
use report::{Delivered, Report};

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
    dir: Option<PathBuf>,
    /// Outgoing webhooks for each alert.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=20))]
    deliveries: u64,
    /// Leave the outgoing webhooks out: measure taking in alone. The same as --deliveries 0
    #[arg(long, conflicts_with = "deliveries")]
    no_delivery: bool,
    /// Send this request body instead of generated ones, with its ids changed in each request.
    ///
    /// Changed are, in JSON and forms: numbers of 5 digits and more, alone or behind letters (10040,
    /// INC0012345); numbers of 2 digits and more behind a hyphen or underscore (OPS-41); UUIDs and long
    /// hexadecimal numbers; whole numbers in a field whose name ends in `id`. An id that comes twice stays
    /// the same in both places. Times stay as they are. If nothing looks like an id, the request's number is
    /// put behind each text whose field's name ends in `id`, else behind titles (`title`, `name`, `summary`,
    /// …). Other text is changed in the same way and gets one more line, `request N`.
    ///
    /// Without a file, each body is a made-up Jira issue of about 3.5 KB: names, sentences, ids and times
    /// are drawn anew.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The plugin that reads the requests. Default: jira, with --body webhook
    #[arg(long, value_name = "ID")]
    plugin: Option<String>,
}

impl BenchArgs {
    fn deliveries(&self) -> u64 {
        if self.no_delivery { 0 } else { self.deliveries }
    }
}

pub(super) fn run(args: &BenchArgs, as_json: bool) -> anyhow::Result<ExitCode> {
    let bodies = Bodies::read(args.body.as_deref())?;
    let folder = match &args.dir {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let folder = folder.context("making a folder for the store")?;
    // One thread: the relay is what is measured, and it needs the others.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // What is under way is no part of the JSON.
    let progress = |text: &str| if as_json { complain!("{text}") } else { say!("{text}") };
    let mut report = runtime.block_on(measure(args, bodies, folder.path(), &progress))?;
    if as_json {
        table::json(&report.json(args.body.as_deref(), args.connections, args.deliveries()))?;
    } else {
        report.print();
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(
    args: &BenchArgs,
    bodies: Bodies,
    folder: &Path,
    progress: &dyn Fn(&str),
) -> anyhow::Result<Report> {
    let delivered = Arc::new(AtomicU64::new(0));
    let receiver = receive(Arc::clone(&delivered)).await?;
    let address = free_port().await?;
    let config = folder.join("tocsin.toml");
    let plugin = args.plugin.clone().unwrap_or_else(|| bodies.plugin().to_owned());
    let text = configuration(address, receiver, &plugin, args.deliveries());
    write(&config, &text).context("writing the configuration")?;
    let mut relay = Relay::start(&config)?;
    progress(&format!("starting a relay at {address}, store in {}", folder.display()));
    let started = Instant::now();
    relay.wait_until_ready(address).await?;
    progress(&format!("ready after {:.1} s", started.elapsed().as_secs_f64()));
    progress(&format!(
        "sending for {} s over {} connections to the plugin {plugin}",
        args.seconds, args.connections
    ));
    let before = relay.usage()?;
    let began = Instant::now();
    let until = began + Duration::from_secs(args.seconds);
    let target = Target { relay: address, token: TOKEN, bodies };
    let load = load::run(target, args.connections, until).await?;
    let took = began.elapsed();
    let during = delivered.load(Ordering::Relaxed);
    let incidents = relay.incidents().await?;
    let wanted = incidents * args.deliveries();
    drain(&delivered, wanted).await;
    let all = delivered.load(Ordering::Relaxed);
    let delivered = Delivered { during, all, wanted, took: began.elapsed() };
    Ok(Report {
        plugin,
        load,
        took,
        delivered: (args.deliveries() > 0).then_some(delivered),
        incidents,
        before,
        after: relay.usage()?,
        peak_memory_bytes: relay.peak_memory_bytes()?,
    })
}

/// Writes what has a token in it, which is for its owner alone.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
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

fn configuration(relay: SocketAddr, receiver: SocketAddr, plugin: &str, deliveries: u64) -> String {
    // Writing to a `String` cannot fail.
    let mut text = format!("listen = \"{relay}\"\n");
    if let Some(cache) = super::cache::of_user() {
        let _ = writeln!(text, "cache_dir = {}", toml::Value::from(&*cache.to_string_lossy()));
    }
    let plugin = toml::Value::from(plugin);
    let _ = write!(text, "[sources.bench]\nplugin = {plugin}\ntoken = \"{TOKEN}\"\n");
    if deliveries > 0 {
        let _ = write!(
            text,
            "[connections.receiver]\nplugin = \"webhook\"\nurl = \"http://{receiver}/\"\nallow_private = true\n\
             concurrency = 64\n"
        );
    }
    for number in 1..=deliveries {
        let _ = write!(text, "[actions.tell-{number}]\nconnection = \"receiver\"\n");
    }
    text
}
