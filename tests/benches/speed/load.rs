//! The highest load that `wrk` can make, and what it sends.

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::peer::{Kind, Peer, TOKEN};

/// What came of a load.
pub(crate) struct Load {
    pub(crate) accepted: u64,
    /// Answers that were not 2xx, and requests without an answer.
    pub(crate) failed: u64,
    pub(crate) took: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Load {
    /// Accepted requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.accepted as f64 / self.took.as_secs_f64()
    }
}

/// The path and query that alerts are posted to.
pub(crate) fn path(kind: Kind) -> String {
    match kind {
        Kind::Alertmanager => "/api/v2/alerts".to_owned(),
        Kind::Tocsin => format!("/in/bench?token={TOKEN}"),
    }
}

/// An alert's body: before and behind its number.
pub(crate) fn body(kind: Kind) -> (String, String) {
    let text = "z".repeat(600);
    match kind {
        Kind::Alertmanager => (
            "[{\"labels\":{\"alertname\":\"Disk\",\"severity\":\"high\",\"host\":\"db-".to_owned(),
            format!("\"}},\"annotations\":{{\"summary\":\"Disk full\",\"description\":\"{text}\"}}}}]"),
        ),
        Kind::Tocsin => (
            "{\"title\":\"Disk full\",\"status\":\"trigger\",\"severity\":\"high\",\"id\":\"db-".to_owned(),
            format!("\",\"message\":\"{text}\"}}"),
        ),
    }
}

/// Loads `peer` over so many connections for so many seconds.
pub(crate) fn highest(peer: &Peer, connections: u32, seconds: u64) -> Load {
    let script = peer.folder.path().join("load.lua");
    let (before, behind) = body(peer.kind);
    let lua = format!(
        "local n = 0\n\
         function request()\n  n = n + 1\n  \
         return wrk.format('POST', '{}', {{['Content-Type'] = 'application/json'}}, '{before}' .. n .. '{behind}')\nend\n\
         function done(summary, latency)\n  local e = summary.errors\n  \
         io.write(string.format('RESULT %d %d %d %d %d\\n', summary.requests, e.status + e.connect + e.read + e.write + \
         e.timeout, summary.duration, latency:percentile(50), latency:percentile(99)))\nend\n",
        path(peer.kind)
    );
    fs::write(&script, lua).unwrap();
    let output = Command::new("wrk")
        .args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "--timeout", "30s", "-s"])
        .arg(&script)
        .arg(format!("http://{}", peer.address))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let line =
        said.lines().find_map(|line| line.strip_prefix("RESULT ")).unwrap_or_else(|| panic_with(&said));
    let numbers: Vec<u64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
    let [requests, failed, took, p50, p99] = numbers[..] else { panic_with(&said) };
    let micros = Duration::from_micros;
    Load {
        accepted: requests.saturating_sub(failed),
        failed,
        took: micros(took),
        p50: micros(p50),
        p99: micros(p99),
    }
}

#[expect(clippy::panic, reason = "a measurement that cannot be made ends")]
fn panic_with(said: &str) -> ! {
    panic!("wrk said: {said}")
}
