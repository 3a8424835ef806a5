//! The head of the journal: how far it was cut, and cutting more of it.
//!
//! Entries are dropped by age, the oldest first, a bounded number with each commit. Never drops the last entry, nor one
//! that a backup needs to be brought forward. What was cut is in a row of `meta` that the digest leaves out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use redb::WriteTransaction;
use tocsin_core::time::Timestamp;

use crate::block::{self, Block, Link};
use crate::digest::{Digest, running};
use crate::entries::Read;
use crate::error::Fault;
use crate::table::Rows;
use crate::{audit, entries, keep, keys, rows, tables};

/// Entries dropped with one transaction beyond those that it adds.
const CUT_AT_ONCE: usize = 64;
/// Bytes of the row.
const ROW_BYTES: usize = 8 + keys::TIME + rows::CHAIN;

/// Where the journal was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalCut {
    /// The number of the last entry that was dropped.
    pub entry: u64,
    /// When that entry was written.
    pub at: Timestamp,
    /// The digest of the entries up to it: the chain of those that are kept begins here.
    pub chain: u128,
}

impl JournalCut {
    pub(crate) fn to_bytes(self) -> [u8; ROW_BYTES] {
        let mut row = [0; ROW_BYTES];
        let (entry, rest) = row.split_at_mut(8);
        let (at, chain) = rest.split_at_mut(keys::TIME);
        entry.copy_from_slice(&self.entry.to_be_bytes());
        at.copy_from_slice(&keys::time(self.at));
        chain.copy_from_slice(&self.chain.to_be_bytes());
        row
    }

    pub(crate) fn from_bytes(row: &[u8]) -> Option<Self> {
        let (entry, rest) = row.split_first_chunk::<8>()?;
        let (at, chain) = rest.split_first_chunk::<{ keys::TIME }>()?;
        let chain = chain.try_into().ok().map(u128::from_be_bytes)?;
        Some(Self { entry: u64::from_be_bytes(*entry), at: keys::read_time(*at), chain })
    }
}

/// Where the journal was cut, as `meta` says; none if it never was.
pub(crate) fn kept(meta: &impl Rows) -> Result<Option<JournalCut>, Fault> {
    let wrong = || rows::not(tables::META, tables::META_CUT, "a number, a time and a digest");
    let Some(row) = meta.get(tables::META_CUT)? else { return Ok(None) };
    JournalCut::from_bytes(row.value()).map(Some).ok_or_else(wrong)
}

/// An entry that is kept: its number, and when it was written.
type Oldest = (u64, Timestamp);

/// Which entries may be dropped.
pub(crate) struct Bounds {
    keep: Arc<keep::Current>,
    /// The last one that no backup needs.
    up_to: AtomicU64,
}

impl Bounds {
    /// `keep` sets how long each is kept; those after `up_to` are always kept.
    pub(crate) const fn new(keep: Arc<keep::Current>, up_to: u64) -> Self {
        Self { keep, up_to: AtomicU64::new(up_to) }
    }

    /// Those after `entry` are kept in any case from now on.
    pub(crate) fn may_drop_up_to(&self, entry: u64) {
        self.up_to.store(entry, Ordering::Relaxed);
    }

    /// Whether an entry may be dropped at `now`, unless it is the last one.
    pub(crate) fn may_go(&self, (entry, at): Oldest, now: Timestamp) -> bool {
        at < now.minus_ms(self.keep.get().journal_ms) && entry <= self.up_to.load(Ordering::Relaxed)
    }
}

/// What the writer knows of the journal's head.
pub(crate) struct Cutting {
    bounds: Arc<Bounds>,
    /// The oldest entry that is kept, as far as it is known.
    oldest: Option<Oldest>,
}

impl Cutting {
    pub(crate) const fn new(bounds: Arc<Bounds>) -> Self {
        Self { bounds, oldest: None }
    }

    /// Drops entries that are past their time at `now`: as many as `transaction` adds, and a few. Returns the oldest
    /// that it keeps.
    pub(crate) fn run(
        &self,
        transaction: &WriteTransaction,
        now: Timestamp,
        added: usize,
    ) -> Result<Option<Oldest>, Fault> {
        let may_go = |entry| self.bounds.may_go(entry, now);
        if self.oldest.is_some_and(|oldest| !may_go(oldest)) {
            return Ok(self.oldest);
        }
        let mut journal = tables::beside::JOURNAL.open(transaction)?;
        let last = entries::end(&journal)?.number;
        let mut walk = Walk::default();
        for read in entries::blocks(&journal, (0, last))? {
            let Read { first, block, .. } = read?;
            walk.looked_at.push(first);
            // What is wrong in the journal is for `verify` to report, and makes no entry fail: its time is not known, so
            // it goes with the next row.
            let Ok(block) = block else { continue };
            let is_end = walk.through(&block, last, &may_go);
            if is_end || walk.count >= added + CUT_AT_ONCE {
                walk.rest = Some(block);
                break;
            }
        }
        let (oldest, Some(cut)) = (walk.oldest, walk.cut) else { return Ok(walk.oldest) };
        let rest = walk.rest.filter(|block| block.first <= cut.entry);
        for first in walk.looked_at.into_iter().filter(|first| *first <= cut.entry) {
            journal.remove(first.to_be_bytes().as_slice())?;
        }
        let end = Link { number: cut.entry, chain: cut.chain };
        let rest = rest.map(|block| block::without_head(&block, end)).transpose();
        if let Some((first, row)) =
            rest.map_err(|problem| rows::fault(tables::JOURNAL, &cut.entry.to_be_bytes(), problem))?.flatten()
        {
            journal.insert(first.to_be_bytes().as_slice(), row.as_slice())?;
        }
        audit::cut(transaction, cut.entry)?;
        // The digest does not cover the row, so that it does not matter which one is counted on.
        let mut meta = tables::META.open(transaction, &running(Digest::default()))?;
        meta.insert(tables::META_CUT, &cut.to_bytes())?;
        Ok(oldest)
    }

    /// What [`Cutting::run`] returned is committed.
    pub(crate) const fn committed(&mut self, oldest: Option<Oldest>) {
        self.oldest = oldest;
    }
}

/// What looking at entries from the first on came to.
#[derive(Default)]
struct Walk {
    /// Entries that may go.
    count: usize,
    /// The last of them.
    cut: Option<JournalCut>,
    /// The first that may not.
    oldest: Option<Oldest>,
    /// The keys of the rows that were looked at.
    looked_at: Vec<u64>,
    /// The last of these rows.
    rest: Option<Block>,
}

impl Walk {
    /// Goes through `block`; whether an entry of it has to stay.
    fn through(&mut self, block: &Block, last: u64, may_go: &impl Fn(Oldest) -> bool) -> bool {
        let mut link = block.begins();
        for ((number, record), (_, entry)) in block.records().zip(block.entries()) {
            link = link.next(record);
            // Of one that cannot be read the time is not known: it goes with the next one.
            let Ok(entry) = entry else { continue };
            if number == last || !may_go((number, entry.at)) {
                self.oldest = Some((number, entry.at));
                return true;
            }
            self.count += 1;
            self.cut = Some(JournalCut { entry: number, at: entry.at, chain: link.chain });
        }
        false
    }
}
