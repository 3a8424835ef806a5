//! Why a call stopped, told from the traces that wasmtime and the limits leave.
//!
//! Never changes what happened; it only names it. The same trap has several causes, so the order of questions
//! matters.

use std::fmt::Write as _;
use std::time::Duration;

use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::error::CallErrorKind;
use crate::guest_log::GuestLog;
use crate::limits::MemoryBudget;
use crate::text;

/// Frames of the guest's stack that are shown: where it stopped and who called that.
const FRAMES_SHOWN: usize = 3;
/// Characters of a detail that wasmtime wrote.
const DETAIL_CHARS: usize = 400;
const MIB: usize = 1 << 20;

/// Why a call gave no answer, before anybody put it into words.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Its time was up.
    Time,
    /// It trapped, or its answer could not be read.
    Error(wasmtime::Error),
}

/// What stopped the call, and the sentence that says so.
pub(crate) fn of(
    stopped: &Stopped,
    budget: &MemoryBudget,
    log: &GuestLog,
    wall: Duration,
) -> (CallErrorKind, String) {
    let error = match stopped {
        Stopped::Time => return time(wall),
        Stopped::Error(error) => error,
    };
    let (kind, mut sentence) = match (error.downcast_ref::<Trap>(), budget.denied) {
        (Some(Trap::Interrupt), _) => return time(wall),
        // A guest's allocator aborts when memory is refused.
        (Some(Trap::UnreachableCodeReached), Some(wanted)) => memory(budget, wanted),
        // Rust's own stack lies at the bottom of the linear memory and ends at address 0.
        (Some(Trap::StackOverflow | Trap::MemoryOutOfBounds), _) => stack(),
        (Some(trap), _) => (CallErrorKind::Trap, format!("it gave up ({trap}).")),
        (None, wanted) => other(error, budget, wanted),
    };
    if let Some(words) = log.last_words() {
        let _ = write!(sentence, " Its last words: {words}");
    } else if kind == CallErrorKind::Trap {
        sentence.push_str(&place(error));
    }
    (kind, sentence)
}

fn time(wall: Duration) -> (CallErrorKind, String) {
    let sentence = format!(
        "it was stopped after {wall:?}, its time for one call. A plugin takes well under a millisecond: it \
         loops, waits, or the request is very large; raise its time limit only for the last."
    );
    (CallErrorKind::Time, sentence)
}

fn memory(budget: &MemoryBudget, wanted: usize) -> (CallErrorKind, String) {
    let sentence = format!(
        "it wanted {} MiB of memory, {} MiB is its limit. Raise the limit if its requests are that large; \
         otherwise it is a fault of the plugin.",
        wanted.div_ceil(MIB),
        budget.limit() / MIB,
    );
    (CallErrorKind::Memory, sentence)
}

fn stack() -> (CallErrorKind, String) {
    let sentence = "its stack was exhausted: it recurses without end, or too deep for this input. It is a \
                    fault of the plugin; report it to its author with the request.";
    (CallErrorKind::Stack, sentence.to_owned())
}

/// No trap: it exited, its first memory was refused, or the host could not read what it left.
fn other(error: &wasmtime::Error, budget: &MemoryBudget, wanted: Option<usize>) -> (CallErrorKind, String) {
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return (CallErrorKind::Trap, format!("it ended itself with exit code {code}."));
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return (CallErrorKind::Host, format!("the pool is exhausted ({error:#}); try again."));
    }
    if let Some(wanted) = wanted {
        return memory(budget, wanted);
    }
    let root = error.root_cause().to_string();
    let sentence = format!(
        "its answer cannot be read: {}. It is a fault of the plugin.",
        text::line(&root, DETAIL_CHARS)
    );
    (CallErrorKind::Output, sentence)
}

/// Where it stopped, when the component has names.
fn place(error: &wasmtime::Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let names: Vec<&str> =
        backtrace.frames().iter().filter_map(|frame| frame.func_name()).take(FRAMES_SHOWN).collect();
    if names.is_empty() {
        return " It says nothing more; a build with names and panic messages would.".to_owned();
    }
    let names: Vec<String> = names.into_iter().map(text::quoted).collect();
    format!(" It stopped in {}.", names.join(", called by "))
}
