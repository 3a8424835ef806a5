//! When each token of a source was last used since the start, for an operator who rotates a token.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tocsin_core::time::Timestamp;

/// By source and the index of the token.
#[derive(Debug, Default)]
pub struct Tokens(Mutex<BTreeMap<(String, usize), Timestamp>>);

impl Tokens {
    /// A request of `source` had the token at this index.
    pub fn used(&self, source: &str, place: usize, at: Timestamp) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match used.get_mut(&(source.to_owned(), place)) {
            Some(last) => *last = at,
            None => drop(used.insert((source.to_owned(), place), at)),
        }
    }

    /// The tokens of `source` have changed.
    pub fn forget(&self, source: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _), _| known != source);
    }

    /// When the token of `source` at this index was last used.
    pub fn last(&self, source: &str, place: usize) -> Option<Timestamp> {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.get(&(source.to_owned(), place)).copied()
    }
}
