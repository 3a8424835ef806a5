//! One call: a slot, a fresh store with its limits, and what is known when it is over.
//!
//! Never lets two calls share anything; whatever a call did goes with its store.

use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use wasmtime::{Store, UpdateDeadline};

use crate::error::Phase;
use crate::guest_log::{GuestLog, Stream};
use crate::limits::{HANDLES_MAX, Limits, MemoryBudget};
use crate::log_rate::{Grant, LogRate};
use crate::sandbox::Inner;
use crate::ticker::Running;
use crate::wasi::{Origin, Wasi};

/// The target of what plugins print, so that a log filter can tell it from the host's own.
const TARGET: &str = "tocsin::plugin";

/// What the host keeps for a call while it runs.
pub(crate) struct Guest {
    pub(crate) memory: MemoryBudget,
    pub(crate) log: GuestLog,
    deadline: Instant,
    origin: Origin,
    wasi: Option<Box<Wasi>>,
}

impl Guest {
    /// The call's context of WASI.
    pub(crate) fn wasi(&mut self) -> &mut Wasi {
        self.wasi.get_or_insert_with(|| Box::new(Wasi::new(&self.origin, &self.log)))
    }
}

/// A call on its way. The fields are dropped in this order: the slot is free only when its memory is.
pub(crate) struct Call {
    pub(crate) store: Store<Guest>,
    pub(crate) wall: Duration,
    began: Instant,
    _running: Running,
    _slot: OwnedSemaphorePermit,
}

/// Why a call gave no answer, before anybody put it into words.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Its time was up.
    Time,
    /// It trapped, or its answer could not be read.
    Error(wasmtime::Error),
}

impl Call {
    /// Waits for a slot and prepares a store. `answer_bytes` is what the guest may hand over in one go.
    pub(crate) async fn begin(sandbox: &Inner, limits: &Limits, origin: Origin, answer_bytes: usize) -> Self {
        let slot = std::sync::Arc::clone(&sandbox.slots)
            .acquire_owned()
            .await
            .expect("the sandbox never closes its semaphore");
        let began = Instant::now();
        let guest = Guest {
            memory: MemoryBudget::new(limits.memory_bytes),
            log: GuestLog::new(limits.log_bytes),
            deadline: began + limits.wall,
            origin,
            wasi: None,
        };
        let running = sandbox.ticker.call();
        let mut store = Store::new(&sandbox.engine, guest);
        store.limiter(|guest| &mut guest.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            if Instant::now() >= context.data().deadline {
                return Ok(UpdateDeadline::Interrupt);
            }
            // Not wasmtime's own yield, which puts the call back before everybody else.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store.set_hostcall_fuel(answer_bytes);
        store.set_max_component_handles(HANDLES_MAX);
        Self { store, wall: limits.wall, began, _running: running, _slot: slot }
    }

    /// Runs `work` on the store until it ends or its time is up. The epoch stops a guest that computes, the
    /// timeout one that waits.
    pub(crate) async fn within<T>(
        wall: Duration,
        work: impl Future<Output = wasmtime::Result<T>>,
    ) -> Result<T, Stopped> {
        match tokio::time::timeout(wall, work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Stopped::Error(error)),
            Err(_elapsed) => Err(Stopped::Time),
        }
    }

    /// Microseconds since it began.
    pub(crate) fn took_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Writes what the guest printed to the host's log, as far as the plugin's `rate` allows. What is dropped is
    /// said when it begins, and once more with the sum of the minute when that is over.
    pub(crate) fn log(&self, plugin: &str, version: &str, phase: Phase, rate: &LogRate) {
        if let Some(dropped) = rate.begin(Instant::now()) {
            tracing::info!(target: TARGET, plugin, version, dropped, "log cut in the minute before, in bytes");
        }
        // What the log's filter leaves out costs nothing.
        let is_read = tracing::enabled!(target: TARGET, tracing::Level::DEBUG);
        let cut = self.store.data().log.drain(|stream, text| {
            if stream == Stream::Out && !is_read || rate.line(text.len()) == Grant::Drop {
                return;
            }
            match stream {
                Stream::Out => tracing::debug!(target: TARGET, plugin, version, %phase, "{text}"),
                Stream::Err => tracing::info!(target: TARGET, plugin, version, %phase, "{text}"),
            }
        });
        rate.dropped(cut);
        if let Some(dropped) = rate.untold() {
            tracing::info!(
                target: TARGET,
                plugin,
                version,
                %phase,
                dropped,
                "log cut, in bytes; more of this minute is dropped without a word"
            );
        }
    }
}
