//! systemd's journal, by its native protocol (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>): a datagram of
//! `NAME=value` lines for each line of the log.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use tocsin_core::event::cut_bytes;
use tracing::Level;

use super::escape::escaped;
use super::line::{Line, Value};

/// Where the journal listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";
/// What the journal calls the writer (`journalctl -t`).
const IDENTIFIER: &str = "tocsin";
/// Bytes of a field. A line has a dozen fields at most, so that it fits into a datagram (200 KiB on Linux by default).
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// The journal.
#[derive(Debug)]
pub(super) struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Journal {
    /// The journal that listens at `path`, now or later.
    ///
    /// # Errors
    /// The system gives no socket.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { socket: UnixDatagram::unbound()?, path: path.to_owned() })
    }

    /// Sends a datagram that the journal ignores.
    ///
    /// # Errors
    /// It does not listen.
    pub(super) fn check(&self) -> io::Result<()> {
        self.send(&[])
    }

    /// Sends the line.
    ///
    /// # Errors
    /// The journal does not take it.
    pub(super) fn write(&self, line: &Line<'_>) -> io::Result<()> {
        self.send(&datagram(line))
    }

    /// The address is looked up for each datagram, because a journal that starts again has another socket.
    fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.socket.send_to(datagram, &self.path).map(drop)
    }
}

fn datagram(line: &Line<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    let mut put = |name: &str, value: &str| {
        let mut value = escaped(value).into_owned();
        cut_bytes(&mut value, VALUE_BYTES_MAX);
        bytes.extend(name.bytes().map(|byte| match byte {
            b'.' => b'_',
            byte => byte.to_ascii_uppercase(),
        }));
        bytes.push(b'=');
        bytes.extend(value.as_bytes());
        bytes.push(b'\n');
    };
    put("MESSAGE", &line.message);
    put("PRIORITY", priority(line.level));
    put("SYSLOG_IDENTIFIER", IDENTIFIER);
    put("TARGET", line.target);
    for (name, value) in &line.fields {
        match value {
            Value::Signed(number) => put(name, &number.to_string()),
            Value::Unsigned(number) => put(name, &number.to_string()),
            Value::Float(number) => put(name, &number.to_string()),
            Value::Flag(flag) => put(name, &flag.to_string()),
            Value::Text(text) | Value::Printed(text) => put(name, text),
        }
    }
    bytes
}

/// The priority of syslog: err, warning, info, debug.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        Level::DEBUG | Level::TRACE => "7",
    }
}
