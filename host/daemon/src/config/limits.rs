//! What bounds the relay's work, with the reason for each default.

use std::time::Duration;

use tocsin_sandbox::Execution;

use super::memory;
use super::reader::Reader;

/// The largest body that a source may be set to take.
pub(super) const BODY_BYTES_MAX: usize = 60 * 1024 * 1024;

/// Bytes of a request's body when neither the configuration nor the plugin says anything. 1 MiB: twenty times the
/// largest Jira payload seen.
pub(super) const BODY_BYTES: usize = 1024 * 1024;

/// The least memory that the relay works with: the store's cache, the plugins' code, and one call of each kind.
const MEMORY_BYTES_MIN: usize = 256 * 1024 * 1024;

/// The least that the store's cache has: the pages that one large entry touches.
const CACHE_BYTES_MIN: usize = 8 * 1024 * 1024;
/// The most. What is beyond it, the system's own cache of the file holds.
const CACHE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The least that may be kept of each source's requests: a few large ones.
pub(super) const KEEP_BYTES_MIN: usize = 64 * 1024;

/// The shortest time after which something is forgotten for good: none at all would be a mistake.
const KEEP_MIN: Duration = Duration::from_secs(1);

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// The bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory that the relay may use. Nothing: what its control group (`MemoryMax=` of its unit) or the
    /// machine has. A quarter is for bodies, half for the memory of plugins' calls, a 32nd for the store's cache.
    pub memory_bytes: Option<usize>,
    /// Bytes of a request's body, unless its source says otherwise. Nothing: `BODY_BYTES`, or what the
    /// source's plugin suggests when that is more.
    pub body_bytes: Option<usize>,
    /// How long a request's body may take to come. 30 s: a megabyte over a slow line; a sender that falls
    /// silent keeps no connection for ever.
    pub body_time: Duration,
    /// How long a sender may leave its answer unread. 30 s: answers are small and fit into what the system keeps.
    pub answer_time: Duration,
    /// Connections at the same time. 4096: each costs a few KiB, and up to 64 KiB while its request's head comes. One
    /// more closes the idlest.
    pub connections: usize,
    /// Connections from one address, unless it is one of `trusted_proxies`. 1024: many senders behind one gateway.
    pub connections_per_address: usize,
    /// Requests that wait for the disk. 4096: under a second of work; more would only hide that it is too
    /// slow.
    pub queue: usize,
    /// Wall time of one call of a plugin. A second: forty thousand times what a call takes. Where plugins are interpreted,
    /// [`Execution::time_factor`] times as long.
    pub plugin_time: Duration,
    /// Memory of one call of a plugin, in bytes. 64 MiB: interpreters for JavaScript or Python fit. A source with
    /// a large body limit gets more: see [`super::Source::memory_bytes`].
    pub plugin_memory_bytes: usize,
    /// Calls of plugins at the same time, as far as half of the memory is enough for what each may use. 64 slots of
    /// 256 MiB, what a source with a large body limit may take, are 16 GiB of addresses, not of memory.
    pub plugin_calls: usize,
    /// For how long the bytes of decoded requests are kept. A week: long enough to ask what really came.
    pub keep_requests: Duration,
    /// For how long the bytes of dead letters are kept. 90 days: long enough to mend a plugin.
    pub keep_dead_letters: Duration,
    /// Bytes that are kept of each source's requests, dead letters included, unless the source says otherwise. 1 GiB: a
    /// week of 150,000 requests a day.
    pub keep_bytes: usize,
    /// For how long incidents are kept after they were resolved, with their timeline and deliveries. 90 days: a quarter's
    /// review finds them.
    pub keep_incidents: Duration,
    /// For how long receipts are kept. As long as incidents: a timeline's requests can be looked up.
    pub keep_receipts: Duration,
    /// For how long entries of the journal are kept. 30 days: longer than the backups of a month need.
    pub keep_journal: Duration,
    /// For how long a link in a message leads to its incident's page. A week: a message is read again after
    /// days off; a link that leaked does not open for ever.
    pub keep_links: Duration,
    /// How long the relay waits for what is under way when it is told to stop.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: None,
            body_bytes: None,
            body_time: Duration::from_secs(30),
            answer_time: Duration::from_secs(30),
            connections: 4096,
            connections_per_address: 1024,
            queue: 4096,
            plugin_time: Duration::from_secs(1),
            plugin_memory_bytes: 64 * 1024 * 1024,
            plugin_calls: 64,
            keep_requests: Duration::from_secs(7 * DAY),
            keep_dead_letters: Duration::from_secs(90 * DAY),
            keep_bytes: 1024 * 1024 * 1024,
            keep_incidents: Duration::from_secs(90 * DAY),
            keep_receipts: Duration::from_secs(90 * DAY),
            keep_journal: Duration::from_secs(30 * DAY),
            keep_links: Duration::from_secs(7 * DAY),
            shutdown: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// Bytes that bodies may take together while they are read and decoded: a quarter of the memory.
    pub fn bodies_bytes(&self) -> usize {
        self.memory() / 4
    }

    /// Bytes of memory that calls of plugins may be allowed together: half of the memory.
    pub fn calls_bytes(&self) -> usize {
        self.memory() / 2
    }

    /// Bytes of memory for pages of the store's file: a 32nd of the memory, within bounds.
    pub fn cache_bytes(&self) -> usize {
        (self.memory() / 32).clamp(CACHE_BYTES_MIN, CACHE_BYTES_MAX)
    }

    fn memory(&self) -> usize {
        self.memory_bytes.unwrap_or_else(memory::of_this_process)
    }
}

/// The limits of a relay that runs plugins in this way.
pub(super) fn read(mut reader: Reader, execution: Execution) -> Limits {
    let default = Limits::default();
    let keep_incidents = kept_for(&mut reader, "keep_incidents").unwrap_or(default.keep_incidents);
    let limits = Limits {
        memory_bytes: reader.bytes("memory", MEMORY_BYTES_MIN..=usize::MAX),
        body_bytes: reader.bytes("body", 1024..=BODY_BYTES_MAX),
        body_time: reader.duration("body_time").unwrap_or(default.body_time),
        answer_time: reader.duration("answer_time").unwrap_or(default.answer_time),
        connections: reader.count("connections", 16..=1_000_000).unwrap_or(default.connections),
        connections_per_address: reader
            .count("connections_per_address", 1..=1_000_000)
            .unwrap_or(default.connections_per_address),
        queue: reader.count("queue", 1..=65_536).unwrap_or(default.queue),
        plugin_time: reader.duration("plugin_time").unwrap_or(default.plugin_time * execution.time_factor()),
        plugin_memory_bytes: reader
            .bytes("plugin_memory", 1024 * 1024..=1024 * 1024 * 1024)
            .unwrap_or(default.plugin_memory_bytes),
        plugin_calls: reader.count("plugin_calls", 1..=1024).unwrap_or(default.plugin_calls),
        keep_requests: reader.duration("keep_requests").unwrap_or(default.keep_requests),
        keep_dead_letters: reader.duration("keep_dead_letters").unwrap_or(default.keep_dead_letters),
        keep_bytes: reader.bytes("keep_bytes", KEEP_BYTES_MIN..=usize::MAX).unwrap_or(default.keep_bytes),
        keep_incidents,
        keep_receipts: kept_for(&mut reader, "keep_receipts").unwrap_or(keep_incidents),
        keep_journal: kept_for(&mut reader, "keep_journal").unwrap_or(default.keep_journal),
        keep_links: reader.duration("keep_links").unwrap_or(default.keep_links),
        shutdown: reader.duration("shutdown").unwrap_or(default.shutdown),
    };
    reader.finish();
    limits
}

/// For how long something is kept that is then forgotten for good.
fn kept_for(reader: &mut Reader, key: &'static str) -> Option<Duration> {
    let time = reader.duration(key)?;
    if time < KEEP_MIN {
        reader.problem(key, "is less than a second: write how long, such as `\"90d\"`");
    }
    Some(time)
}
