//! The engines: the one that runs plugins, which has no compiler, and the one that compiles them, in a process of
//! its own.
//!
//! Never loads or calls anything. What is set here is part of every plugin's behaviour; a change of it may
//! change what plugins answer.

use wasmtime::{
    Cache, Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

pub use crate::cache::CacheError;
use crate::execution::Execution;
use crate::limits::{
    ASYNC_STACK_BYTES, GROWTH_BYTES, GUARD_BYTES, INSTANCE_BYTES_MAX, INSTANCES_MAX, KEEP_RESIDENT_BYTES,
    MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX, WASM_STACK_BYTES,
};

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing could run at the same time.
    #[error("the sandbox needs at least one slot, and less than 10,000; {0} were asked for")]
    PoolSize(usize),
    /// The compile cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A folder for compiled code, for a sandbox that was given none.
    #[error("no folder for compiled plugins can be made among the temporary files (TMPDIR): {0}")]
    OwnCache(std::io::Error),
    /// Machine code in a process that may have none.
    #[error(
        "the system does not let this process make memory executable ({0}), which compiled plugins need. Run the \
         plugins in an interpreter, with `execution = \"interpreted\"` in [plugins] of the configuration; or allow it: \
         remove `MemoryDenyWriteExecute=yes` from the systemd unit and its drop-ins (`systemctl cat tocsin`), then \
         `systemctl daemon-reload` and restart"
    )]
    NotExecutable(std::io::Error),
    /// The machine, or the operating system's limits.
    #[error("the WebAssembly engine cannot start: {0}")]
    Engine(String),
    /// The thread that keeps time.
    #[error("the sandbox's clock thread cannot start: {0}")]
    Ticker(#[from] std::io::Error),
}

/// What of an engine is part of the code that it runs: code that was compiled for one layout does not run on an
/// engine with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// What the code is made for: the processor or the interpreter.
    pub(crate) execution: Execution,
    /// Bytes of addresses that each memory is given.
    pub(crate) memory_bytes: usize,
    /// Whether memories come from the pool, so that they never move.
    pub(crate) pooled: bool,
}

/// An engine and where its instances' memory comes from.
pub(crate) struct Built {
    pub(crate) engine: Engine,
    pub(crate) layout: Layout,
}

/// Builds an engine that runs compiled code and cannot compile any, with a pool of `slots`, each with memories of
/// up to `memory_bytes`; without a pool when there is no address space for it.
///
/// # Errors
/// This process may not have machine code, or this machine cannot run compiled components at all.
pub(crate) fn build(
    execution: Execution,
    slots: u32,
    memory_bytes: usize,
    cache: Cache,
) -> Result<Built, EngineError> {
    // Without this, each plugin would fail by itself, and for a reason that does not name the cause.
    execution.probe().map_err(EngineError::NotExecutable)?;
    let refused = |error: wasmtime::Error| EngineError::Engine(format!("{error:#}"));
    let layout = Layout { execution, memory_bytes, pooled: true };
    let mut pooled = config(layout).map_err(refused)?;
    pooled
        .enable_compiler(false)
        .cache(Some(cache.clone()))
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots, memory_bytes)));
    match Engine::new(&pooled) {
        Ok(engine) => Ok(Built { engine, layout }),
        Err(error) => {
            tracing::warn!(
                slots,
                memory_bytes,
                error = format!("{error:#}"),
                "no address space for the sandbox's pool: plugins run, but each call takes longer; raise \
                 the process's address space limit (LimitAS= in a systemd unit, `ulimit -v`)"
            );
            let layout = Layout { pooled: false, ..layout };
            let mut config = config(layout).map_err(refused)?;
            config
                .enable_compiler(false)
                .cache(Some(cache))
                .allocation_strategy(InstanceAllocationStrategy::OnDemand);
            let engine = Engine::new(&config).map_err(refused)?;
            Ok(Built { engine, layout })
        }
    }
}

/// An engine that compiles for engines of this layout, and reserves no memory for running anything.
///
/// A change here changes code that is in caches already: raise the numbers of [`Execution::compiled_as`] with it.
///
/// # Errors
/// This machine is none that code can be compiled for.
pub(crate) fn compiling(layout: Layout) -> wasmtime::Result<Engine> {
    let mut config = config(layout)?;
    config
        .cranelift_opt_level(OptLevel::Speed)
        // The same input gives the same bytes on every machine.
        .cranelift_nan_canonicalization(true)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config)
}

/// The part of the configuration that compiling and running have in common.
fn config(layout: Layout) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    if let Some(target) = layout.execution.target() {
        config.target(target)?;
    }
    config
        // Time: running code is asked at every loop and call whether its epoch is over.
        .epoch_interruption(true)
        .relaxed_simd_deterministic(true)
        // What no plugin needs, and what would be memory beyond the count.
        .wasm_memory64(false)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(ASYNC_STACK_BYTES)
        .memory_guard_size(GUARD_BYTES)
        .memory_init_cow(true)
        // Names of functions in a trap, but not lines: reading debug sections of a hostile file is a risk.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    if layout.pooled {
        // Reserved once at its full size, so that it never moves.
        config
            .memory_reservation(layout.memory_bytes as u64)
            .memory_reservation_for_growth(0)
            .memory_may_move(false);
    } else {
        // Without a reservation: what is not there cannot be set aside either.
        config.memory_reservation(0).memory_reservation_for_growth(GROWTH_BYTES).memory_may_move(true);
    }
    Ok(config)
}

fn pool(slots: u32, memory_bytes: usize) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(INSTANCES_MAX))
        .max_core_instances_per_component(INSTANCES_MAX)
        .max_component_instance_size(INSTANCE_BYTES_MAX)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .total_memories(slots.saturating_mul(MEMORIES_MAX))
        .max_memories_per_component(MEMORIES_MAX)
        .max_memory_size(memory_bytes)
        .total_tables(slots.saturating_mul(TABLES_MAX))
        .max_tables_per_component(TABLES_MAX)
        .max_tables_per_module(TABLES_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .total_stacks(slots)
        // A slot that was used by a plugin is kept for it with its pages in place; they are put back by
        // copying those that were written to, which the kernel names.
        .max_unused_warm_slots(slots.saturating_mul(MEMORIES_MAX))
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES);
    pool.pagemap_scan(Enabled::Auto);
    pool
}
