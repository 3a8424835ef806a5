//! The steps that replace the key. Each replaces one file as a whole; after each, the secrets can be read.
//!
//! Two files cannot change at the same moment. So the file of the key has both keys while the store changes from one to
//! the other.

use super::cipher::Key;
use super::document::Document;
use super::error::VaultError;

/// One step.
pub(super) enum Step {
    /// Replaces the file of the key.
    Keys(String),
    /// Replaces the store.
    Store(Vec<u8>),
}

/// The steps from `old` to `new`; none if a secret cannot be decrypted.
pub(super) fn steps(document: &Document, old: &Key, new: &Key) -> Result<Option<[Step; 3]>, VaultError> {
    let Some(next) = document.under(old, new)? else { return Ok(None) };
    Ok(Some([
        Step::Keys(format!("{}\n{}\n", new.text(), old.text())),
        Step::Store(next.sealed(new)?),
        Step::Keys(format!("{}\n", new.text())),
    ]))
}
