//! What the relay keeps: the journal, the state that follows from it, and raw requests beside.
//!
//! Invariants: state changes only by what is recorded in the journal, by `tocsin_core::evolve` in the
//! transaction that appends it; nobody is answered before that transaction is on disk. No clock, no async, no
//! decision of its own. What is on disk is drawn in `README.md`.
//!
//! Reading order: `store` (the interface) → `job`, `writer` (group commit), `measures` → `log`, `recover` (what is not
//! in the database yet) → `state` (in redb) → `tables`, `table`, `block`, `digest`, `keys`, `record` (what is on disk)
//! → `live`, `opening`, `medium`, `layout`, `aside`, `identity` (the file, and its errors) → `set_aside`, `damage`
//! (records that cannot be read) → `read` → `entries`, `audit`, `cut`, `journal` (the journal's rows, index, head and order)
//! → `verify` → `backup` → `replay` → `filling`, `replace`, `restore`, `rebuild`, `compact` → `upgrade` (earlier formats).
#![forbid(unsafe_code)]

mod aside;
mod audit;
mod backup;
mod behind;
mod block;
mod compact;
mod counts;
mod cut;
mod damage;
mod dictionaries;
mod digest;
mod entries;
mod error;
mod filling;
mod identity;
mod job;
mod journal;
mod keep;
mod kept;
mod keys;
mod kinds;
mod layout;
mod live;
mod log;
mod measures;
mod medium;
mod opening;
mod options;
mod read;
mod rebuild;
mod record;
mod recover;
mod replace;
mod replay;
mod requests;
mod restore;
mod rows;
mod set_aside;
mod state;
mod state_digest;
mod store;
mod table;
mod tables;
mod upgrade;
mod verify;
mod way;
mod work;
mod writer;

pub use backup::{About, BackupError, Checked, Header, TableBytes, check, read_header};
pub use compact::{Compacted, compact};
pub use cut::JournalCut;
pub use digest::Digest;
pub use error::{Busy, Displaced, Fault, OpenError, ReadError, RecordProblem, WriteError};
pub use keep::{Keep, Quota};
pub use kept::KeptBytes;
pub use measures::Gauges;
pub use options::Options;
pub use read::{
    AuditPage, AuditQuery, Counts, DeliveryQuery, IncidentQuery, JournalPage, JournalQuery, KeptSince, Page,
    Past, Period, Queue, Reached, ReceiptQuery, Receipts, SetAside, TableSize, Unmatched,
};
pub use rebuild::{RebuildError, Rebuilt, rebuild};
pub use record::source_counts::{Rejections, SourceCounts};
pub use replace::ReplaceError;
pub use replay::ReplayError;
pub use restore::{RestoreError, Restored, restore};
pub use store::{Store, Write};
pub use verify::{Difference, DigestCheck, TableCount, Verified};

/// The format of the stores that this version creates and opens.
pub const FORMAT: u32 = tables::FORMAT;

#[cfg(test)]
mod raw;
#[cfg(test)]
mod tests;
