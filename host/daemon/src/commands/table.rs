//! Rows of text in columns, for terminals.
//!
//! Shows what senders wrote: cells are without what drives a terminal, so that they are as wide as they look.

use serde::Serialize;

use crate::commands::out::{escaped, say, single, turns};

/// What there is of an answer's field, on one line; empty when there is nothing.
pub(super) fn text(field: Option<&String>) -> String {
    field.map(|text| single(text)).unwrap_or_default()
}

/// A time to the second: the rest is in the JSON.
pub(super) fn second(time: &str) -> String {
    match (time.get(..10), time.get(11..19)) {
        (Some(day), Some(clock)) => single(&format!("{day} {clock}")),
        _ => single(time),
    }
}

/// As [`second`]; empty when there is none.
pub(super) fn second_if(time: Option<&String>) -> String {
    time.map(|time| second(time)).unwrap_or_default()
}

/// `text` on one line of at most `width` characters.
pub(super) fn short(text: &str, width: usize) -> String {
    let text: String = text.chars().filter(|c| !turns(*c)).collect();
    tocsin_core::event::single_line(&text, width)
}

/// Prints `rows` below `head`, each column as wide as its widest cell.
pub(super) fn print<const N: usize>(head: [&'static str; N], rows: &[[String; N]]) {
    Columns::new(head).print(rows);
}

/// Columns that are printed part by part.
pub(super) struct Columns<const N: usize> {
    head: Option<[&'static str; N]>,
    widths: [usize; N],
}

impl<const N: usize> Columns<N> {
    /// With this line above them, which comes with the first part.
    pub(super) fn new(head: [&'static str; N]) -> Self {
        Self { head: Some(head), widths: head.map(|cell| cell.chars().count()) }
    }

    /// Prints `rows`, each column as wide as its widest cell so far.
    pub(super) fn print(&mut self, rows: &[[String; N]]) {
        for row in rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        if let Some(head) = self.head.take() {
            self.line(head);
        }
        for row in rows {
            self.line(row.each_ref().map(String::as_str));
        }
    }

    fn line(&self, cells: [&str; N]) {
        let padded: Vec<String> =
            cells.iter().zip(self.widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        say!("{}", padded.join("  ").trim_end());
    }
}

/// Prints an answer as JSON, its fields in the order of their names.
pub(super) fn json(answer: &impl Serialize) -> anyhow::Result<()> {
    say!("{}", escaped(&format!("{:#}", serde_json::to_value(answer)?)));
    Ok(())
}

/// `text` as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
