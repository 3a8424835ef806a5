//! Every limit of the sandbox, with its unit and its reason, and the count of a call's memory.
//!
//! Never decides what is said when a limit is met: that is [`crate::verdict`].

use std::time::Duration;

use wasmtime::ResourceLimiter;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Calls that run at the same time. A call takes tens of microseconds, so that more of them would only wait
/// for a processor; each costs twice [`MEMORY_BYTES_CEILING`] of address space, not of memory.
pub const POOL_SIZE: usize = 32;
/// Bytes of linear memory that any plugin can be allowed: the size of a slot of the pool.
pub const MEMORY_BYTES_CEILING: usize = 256 * MIB;
/// Bytes of linear memory of one call, all memories together. A decoded JSON tree takes about ten times the
/// text, a JavaScript engine 10 MiB, Python 25 MiB.
pub const MEMORY_BYTES_MAX: usize = 64 * MIB;
/// Wall time of one call. Ten thousand times what a decoder in Rust takes, a hundred times one in Python.
pub const WALL_MAX: Duration = Duration::from_secs(1);
/// Bytes of the body of a request that comes in, or of a peer's answer.
pub const REQUEST_BYTES_IN_MAX: usize = MIB;
/// Bytes of the method, path, query and headers of such a request together.
pub const HEAD_BYTES_IN_MAX: usize = 256 * KIB;
/// Bytes that a decoded request may have: [`EVENTS_MAX`] events of 3 KiB each, twice an ordinary one.
pub const DECODED_BYTES_MAX: usize = 32 * MIB;
/// Events that one request may be decoded to: eight times what a large Kubernetes cluster sends at once.
pub const EVENTS_MAX: usize = 10_000;
/// Remarks on one request that are kept: a person reads them.
pub(crate) const REMARKS_MAX: usize = 20;
/// Bytes of a source's own reply; the longest known is a challenge that is echoed.
pub const REPLY_BYTES_MAX: usize = 64 * KIB;
/// Bytes of a request that goes out, without what the host puts in. Peers take far less: Teams 28 KiB,
/// Google Chat 32 KB, Slack 50 blocks.
pub const REQUEST_BYTES_OUT_MAX: usize = MIB;
/// Bytes that a plugin may want to remember until the answer comes.
pub const STATE_BYTES_MAX: usize = 64 * KIB;
/// Headers, query parameters or signatures of one request or reply.
pub const HEADERS_MAX: usize = 64;
/// References, and labels written back, of one delivery: they are stored with the incident.
pub const REFERENCES_MAX: usize = 32;
/// Bytes of what a plugin prints in one call, both streams together; the rest is counted and dropped.
pub const LOG_BYTES_MAX: usize = 64 * KIB;
/// Bytes that one plugin writes to the log in a minute, with what stands before each line; the rest is counted and
/// dropped. Ten lines a second: more than a person reads, and a disk of logs lasts.
pub const LOG_BYTES_PER_MINUTE: usize = 64 * KIB;
/// Bytes of a component's file. One that embeds Python has 18 MB, one with a JavaScript engine 12 MB.
pub const COMPONENT_BYTES_MAX: usize = 64 * MIB;
/// Bytes of a description, or of the mistakes in settings; both are read by people.
pub(crate) const DESCRIPTION_BYTES_MAX: usize = MIB;
/// Bytes that `encode` and `resume` may hand over beside the request: state, references and what encoding
/// all of it adds.
const STEP_BYTES_EXTRA: usize = 3 * MIB;
/// Characters of a reason, a summary or a refusal: one line that a person reads.
pub(crate) const REASON_CHARS_MAX: usize = 1000;
/// Bytes of a reference's key, value or address.
pub(crate) const REFERENCE_BYTES_MAX: usize = 4 * KIB;

/// Wall time for a plugin to describe itself. It is called once, off the request path.
pub(crate) const DESCRIBE_WALL: Duration = Duration::from_secs(5);
/// Bytes of addresses that the process that compiles may have. One with a JavaScript engine (12 MB) takes 500 MiB.
pub(crate) const COMPILE_MEMORY_BYTES_MAX: usize = 1024 * MIB;
/// Bytes of compiled code, which is three times what it was compiled from.
pub(crate) const COMPILED_BYTES_MAX: usize = 256 * MIB;
/// Threads of one compilation.
pub(crate) const COMPILE_PROCESSORS_MAX: usize = 4;
/// Processor time for compiling any file, and what comes on top for each MiB of it. One in Rust takes 0.3 s, one
/// with a JavaScript engine (12 MB) 24 s on a busy machine, one with Python (18 MB) less.
const COMPILE_TIME_BASE: Duration = Duration::from_secs(15);
const COMPILE_TIME_PER_MIB: Duration = Duration::from_secs(5);
/// Processor time for compiling the largest file.
const COMPILE_TIME_MAX: Duration = Duration::from_secs(120);
/// Wall time for a second of processor time: the process computes only while a processor has nothing else to do.
const COMPILE_WALL_FACTOR: u32 = 8;

/// Processor time for compiling a file of this many bytes.
pub(crate) fn compile_time(bytes: usize) -> Duration {
    let mebibytes = u32::try_from(bytes / MIB).unwrap_or(u32::MAX);
    COMPILE_TIME_PER_MIB.saturating_mul(mebibytes).saturating_add(COMPILE_TIME_BASE).min(COMPILE_TIME_MAX)
}

/// Wall time for compiling a file of this many bytes.
pub(crate) fn compile_wall(bytes: usize) -> Duration {
    compile_time(bytes) * COMPILE_WALL_FACTOR
}

/// Memories of one component. All known ones have one; two leaves room for composed ones.
pub(crate) const MEMORIES_MAX: u32 = 2;
/// Tables of one component: one for each core module, and the adapter's shims.
pub(crate) const TABLES_MAX: u32 = 16;
/// Elements of one table. Python's interpreter has about 10,000 functions in it.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 40_000;
/// Core instances of one component. One that is linked out of shared libraries, as Python's, has about 40.
pub(crate) const INSTANCES_MAX: u32 = 96;
/// Bytes of the runtime's own record of one instance; it grows with functions and globals.
pub(crate) const INSTANCE_BYTES_MAX: usize = 4 * MIB;
/// Handles that a call may hold: streams, pollables, errors.
pub(crate) const HANDLES_MAX: usize = 1000;
/// Random bytes that one request for them gets; more would be a way to fill the host's memory.
pub(crate) const RANDOM_BYTES_MAX: u64 = 64 * KIB as u64;

/// Bytes of WebAssembly stack of one call: deep enough for interpreters that recurse.
pub(crate) const WASM_STACK_BYTES: usize = MIB;
/// Bytes of the stack that a call runs on. What exceeds [`WASM_STACK_BYTES`] is there for host functions,
/// which must never run out of it: that would end the process.
pub(crate) const ASYNC_STACK_BYTES: usize = 2 * MIB;
/// Bytes of unmapped address space behind each memory: small, as bounds are checked in code.
pub(crate) const GUARD_BYTES: u64 = 64 * KIB as u64;
/// Bytes that a memory is reserved ahead when there is no pool.
pub(crate) const GROWTH_BYTES: u64 = MIB as u64;
/// Bytes of each memory that stay mapped between calls, so that the next call does not fault them in again.
pub(crate) const KEEP_RESIDENT_BYTES: usize = 256 * KIB;
/// How often running calls are asked whether their time is up. Also how long a call can keep others on its
/// thread waiting.
pub(crate) const TICK: Duration = Duration::from_millis(5);
/// How long a call may compute before it goes on in the slow lane: a hundred times what a call takes.
pub(crate) const QUICK: Duration = Duration::from_millis(5);
/// How long a call may hold a thread of the slow lane beyond [`STARVED_TIMES`] what it computed there, before it goes on
/// where it gets its share: the processors have been busy with other work.
pub(crate) const STARVED: Duration = Duration::from_millis(250);
/// How many times as long as it computes a call may hold a thread of the slow lane.
pub(crate) const STARVED_TIMES: u32 = 4;
/// By how much the priority is lower of the thread where such calls go on: it gets a third of what others get where
/// there are too few processors.
pub(crate) const SLOW_NICE: i32 = 5;
/// After how many times its time a call is stopped that waits for a processor again and again.
pub(crate) const WALL_TIMES: u32 = 10;

/// What one call of a plugin may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory, all memories together. More than the sandbox's ceiling counts as that.
    pub memory_bytes: usize,
    /// Wall time, without waiting for a free slot.
    pub wall: Duration,
    /// Bytes of the body of the request or of the peer's answer.
    pub request_bytes: usize,
    /// Bytes that a decoded request may have.
    pub decoded_bytes: usize,
    /// Events that a request may be decoded to.
    pub events: usize,
    /// Bytes of the request that goes out.
    pub encoded_bytes: usize,
    /// Bytes of log that are kept.
    pub log_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: MEMORY_BYTES_MAX,
            wall: WALL_MAX,
            request_bytes: REQUEST_BYTES_IN_MAX,
            decoded_bytes: DECODED_BYTES_MAX,
            events: EVENTS_MAX,
            encoded_bytes: REQUEST_BYTES_OUT_MAX,
            log_bytes: LOG_BYTES_MAX,
        }
    }
}

impl Limits {
    /// Bytes that `encode` and `resume` may hand over.
    pub(crate) fn step_bytes(&self) -> usize {
        self.encoded_bytes.saturating_add(STEP_BYTES_EXTRA)
    }

    /// These limits within what the engine was built for.
    pub(crate) fn within(mut self, memory_ceiling: usize) -> Self {
        self.memory_bytes = self.memory_bytes.min(memory_ceiling);
        self
    }
}

/// Counts the memory of one call over all its memories; wasmtime's own limiter counts each alone.
#[derive(Clone, Debug)]
pub(crate) struct MemoryBudget {
    limit: usize,
    used: usize,
    /// What was asked for in all when it was refused. A guest's allocator aborts then, and nothing else
    /// tells that trap from another.
    pub(crate) denied: Option<usize>,
}

impl MemoryBudget {
    /// A budget of `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: 0, denied: None }
    }

    /// Its bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.used.saturating_add(desired.saturating_sub(current));
        if total > self.limit || maximum.is_some_and(|maximum| desired > maximum) {
            self.denied = Some(total);
            return Ok(false);
        }
        self.used = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX && maximum.is_none_or(|maximum| desired <= maximum))
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_counted_together() {
        let mut budget = MemoryBudget::new(MIB);
        assert!(budget.memory_growing(0, 600 * KIB, None).unwrap());
        assert!(!budget.memory_growing(0, 600 * KIB, None).unwrap());
        assert_eq!(budget.denied, Some(1200 * KIB));
        assert!(budget.memory_growing(600 * KIB, MIB, None).unwrap());
    }
}
