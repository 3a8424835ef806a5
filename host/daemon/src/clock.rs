//! The only place that reads the clock and draws random numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use tocsin_core::id::Id;
use tocsin_core::time::Timestamp;

/// Now, by the system's clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A new id, made at `at`.
///
/// # Errors
/// The operating system gives no random numbers.
pub fn new_id(at: Timestamp) -> Result<Id, getrandom::Error> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Id::new(at, u128::from_be_bytes(bytes)))
}

/// A random number, for jitter; 0 when the operating system gives none, which costs nothing but spread.
pub fn jitter() -> u64 {
    getrandom::u64().unwrap_or(0)
}
