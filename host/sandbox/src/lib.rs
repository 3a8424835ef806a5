//! The sandbox in which plugins run: it compiles components, checks what they are, and calls them, each call
//! in an instance of its own that has no network, no files, no environment and no clock but the one it is
//! given.
//!
//! Invariants: knows wasmtime and the core, and no other part of the host; a plugin's fault is an answer
//! ([`CallError`]), never a hang or a panic of the host; nothing that a plugin did is left for its next call.
//!
//! Reading order: [`Sandbox`] (engine, loading) → `compiler` (a process for each file, and what it takes in:
//! `survey`) → `inspect` (what a file is, before it runs) → `rehearse` (its own example) → [`Plugin`]
//! (the three calls) → `call` (one call, from store to verdict) → `wasi` (what an ordinary program finds) →
//! `wit` (the plugin API's types and the core's).

mod background;
mod cache;
mod engine;
mod execution;
mod limits;
mod sandbox;

mod compiler;
mod survey;

mod describe;
mod inspect;
mod load;
mod rehearse;

mod answer;
mod call;
mod checks;
mod plugin;
mod verdict;

mod guest;
mod guest_log;
mod log_rate;
mod measures;
mod meter;
mod text;
mod ticker;
mod told;
mod turns;
mod wasi;

mod error;
mod wit;

pub use compiler::{Compiler, compile_plugin};
pub use engine::{CacheError, EngineError};
pub use error::{CallError, CallErrorKind, LoadError, LoadProblem, Phase};
pub use execution::Execution;
pub use limits::{
    COMPONENT_BYTES_MAX, DECODED_BYTES_MAX, EVENTS_MAX, HEAD_BYTES_IN_MAX, HEADERS_MAX, LOG_BYTES_MAX,
    LOG_BYTES_PER_MINUTE, Limits, MEMORY_BYTES_CEILING, MEMORY_BYTES_MAX, POOL_SIZE, REFERENCES_MAX,
    REPLY_BYTES_MAX, REQUEST_BYTES_IN_MAX, REQUEST_BYTES_OUT_MAX, STATE_BYTES_MAX, WALL_MAX,
};
pub use measures::Calls;
pub use plugin::{Answer, Place, Plugin};
pub use sandbox::{Gauges, Sandbox, SandboxConfig};
pub use told::Told;
pub use wit::API_VERSIONS;
