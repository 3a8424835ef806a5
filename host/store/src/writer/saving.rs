//! What the writer commits: into the log first, and to the database's own pages on disk after many commits, or some time.
//! That takes place in the background, a save at a time.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use redb::{Durability, WriteTransaction};

use super::Writer;
use crate::block::Link;
use crate::error::Fault;
use crate::job::Message;
use crate::log::Frame;
use crate::state::Head;

/// How long the writer is idle at most while a save is under way: whether it succeeds is looked at then.
const SAVE_TIME: Duration = Duration::from_millis(100);

/// When the database is synced, and what it has that is not on disk.
pub(crate) struct Saving {
    /// After how long.
    pub(crate) after: Duration,
    /// After how many entries.
    pub(crate) after_entries: u64,
    /// The commits that are only in the log, if there are any.
    unsaved: Option<Unsaved>,
    /// Whether a save is under way, as far as was looked at.
    is_under_way: bool,
}

/// Commits of the database that are not on disk.
#[derive(Clone, Copy)]
struct Unsaved {
    since: Instant,
    /// The entry that the database on disk ends with.
    behind: u64,
}

impl Saving {
    pub(crate) const fn new(after: Duration, after_entries: u64) -> Self {
        Self { after, after_entries, unsaved: None, is_under_way: false }
    }

    /// After how long there is something to do, if there is.
    fn rest(&self) -> Option<Duration> {
        let rest = self.unsaved.map(|unsaved| self.after.saturating_sub(unsaved.since.elapsed()));
        if self.is_under_way { Some(SAVE_TIME) } else { rest }
    }

    /// Whether the writer has to sync the database now. `last` is the last entry of its journal.
    fn is_due(&self, last: u64) -> bool {
        self.unsaved.is_some_and(|unsaved| {
            unsaved.since.elapsed() >= self.after || last.saturating_sub(unsaved.behind) >= self.after_entries
        })
    }

    /// The database has a commit behind the entry `behind` that is not on disk.
    fn waits(&mut self, behind: u64) {
        self.unsaved.get_or_insert_with(|| Unsaved { since: Instant::now(), behind });
    }

    /// Everything is on disk, or was given up.
    pub(super) const fn saved(&mut self) {
        self.unsaved = None;
        self.is_under_way = false;
    }
}

impl Writer {
    /// The next message, if one comes before the database is to be synced.
    pub(super) fn next(&self, messages: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        match self.saving.rest() {
            Some(rest) => messages.recv_timeout(rest),
            None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Saves the database, if it is time for that and the save before has ended.
    pub(super) fn save_if_due(&mut self) {
        if self.saving.is_under_way {
            match self.live.has_saved() {
                Ok(has_ended) => self.saving.is_under_way = !has_ended,
                Err(fault) => return self.not_saved(fault),
            }
        }
        let last = self.head.as_ref().map_or(0, |head| head.position.entry);
        if !self.saving.is_under_way && (self.saving.is_due(last) || self.live.is_log_filling()) {
            self.save();
        }
    }

    /// Has the database written to the disk, if it has commits that are only in the log. When that fails, they are
    /// still there.
    pub(super) fn save(&mut self) {
        if self.saving.unsaved.is_none() {
            return;
        }
        let saved = self.live.begin_write().and_then(|transaction| self.save_with(transaction));
        if let Err(fault) = saved {
            self.not_saved(fault);
        }
    }

    fn not_saved(&mut self, fault: Fault) {
        self.saving.saved();
        self.failed(&fault.into());
    }

    /// Commits `transaction`, and has the database written to the disk.
    fn save_with(&mut self, transaction: WriteTransaction) -> Result<(), Fault> {
        self.live.save(transaction)?;
        self.saving.saved();
        self.saving.is_under_way = true;
        Ok(())
    }

    /// Commits `transaction` to the disk, and with it every one before.
    pub(super) fn commit(&mut self, transaction: WriteTransaction) -> Result<(), Fault> {
        transaction.commit()?;
        self.live.restart_log();
        self.saving.saved();
        Ok(())
    }

    /// Commits a `transaction` that adds `frame` behind the entry at `after`: once `frame` is on disk in the log. To the
    /// disk if there is no log, if the commit `has_more` than the frame says, or if no entry shows later that the database
    /// has it.
    pub(super) fn commit_logged(
        &mut self,
        mut transaction: WriteTransaction,
        after: Link,
        frame: &Frame,
        has_more: bool,
    ) -> Result<(), Fault> {
        if has_more || !self.live.has_log() || frame.entries.count == 0 && !frame.is_void() {
            return self.commit(transaction);
        }
        if !frame.is_void() && !self.live.log(after, frame)? {
            // The log is full: what is in it, and this, is saved, and the other half has room.
            self.save_with(transaction)?;
            return if self.live.log(after, frame)? { Ok(()) } else { self.live.wait_for_save() };
        }
        leave_to_log(&mut transaction)?;
        transaction.commit()?;
        self.saving.waits(after.number);
        Ok(())
    }

    /// The frame of a commit behind `head`, with the counts that it takes along.
    pub(super) fn frame(&self, head: &Head) -> Frame {
        Frame { digest: head.digest.to_bytes().to_vec(), counts: self.counts.clone(), ..Frame::default() }
    }
}

/// Has the commit of `transaction` not wait for the disk: what it adds is in the log.
fn leave_to_log(transaction: &mut WriteTransaction) -> Result<(), Fault> {
    transaction.set_quick_repair(false);
    transaction.set_durability(Durability::None).map_err(|error| Fault::Damaged(error.to_string()))
}
