//! Words that people and tools use for a status or a severity: one vocabulary for all plugins.
//!
//! Never guesses: a word that is not in the lists is `None`, and the plugin says so or leaves it out.

mod fold;
mod severities;
mod statuses;

pub use severities::{Severities, severity, severity_problems, severity_with};
pub use statuses::{change, changes};

/// Whether two words are the same but for case and separators.
pub fn same(a: &str, b: &str) -> bool {
    fold::fold(a) == fold::fold(b)
}

#[cfg(test)]
mod tests;
