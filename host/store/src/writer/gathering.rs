//! Gathers the jobs of one transaction: the relay's own, then those of the sources in turn.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Writer;
use crate::job::{Job, Message};

/// The limit of requests and records in one transaction, in bytes: a commit must write far less than the cache holds.
const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;

/// With this many outcomes, the writer waits for no more.
const COMPANY: usize = 32;

impl Writer {
    /// How long the writer waits for more jobs before it writes. It waits only with outcomes: only the relay waits for
    /// these, and together with an urgent job they need no separate sync.
    pub(super) fn company(&self) -> Option<Duration> {
        let may_wait = self.lines.is_empty()
            && self.dismissals.is_empty()
            && self.live.damage().is_empty()
            && self.own.len() < COMPANY
            && self.own.iter().all(Job::is_outcome);
        let since = self.own.front().filter(|_| may_wait)?.since;
        self.outcomes_wait.checked_sub(since.elapsed())
    }

    /// Queues a message. Returns whether the writer has to check the file.
    pub(super) fn sort(&mut self, message: Message) -> bool {
        match message {
            Message::Write(job) => {
                let cost = u64::try_from(job.bytes()).unwrap_or(u64::MAX);
                let source = job.source().to_owned();
                if source.is_empty() {
                    self.own.push_back(*job);
                } else {
                    self.lines.push(&source, cost, *job);
                }
            }
            Message::SetAside => {}
            Message::Dismiss(answer) => self.dismissals.push(answer),
            Message::Mend => return true,
            Message::Counts(rows) => {
                self.counts.retain(|old| rows.iter().all(|new| new.source != old.source));
                self.counts.extend(rows);
            }
        }
        false
    }

    /// Takes the jobs of one transaction: the relay's own jobs first, then the sources in turn. The relay's own leave a
    /// quarter of the transaction to the sources.
    pub(super) fn gather(&mut self) -> Vec<Job> {
        let (mut jobs, mut bytes) = (Vec::new(), 0);
        let of_own = (self.batch / 4 * 3).max(1);
        while jobs.len() < self.batch && bytes < BATCH_BYTES_MAX {
            let own = if jobs.len() < of_own { self.own.pop_front() } else { None };
            let Some(job) = own.or_else(|| self.lines.pop()).or_else(|| self.own.pop_front()) else { break };
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            bytes += job.bytes();
            jobs.push(job);
        }
        // In the order of creation: rows with ids then go to the ends of their tables, where redb leaves no page half
        // full.
        jobs.sort_by_key(|job| job.commands.first().map(|issued| issued.seed));
        jobs
    }
}
