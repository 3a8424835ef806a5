//! The thread that asks running calls whether their time is up, by counting up the engine's epoch.
//!
//! A thread of its own, since an asynchronous timer would not fire while calls that spin hold all workers.
//! Never keeps the engine alive: it ends by itself when the engine is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::EngineWeak;

use crate::limits::TICK;

/// Ticks without a call after which the thread sleeps until the next call: a second, so that a server that is
/// busy does not wake it for every call, and an idle one does not wake at all.
const IDLE_TICKS: u32 = 200;
/// How often a sleeping ticker looks whether the engine is still there.
const IDLE_LOOK: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct Shared {
    running: AtomicUsize,
    asleep: AtomicBool,
}

/// The handle by which calls announce themselves.
#[derive(Clone, Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub(crate) fn start(engine: EngineWeak) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let seen = Arc::clone(&shared);
        let handle = thread::Builder::new().name("sandbox-ticker".to_owned()).spawn(move || {
            let mut idle = 0;
            loop {
                if idle < IDLE_TICKS {
                    thread::sleep(TICK);
                } else {
                    seen.asleep.store(true, Ordering::SeqCst);
                    // A call that began before it could see `asleep` is seen here.
                    if seen.running.load(Ordering::SeqCst) == 0 {
                        thread::park_timeout(IDLE_LOOK);
                    }
                    seen.asleep.store(false, Ordering::SeqCst);
                }
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
                idle = if seen.running.load(Ordering::SeqCst) > 0 { 0 } else { idle.saturating_add(1) };
            }
        })?;
        Ok(Self { shared, thread: handle.thread().clone() })
    }

    /// Announces a call, until the guard is dropped.
    pub(crate) fn call(&self) -> Running {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running(Arc::clone(&self.shared))
    }

    /// Calls that are running.
    pub(crate) fn running(&self) -> usize {
        self.shared.running.load(Ordering::SeqCst)
    }
}

/// A call that is running.
#[derive(Debug)]
pub(crate) struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
