//! The writer thread: takes what waits, applies it in one transaction, logs it and syncs the log, answers. The only
//! one that writes. It syncs the database after many commits, or some seconds.
//!
//! Never answers before a sync. Never lets one entry's trouble, or one caller's, become another's.

use std::collections::{BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tocsin_core::decide::{Applied, DecideError, Rejection};
use tocsin_core::fair::FairQueue;

use crate::counts;
use crate::cut::Cutting;
use crate::damage::Place;
use crate::dictionaries::{self, Dictionaries, Sample};
use crate::error::{Fault, WriteError};
use crate::job::{Dismissed, Job, Message};
use crate::keep::{self, Quota};
use crate::live::Live;
use crate::log::{Count, Frame, Keeping};
use crate::measures::Measures;
use crate::requests::Requests;
use crate::set_aside::{self, readable_head};
use crate::state::{Head, Tables};
use crate::state_digest;
use crate::work::Work;

mod gathering;
mod saving;

pub(crate) use saving::Saving;

/// What came of each job of a batch.
type Outcomes = Vec<Result<Applied, Rejection>>;

/// Why a batch was not committed.
struct Failure {
    error: WriteError,
    /// The job that ran into it, when it is that one's alone.
    culprit: Option<usize>,
    /// Whether it may have been committed all the same.
    uncertain: bool,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { error: fault.into(), culprit: None, uncertain: false }
    }
}

/// The writer's own state.
pub(crate) struct Writer {
    pub(crate) live: Arc<Live>,
    pub(crate) dictionaries: Arc<Dictionaries>,
    /// What is known of what is committed; nothing after an error, until it was read again.
    pub(crate) head: Option<Head>,
    /// Entries that wait.
    pub(crate) waiting: Arc<AtomicUsize>,
    pub(crate) busy: Arc<Work>,
    /// What was taken out of the channel and waits for its turn, by source.
    pub(crate) lines: FairQueue<Job>,
    /// The same of the relay's own: what was sent goes before what comes in.
    pub(crate) own: VecDeque<Job>,
    /// For how long outcomes may wait.
    pub(crate) outcomes_wait: Duration,
    /// Entries in one transaction.
    pub(crate) batch: usize,
    pub(crate) keep: Arc<keep::Current>,
    pub(crate) cutting: Cutting,
    /// Counts that are not committed yet.
    pub(crate) counts: Vec<Count>,
    /// Those who wait for what was set aside to be marked as seen to.
    pub(crate) dismissals: Vec<Dismissed>,
    /// What the database has that is not on disk, except in the log.
    pub(crate) saving: Saving,
    pub(crate) measures: Arc<Measures>,
}

impl Writer {
    /// Writes until nobody can send any more and everything sent is written; then closes the file.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let mut mend = false;
            if self.lines.is_empty() && self.own.is_empty() {
                match self.next(messages) {
                    Ok(first) => mend |= self.sort(first),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            self.busy.begins();
            // All of it: what is behind a flood of one source must not wait in the channel.
            while let Ok(next) = messages.try_recv() {
                mend |= self.sort(next);
            }
            while let Some(rest) = self.company().filter(|_| !mend) {
                let Ok(next) = messages.recv_timeout(rest) else { break };
                mend |= self.sort(next);
            }
            let jobs = self.gather();
            if mend {
                self.mend();
            }
            self.set_aside_found();
            self.write(jobs);
            self.write_counts();
            for answer in std::mem::take(&mut self.dismissals) {
                answer(self.dismiss().map_err(WriteError::from));
            }
            self.save_if_due();
            self.busy.ends();
        }
        self.save();
        // What could be closed is closed; the next opening repairs the rest.
        let _ = self.live.close();
    }

    /// Writes `jobs` and answers them. A job that fails alone is answered and left out.
    ///
    /// A job that runs into a record that cannot be read is applied without it, once that was set aside.
    fn write(&mut self, mut jobs: Vec<Job>) {
        let mut retried = false;
        let mut set_aside = BTreeSet::new();
        while !jobs.is_empty() {
            let failure = match self.attempt(&jobs) {
                Ok(outcomes) => {
                    for (job, outcome) in jobs.into_iter().zip(outcomes) {
                        job.answer(outcome.map_err(WriteError::from));
                    }
                    return;
                }
                Err(failure) => failure,
            };
            match failure {
                Failure { error: WriteError::Storage(Fault::Record { table, row, .. }), .. }
                    if set_aside.insert((table, row.to_vec()))
                        && self.set_aside(vec![(table, row.to_vec())]) => {}
                Failure { error, culprit: Some(index), .. } => {
                    jobs.remove(index).answer(Err(error));
                }
                // The database was unusable before this batch, because of a reader's error. Nothing of the
                // batch was committed, so it may be tried once more.
                Failure { error: WriteError::Storage(Fault::Reopening), uncertain: false, .. }
                    if !retried =>
                {
                    retried = true;
                    self.head = None;
                }
                Failure { error, .. } => {
                    // Not only with the next batch: until it is opened again, nobody can read either. And before
                    // the answers: a caller that asks at once what the trouble is has to hear of it.
                    self.failed(&error);
                    for job in jobs {
                        job.answer(Err(error.clone()));
                    }
                    return;
                }
            }
        }
    }

    /// Applies all of `jobs` in one transaction and syncs it.
    fn attempt(&mut self, jobs: &[Job]) -> Result<Outcomes, Failure> {
        let began = Instant::now();
        let head = self.committed()?;
        let after = head.link();
        let transaction = self.live.begin_write()?;
        let mut frame = self.frame(&head);
        let mut outcomes = Vec::with_capacity(jobs.len());
        let mut tables = Tables::open(&transaction, head)?;
        let mut requests = Requests::open(&transaction)?;
        let keep = self.keep.get();
        for (index, job) in jobs.iter().enumerate() {
            let outcome =
                apply(&mut tables, &mut requests, &mut frame, job, &keep.bytes).map_err(|error| {
                    let is_of_one_job = match &error {
                        WriteError::Storage(fault) => fault.is_of_one_entry(),
                        WriteError::Rejected(_) | WriteError::Closed => true,
                    };
                    Failure { error, culprit: is_of_one_job.then_some(index), uncertain: false }
                })?;
            outcomes.push(outcome);
        }
        if outcomes.iter().all(Result::is_err) {
            return Ok(outcomes);
        }
        let last = jobs.last().and_then(|job| job.commands.last());
        if let Some(last) = last {
            requests.drop_old(last.at, jobs.len(), &keep)?;
        }
        requests.finish()?;
        let (head, entries) = tables.finish()?;
        frame.entries = entries;
        let kept = jobs.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok());
        let samples: Vec<&Sample> = kept.filter_map(|(job, _)| job.sample.as_ref()).collect();
        for sample in &samples {
            dictionaries::write(&transaction, sample)?;
        }
        let commands: usize = jobs.iter().map(|job| job.commands.len()).sum();
        let oldest = match last {
            Some(last) => self.cutting.run(&transaction, last.at, commands)?,
            None => None,
        };
        counts::put(&transaction, &self.counts)?;
        // A dictionary is in no frame.
        self.commit_logged(transaction, after, &frame, !samples.is_empty()).map_err(|fault| Failure {
            error: fault.into(),
            culprit: None,
            uncertain: true,
        })?;
        self.measures.commit_us.observe_time(began.elapsed());
        self.measures.commands.observe(commands as u64);
        self.head = Some(head);
        self.cutting.committed(oldest);
        self.counts.clear();
        self.dictionaries.take(samples.into_iter());
        Ok(outcomes)
    }

    /// Commits the counts that no batch took along. When that fails they wait for the next message: no caller waits
    /// for them, and what is counted must not cost an entry.
    fn write_counts(&mut self) {
        if self.counts.is_empty() || self.committed().is_err() {
            return;
        }
        if let Err(fault) = self.commit_counts() {
            self.failed(&fault.into());
        }
    }

    /// Sees to the file after an error. One that is no longer at its path is as good as it was: opening it again
    /// changes nothing.
    fn failed(&mut self, error: &WriteError) {
        if !matches!(error, WriteError::Storage(Fault::Displaced(_))) {
            self.head = None;
            self.mend();
        }
    }

    fn commit_counts(&mut self) -> Result<(), Fault> {
        let head = self.committed()?;
        let transaction = self.live.begin_write()?;
        counts::put(&transaction, &self.counts)?;
        let frame = self.frame(&head);
        self.commit_logged(transaction, head.link(), &frame, false)?;
        self.counts.clear();
        Ok(())
    }

    /// Sets the rows at `places` aside, as far as they cannot be read; whether any was.
    fn set_aside(&mut self, places: Vec<Place>) -> bool {
        match self.commit_set_aside(places) {
            Ok(any) => any,
            Err(fault) => {
                self.failed(&fault.into());
                false
            }
        }
    }

    fn commit_set_aside(&mut self, places: Vec<Place>) -> Result<bool, Fault> {
        let head = self.committed()?;
        let transaction = self.live.begin_write()?;
        let (head, any) = set_aside::run(&transaction, head, places)?;
        if any {
            self.commit(transaction)?;
            self.head = Some(head);
        }
        Ok(any)
    }

    /// Sets aside what readers found. When that fails, it waits for the next message.
    fn set_aside_found(&mut self) {
        let damage = Arc::clone(self.live.damage());
        if damage.is_empty() || self.committed().is_err() {
            return;
        }
        let places: Vec<Place> = damage.places().into_iter().map(|(place, _)| place).collect();
        match self.commit_set_aside(places.clone()) {
            Ok(_) => damage.forget(&places),
            Err(fault) => self.failed(&fault.into()),
        }
    }

    fn dismiss(&mut self) -> Result<u64, Fault> {
        let head = self.committed()?;
        let transaction = self.live.begin_write()?;
        let dismissed = set_aside::dismiss(&transaction)?;
        // Damage that nobody can find any more, such as that of a row that was replaced, is in the digest for ever.
        let digest = state_digest::recount(&transaction)?;
        self.commit(transaction).inspect_err(|_| self.head = None)?;
        self.head = Some(Head { digest, ..head });
        Ok(dismissed)
    }

    /// What is known of what is committed. After an error the file is opened again and asked.
    fn committed(&mut self) -> Result<Head, Fault> {
        if let Some(head) = &self.head {
            return Ok(head.clone());
        }
        // What was only in the log is on disk then. What it did not have is not: where the journal was cut.
        self.saving.saved();
        self.cutting.committed(None);
        self.live.reopen()?;
        let transaction = self.live.begin_write()?;
        let head = readable_head(transaction)?;
        self.head = Some(head.clone());
        Ok(head)
    }

    /// Opens the file again if it cannot be written as it is. If that fails, the next batch tries again.
    fn mend(&mut self) {
        match self.live.begin_write() {
            Err(Fault::Displaced(_)) => return self.live.seen_to(),
            Err(_) => self.head = None,
            Ok(_) => {}
        }
        let _ = self.committed();
        self.live.seen_to();
    }
}

/// Applies one job. A panic of a decision is a fault of this job alone: the transaction is given up, so what it left
/// half done is never seen. So it is when a command is rejected and those before it are carried out: then the
/// rejection is the error, while that of a first command, which left no trace, is the outcome.
fn apply(
    tables: &mut Tables<'_>,
    requests: &mut Requests<'_>,
    frame: &mut Frame,
    job: &Job,
    quota: &Quota,
) -> Result<Result<Applied, Rejection>, WriteError> {
    let mut applied = Applied::default();
    for (index, issued) in job.commands.iter().enumerate() {
        match catch_unwind(AssertUnwindSafe(|| tables.decide(&job.policy, issued))) {
            Ok(Ok(next)) => applied = applied.and_then(next),
            Ok(Err(DecideError::Rejected(rejection))) if index == 0 => return Ok(Err(rejection)),
            Ok(Err(DecideError::Rejected(rejection))) => return Err(rejection.into()),
            Ok(Err(DecideError::State(fault))) => return Err(fault.into()),
            Err(panic) => return Err(Fault::Panicked(words(panic.as_ref())).into()),
        }
    }
    if let Some(receipt) = &applied.receipt {
        let (source, is_dead) = (receipt.source.to_string(), receipt.status.is_dead_letter());
        let keeping = Keeping { receipt: receipt.id, source, is_dead, record: job.request.clone() };
        requests.keep(&keeping, quota)?;
        frame.requests.push(keeping);
    }
    requests.forget(&applied.forgotten_receipts)?;
    frame.forgotten.extend(&applied.forgotten_receipts);
    Ok(Ok(applied))
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
