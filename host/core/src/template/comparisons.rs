//! Signs of other languages in a condition, such as `=` for `==`: a sentence that says what to write.
//!
//! The engine reads an expression up to a sign that it does not know and leaves the rest out in silence, so every sign is
//! looked at here.

use super::lexer::{Kind, Token, tokens};
use super::scan::Piece;

/// The signs that expressions have.
const KNOWN: [&str; 24] = [
    "+", "-", "*", "/", "//", "**", "%", ".", ",", ":", "~", "|", "=", "==", "!=", "<", "<=", ">", ">=", "(",
    ")", "[", "]", "{",
];

/// What is wrong with the first sign of `code` that no expression has.
pub(super) fn unknown_sign(code: &str) -> Option<(usize, String)> {
    let tokens = tokens(code);
    let unknown = tokens
        .iter()
        .find(|token| token.kind == Kind::Sign && token.text != "}" && !KNOWN.contains(&token.text))?;
    let line = 1 + code[..unknown.from].matches('\n').count();
    Some((line, hint(code).unwrap_or_else(|| format!("`{}` is not known here", unknown.text))))
}

/// What to write in place of a sign that is none here, if `code` has one.
pub(super) fn hint(code: &str) -> Option<String> {
    let tokens = tokens(code);
    // Within a call, `=` names an argument.
    let mut calls: Vec<bool> = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Sign) {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let after = tokens.get(at + 1);
        match token.text {
            "(" => calls.push(before.is_some_and(|before| before.kind == Kind::Word)),
            ")" => drop(calls.pop()),
            "==" if after.is_some_and(|after| after.is("=")) => {
                return Some("`===` is not known here: write `==`".to_owned());
            }
            "=" if calls.last() != Some(&true) => {
                let fixed = between(code, before, after, "==");
                return Some(format!("`=` does not compare: write `==`{fixed}"));
            }
            "&&" | "||" => {
                let word = if token.text == "&&" { "and" } else { "or" };
                return Some(format!("`{}` is not known here: write `{word}`", token.text));
            }
            "!" => return Some("`!` is not known here: write `not`".to_owned()),
            _ => {}
        }
    }
    None
}

/// The same of the conditions in a template.
pub(super) fn hint_in(pieces: &[Piece<'_>]) -> Option<String> {
    pieces.iter().find_map(|piece| match piece {
        Piece::Code(code) => hint(condition(code)?),
        Piece::Text(_) | Piece::Inert(_) | Piece::Itop(_) => None,
    })
}

/// What is between the delimiters, unless it is a statement that assigns.
fn condition(code: &str) -> Option<&str> {
    let inner = code.get(2..code.len().checked_sub(2)?)?.trim_matches(['-', '+', ' ', '\n', '\t']);
    if code.starts_with("{{") {
        return Some(inner);
    }
    inner.strip_prefix("if ").or_else(|| inner.strip_prefix("elif "))
}

/// The comparison as it should be, when both of its sides are one word or text.
fn between(code: &str, before: Option<&Token<'_>>, after: Option<&Token<'_>>, sign: &str) -> String {
    let written = |token: &Token<'_>| match token.kind {
        Kind::Word | Kind::Text => code.get(token.from..token.to).map(str::to_owned),
        Kind::Sign => None,
    };
    let sides = before.and_then(written).zip(after.and_then(written));
    sides.map_or_else(String::new, |(left, right)| format!(", such as `{left} {sign} {right}`"))
}
