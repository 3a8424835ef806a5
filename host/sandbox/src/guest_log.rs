//! What a plugin prints or logs: the first bytes are kept, the rest is counted.
//!
//! Never refuses a write: a stream that is full or closed makes ordinary programs panic, and a chatty plugin
//! must work like a silent one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::text;

/// Bytes that a guest may write at once, as wasi's own streams have it.
const WRITE_BYTES_MAX: usize = 64 * 1024;
/// Lines of standard error that are attached to a trap: a panic message has two.
const LAST_LINES: usize = 4;
/// Characters of those, so that an error stays readable.
const LAST_CHARS: usize = 600;
/// Characters of a line of the log.
const LINE_CHARS: usize = 8000;
/// Bytes that a line of the log counts beside its text, for its place in the list and the allocation of the text.
/// Otherwise, lines of one byte would take about 60 times the limit.
const LINE_BYTES: usize = 64;

/// Which stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Something is wrong, and the plugin cannot do what it was asked.
    Error,
    /// Something is wrong, and the plugin goes on.
    Warn,
    /// Standard error as well.
    Info,
    /// Standard output as well.
    Debug,
}

/// What one call printed and logged.
#[derive(Debug, Default)]
struct Printed {
    out: Vec<u8>,
    err: Vec<u8>,
    /// Lines that were written through the plugin API.
    said: Vec<(Level, String)>,
    /// Bytes of all three, with [`LINE_BYTES`] for each line in `said`.
    used: usize,
    /// The end of standard error and of lines with the level `error`, also when the log is full: a panic comes last.
    tail: Vec<u8>,
    dropped: u64,
}

impl Printed {
    /// How many of `bytes` are kept. Counts them with what they take `beside` their text, and the others as dropped.
    fn room(&mut self, limit: usize, bytes: usize, beside: usize) -> usize {
        let room = limit.saturating_sub(self.used).saturating_sub(beside).min(bytes);
        if room > 0 {
            self.used += beside + room;
        }
        self.dropped += (bytes - room) as u64;
        room
    }

    /// Appends `bytes` to `tail`, which keeps only its last bytes.
    fn ends_with(&mut self, bytes: &[u8]) {
        let surplus = bytes.len().saturating_sub(LAST_CHARS * LAST_LINES);
        self.tail.extend_from_slice(&bytes[surplus..]);
        let surplus = self.tail.len().saturating_sub(LAST_CHARS * LAST_LINES);
        self.tail.drain(..surplus);
    }
}

/// The log of one call.
#[derive(Clone, Debug)]
pub(crate) struct GuestLog {
    printed: Arc<Mutex<Printed>>,
    limit: usize,
}

impl GuestLog {
    /// A log that keeps `limit` bytes, streams and lines together.
    pub(crate) fn new(limit: usize) -> Self {
        Self { printed: Arc::default(), limit }
    }

    /// The end that a guest writes to.
    pub(crate) fn stream(&self, stream: Stream) -> LogStream {
        LogStream { log: self.clone(), stream }
    }

    /// The last lines of standard error, in one, or nothing.
    pub(crate) fn last_words(&self) -> Option<String> {
        let printed = self.lock();
        let printed = String::from_utf8_lossy(&printed.tail);
        let lines: Vec<&str> = printed.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        let joined = last.join(" / ");
        let surplus = joined.chars().count().saturating_sub(LAST_CHARS);
        let words: String = joined.chars().skip(surplus).collect();
        let words = text::line(&words, LAST_CHARS);
        (!words.is_empty()).then_some(words)
    }

    /// Hands every line to `line`; then how many bytes were dropped.
    pub(crate) fn drain(&self, mut line: impl FnMut(Level, &str)) -> u64 {
        let printed = std::mem::take(&mut *self.lock());
        let streams = [(Level::Debug, &printed.out), (Level::Info, &printed.err)];
        let streams = streams.map(|(level, bytes)| (level, String::from_utf8_lossy(bytes)));
        let streams = streams.iter().flat_map(|(level, text)| text.lines().map(|line| (*level, line)));
        let said = printed.said.iter().map(|(level, text)| (*level, text.as_str()));
        for (level, text) in streams.chain(said) {
            // A guest has no business with the terminal that the log is read in.
            let text = text::line(text, LINE_CHARS);
            if !text.is_empty() {
                line(level, &text);
            }
        }
        printed.dropped
    }

    /// Keeps a line of the log, or the beginning that there is room for.
    pub(crate) fn say(&self, level: Level, text: &str) {
        let mut printed = self.lock();
        let room = printed.room(self.limit, text.len(), LINE_BYTES);
        let kept = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        if !kept.is_empty() {
            printed.said.push((level, kept.to_owned()));
        }
        if level == Level::Error {
            printed.ends_with(text.as_bytes());
            printed.ends_with(b"\n");
        }
    }

    fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut printed = self.lock();
        let room = printed.room(self.limit, bytes.len(), 0);
        if stream == Stream::Out {
            printed.out.extend_from_slice(&bytes[..room]);
            return;
        }
        printed.err.extend_from_slice(&bytes[..room]);
        printed.ends_with(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Printed> {
        // Whoever panicked with the lock held, the bytes are still bytes.
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of a guest's output streams.
#[derive(Clone, Debug)]
pub(crate) struct LogStream {
    log: GuestLog,
    stream: Stream,
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log.write(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this one, and that is not linked.
        Box::new(tokio::io::sink())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_kept_and_the_rest_is_counted() {
        let log = GuestLog::new(8);
        log.write(Stream::Out, b"one\ntwo\nthree\n");
        log.write(Stream::Err, b"last words\n");
        assert_eq!(log.last_words().as_deref(), Some("last words"));
        let mut lines = Vec::new();
        let dropped = log.drain(|level, line| lines.push((level, line.to_owned())));
        assert_eq!(lines, [(Level::Debug, "one".to_owned()), (Level::Debug, "two".to_owned())]);
        assert_eq!(dropped, 6 + 11);
    }

    #[test]
    fn lines_keep_their_level_and_share_the_room_of_the_streams() {
        let log = GuestLog::new(12 + 2 * LINE_BYTES);
        log.write(Stream::Err, b"four");
        log.say(Level::Warn, "five");
        log.say(Level::Error, "zwölf");
        let mut lines = Vec::new();
        assert_eq!(log.last_words().as_deref(), Some("fourzwölf"));
        let dropped = log.drain(|level, line| lines.push((level, line.to_owned())));
        let expected = [(Level::Info, "four"), (Level::Warn, "five"), (Level::Error, "zwö")];
        assert_eq!(lines, expected.map(|(level, line)| (level, line.to_owned())));
        assert_eq!(dropped, 2);
    }

    #[test]
    fn short_lines_count_with_the_memory_beside_their_text() {
        let log = GuestLog::new(10 * (LINE_BYTES + 1));
        for _ in 0..100 {
            log.say(Level::Info, "x");
        }
        let mut lines = 0;
        let dropped = log.drain(|_, _| lines += 1);
        assert_eq!((lines, dropped), (10, 90));
    }

    #[test]
    fn last_words_are_the_end_of_standard_error() {
        let log = GuestLog::new(1 << 20);
        for n in 0..10_000 {
            log.write(Stream::Err, format!("line {n}\n").as_bytes());
        }
        assert_eq!(log.last_words().as_deref(), Some("line 9996 / line 9997 / line 9998 / line 9999"));
    }
}
