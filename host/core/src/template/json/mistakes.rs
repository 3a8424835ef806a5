//! What is wrong with a document that is no JSON, or that says one thing twice, in words that help.
//!
//! Never repairs anything.

use std::collections::BTreeSet;

use super::TemplateError;
use crate::template::scan::string_end;

/// What `error` says about `text`, with the place in characters and the usual causes by name.
pub(super) fn invalid(text: &str, error: &serde_json::Error) -> TemplateError {
    // An empty text ends before its first column.
    let line = error.line().max(1);
    let in_line = text.split('\n').nth(line - 1).unwrap_or_default();
    let bytes = error.column().max(1) - 1;
    let before = in_line.char_indices().take_while(|(at, _)| *at < bytes).count();
    // Inside of a character of several bytes it is that character.
    let at = in_line.floor_char_boundary(bytes);
    let column = if at < bytes { before.max(1) } else { before + 1 };
    let full = error.to_string();
    let words = full.split(" at line ").next().unwrap_or(&full);
    let found = if error.is_eof() { "" } else { &in_line[at..] };
    TemplateError::Json { line, column, problem: problem(words, found, &in_line[..at]) }
}

/// The cause, as far as `found`, which is where the document stops making sense, shows it.
fn problem(words: &str, found: &str, before: &str) -> String {
    // Of `{{` the first may be read as the beginning of an object.
    let braced = before.ends_with('{') && found.starts_with(['{', '%', '#']);
    let placeholder =
        braced || ["{{", "{%", "{#", "$", "%24"].iter().any(|opening| found.starts_with(opening));
    if words.starts_with("control character") {
        return "a string ends in the line that it begins in: write \\n for a line break".to_owned();
    }
    if words.starts_with("invalid escape") {
        let escape = found.chars().next().map_or(String::new(), |c| format!(" `\\{c}`"));
        return format!(
            "JSON has no escape{escape}: write a backslash as \\\\, and quotes other than \" as they are"
        );
    }
    if found.starts_with('\'') {
        return "JSON wants double quotes (\") where a single quote (') stands".to_owned();
    }
    if found.starts_with(['‘', '’', '“', '”', '„']) {
        return "JSON wants straight double quotes (\") where a typographic one stands".to_owned();
    }
    let inside = before.rfind("{{").max(before.rfind("{%"));
    if inside.is_some_and(|at| before[at..].contains('"') && !before[at..].contains("}}")) {
        return "a double quote inside of a placeholder ends the string around it: write \
                `references['itop']` or `references.itop`"
            .to_owned();
    }
    if placeholder {
        return "a placeholder stands outside of a string: write it in double quotes".to_owned();
    }
    words.to_owned()
}

/// Checks that no object of the document `text`, which is valid, has a key twice: readers of JSON differ in
/// which of the two they take.
///
/// # Errors
/// The second one of the first such key.
pub(super) fn check_keys(text: &str) -> Result<(), TemplateError> {
    let bytes = text.as_bytes();
    // The keys of each object that is open; none for a list.
    let mut open: Vec<Option<BTreeSet<String>>> = Vec::new();
    let (mut at, mut key_next) = (0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => open.push(Some(BTreeSet::new())),
            b'[' => open.push(None),
            b'}' | b']' => {
                open.pop();
            }
            b'"' => {
                let end = string_end(bytes, at);
                if let Some(Some(keys)) = open.last_mut().filter(|_| key_next) {
                    let key: String =
                        serde_json::from_str(text.get(at..=end).unwrap_or_default()).unwrap_or_default();
                    if !keys.insert(key.clone()) {
                        let before = &text[..at];
                        let in_line = before.rsplit('\n').next().unwrap_or_default();
                        let (line, column) = (before.matches('\n').count() + 1, in_line.chars().count() + 1);
                        let problem = format!("the key `{key}` stands twice in one object");
                        return Err(TemplateError::Json { line, column, problem });
                    }
                }
                at = end;
            }
            _ => {}
        }
        match byte {
            b'{' | b',' => key_next = true,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => key_next = false,
        }
        at += 1;
    }
    Ok(())
}
