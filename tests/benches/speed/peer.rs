//! What is measured, as a process in a folder of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::receiver::Receiver;

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Alertmanager,
    Tocsin,
}

/// A program that was started. It is killed at the end.
pub(crate) struct Peer {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    process: Child,
}

impl Peer {
    /// Starts it, with `receiver` for its webhooks, and waits until it is ready.
    pub(crate) fn start(kind: Kind, receiver: &Receiver) -> Self {
        Self::configured(kind, |address, folder| match kind {
            Kind::Alertmanager => alertmanager(receiver.address),
            Kind::Tocsin => format!("{}{}", tocsin(address, folder), action(receiver.address)),
        })
    }

    /// A relay that tells nobody.
    pub(crate) fn of_sources_alone() -> Self {
        Self::configured(Kind::Tocsin, tocsin)
    }

    /// A relay that tells each open incident again after `repeat`.
    pub(crate) fn with_repeats(receiver: &Receiver, repeat: Duration) -> Self {
        Self::configured(Kind::Tocsin, |address, folder| {
            format!(
                "{}{}repeat = \"{}s\"\n",
                tocsin(address, folder),
                action(receiver.address),
                repeat.as_secs()
            )
        })
    }

    fn configured(kind: Kind, config: impl FnOnce(SocketAddr, &Path) -> String) -> Self {
        // On the disk that is built on: the folder for temporary files may be in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        fs::write(folder.path().join("config"), config(address, folder.path())).unwrap();
        let process = run(kind, address, folder.path());
        let peer = Self { kind, address, folder, process };
        peer.wait_until_ready();
        peer
    }

    /// Has it end as a service does.
    pub(crate) fn stop(&mut self) {
        let told = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(told.success() && self.process.wait().unwrap().success(), "it did not end well");
    }

    /// Starts it again after it has ended.
    pub(crate) fn restart(&mut self) {
        self.process = run(self.kind, self.address, self.folder.path());
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        let log = self.folder.path().join("log");
        let is_ready = || match self.kind {
            Kind::Alertmanager => TcpStream::connect(self.address).is_ok(),
            Kind::Tocsin => {
                let said = fs::read_to_string(&log).unwrap_or_default();
                // It is ready before its plugins are compiled.
                said.contains("plugins are loaded") && said.contains(" ready ")
            }
        };
        while !is_ready() {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Bytes of the relay's store.
    pub(crate) fn stored(&self) -> u64 {
        fs::metadata(self.folder.path().join("state/tocsin.redb")).unwrap().len()
    }

    /// Megabytes of memory that it has now.
    pub(crate) fn memory(&self) -> u64 {
        self.memory_bytes() / 1_000_000
    }

    /// Bytes of memory that it has now.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let about = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = about.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    /// The processor time that it has used.
    pub(crate) fn computed(&self) -> Duration {
        let about = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // Its name, in brackets, may hold anything; the times are the 12th and 13th field behind it, in hundredths.
        let times = about.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
        Duration::from_millis(times.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>() * 10)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Every alert its own group, told at once.
fn alertmanager(receiver: SocketAddr) -> String {
    format!(
        "route: {{receiver: bench, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers: [{{name: bench, webhook_configs: [{{url: 'http://{receiver}/'}}]}}]\n"
    )
}

/// The token of the one source.
pub(crate) const TOKEN: &str = "bench-0123456789abcdef";

fn tocsin(address: SocketAddr, folder: &Path) -> String {
    format!(
        "listen = \"{address}\"\nstate_dir = {:?}\ncache_dir = {:?}\n[limits]\nconnections = 20000\n\
         [sources.bench]\nplugin = \"webhook\"\ntoken = \"{TOKEN}\"\n",
        folder.join("state"),
        concat!(env!("CARGO_TARGET_TMPDIR"), "/plugins")
    )
}

/// One action, and its connection.
fn action(receiver: SocketAddr) -> String {
    format!(
        "[connections.receiver]\nplugin = \"webhook\"\nurl = \"http://{receiver}/\"\nallow_private = true\n\
         concurrency = 32\ntimeout = \"5m\"\n[actions.tell]\nconnection = \"receiver\"\n"
    )
}

/// Starts the program with what is in `folder`. What it says goes into a log there.
fn run(kind: Kind, address: SocketAddr, folder: &Path) -> Child {
    let config = folder.join("config");
    let mut command = match kind {
        Kind::Alertmanager => {
            let mut command = Command::new("prometheus-alertmanager");
            command
                .arg(format!("--config.file={}", config.display()))
                .arg(format!("--storage.path={}", folder.join("state").display()))
                .arg(format!("--web.listen-address={address}"))
                .arg("--cluster.listen-address=");
            command
        }
        Kind::Tocsin => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tocsin-under-test"));
            command.arg("serve").arg("--config").arg(&config);
            command
        }
    };
    let log = fs::File::create(folder.join("log")).unwrap();
    command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
}
