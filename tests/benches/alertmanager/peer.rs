//! What is measured, as a process in a folder of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
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
        // On the disk that is built on: the folder for temporary files may be in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let config = folder.path().join("config");
        let mut command = match kind {
            Kind::Alertmanager => {
                fs::write(&config, alertmanager(receiver.address)).unwrap();
                let mut command = Command::new("prometheus-alertmanager");
                command
                    .arg(format!("--config.file={}", config.display()))
                    .arg(format!("--storage.path={}", folder.path().join("state").display()))
                    .arg(format!("--web.listen-address={address}"))
                    .arg("--cluster.listen-address=");
                command
            }
            Kind::Tocsin => {
                fs::write(&config, tocsin(address, receiver.address, &folder)).unwrap();
                let mut command = Command::new(env!("CARGO_BIN_EXE_tocsin-under-test"));
                command.arg("serve").arg("--config").arg(&config);
                command
            }
        };
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let peer = Self { kind, address, folder, process };
        peer.wait_until_ready();
        peer
    }

    fn wait_until_ready(&self) {
        let log = self.folder.path().join("log");
        let is_ready = || match self.kind {
            Kind::Alertmanager => TcpStream::connect(self.address).is_ok(),
            Kind::Tocsin => fs::read_to_string(&log).unwrap_or_default().contains("plugins are loaded"),
        };
        while !is_ready() {
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Megabytes of memory that it has now.
    pub(crate) fn memory(&self) -> u64 {
        let about = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = about.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() / 1000
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

fn tocsin(address: SocketAddr, receiver: SocketAddr, folder: &TempDir) -> String {
    format!(
        "listen = \"{address}\"\nstate_dir = {:?}\ncache_dir = {:?}\n\
         [sources.bench]\nplugin = \"webhook\"\ntoken = \"{TOKEN}\"\n\
         [connections.receiver]\nplugin = \"webhook\"\nurl = \"http://{receiver}/\"\nallow_private = true\nconcurrency = 32\n\
         timeout = \"5m\"\n\
         [actions.tell]\nconnection = \"receiver\"\n",
        folder.path().join("state"),
        concat!(env!("CARGO_TARGET_TMPDIR"), "/plugins")
    )
}
