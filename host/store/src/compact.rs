//! Gives the free space in a store's file back to the disk, while no relay runs.
//!
//! Changes no row.

use std::path::Path;

use crate::error::{Fault, OpenError};
use crate::live::Live;
use crate::log::LOG_BYTES;
use crate::options::Options;

/// What compacting a store did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of the file before.
    pub before: u64,
    /// Bytes of the file after.
    pub after: u64,
}

/// Compacts the store in the file at `path`. Takes about as long as copying it.
///
/// # Errors
/// It cannot be opened, is in use, or cannot be written.
pub fn compact(path: &Path) -> Result<Compacted, OpenError> {
    let live = Live::open(path, Options::default().cache_bytes, LOG_BYTES)?;
    let fault = |fault: Fault| OpenError::Fault { store: path.display().to_string(), fault };
    let before = live.file_bytes().map_err(fault)?;
    live.compact().map_err(fault)?;
    let about = std::fs::metadata(path).map_err(|error| fault(error.into()))?;
    Ok(Compacted { before, after: about.len() })
}
