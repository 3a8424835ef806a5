//! What the relay answers when it says no: a problem document (RFC 9457), as far as the command line reads it.
//!
//! Other members are left alone.

use serde::Deserialize;

/// A refusal.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    /// What is wrong with this request, in a sentence.
    pub detail: Option<String>,
}
