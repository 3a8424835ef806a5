//! jq's own definitions, of which a program is given those that it uses: to compile all of them would take
//! longer than everything else in a call.
//!
//! Must stay in the order of `prelude.jq`: a definition uses only those before it.

use std::collections::BTreeSet;

/// One definition a line.
const DEFINITIONS: &str = include_str!("prelude.jq");

/// The definitions that a program needs.
pub(super) fn for_program(code: &str) -> String {
    let mut needed: BTreeSet<&str> = words(code).collect();
    let mut used = Vec::new();
    for line in DEFINITIONS.lines().rev().filter(|line| line.starts_with("def ")) {
        let name = words(line.get(4..).unwrap_or("")).next();
        if name.is_some_and(|name| needed.contains(name)) {
            needed.extend(words(line));
            used.push(line);
        }
    }
    used.reverse();
    used.join("\n")
}

/// Names in a text, whatever they stand for: one too many costs a little, one too few would not compile.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '@')))
        .filter(|word| !word.is_empty())
}
