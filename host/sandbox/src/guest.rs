//! What the host keeps for one call of a guest: its memory budget, its log, and its WASI.
//!
//! Never outlives the call's store.

use wasmtime::component::Linker;
use wasmtime_wasi::{WasiCtxView, WasiView, p2};

use crate::guest_log::GuestLog;
use crate::limits::{Limits, MemoryBudget};
use crate::wasi::{Origin, Wasi};

/// What the host keeps for a call while it runs.
pub(crate) struct Guest {
    pub(crate) memory: MemoryBudget,
    pub(crate) log: GuestLog,
    origin: Origin,
    wasi: Option<Box<Wasi>>,
}

impl Guest {
    /// That of a call which begins.
    pub(crate) fn new(limits: &Limits, origin: Origin) -> Self {
        Self {
            memory: MemoryBudget::new(limits.memory_bytes),
            log: GuestLog::new(limits.log_bytes),
            origin,
            wasi: None,
        }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.get_or_insert_with(|| Box::new(Wasi::new(&self.origin, &self.log))).view()
    }
}

/// Puts WASI's interfaces into `linker`. Files and sockets are among them, since ordinary components import them whether
/// they use them or not; every attempt is refused.
///
/// # Errors
/// An interface is there already.
pub(crate) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    p2::add_to_linker_async(linker)
}
