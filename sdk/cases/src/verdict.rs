//! Whether a case holds: its file is what a runner would write.
//!
//! Never writes a file and calls no plugin.

use crate::diff;
use crate::expected::places;
use crate::file::{Case, Section};

/// A case whose file is not what a runner would write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whether the case says what it expects.
    pub expects: bool,
    /// A line for each difference, such as `expected outcome 1: events[0].severity`; none where only the layout is
    /// another.
    pub places: Vec<String>,
    /// The lines that differ.
    pub lines: String,
    /// The whole file as a runner would write it.
    pub written: String,
}

/// Compares the case, which was read from `text`, with what was `found`.
pub fn compare(case: &Case, text: &str, found: &[Section]) -> Option<Difference> {
    let written = case.with(found);
    (written != text).then(|| Difference {
        expects: case.expects(),
        places: places(case, found),
        lines: diff::lines(text, &written),
        written,
    })
}

impl Difference {
    /// In words; `update` says how an expected section is written.
    pub fn in_words(&self, update: &str) -> String {
        if !self.expects {
            return format!("expects nothing yet; {update} to write what was found:\n{}", self.lines);
        }
        let places = match self.places.as_slice() {
            [] => "its layout is not the one that an update writes".to_owned(),
            places => places.join("\n  "),
        };
        format!("another outcome\n  {places}\n{}", self.lines)
    }
}
