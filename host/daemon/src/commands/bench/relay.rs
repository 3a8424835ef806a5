//! The relay that is measured: another process, asked and looked at from outside.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::commands::client;
use crate::config::{Config, socket_in, store_in};
use crate::operate::api::plugins::Plugins;
use crate::operate::api::status::Status;

/// How long the relay may take to start: it compiles its plugins.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// The pause between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one question whether it is ready may take.
const READY_PATIENCE: Duration = Duration::from_secs(1);

/// The relay's process; it ends with this value.
pub(super) struct Relay {
    process: Child,
    socket: PathBuf,
    store: PathBuf,
}

/// What the process and its store have come to.
#[derive(Clone, Copy, Default)]
pub(super) struct Usage {
    /// The length of the store's file.
    pub(super) file_bytes: u64,
    /// What the file takes of its disk: parts that were never written take nothing.
    pub(super) disk_bytes: u64,
    /// What the process had written to disks, in whole pages.
    pub(super) written_bytes: u64,
    /// What the process gave to the system to write, to files and pipes.
    pub(super) given_bytes: u64,
}

impl Relay {
    pub(super) fn start(config: &Path) -> anyhow::Result<Self> {
        let state_dir = Config::read_state_dir(config)?;
        let program = std::env::current_exe().context("finding this program")?;
        let process = Command::new(program)
            .args(["serve", "--config"])
            .arg(config)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .context("starting the relay")?;
        Ok(Self { process, socket: socket_in(&state_dir), store: store_in(&state_dir) })
    }

    /// Waits until the relay says that it is well: it listens before its plugins are compiled.
    pub(super) async fn wait_until_ready(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        let until = Instant::now() + START_PATIENCE;
        let client = reqwest::Client::builder().no_proxy().timeout(READY_PATIENCE).build()?;
        let health = format!("http://{address}/healthz");
        while !client.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
            if let Some(status) = self.process.try_wait()? {
                anyhow::bail!("the relay did not start ({status}); it says why above");
            }
            anyhow::ensure!(Instant::now() < until, "the relay did not start within {START_PATIENCE:?}");
            tokio::time::sleep(PAUSE).await;
        }
        // Until then requests are kept instead of decoded.
        loop {
            let plugins: Plugins =
                client::get(&client::Relay::Socket(self.socket.clone()), "/plugins").await?;
            if plugins.pending.is_empty() {
                break;
            }
            anyhow::ensure!(
                Instant::now() < until,
                "the plugins were not compiled within {START_PATIENCE:?}"
            );
            tokio::time::sleep(PAUSE).await;
        }
        let status = self.status().await?;
        match status.problems.first() {
            Some(problem) => anyhow::bail!("the relay does not work: {}: {}", problem.path, problem.problem),
            None => Ok(()),
        }
    }

    /// How many incidents it holds.
    pub(super) async fn incidents(&self) -> anyhow::Result<u64> {
        let counts = self.status().await?.counts.context("the relay counts no incidents")?;
        Ok(counts.incidents.values().sum())
    }

    async fn status(&self) -> anyhow::Result<Status> {
        Ok(client::get(&client::Relay::Socket(self.socket.clone()), "/status").await?)
    }

    /// What it has come to so far.
    pub(super) fn usage(&self) -> anyhow::Result<Usage> {
        let store = std::fs::metadata(&self.store)
            .with_context(|| format!("looking at the store {}", self.store.display()))?;
        let said = self.said_of("io")?;
        let number = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.and_then(|number| number.trim().parse().ok())
                .with_context(|| format!("the system does not say `{name}` of the relay"))
        };
        Ok(Usage {
            file_bytes: store.len(),
            // The system counts in these, whatever the blocks of the disk are.
            disk_bytes: store.blocks() * 512,
            written_bytes: number("write_bytes")?,
            given_bytes: number("wchar")?,
        })
    }

    /// The most memory that the process ever had, as the system counts it.
    pub(super) fn peak_memory_bytes(&self) -> anyhow::Result<u64> {
        let said = self.said_of("status")?;
        let line = said.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        Ok(kib.context("the system does not say how much memory the relay took")? * 1024)
    }

    fn said_of(&self, name: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{name}", self.process.id());
        std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It is thrown away with its store: there is nothing to end well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
