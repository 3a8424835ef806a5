//! How far a command has come, on one line of a terminal. Prints nothing where standard error is none.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// The pause between two pictures.
const PAUSE: Duration = Duration::from_millis(100);
/// Characters of the bar.
const WIDTH: u64 = 30;

/// A bar.
pub(super) struct Progress {
    what: &'static str,
    shown: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    /// Of what is being done.
    pub(super) fn new(what: &'static str) -> Self {
        Self { what, shown: None, is_terminal: std::io::stderr().is_terminal() }
    }

    /// Shows that `done` of `total` is done.
    pub(super) fn show(&mut self, done: u64, total: u64) {
        if !self.is_terminal || self.shown.is_some_and(|shown| shown.elapsed() < PAUSE) {
            return;
        }
        self.shown = Some(Instant::now());
        let _ = std::io::stderr().write_all(self.picture(done, total).as_bytes());
    }

    fn picture(&self, done: u64, total: u64) -> String {
        let part = |of: u64| (done.min(total) * of).checked_div(total).unwrap_or(of);
        let (full, percent) = (part(WIDTH), part(100));
        let bar: String = (0..WIDTH).map(|place| if place < full { '#' } else { '.' }).collect();
        format!("\r{} [{bar}] {percent:3} %", self.what)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            // The line is taken away: what comes next says how it ended.
            let _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

/// A search that takes a while.
#[derive(Default)]
pub(super) struct Searching {
    is_shown: bool,
}

impl Searching {
    /// Shows how far back it has looked: a time of the relay.
    pub(super) fn show(&mut self, until: &str) {
        if std::io::stderr().is_terminal() {
            self.is_shown = true;
            let line = format!("\r\x1b[Ksearched back to {} UTC …", super::table::second(until));
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

impl Drop for Searching {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_goes_from_empty_to_full() {
        let progress = Progress { what: "backup", shown: None, is_terminal: false };
        assert_eq!(progress.picture(0, 10), format!("\rbackup [{}]   0 %", ".".repeat(30)));
        assert_eq!(progress.picture(5, 10), format!("\rbackup [{}{}]  50 %", "#".repeat(15), ".".repeat(15)));
        assert_eq!(progress.picture(0, 0), format!("\rbackup [{}] 100 %", "#".repeat(30)));
    }
}
