//! How many requests a source takes, as configured.
//!
//! Never counts: what comes in is counted where it comes in.

/// What a source takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a minute.
    pub per_minute: usize,
    /// Requests at once, after a time without any.
    pub burst: usize,
}
