//! Mistakes in a program, with the line and column where they stand.
//!
//! Must let no program through that is too deep for the parser's stack.

use jaq_core::compile;
use jaq_core::load::{lex, parse};

/// Bytes of a program.
const PROGRAM_BYTES: usize = 32 * 1024;
/// Brackets within brackets of a program, whose parser goes down with each.
const NESTING: usize = 64;
/// Operators of a program: a chain of them is as deep as it is long, for the parser as for the run.
const OPERATORS: usize = 600;
/// What jq has elsewhere and a program here must do without.
pub(super) const OUTSIDE: [&str; 14] = [
    "now",
    "env",
    "input",
    "inputs",
    "input_filename",
    "input_line_number",
    "debug",
    "stderr",
    "halt",
    "halt_error",
    "localtime",
    "strflocaltime",
    "include",
    "import",
];

pub(super) fn check_size(code: &str) -> Result<(), String> {
    if code.len() > PROGRAM_BYTES {
        return Err(format!("the program has {} bytes; {PROGRAM_BYTES} are the most", code.len()));
    }
    let (mut depth, mut deepest, mut operators) = (0_usize, (0, 0), 0);
    let without_comments = code.lines().filter(|line| !line.trim_start().starts_with('#'));
    for line in without_comments {
        operators +=
            line.bytes().filter(|byte| b"|+-,*/".contains(byte)).count() + line.matches("if ").count();
    }
    if operators > OPERATORS {
        return Err(format!(
            "the program has {operators} operators and conditions; {OPERATORS} are the most"
        ));
    }
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max((depth, at));
    }
    if deepest.0 > NESTING {
        let place = place(code, code.get(deepest.1..).unwrap_or(""));
        return Err(format!("{place}: more than {NESTING} brackets within one another"));
    }
    Ok(())
}

pub(super) fn lex_error(code: &str, errors: &[lex::Error<&str>]) -> String {
    errors.first().map_or_else(String::new, |(expected, at)| {
        format!("{}: expected {}{}", place(code, at), expected.as_str(), found(at))
    })
}

pub(super) fn parse_error(code: &str, errors: &[parse::TError<'_, &str>]) -> String {
    errors.first().map_or_else(String::new, |(expected, token)| {
        let at = token.map_or(code.get(code.len()..).unwrap_or(""), |token| token.0);
        format!("{}: expected {}{}", place(code, at), expected.as_str(), found(at))
    })
}

fn found(at: &str) -> String {
    let word: String = at.chars().take_while(|c| !c.is_whitespace()).take(30).collect();
    if word.is_empty() { " at the end".to_owned() } else { format!(", found `{word}`") }
}

pub(super) fn undefined(code: &str, name: &str, what: &compile::Undefined) -> String {
    let place = place(code, name);
    if OUTSIDE.contains(&name) {
        return format!("{place}: `{name}` is not available; a program sees its input and nothing else");
    }
    match what {
        compile::Undefined::Filter(0) => format!("{place}: there is no filter `{name}` without arguments"),
        compile::Undefined::Filter(arity) => {
            format!("{place}: there is no filter `{name}` with {arity} arguments")
        }
        other => format!("{place}: the {} `{name}` is not defined", other.as_str()),
    }
}

/// Where `part`, a piece of `code` itself, begins.
fn place(code: &str, part: &str) -> String {
    let at = (part.as_ptr() as usize).saturating_sub(code.as_ptr() as usize);
    let before = code.get(..at).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("line {line}, column {column}")
}
