//! How a store works.

use crate::keep::Keep;
use crate::log::LOG_BYTES;

/// How the store works. Every limit of it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Entries that may wait for the writer; one more is [`Busy`](crate::Busy). At least 1.
    pub queue: usize,
    /// Entries in one transaction. At least 1.
    pub batch: usize,
    /// The retention limits.
    pub keep: Keep,
    /// The last entry of the journal that may be dropped, at first; see [`Store::may_drop_journal_up_to`](crate::Store::may_drop_journal_up_to).
    pub drop_journal_up_to: u64,
    /// Memory for pages of the file. Bytes; up to half of it holds what a transaction writes.
    pub cache_bytes: usize,
    /// Bytes of the log of a store that is made: what commits add is there until the database is synced. One without a
    /// log syncs the database with each commit.
    pub log_bytes: usize,
    /// For how long the database may have commits that are only in the log. Milliseconds.
    pub save_after_ms: u64,
    /// For how long what came of an attempt may wait for something that has to be on the disk at once, and then takes
    /// no sync of its own. Milliseconds.
    pub outcomes_wait_ms: u64,
    /// How many entries of the journal may be only in the log: the next opening has to follow them.
    pub save_after_entries: u64,
}

impl Default for Options {
    /// 4,096 waiting, 512 at once (beyond, syncing no longer is what takes the time), 128 MiB, a log of 32 MiB that has
    /// the commits of 5 seconds and 16,384 entries, which take up to two seconds to follow.
    fn default() -> Self {
        Self {
            queue: 4096,
            batch: 512,
            keep: Keep::default(),
            drop_journal_up_to: u64::MAX,
            cache_bytes: 128 * 1024 * 1024,
            log_bytes: LOG_BYTES,
            save_after_ms: 5_000,
            outcomes_wait_ms: 10,
            save_after_entries: 16_384,
        }
    }
}
