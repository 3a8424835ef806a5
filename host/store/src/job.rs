//! What the writer is sent: commands to carry out, and other things to see to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use tocsin_core::command::{Command, Issued};
use tocsin_core::decide::Applied;
use tocsin_core::routing::Router;

use crate::dictionaries::Sample;
use crate::error::WriteError;
use crate::log::Count;

/// What a command costs its source beside its request's bytes, in bytes: what is written for the smallest one.
const COMMAND_COST: usize = 2048;

/// Called with what came of an entry.
pub(crate) type Reply = Box<dyn FnOnce(Result<Applied, WriteError>) + Send>;

/// Called with how many records were marked as seen to.
pub(crate) type Dismissed = Box<dyn FnOnce(Result<u64, WriteError>) + Send>;

/// What the writer is sent.
pub(crate) enum Message {
    /// Write this.
    Write(Box<Job>),
    /// Readers found rows that cannot be read: set them aside.
    SetAside,
    /// Mark what was set aside as seen to, and answer.
    Dismiss(Dismissed),
    /// A reader ran into an I/O error: see whether the file must be opened again.
    Mend,
    /// Rows of `source_counts`, each in place of the one before: write them with the next commit.
    Counts(Vec<Count>),
}

/// Commands on their way, to be carried out together or not at all.
pub(crate) struct Job {
    pub(crate) commands: Vec<Issued>,
    pub(crate) policy: Arc<Router>,
    /// The record of the request that they are about.
    pub(crate) request: Option<Vec<u8>>,
    /// What the next dictionary of its source is made of, if one is due.
    pub(crate) sample: Option<Sample>,
    pub(crate) reply: Reply,
    /// When it was submitted.
    pub(crate) since: Instant,
}

impl Job {
    /// Whether it is what came of attempts, and nothing else.
    pub(crate) fn is_outcome(&self) -> bool {
        self.commands.iter().all(|issued| matches!(issued.command, Command::Settle { .. }))
    }

    /// Bytes that it costs its source.
    pub(crate) fn bytes(&self) -> usize {
        let things = |issued: &Issued| match &issued.command {
            Command::Receive(received) | Command::Redecode { received, .. } => received.events(),
            Command::Continue { events, .. } => events.len(),
            Command::Forget(forget) => forget.incidents.len() + forget.receipts.len(),
            _ => 0,
        };
        let costs: usize = self.commands.iter().map(|issued| (1 + things(issued)) * COMMAND_COST).sum();
        costs + self.request.as_ref().map_or(0, Vec::len)
    }

    /// The source that it is for; nothing for the relay's own entries.
    pub(crate) fn source(&self) -> &str {
        self.commands.first().map_or("", Issued::source)
    }

    pub(crate) fn answer(self, result: Result<Applied, WriteError>) {
        // A panic in the caller's answer is the caller's: the next job must not pay for it.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.reply)(result)));
    }
}
