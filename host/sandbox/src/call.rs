//! One call: a place, a fresh store with its limits, and what is known when it is over.
//!
//! Never lets two calls share anything; whatever a call did goes with its store.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use wasmtime::{Store, UpdateDeadline};

use crate::error::{CallErrorKind, Phase};
use crate::guest::Guest;
use crate::guest_log::{GuestLog, Level};
use crate::limits::{HANDLES_MAX, Limits, MemoryBudget};
use crate::log_rate::{Grant, LogRate};
use crate::meter::{Meter, Polled, Share, Tick};
use crate::sandbox::Inner;
use crate::ticker::Running;
use crate::turns::Turn;
use crate::verdict::{self, Stopped};
use crate::wasi::Origin;

/// The target of what plugins print, so that a log filter can tell it from the host's own.
const TARGET: &str = "tocsin::plugin";

/// A call on its way. The fields are dropped in this order: the place is free only when its memory is.
pub(crate) struct Call {
    store: Store<Guest>,
    sandbox: Arc<Inner>,
    meter: Arc<Meter>,
    wall: Duration,
    began: Instant,
    _running: Running,
    _turn: Turn,
}

/// What came of a call.
pub(crate) struct Ended<T> {
    pub(crate) answer: Result<T, Stopped>,
    pub(crate) wall: Duration,
    /// Microseconds that it took, without waiting for a place.
    pub(crate) took_us: u64,
    pub(crate) memory: MemoryBudget,
    pub(crate) log: GuestLog,
}

/// What is done with a call's store.
pub(crate) type Work<'s, T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 's>>;

/// A call's work until it has ended, with what is known then.
type Whole<T> = Pin<Box<dyn Future<Output = (wasmtime::Result<T>, MemoryBudget)> + Send>>;

impl Call {
    /// Waits for a place and prepares a store. `answer_bytes` is what the guest may hand over in one go.
    pub(crate) async fn begin(
        sandbox: &Arc<Inner>,
        share: &Arc<Share>,
        limits: &Limits,
        origin: Origin,
        answer_bytes: usize,
    ) -> Self {
        let turn = sandbox.turns.take(&share.key, limits.memory_bytes).await;
        Self::with(turn, sandbox, share, limits, origin, answer_bytes)
    }

    /// Prepares a store for a call that has its place.
    pub(crate) fn with(
        turn: Turn,
        sandbox: &Arc<Inner>,
        share: &Arc<Share>,
        limits: &Limits,
        origin: Origin,
        answer_bytes: usize,
    ) -> Self {
        let began = Instant::now();
        let guest = Guest::new(limits, origin);
        let running = sandbox.ticker.call();
        let meter = Meter::new(limits.wall, share);
        let mut store = Store::new(&sandbox.engine, guest);
        store.limiter(|guest| &mut guest.memory);
        store.set_epoch_deadline(1);
        let ticked = Arc::clone(&meter);
        store.epoch_deadline_callback(move |_| {
            Ok(match ticked.tick() {
                Tick::Stop => UpdateDeadline::Interrupt,
                Tick::After(done) => UpdateDeadline::YieldCustom(1, done),
            })
        });
        store.set_hostcall_fuel(answer_bytes);
        store.set_max_component_handles(HANDLES_MAX);
        let (sandbox, wall) = (Arc::clone(sandbox), limits.wall);
        Self { store, sandbox, meter, wall, began, _running: running, _turn: turn }
    }

    /// Runs `work` on the store until it ends or its time is up. The epoch stops a guest that computes, a timer one
    /// that waits.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl for<'s> FnOnce(&'s mut Store<Guest>) -> Work<'s, T> + Send + 'static,
    ) -> Ended<T> {
        let (wall, began, log) = (self.wall, self.began, self.store.data().log.clone());
        let (sandbox, meter) = (Arc::clone(&self.sandbox), Arc::clone(&self.meter));
        let mut whole: Whole<T> = Box::pin(async move {
            // All of it, wherever it goes on: its place is free only when its memory is.
            let mut call = self;
            let answer = work(&mut call.store).await;
            (answer, call.store.data().memory.clone())
        });
        let polled = match meter.poll_quick(&mut whole).await {
            Polled::Slow => slowly(&sandbox, meter, whole).await,
            polled => polled,
        };
        let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (answer, memory) = match polled {
            Polled::Done((answer, memory)) => (answer.map_err(Stopped::Error), memory),
            Polled::Late | Polled::Slow => (Err(Stopped::Time), MemoryBudget::new(0)),
        };
        Ended { answer, wall, took_us, memory, log }
    }
}

/// Goes on with a call in the slow lanes, one after the other. Whoever stops waiting stops the call.
async fn slowly<T: Send + 'static>(
    sandbox: &Inner,
    meter: Arc<Meter>,
    mut whole: Whole<T>,
) -> Polled<(wasmtime::Result<T>, MemoryBudget)> {
    let lanes = sandbox.slow_lanes.all();
    for (number, lane) in (1..).zip(lanes) {
        let (meter, turns, is_last) = (Arc::clone(&meter), lane.turns(), number == lanes.len());
        let work = async move { (meter.poll_slow(turns, is_last, &mut whole).await, whole) };
        // A lane without threads is one that ends with the relay.
        let Some(threads) = lane.handle() else { return work.await.0 };
        let mut running = Stopping(threads.spawn(work));
        match (&mut running.0).await {
            Ok((Polled::Slow, unfinished)) => whole = unfinished,
            Ok((polled, _)) => return polled,
            Err(error) => return Polled::Done((Err(wasmtime::Error::new(error)), MemoryBudget::new(0))),
        }
    }
    Polled::Late
}

/// A task that is stopped with whoever waits for it.
struct Stopping<T>(JoinHandle<T>);

impl<T> Drop for Stopping<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Ended<T> {
    /// The answer, or what stopped the call, in words; and what the guest printed.
    pub(crate) fn judged(self) -> (Result<T, (CallErrorKind, String)>, Printout) {
        let Self { answer, wall, memory, log, .. } = self;
        let answer = answer.map_err(|stopped| verdict::of(&stopped, &memory, &log, wall));
        (answer, Printout(log))
    }
}

/// What the guest of a call printed.
pub(crate) struct Printout(GuestLog);

impl Printout {
    /// Writes it to the host's log, as far as the plugin's `rate` allows. What is dropped is said when it begins, and
    /// once more with the sum of the minute when that is over.
    pub(crate) fn write(&self, plugin: &str, version: &str, phase: Phase, rate: &LogRate) {
        if let Some(dropped) = rate.begin(Instant::now()) {
            tracing::info!(target: TARGET, plugin, version, dropped, "log cut in the minute before, in bytes");
        }
        // What the log's filter leaves out costs nothing.
        let is_read = tracing::enabled!(target: TARGET, tracing::Level::DEBUG);
        let cut = self.0.drain(|level, text| {
            if level == Level::Debug && !is_read || rate.line(text.len()) == Grant::Drop {
                return;
            }
            match level {
                Level::Error => tracing::error!(target: TARGET, plugin, version, %phase, "{text}"),
                Level::Warn => tracing::warn!(target: TARGET, plugin, version, %phase, "{text}"),
                Level::Info => tracing::info!(target: TARGET, plugin, version, %phase, "{text}"),
                Level::Debug => tracing::debug!(target: TARGET, plugin, version, %phase, "{text}"),
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
