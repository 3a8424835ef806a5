//! What an ordinary program finds in the sandbox: streams that lead into the log, a clock that stands at the
//! request's time, random numbers that follow from the request's id, and otherwise nothing.
//!
//! Never lets anything of the machine in: no environment, arguments, files, sockets, names or real time.
//! There is no `wasi:http` at all.

use std::convert::Infallible;
use std::time::Duration;

use rand_core::TryRng;
use sha2::{Digest, Sha256};
use tocsin_core::time::Timestamp;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView};

use crate::guest_log::{GuestLog, Stream};
use crate::limits::{HANDLES_MAX, RANDOM_BYTES_MAX};

/// The interfaces that an ordinary component may import, without their version.
pub(crate) const INTERFACES: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];
/// The version of them that is there.
pub(crate) const VERSION: &str = "0.2.6";

/// What a call's time and randomness follow from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// What the wall clock shows.
    pub(crate) now: Timestamp,
    /// What random numbers are made of.
    pub(crate) id: Vec<u8>,
}

impl Origin {
    /// The origin of a call at `now`, whose random numbers follow from `id`.
    pub(crate) fn new(now: Timestamp, id: &[u8]) -> Self {
        Self { now, id: id.to_vec() }
    }
}

/// One call's context. Made when the guest first asks for anything, which most never do.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    table: ResourceTable,
}

impl Wasi {
    /// An empty context.
    pub(crate) fn new(origin: &Origin, log: &GuestLog) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let mut insecure_seed = [0; 16];
        insecure_seed.copy_from_slice(&Counter::new(&origin.id, "seed").block()[..16]);
        let ctx = WasiCtx::builder()
            .stdout(log.stream(Stream::Out))
            .stderr(log.stream(Stream::Err))
            .wall_clock(Standing(origin.now))
            .monotonic_clock(Standing(origin.now))
            .secure_random(Counter::new(&origin.id, "secure"))
            .insecure_random(Counter::new(&origin.id, "insecure"))
            .insecure_random_seed(u128::from_le_bytes(insecure_seed))
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        Self { ctx, table }
    }

    /// As wasmtime-wasi wants it.
    pub(crate) fn view(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

/// A clock that stands.
struct Standing(Timestamp);

impl HostWallClock for Standing {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        // WASI has no time before 1970.
        Duration::from_micros(u64::try_from(self.0.micros()).unwrap_or(0))
    }
}

impl HostMonotonicClock for Standing {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// Random numbers as SHA-256 of a seed, a purpose and a count: the same on every machine and in every version.
struct Counter {
    base: Sha256,
    count: u64,
    rest: Vec<u8>,
}

impl Counter {
    fn new(id: &[u8], purpose: &str) -> Self {
        let base = Sha256::new_with_prefix(Sha256::digest(id)).chain_update(purpose);
        Self { base, count: 0, rest: Vec::new() }
    }

    fn block(&mut self) -> [u8; 32] {
        let block = self.base.clone().chain_update(self.count.to_le_bytes()).finalize();
        self.count += 1;
        block.into()
    }
}

impl TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        for byte in buffer {
            if self.rest.is_empty() {
                let block = self.block();
                self.rest.extend(block);
            }
            *byte = self.rest.pop().unwrap_or_default();
        }
        Ok(())
    }
}
