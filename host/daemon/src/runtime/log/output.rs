//! Where lines go: standard error, or the journal. What the journal does not take goes to standard error, and the log
//! says so once.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use tracing::Level;

use super::Format;
use super::journal::{Journal, SOCKET};
use super::line::{Line, Value};
use super::text::Look;
use super::{json, text};
use crate::runtime::clock;

/// Where lines go, which may change.
#[derive(Debug)]
pub(super) struct Output {
    way: RwLock<Way>,
    /// Whether the journal did not take the last line.
    is_failing: AtomicBool,
    look: Look,
}

#[derive(Debug)]
enum Way {
    Text,
    Json,
    Journal(std::io::Result<Journal>),
}

impl Way {
    fn of(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
            Format::Journald => Self::Journal(Journal::at(Path::new(SOCKET))),
        }
    }
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        let look = Look {
            colours: std::io::stderr().is_terminal(),
            // The journal has its own clock.
            time: std::env::var_os("JOURNAL_STREAM").is_none(),
        };
        Self { way: RwLock::new(Way::of(format)), is_failing: AtomicBool::new(false), look }
    }

    /// Lines from now on have this format.
    pub(super) fn change(&self, format: Format) {
        *self.way.write().unwrap_or_else(PoisonError::into_inner) = Way::of(format);
        self.check();
    }

    /// Says so if the journal does not listen.
    pub(super) fn check(&self) {
        if let Way::Journal(journal) = &*self.way.read().unwrap_or_else(PoisonError::into_inner) {
            self.note(&with(journal, Journal::check));
        }
    }

    pub(super) fn write(&self, line: &Line<'_>) {
        match &*self.way.read().unwrap_or_else(PoisonError::into_inner) {
            Way::Text => put(&text::write(line, self.look)),
            Way::Json => put(&json::write(line)),
            Way::Journal(journal) => {
                let sent = with(journal, |journal| journal.write(line));
                self.note(&sent);
                if sent.is_err() {
                    put(&text::write(line, self.look));
                }
            }
        }
    }

    /// Says so when the journal begins not to take lines.
    fn note(&self, sent: &Result<(), String>) {
        let Err(why) = sent else { return self.is_failing.store(false, Ordering::Relaxed) };
        if self.is_failing.swap(true, Ordering::Relaxed) {
            return;
        }
        let line = Line {
            at: clock::time_of_day(),
            level: Level::ERROR,
            target: module_path!(),
            message: "the journal takes no lines: they go to standard error".to_owned(),
            fields: vec![("socket", Value::Text(SOCKET.to_owned())), ("error", Value::Printed(why.clone()))],
        };
        put(&text::write(&line, self.look));
    }
}

fn with(
    journal: &std::io::Result<Journal>,
    send: impl FnOnce(&Journal) -> std::io::Result<()>,
) -> Result<(), String> {
    match journal {
        Ok(journal) => send(journal).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes a line at once, so that no other comes in between. Without a standard error there is nobody to tell.
fn put(line: &[u8]) {
    let _ = std::io::stderr().lock().write_all(line);
}
