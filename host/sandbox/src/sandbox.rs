//! The sandbox as the host holds it: one engine, its slots, and the way in for plugins' files.
//!
//! Never runs a plugin on the request path to find out what it is: that is done once, in [`crate::load`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tocsin_core::histogram::Distribution;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::compiler::{Compiler, Compiling, Job, Kept};
use crate::engine::{self, Built, EngineError};
use crate::execution::Execution;
use crate::guest::Guest;
use crate::limits::{COMPILE_MEMORY_BYTES_MAX, Limits, MEMORY_BYTES_CEILING, POOL_SIZE};
use crate::meter::SlowLanes;
use crate::ticker::Ticker;
use crate::turns::Turns;
use crate::{cache, guest, measures, wit};

/// Slots beyond which the pool's arithmetic would no longer hold.
const POOL_SIZE_MAX: usize = 10_000;

/// How a sandbox is built.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// What compiles.
    pub compiler: Compiler,
    /// How plugins run.
    pub execution: Execution,
    /// Where compiled components are kept. Made with mode 0700; one that others can write to is refused.
    /// Without it everything is compiled at every start, into a folder that goes with the sandbox.
    pub cache_dir: Option<PathBuf>,
    /// Calls at the same time. Further ones wait.
    pub pool_size: usize,
    /// Bytes of linear memory that any plugin's limit may reach. The pool takes this much address space
    /// (not memory) twice for each slot.
    pub memory_bytes_ceiling: usize,
    /// Bytes of linear memory that all calls together may be allowed. A call waits until its limit fits; one that
    /// is allowed more than this runs alone.
    pub memory_bytes_total: usize,
    /// For plugins that have no limits of their own.
    pub limits: Limits,
}

impl SandboxConfig {
    /// The usual sandbox, without a cache.
    pub fn new(compiler: Compiler) -> Self {
        Self {
            compiler,
            execution: Execution::default(),
            cache_dir: None,
            pool_size: POOL_SIZE,
            memory_bytes_ceiling: MEMORY_BYTES_CEILING,
            memory_bytes_total: usize::MAX,
            limits: Limits::default(),
        }
    }
}

/// What the sandbox is doing, for metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauges {
    /// Whether instances come from a pool; without one, calls take longer.
    pub pooled: bool,
    /// Calls that may run at the same time.
    pub slots: usize,
    /// Calls that run.
    pub running: usize,
    /// Calls that wait for a slot.
    pub waiting: usize,
    /// Components that were found compiled in the cache.
    pub cache_hits: usize,
    /// Components that were compiled.
    pub cache_misses: usize,
    /// Microseconds of each compilation, successful or not, without the wait for its turn.
    pub compile_us: Distribution,
}

/// The sandbox. Cheap to clone; the clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
    pub(crate) ticker: Ticker,
    /// As many as the pool has, so that it is never found empty.
    pub(crate) turns: Arc<Turns>,
    pub(crate) slow_lanes: SlowLanes,
    pub(crate) compiling: Compiling,
    pub(crate) found: AtomicUsize,
    pub(crate) compiled: AtomicUsize,
    pub(crate) limits: Limits,
    pub(crate) memory_bytes_ceiling: usize,
    pool_size: usize,
    pooled: bool,
    /// The cache of a sandbox that was given none.
    _own_cache: Option<TempDir>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("gauges", &self.gauges()).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox. Starts a thread that keeps time and some for slow calls, which end when the sandbox and its plugins
    /// are dropped.
    ///
    /// # Errors
    /// A cache directory that cannot be used or that others can write to, a machine that cannot run
    /// compiled code, a process that may not have any, or a pool of no slots. Too little address space is no error: it
    /// is logged, and calls take longer.
    pub fn new(config: SandboxConfig) -> Result<Self, EngineError> {
        let slots = u32::try_from(config.pool_size)
            .ok()
            .filter(|_| (1..POOL_SIZE_MAX).contains(&config.pool_size))
            .ok_or(EngineError::PoolSize(config.pool_size))?;
        let folder = config.execution.compiled_as();
        let (cache, own) = match &config.cache_dir {
            Some(directory) => (cache::open(directory, folder)?, None),
            None => {
                let own = tempfile::Builder::new().prefix("tocsin-").tempdir();
                let own = own.map_err(EngineError::OwnCache)?;
                (cache::open(own.path(), folder)?, Some(own))
            }
        };
        let Built { engine, layout } =
            engine::build(config.execution, slots, config.memory_bytes_ceiling, cache.clone())?;
        let linker = linker(&engine).map_err(|error| EngineError::Engine(format!("{error:#}")))?;
        let ticker = Ticker::start(engine.weak())?;
        Ok(Self {
            inner: Arc::new(Inner {
                compiling: Compiling {
                    compiler: config.compiler,
                    job: Job { layout, memory_bytes: COMPILE_MEMORY_BYTES_MAX, seconds: 0, length: 0 },
                    kept: Kept { cache, engine: engine.clone() },
                    queue: Arc::default(),
                    took_us: measures::compile_times(),
                },
                engine,
                linker,
                ticker,
                turns: Turns::new(config.pool_size, config.memory_bytes_total),
                slow_lanes: SlowLanes::new().map_err(EngineError::Ticker)?,
                found: AtomicUsize::new(0),
                compiled: AtomicUsize::new(0),
                limits: config.limits,
                memory_bytes_ceiling: config.memory_bytes_ceiling,
                pool_size: config.pool_size,
                pooled: layout.pooled,
                _own_cache: own,
            }),
        })
    }

    /// What it is doing.
    pub fn gauges(&self) -> Gauges {
        Gauges {
            pooled: self.inner.pooled,
            slots: self.inner.pool_size,
            running: self.inner.ticker.running(),
            waiting: self.inner.turns.waiting(),
            cache_hits: self.inner.found.load(Ordering::Relaxed),
            cache_misses: self.inner.compiled.load(Ordering::Relaxed),
            compile_us: self.inner.compiling.took_us.read(),
        }
    }
}

/// What plugins may import: WASI's interfaces and the plugin API's own.
///
/// # Errors
/// Two of them have the same name.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    guest::link(&mut linker)?;
    wit::link(&mut linker)?;
    Ok(linker)
}
