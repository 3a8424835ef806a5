//! The store as the relay sees it: opening, submitting, closing. Reading is in `read`.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redb::StorageBackend;
use tocsin_core::command::Issued;
use tocsin_core::decide::Applied;
use tocsin_core::fair::FairQueue;
use tocsin_core::plugin::SourceRequest;
use tocsin_core::routing::Router;
use tocsin_core::time::Timestamp;

use crate::cut::{Bounds, Cutting};
use crate::dictionaries::{Dictionaries, Sample};
use crate::error::{Busy, Fault, OpenError, ReadError, WriteError};
use crate::identity::Marker;
use crate::job::{Dismissed, Job, Message};
use crate::keep::{self, Keep};
use crate::live::Live;
use crate::log::Count;
use crate::measures::{Gauges, Measures};
use crate::options::Options;
use crate::record::source_counts::SourceCounts;
use crate::record::{Stored as _, request};
use crate::set_aside::readable_head;
use crate::writer::{Saving, Writer};
use crate::{rows, tables, work};

/// What is to be done, by which policy.
#[derive(Clone, Debug)]
pub struct Write {
    /// The configuration in force, as far as decisions depend on it.
    pub policy: Arc<Router>,
    /// The command.
    pub issued: Issued,
    /// The commands that follow it in the same transaction, when one entry does not hold it all: all are carried out or
    /// none.
    pub more: Vec<Issued>,
    /// The request that it is about, kept beside the receipt.
    pub request: Option<SourceRequest>,
}

impl Write {
    /// One command without a request.
    pub const fn of(policy: Arc<Router>, issued: Issued) -> Self {
        Self { policy, issued, more: Vec::new(), request: None }
    }
}

/// The record of a request, and what the next dictionary of its source is made of, if one is due.
type Encoded = (Vec<u8>, Option<Sample>);

/// The store. Cheap to clone; closed when the last clone is dropped, or by [`Store::close`].
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    live: Arc<Live>,
    dictionaries: Arc<Dictionaries>,
    sender: RwLock<Option<SyncSender<Message>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Entries that wait, and how many may.
    waiting: Arc<AtomicUsize>,
    busy: Arc<work::Work>,
    queue: usize,
    keep: Arc<keep::Current>,
    bounds: Arc<Bounds>,
    measures: Arc<Measures>,
}

impl Store {
    /// Opens the store in the file at `path`, or makes one, readable by its owner alone, and starts the writer.
    ///
    /// # Errors
    /// Each says what to do: see [`OpenError`].
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        Self::start(Live::open(path, options.cache_bytes, options.log_bytes)?, &options)
    }

    /// Whether a store was ever made at `path`, whether or not it is still there.
    pub fn was_made(path: &Path) -> bool {
        Marker::of(path).is_there()
    }

    /// Opens the store in `backend`, or makes one: for tests and measurements.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_backend(backend: impl StorageBackend, options: Options) -> Result<Self, OpenError> {
        Self::start(Live::open_backend(backend, options.cache_bytes, options.log_bytes)?, &options)
    }

    fn start(live: Live, options: &Options) -> Result<Self, OpenError> {
        let fault = |fault: Fault| OpenError::Fault { store: live.name(), fault };
        let head = match live.begin_write().and_then(readable_head) {
            Ok(head) => Some(head),
            // The writer asks again as soon as there is room.
            Err(Fault::DiskFull) => None,
            Err(other) => return Err(fault(other)),
        };
        let live = Arc::new(live);
        // Without them, requests are compressed by themselves until new ones are due.
        let kept = live.begin_read().ok().and_then(|transaction| Dictionaries::kept(&transaction).ok());
        let dictionaries = Arc::new(kept.unwrap_or_default());
        let queue = options.queue.max(1);
        // Two more, for the message that a reader may send and for counts.
        let (sender, messages) = sync_channel(queue + 2);
        let waiting = Arc::new(AtomicUsize::new(0));
        let busy = Arc::new(work::Work::default());
        let keep = Arc::new(keep::Current::new(options.keep.clone()));
        let bounds = Arc::new(Bounds::new(Arc::clone(&keep), options.drop_journal_up_to));
        let measures = Arc::new(Measures::default());
        let writer = Writer {
            live: Arc::clone(&live),
            dictionaries: Arc::clone(&dictionaries),
            head,
            waiting: Arc::clone(&waiting),
            busy: Arc::clone(&busy),
            lines: FairQueue::default(),
            own: VecDeque::new(),
            outcomes_wait: Duration::from_millis(options.outcomes_wait_ms),
            batch: options.batch.max(1),
            keep: Arc::clone(&keep),
            cutting: Cutting::new(Arc::clone(&bounds)),
            counts: Vec::new(),
            dismissals: Vec::new(),
            saving: Saving::new(Duration::from_millis(options.save_after_ms), options.save_after_entries),
            measures: Arc::clone(&measures),
        };
        let thread = thread::Builder::new()
            .name("tocsin-store".to_owned())
            .spawn(move || writer.run(&messages))
            .map_err(|error| OpenError::Fault { store: live.name(), fault: error.into() })?;
        Ok(Self {
            shared: Arc::new(Shared {
                live,
                dictionaries,
                sender: RwLock::new(Some(sender)),
                writer: Mutex::new(Some(thread)),
                waiting,
                busy,
                queue,
                keep,
                bounds,
                measures,
            }),
        })
    }

    /// Puts `write` into the queue. `reply` is called once, from the writer's thread, after the sync that holds
    /// the entry, or with the error; it must not block, and may be called before this returns.
    ///
    /// # Errors
    /// The queue is full; `reply` is dropped without being called.
    pub fn submit(
        &self,
        write: Write,
        reply: impl FnOnce(Result<Applied, WriteError>) + Send + 'static,
    ) -> Result<(), Busy> {
        let sender = self.shared.sender.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = sender.as_ref() else {
            reply(Err(WriteError::Closed));
            return Ok(());
        };
        let waiting = &self.shared.waiting;
        // A place first, then the work: encoding is the larger part of it, and is not done for nothing.
        if waiting.fetch_add(1, Ordering::Relaxed) >= self.shared.queue {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        let job = match self.encode(&write) {
            Ok(request) => {
                let Write { policy, issued, more, .. } = write;
                let (request, sample) = request.unzip();
                let sample = sample.flatten();
                let commands = std::iter::once(issued).chain(more).collect();
                Box::new(Job {
                    commands,
                    policy,
                    request,
                    sample,
                    reply: Box::new(reply),
                    since: Instant::now(),
                })
            }
            Err(fault) => {
                waiting.fetch_sub(1, Ordering::Relaxed);
                reply(Err(fault.into()));
                return Ok(());
            }
        };
        match sender.try_send(Message::Write(job)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                waiting.fetch_sub(1, Ordering::Relaxed);
                Err(Busy)
            }
            Err(TrySendError::Disconnected(message)) => {
                if let Message::Write(job) = message {
                    (job.reply)(Err(WriteError::Closed));
                }
                Ok(())
            }
        }
    }

    /// Marks what was set aside as seen to by an operator; returns how many records were not before. Waits.
    ///
    /// # Errors
    /// It cannot be written, or the store is closed.
    pub fn dismiss_set_aside(&self) -> Result<u64, WriteError> {
        let (done, answer) = sync_channel(1);
        self.dismiss(Box::new(move |result| drop(done.send(result))))?;
        answer.recv().unwrap_or(Err(WriteError::Closed))
    }

    /// Has `counts`, by source, written with the next commit, in place of what was kept of these sources; if
    /// nothing else is committed, by themselves. Does not wait. What a full disk does not take is tried again with
    /// the next write or counts.
    ///
    /// # Errors
    /// The queue is full: nothing of it will be written.
    pub fn count(&self, counts: &BTreeMap<String, SourceCounts>) -> Result<(), Busy> {
        let sender = self.shared.sender.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = sender.as_ref() else { return Ok(()) };
        let record = |(name, counts): (&String, &SourceCounts)| {
            // Numbers, times and texts: nothing in it cannot be written as JSON.
            Some(Count { source: name.clone().into_bytes(), record: counts.to_bytes().ok()? })
        };
        let rows: Vec<Count> = counts.iter().filter_map(record).collect();
        match sender.try_send(Message::Counts(rows)) {
            Err(TrySendError::Full(_)) => Err(Busy),
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }

    /// How long the writer has been working on its present batch; none while it waits. If the time keeps growing, the
    /// disk does not answer or the writer hangs.
    pub fn busy_for(&self) -> Duration {
        self.shared.busy.for_so_long()
    }

    /// Changes the retention limits, from the next commit on.
    pub fn keep(&self, keep: Keep) {
        self.shared.keep.set(keep);
    }

    /// Has the journal keep every entry after `entry`, whatever its age: the last entry of the oldest backup that is to
    /// be brought forward.
    pub fn may_drop_journal_up_to(&self, entry: u64) {
        self.shared.bounds.may_drop_up_to(entry);
    }

    /// Whether an entry of the journal may be dropped at `now`, unless it is the last one.
    pub(crate) fn may_drop(&self, entry: (u64, Timestamp), now: Timestamp) -> bool {
        self.shared.bounds.may_go(entry, now)
    }

    /// Writes what is queued, ends the writer and closes the file; other processes may then open it, and
    /// opening it takes no repair. Later writes and reads are told that the store is closed. Called from a
    /// `reply`, it does not wait.
    pub fn close(&self) {
        self.shared.close();
    }

    /// The figures of the store, for metrics.
    pub fn gauges(&self) -> Gauges {
        let Shared { waiting, queue, measures, live, .. } = &*self.shared;
        Gauges {
            waiting: waiting.load(Ordering::Relaxed),
            queue: *queue,
            commit_us: measures.commit_us.read(),
            commands: measures.commands.read(),
            log_bytes: live.log_bytes(),
        }
    }

    /// Why nothing can be written at present. What is committed can be read meanwhile, as a rule; the writer
    /// tries again with every write, and whenever it is asked this.
    pub fn trouble(&self) -> Option<Fault> {
        let trouble = self.shared.live.trouble()?;
        self.see_to_it();
        Some(trouble)
    }

    /// Does `read` with the database, and has the writer see to it when there was an I/O error. While it is being
    /// opened again, that is waited for.
    pub(crate) fn reading<T>(
        &self,
        mut read: impl FnMut(&Live) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let live = &self.shared.live;
        let mends = live.mends();
        let result = read(live);
        if let Err(ReadError::Storage(fault)) = &result {
            live.damage().report(fault);
        }
        if live.damage().take_news() {
            self.send(Message::SetAside);
        }
        match &result {
            Err(ReadError::Storage(Fault::Reopening)) => {
                self.see_to_it();
                live.wait_for_mend(mends);
                read(live)
            }
            Err(ReadError::Storage(fault)) if !fault.is_of_one_entry() => {
                self.see_to_it();
                result
            }
            _ => result,
        }
    }

    /// Has the writer see to the file.
    fn see_to_it(&self) {
        self.send(Message::Mend);
    }

    /// Has the writer mark what was set aside as seen to.
    pub(crate) fn dismiss(&self, answer: Dismissed) -> Result<(), WriteError> {
        let sender = self.shared.sender.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(sender) = sender else { return Err(WriteError::Closed) };
        sender.send(Message::Dismiss(answer)).map_err(|_| WriteError::Closed)
    }

    /// Made by the caller and not by the writer's thread.
    fn encode(&self, write: &Write) -> Result<Option<Encoded>, Fault> {
        let Some(request) = &write.request else { return Ok(None) };
        let (id, source) = (write.issued.seed, write.issued.source());
        let fault = |problem| rows::fault(tables::REQUESTS, &id.to_bytes(), problem);
        let dictionaries = &self.shared.dictionaries;
        let plain = request::plain(request).map_err(fault)?;
        let mut record = Vec::with_capacity(512);
        request::pack(&plain, dictionaries.of(source).as_deref(), &mut record).map_err(fault)?;
        Ok(Some((record, dictionaries.note(id, source, &plain))))
    }

    fn send(&self, message: Message) {
        let sender = self.shared.sender.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = sender.as_ref() {
            // With a full queue, the writer is busy, and sees to it after that.
            let _ = sender.try_send(message);
        }
    }
}

impl Shared {
    fn close(&self) {
        // Without a sender, the writer ends when the queue is empty.
        drop(self.sender.write().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // The last clone may be dropped by a reply: a thread cannot wait for itself. It closes the file
            // when it has written what is queued.
            if writer.thread().id() != thread::current().id() {
                let _ = writer.join();
            }
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}
