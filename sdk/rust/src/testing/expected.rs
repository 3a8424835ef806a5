//! What cases expect, as values, for tests that look into expected requests.
//!
//! Never decides whether a case holds: the text of its file does.

use std::path::Path;

use serde_json::Value;

use super::cases;

/// What each case of `<manifest_dir>/cases` expects, under the case's path there. An outcome is its JSON; a request is
/// an object of `line`, `query`, `headers` and `body`.
///
/// # Panics
/// When a case cannot be read.
pub fn expected_of_cases(manifest_dir: &str) -> Vec<(String, Vec<Value>)> {
    let files = cases::files(Path::new(manifest_dir)).into_iter();
    files.map(|(name, text)| (name.clone(), expected(&name, &text))).collect()
}

/// What one case expects.
///
/// # Panics
/// When it cannot be read.
pub(super) fn expected(name: &str, text: &str) -> Vec<Value> {
    tocsin_cases::expected(text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
