//! What commands print, and the one way they print it.
//!
//! Shows what senders, plugins and peers wrote, so nothing that goes through here can drive a terminal, and a text
//! of several lines cannot pass for the command's own: `single` puts it on one line, `quoted` behind a bar. Never
//! panics because nobody reads: whoever closes the pipe has seen enough, and the command ends without a word.

use std::io::{ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;

/// How shells report what ended because its reader was gone (128 and the number of SIGPIPE): not 0, which would
/// say that all is well, and not 1, which would say that it is not.
const UNREAD: u8 = 141;
/// What stands before each line of a quoted text.
const BAR: &str = "  | ";

/// Prints a line to standard output; takes what `format!` takes.
macro_rules! say {
    ($($text:tt)*) => { $crate::commands::out::line(&format!($($text)*)) };
}
/// Prints a line to standard error; takes what `format!` takes.
macro_rules! complain {
    ($($text:tt)*) => { $crate::commands::out::error_line(&format!($($text)*)) };
}
pub(crate) use {complain, say};

/// Standard output takes no more, because of this.
struct Unheard(std::io::Error);

/// Does `command`; ends it where it stands once standard output takes no more. What it holds is let go of as
/// usual: folders are removed, processes ended.
pub fn heard(command: impl FnOnce() -> ExitCode) -> ExitCode {
    let panic = match catch_unwind(AssertUnwindSafe(command)) {
        Ok(code) => return code,
        Err(panic) => panic,
    };
    match panic.downcast::<Unheard>() {
        Ok(unheard) if unheard.0.kind() == ErrorKind::BrokenPipe => ExitCode::from(UNREAD),
        Ok(unheard) => {
            complain!("tocsin: standard output cannot be written: {}", unheard.0);
            ExitCode::FAILURE
        }
        Err(panic) => resume_unwind(panic),
    }
}

/// Prints a line to standard output.
pub(crate) fn line(text: &str) {
    write(format!("{}\n", plain(text)).as_bytes());
}

/// Prints a script of this program unchanged.
pub(crate) fn script(bytes: &[u8]) {
    write(bytes);
}

/// Prints a question; the answer follows on the same line.
pub(crate) fn prompt(text: &str) {
    write(plain(text).as_bytes());
}

fn write(bytes: &[u8]) {
    let mut out = std::io::stdout();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush()) {
        // No panic: nothing is printed about it.
        resume_unwind(Box::new(Unheard(error)));
    }
}

/// Prints a line to standard error.
pub fn error_line(text: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{}", plain(text));
}

/// `text` without what drives a terminal: control characters but line ends, and marks that turn the direction
/// of what follows.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !drives(*c)).collect()
}

/// `text` on one line.
pub(crate) fn single(text: &str) -> String {
    let breaks = |c: char| matches!(c, '\n' | '\u{2028}' | '\u{2029}');
    plain(text).chars().map(|c| if breaks(c) { ' ' } else { c }).collect()
}

/// `text` with its lines, each behind a bar: none of them can be taken for a line of the command's own.
pub(crate) fn quoted(text: &str) -> String {
    let line = |line: &str| format!("{BAR}{}", single(line)).trim_end().to_owned();
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The first of `items`, and how many more there are.
pub(crate) fn some(items: &[String], shown: usize) -> String {
    let named = items[..items.len().min(shown)].join(", ");
    match items.len().saturating_sub(shown) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// JSON, with what drives a terminal written as escapes: it reads the same.
pub(crate) fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && drives(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn drives(c: char) -> bool {
    c.is_control() || turns(c)
}

/// Whether it turns the direction of the text after it.
pub(crate) fn turns(c: char) -> bool {
    tocsin_core::event::turns_direction(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_list_the_first_items_are_named_and_the_others_counted() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!((some(&items, 3), some(&items, 2)), ("a, b, c".to_owned(), "a, b and 1 more".to_owned()));
    }

    #[test]
    fn a_text_of_several_lines_stays_on_its_line_or_behind_its_bar() {
        let forged = "full\nTimeline\r\n\u{1b}[2K  resolved\u{2028}by me";
        assert_eq!(single(forged), "full Timeline [2K  resolved by me");
        assert_eq!(quoted(forged), "  | full\n  | Timeline\n  | [2K  resolved by me");
        assert_eq!((quoted(""), quoted("a\n\nb\n")), (String::new(), "  | a\n  |\n  | b".to_owned()));
    }
}
