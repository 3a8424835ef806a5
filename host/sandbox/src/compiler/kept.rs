//! Where compiled code is kept, under the name by which the engine looks for it.
//!
//! wasmtime loads compiled code without `unsafe` from its cache alone, and writes only what it compiled itself
//! there. So code that another process compiled is put there under the same name. A name that differs is no danger:
//! the engine does not find the code, and a sentence says so.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use wasmtime::{Cache, Engine};
use wasmtime_internal_cache::ModuleCacheEntry;

use super::Bytes;
use crate::error::LoadProblem;

/// The cache of an engine.
pub(crate) struct Kept {
    pub(crate) cache: Cache,
    pub(crate) engine: Engine,
}

impl Kept {
    /// Keeps `code` as what `bytes` were compiled to, in place of what may be there.
    ///
    /// # Errors
    /// The thread for it did not end well. That nothing could be written shows when the engine looks for it.
    pub(crate) async fn keep(&self, bytes: Bytes, code: Vec<u8>) -> Result<(), LoadProblem> {
        let (cache, engine) = (self.cache.clone(), self.engine.clone());
        let writing = tokio::task::spawn_blocking(move || {
            let entry = Entry { engine: &engine, bytes: &bytes, code: &code };
            let kept = ModuleCacheEntry::new("wasmtime", Some(&cache)).get_data_raw(
                &entry,
                |_| Ok::<_, std::convert::Infallible>(()),
                |entry, ()| Some(entry.code.to_vec()),
                // What is there was not good enough for the engine.
                |_, _| None,
            );
            let Ok(()) = kept;
        });
        writing.await.map_err(|error| LoadProblem::Host(error.to_string()))
    }
}

struct Entry<'a> {
    engine: &'a Engine,
    bytes: &'a [u8],
    code: &'a [u8],
}

/// As wasmtime names what it looks for (`compile_cached` in its `compile/runtime.rs`): engine, file, separate debug
/// information, intrinsics. A test loads what was kept.
impl Hash for Entry<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.engine.precompile_compatibility_hash().hash(state);
        Cow::Borrowed(self.bytes).hash(state);
        None::<Cow<'_, [u8]>>.hash(state);
        None::<&str>.hash(state);
    }
}
