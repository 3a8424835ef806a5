//! What templates may ask for by name, checked on every path through a template, also those that no sample
//! takes.
//!
//! Never evaluates anything.

use strsim::levenshtein;

use super::TemplateError;
use super::scan::{Piece, string_end};
use crate::view::{BEFORE_FIELDS, CHANGE_FIELDS, INCIDENT_FIELDS, OPEN_FIELDS, TOP_NAMES};

/// Functions that templates may call. The engine has one more, which shows what nobody should put in a message.
const FUNCTIONS: [&str; 2] = ["range", "namespace"];
/// The filters there are: Jinja's as minijinja has them, and this crate's.
pub(crate) const FILTERS: [&str; 59] = [
    "abs",
    "ago",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "date",
    "default",
    "dictsort",
    "duration",
    "duration_to",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "html",
    "indent",
    "int",
    "items",
    "join",
    "label",
    "last",
    "length",
    "lines",
    "link",
    "list",
    "lower",
    "map",
    "max",
    "mention",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "text",
    "time",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
    "raw",
    "head",
];
/// The tests there are, as in `x is defined`.
pub(crate) const TESTS: [&str; 36] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// Checks that every name that is asked for exists.
///
/// # Errors
/// The first that does not, in the order of the alphabet.
pub(super) fn check_names(names: impl IntoIterator<Item = String>) -> Result<(), TemplateError> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    for name in names {
        let mut parts = name.split('.');
        let mut first = parts.next().unwrap_or_default();
        let mut next = parts.next();
        let (fields, within): (Vec<&str>, &str) = match (first, next) {
            ("incident", Some(field)) => {
                first = field;
                next = parts.next();
                (INCIDENT_FIELDS.to_vec(), "incident.")
            }
            ("change", Some("before")) => {
                let Some(field) = parts.next() else { continue };
                first = field;
                next = parts.next();
                (BEFORE_FIELDS.to_vec(), "change.before.")
            }
            ("change", Some(field)) => {
                first = field;
                next = parts.next();
                (CHANGE_FIELDS.into_iter().chain(["before"]).collect(), "change.")
            }
            _ if FUNCTIONS.contains(&first) => continue,
            _ => (TOP_NAMES.into_iter().chain(INCIDENT_FIELDS).collect(), ""),
        };
        if !fields.contains(&first) || (next.is_some() && !OPEN_FIELDS.contains(&first)) {
            let known = fields.iter().map(|field| format!("{within}{field}")).collect::<Vec<_>>();
            return Err(TemplateError::Unknown { name, known: known.join(", ") });
        }
    }
    Ok(())
}

/// Checks the filters and tests of a whole template.
///
/// # Errors
/// The first that does not exist, with the one that is most like it.
pub(super) fn check_pieces(pieces: &[Piece<'_>]) -> Result<(), TemplateError> {
    pieces.iter().try_for_each(|piece| match piece {
        Piece::Code(code) => check_code(code),
        Piece::Text(_) | Piece::Inert(_) | Piece::Itop(_) => Ok(()),
    })
}

/// Checks the filters and tests of one expression or statement.
///
/// # Errors
/// As [`check_pieces`].
pub(super) fn check_code(code: &str) -> Result<(), TemplateError> {
    let tokens = tokens(code);
    let token = |at: usize| tokens.get(at).copied().unwrap_or_default();
    for (at, &this) in tokens.iter().enumerate() {
        let next = token(at + 1);
        let (what, name, known) = match this {
            "|" => ("filter", next, &FILTERS[..]),
            "filter" if at > 0 && token(at - 1) == "{%" => ("filter", next, &FILTERS[..]),
            "is" if at > 0 && !["{%", "."].contains(&token(at - 1)) => {
                ("test", if next == "not" { token(at + 2) } else { next }, &TESTS[..])
            }
            _ => continue,
        };
        if name.starts_with(|c: char| c.is_alphabetic() || c == '_') && !known.contains(&name) {
            return Err(TemplateError::NoSuch { what, name: name.to_owned(), hint: hint(name, known) });
        }
    }
    Ok(())
}

/// The words of `code`, and every other character by itself; strings as their opening quote. What opens a
/// statement is one word.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = code[at..].chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let rest = &code[at..];
        let mut length = match first {
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            '{' if rest.starts_with("{%") => 2 + usize::from(rest[2..].starts_with(['-', '+'])),
            _ => first.len_utf8(),
        };
        if !first.is_whitespace() {
            let token = &rest[..length];
            tokens.push(if token.starts_with("{%") { "{%" } else { token });
        }
        if first == '"' || first == '\'' {
            length = (string_end(code.as_bytes(), at) + 1).min(code.len()) - at;
        }
        at += length;
    }
    tokens
}

fn hint(name: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|word| (levenshtein(name, word), word)).min();
    match nearest {
        Some((distance, word)) if distance <= 2 && distance < word.len() => format!("did you mean `{word}`?"),
        _ => format!("there is {}", known.join(", ")),
    }
}

/// The keyword of the statement `code`, and whether it catches what it would put out, as `{% macro %}` does.
pub(super) fn catches(code: &str) -> Option<&str> {
    let tokens = tokens(code);
    let keyword = tokens.first().filter(|first| **first == "{%").and(tokens.get(1)).copied()?;
    let plain = ["if", "elif", "else", "endif", "for", "endfor", "with", "endwith", "do"].contains(&keyword);
    let assigns = keyword == "set" && tokens.contains(&"=");
    (!plain && !assigns).then_some(keyword)
}
