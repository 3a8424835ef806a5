//! What bounds the relay's work, with the reason for each default.

use std::time::Duration;

use super::reader::Reader;

/// The largest body that a source may be set to take.
pub(super) const BODY_BYTES_MAX: usize = 60 * 1024 * 1024;

/// Bytes of a request's body when neither the configuration nor the plugin says anything. 1 MiB: twenty times the
/// largest Jira payload seen.
pub(super) const BODY_BYTES: usize = 1024 * 1024;

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// The bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body, unless its source says otherwise. Nothing: `BODY_BYTES`, or what the
    /// source's plugin suggests when that is more.
    pub body_bytes: Option<usize>,
    /// How long a request's body may take to come. 30 s: a megabyte over a slow line; a sender that falls
    /// silent keeps no connection for ever.
    pub body_time: Duration,
    /// Requests that wait for the disk. 4096: under a second of work; more would only hide that it is too
    /// slow.
    pub queue: usize,
    /// Wall time of one call of a plugin. A second: forty thousand times what a call takes.
    pub plugin_time: Duration,
    /// Memory of one call of a plugin, in bytes. 64 MiB: interpreters for JavaScript or Python fit. A source with
    /// a large body limit gets more: see [`super::Source::memory_bytes`].
    pub plugin_memory_bytes: usize,
    /// Calls of plugins at the same time. 64 slots of 256 MiB, what a source with a large body limit may take, are
    /// 16 GiB of addresses, not of memory.
    pub plugin_calls: usize,
    /// For how long the bytes of decoded requests are kept. A week: long enough to ask what really came.
    pub keep_requests: Duration,
    /// For how long the bytes of dead letters are kept. 90 days: long enough to mend a plugin.
    pub keep_dead_letters: Duration,
    /// For how long a link in a message leads to its incident's page. A week: a message is read again after
    /// days off; a link that leaked does not open for ever.
    pub keep_links: Duration,
    /// How long the relay waits for what is under way when it is told to stop.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: None,
            body_time: Duration::from_secs(30),
            queue: 4096,
            plugin_time: Duration::from_secs(1),
            plugin_memory_bytes: 64 * 1024 * 1024,
            plugin_calls: 64,
            keep_requests: Duration::from_secs(7 * DAY),
            keep_dead_letters: Duration::from_secs(90 * DAY),
            keep_links: Duration::from_secs(7 * DAY),
            shutdown: Duration::from_secs(10),
        }
    }
}

pub(super) fn read(mut reader: Reader) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        body_bytes: reader.bytes("body", 1024..=BODY_BYTES_MAX),
        body_time: reader.duration("body_time").unwrap_or(default.body_time),
        queue: reader.count("queue", 1..=65_536).unwrap_or(default.queue),
        plugin_time: reader.duration("plugin_time").unwrap_or(default.plugin_time),
        plugin_memory_bytes: reader
            .bytes("plugin_memory", 1024 * 1024..=1024 * 1024 * 1024)
            .unwrap_or(default.plugin_memory_bytes),
        plugin_calls: reader.count("plugin_calls", 1..=1024).unwrap_or(default.plugin_calls),
        keep_requests: reader.duration("keep_requests").unwrap_or(default.keep_requests),
        keep_dead_letters: reader.duration("keep_dead_letters").unwrap_or(default.keep_dead_letters),
        keep_links: reader.duration("keep_links").unwrap_or(default.keep_links),
        shutdown: reader.duration("shutdown").unwrap_or(default.shutdown),
    };
    reader.finish();
    limits
}
