//! What a measurement found, as text and as JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::load::Load;
use super::relay::Usage;
use crate::commands::out::{say, single};

/// What a measurement found.
pub(super) struct Report {
    pub(super) plugin: String,
    pub(super) load: Load,
    /// How long requests were sent.
    pub(super) took: Duration,
    /// Deliveries, if there were any.
    pub(super) delivered: Option<Delivered>,
    /// Incidents that the relay holds.
    pub(super) incidents: u64,
    pub(super) before: Usage,
    pub(super) after: Usage,
    pub(super) peak_memory_bytes: u64,
}

/// How deliveries went.
pub(super) struct Delivered {
    /// That arrived while requests were sent.
    pub(super) during: u64,
    pub(super) all: u64,
    pub(super) wanted: u64,
    /// From the first request to the last delivery.
    pub(super) took: Duration,
}

impl Report {
    fn accepted(&self) -> u64 {
        self.load.accepted
    }

    /// `bytes` for each alert; none without alerts.
    fn for_each(&self, bytes: u64) -> Option<u64> {
        bytes.checked_div(self.accepted())
    }

    fn file_bytes(&self) -> u64 {
        self.after.file_bytes.saturating_sub(self.before.file_bytes)
    }

    fn disk_bytes(&self) -> u64 {
        self.after.disk_bytes.saturating_sub(self.before.disk_bytes)
    }

    /// What the relay wrote, and how the system counts that. In memory, a file is never written to a disk.
    fn written(&self) -> (u64, &'static str) {
        let written = self.after.written_bytes.saturating_sub(self.before.written_bytes);
        if written > 0 {
            return (written, "write_bytes");
        }
        (self.after.given_bytes.saturating_sub(self.before.given_bytes), "wchar")
    }

    /// Prints it as text.
    pub(super) fn print(&mut self) {
        let load = &mut self.load;
        say!(
            "accepted   {:>9.0} requests/s, each on the disk before its answer ({} in {:.1} s)",
            per_second(load.accepted, self.took),
            load.accepted,
            self.took.as_secs_f64()
        );
        say!("refused    {}", refused(load));
        say!(
            "answered   p50 {:.1} ms, p99 {:.1} ms, slowest {:.1} ms",
            load.percentile_ms(50),
            load.percentile_ms(99),
            load.percentile_ms(100)
        );
        if let Some(delivered) = &self.delivered {
            let Delivered { during, all, wanted, took } = delivered;
            say!(
                "delivered  {:>9.0} requests/s while sending, {:.0} /s over all ({all} of {wanted} in {:.1} s)",
                per_second(*during, self.took),
                per_second(*all, *took),
                took.as_secs_f64()
            );
        }
        say!("memory     {} MiB at its peak", self.peak_memory_bytes >> 20);
        say!("body       {} bytes on average", self.load.body_bytes_usual());
        self.print_store();
        if self.incidents < self.accepted() {
            say!(
                "note       {} requests made {} incidents: the others were about the same ones. Give FILE an id that \
                 the plugin reads, or name the plugin with --plugin",
                self.accepted(),
                self.incidents
            );
        }
    }

    fn print_store(&self) {
        let (written, by) = self.written();
        let (Some(file), Some(disk), Some(each)) =
            (self.for_each(self.file_bytes()), self.for_each(self.disk_bytes()), self.for_each(written))
        else {
            return say!("stored     nothing: no request was accepted");
        };
        say!(
            "stored     {file} bytes of store file for each alert, {disk} of disk (the file grew from {:.1} MiB to {:.1} MiB)",
            mib(self.before.file_bytes),
            mib(self.after.file_bytes)
        );
        let what = if by == "wchar" {
            ", as given to the system: the store is in memory (--dir names a folder on a disk)"
        } else {
            ""
        };
        say!("written    {each} bytes for each alert ({:.1} MiB{what})", mib(written));
    }

    /// The same as JSON.
    pub(super) fn json(&mut self, file: Option<&Path>, connections: u64, deliveries: u64) -> Value {
        let (written, by) = self.written();
        let answered = [50, 99, 100].map(|percent| self.load.percentile_ms(percent));
        let refused: BTreeMap<String, u64> =
            self.load.others.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        json!({
            "plugin": self.plugin,
            "connections": connections,
            "deliveries_per_alert": deliveries,
            "body": { "file": file, "bytes": self.load.body_bytes_usual() },
            "seconds": self.took.as_secs_f64(),
            "accepted": self.accepted(),
            "accepted_per_second": per_second(self.accepted(), self.took),
            "refused": refused,
            "first_refusal": self.load.first_other,
            "answered_ms": { "p50": answered[0], "p99": answered[1], "slowest": answered[2] },
            "delivered": self.delivered.as_ref().map(|delivered| json!({
                "all": delivered.all,
                "wanted": delivered.wanted,
                "seconds": delivered.took.as_secs_f64(),
                "per_second": per_second(delivered.all, delivered.took),
                "per_second_while_sending": per_second(delivered.during, self.took),
            })),
            "incidents": self.incidents,
            "peak_memory_bytes": self.peak_memory_bytes,
            "store": {
                "file_bytes": self.after.file_bytes,
                "file_bytes_per_alert": self.for_each(self.file_bytes()),
                "disk_bytes": self.after.disk_bytes,
                "disk_bytes_per_alert": self.for_each(self.disk_bytes()),
            },
            "written": { "bytes": written, "bytes_per_alert": self.for_each(written), "counted_by": by },
        })
    }
}

fn refused(load: &Load) -> String {
    let counts: Vec<String> =
        load.others.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    match &load.first_other {
        Some(answer) => format!("{}; the first: {}", counts.join(", "), single(answer)),
        None => "none".to_owned(),
    }
}

fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
