//! The format for people: time, level, message, `name=value`.

use std::fmt::Write;

use tracing::Level;

use super::escape::escaped;
use super::line::{Line, Value};

/// How text is shown where it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Whether a terminal shows it, with colours.
    pub(super) colours: bool,
    /// Whether the line begins with its time.
    pub(super) time: bool,
}

/// The line as text, with its end.
pub(super) fn write(line: &Line<'_>, look: Look) -> Vec<u8> {
    let mut text = String::with_capacity(256);
    if look.time {
        let (dim, plain) = if look.colours { ("\u{1b}[2m", "\u{1b}[0m") } else { ("", "") };
        let _ = write!(text, "{dim}{:.6}{plain} ", line.at);
    }
    let (colour, plain) = if look.colours { (colour(line.level), "\u{1b}[0m") } else { ("", "") };
    let _ = write!(text, "{colour}{:>5}{plain} {}", line.level, escaped(&line.message));
    for (name, value) in &line.fields {
        let _ = write!(text, " {name}=");
        let _ = match value {
            Value::Signed(number) => write!(text, "{number}"),
            Value::Unsigned(number) => write!(text, "{number}"),
            Value::Float(number) => write!(text, "{number}"),
            Value::Flag(flag) => write!(text, "{flag}"),
            Value::Text(value) => write!(text, "{}", escaped(&format!("{value:?}"))),
            Value::Printed(value) => write!(text, "{}", escaped(value)),
        };
    }
    text.push('\n');
    text.into_bytes()
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        Level::TRACE => "\u{1b}[35m",
    }
}
