//! Replaying: each entry of the journal in turn, and between two of them what was set aside there.

use std::iter::Peekable;
use std::path::Path;

use redb::Database;

use super::ReplayError;
use super::checkpoint::{self, Checkpoint};
use crate::block::Link;
use crate::entries::{self, Read};
use crate::error::Fault;
use crate::journal;
use crate::read::Snapshot;
use crate::read::set_aside::{self, SetAside};
use crate::record::set_aside::Kept;
use crate::state::{Head, Tables};
use crate::tables;
use crate::verify::Verified;

/// Rows of the journal that are replayed in one transaction of the copy.
const STEP: usize = 512;

/// Brings the state about in `copy`, in which there is nothing yet, from the journal of `snapshot`: from its first entry,
/// or from the state of the backup at `from`. What is wrong with entries goes into `verified`.
pub(crate) fn replay(
    snapshot: &Snapshot,
    copy: &Database,
    from: Option<&Path>,
    verified: &mut Verified,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Head, ReplayError> {
    let (begins, last) = journal::ends(snapshot)?.unwrap_or_default();
    verified.begins = begins;
    let set_aside = set_aside::kept(snapshot)?;
    verified.set_aside = set_aside.iter().cloned().map(SetAside::from).collect();
    let Some(path) = from else {
        if journal::cut(snapshot)?.is_some() {
            return Err(ReplayError::Cut { begins });
        }
        verified.replayed_after = Some(0);
        let replaying = Replaying { snapshot, copy, verified, link: Link::START, last };
        return Ok(replaying.run(Head::default(), set_aside, progress)?);
    };
    let Checkpoint { head, set_aside: done } = checkpoint::load(snapshot, path, copy, progress)?;
    let ends = head.position.entry;
    verified.replayed_after = Some(ends);
    // These were taken out before the backup was made.
    let rest = set_aside.into_iter().skip(done).collect();
    let link = Link { number: ends, chain: head.chain };
    Ok(Replaying { snapshot, copy, verified, link, last }.run(head, rest, progress)?)
}

/// A replay under way.
struct Replaying<'r> {
    snapshot: &'r Snapshot,
    copy: &'r Database,
    verified: &'r mut Verified,
    /// What the next entry has to follow.
    link: Link,
    /// The number of the journal's last entry.
    last: u64,
}

impl Replaying<'_> {
    fn run(
        mut self,
        mut head: Head,
        set_aside: Vec<Kept>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Head, Fault> {
        let first = self.link.number.saturating_add(1);
        let journal = self.snapshot.table(tables::JOURNAL)?;
        let mut rows = entries::blocks(&journal, (first, u64::MAX))?.peekable();
        let total = (self.last + 1).saturating_sub(first);
        let mut set_aside = set_aside.into_iter().peekable();
        progress(0, total);
        while rows.peek().is_some() {
            let transaction = self.copy.begin_write()?;
            let mut tables = Tables::open(&transaction, head)?;
            for row in rows.by_ref().take(STEP) {
                self.row(&mut tables, &mut set_aside, row?)?;
            }
            (head, _) = tables.finish()?;
            transaction.commit()?;
            progress((self.link.number + 1).saturating_sub(first), total);
        }
        if set_aside.peek().is_some() {
            let transaction = self.copy.begin_write()?;
            let mut tables = Tables::open(&transaction, head)?;
            take_out(&mut tables, &mut set_aside, u64::MAX)?;
            (head, _) = tables.finish()?;
            transaction.commit()?;
        }
        Ok(head)
    }

    /// Replays the entries of one row behind the one that was replayed last.
    fn row(
        &mut self,
        tables: &mut Tables<'_>,
        set_aside: &mut Peekable<impl Iterator<Item = Kept>>,
        Read { first, end, block }: Read,
    ) -> Result<(), Fault> {
        let block = match block {
            Ok(block) => block,
            Err(problem) => {
                take_out(tables, set_aside, first.saturating_sub(1))?;
                self.verified.entries += 1;
                self.differ(first, format!("it cannot be read: {problem}"));
                self.link = end;
                tables.pass(end);
                return Ok(());
            }
        };
        // A row may begin before the backup was made.
        let done = self.link.number;
        if block.end.number <= done {
            return Ok(());
        }
        let mut link = self.link;
        if let Some(what) = link.follow(&block) {
            self.differ(first, what);
        }
        let next = block.records().zip(block.entries()).filter(|((number, _), _)| *number > done);
        for ((number, record), (_, entry)) in next {
            take_out(tables, set_aside, number.saturating_sub(1))?;
            self.verified.entries += 1;
            self.link = Link { number, ..self.link.next(record) };
            match entry {
                Ok(entry) => tables.follow(number, self.link.chain, &entry)?,
                Err(problem) => {
                    self.differ(number, format!("it cannot be read: {problem}"));
                    tables.pass(self.link);
                }
            }
        }
        self.link = link;
        Ok(())
    }

    fn differ(&mut self, number: u64, what: String) {
        self.verified.differ(tables::JOURNAL, &number.to_be_bytes(), what);
    }
}

/// Takes the same rows out of the copy that were set aside in the store up to the entry `before`.
fn take_out(
    tables: &mut Tables<'_>,
    set_aside: &mut Peekable<impl Iterator<Item = Kept>>,
    before: u64,
) -> Result<(), Fault> {
    while let Some(row) = set_aside.next_if(|row| row.after <= before) {
        if let Some(table) = tables::named(&row.table) {
            tables.take_out(table, &row.key)?;
        }
    }
    Ok(())
}
