//! Comparisons of a code with a word that it never is, such as `severity == "warning"`.
//!
//! Knows severity, state, source, the kind of a change and the names of changed fields. What a label or a text may
//! be, it does not know, and says nothing of it. Never refuses anything: the caller decides what to make of it.

use std::fmt;

use super::lexer::{Kind, Token, tokens};
use super::scan::{Piece, pieces};
use super::{Expression, itop};
use crate::delivery::{Change, ChangeKind};
use crate::event::Severity;
use crate::incident::{Incident, IncidentState};
use crate::view::{View, sample, sample_phase};

/// A comparison with a word that is none of the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongWord {
    /// The comparison as written.
    pub comparison: String,
    /// What is wrong with it, and which words there are.
    pub problem: String,
    /// Whether it is never true. Otherwise it is only written differently than it is meant.
    pub is_never_true: bool,
}

impl fmt::Display for WrongWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.comparison, self.problem)
    }
}

/// The comparisons in the expression `code`, such as a filter, with words that are none of the values. `sources` has
/// the names of the configured sources.
pub fn wrong_words(code: &str, sources: &[&str]) -> Vec<WrongWord> {
    let tokens = tokens(code);
    (0..tokens.len()).filter_map(|at| comparison(code, &tokens, at, sources)).collect()
}

/// The same of the statements and expressions of a template, in either grammar.
pub fn wrong_words_in(text: &str, sources: &[&str]) -> Vec<WrongWord> {
    let Ok(jinja) = itop::to_jinja(&pieces(text)) else { return Vec::new() };
    let found = pieces(&jinja).into_iter().map(|piece| match piece {
        Piece::Code(code) => wrong_words(code, sources),
        Piece::Text(_) | Piece::Inert(_) | Piece::Itop(_) => Vec::new(),
    });
    found.flatten().collect()
}

impl Expression {
    /// Whether some change of some incident makes it true. Asks only when the expression reads nothing but severity,
    /// state, source and the kind of the change: what else there may be is open, so the answer is yes.
    pub fn can_hold(&self, sources: &[&str]) -> bool {
        const CLOSED: [&str; 7] = [
            "severity",
            "state",
            "source",
            "incident.severity",
            "incident.state",
            "incident.source",
            "change.kind",
        ];
        let names = self.compiled.undeclared_variables(true);
        if !names.iter().all(|name| CLOSED.contains(&name.as_str())) {
            return true;
        }
        let (incident, change) = sample();
        let holds = |severity, state, kind, source: &str| {
            let incident =
                Incident { severity, phase: sample_phase(state), source: source.into(), ..incident.clone() };
            let change = Change { kind, ..change.clone() };
            self.matches(&View::new(&incident, &change)).unwrap_or(true)
        };
        let sources = if sources.is_empty() { &["sample"] } else { sources };
        sources.iter().any(|source| {
            ChangeKind::ALL.into_iter().any(|kind| {
                let states = IncidentState::ALL.into_iter();
                let mut states =
                    states.filter(|state| kind.entered().is_none_or(|entered| entered == *state));
                states.any(|state| {
                    Severity::ALL.into_iter().any(|severity| holds(severity, state, kind, source))
                })
            })
        })
    }
}

/// The words that a name may be.
struct Values<'a> {
    /// As a sentence names them: `severities`.
    plural: &'static str,
    words: Vec<&'a str>,
}

impl Values<'_> {
    fn has(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    fn listed(&self) -> String {
        format!("{} are {}", self.plural, self.words.join(", "))
    }
}

fn values<'a>(name: &str, sources: &[&'a str]) -> Option<Values<'a>> {
    let (plural, words) = match name.strip_prefix("incident.").unwrap_or(name) {
        "severity" => ("severities", Severity::ALL.map(Severity::as_str).to_vec()),
        "state" => ("states", IncidentState::ALL.map(IncidentState::as_str).to_vec()),
        "source" if !sources.is_empty() => ("sources", sources.to_vec()),
        _ if name == "change.kind" => ("kinds of changes", ChangeKind::ALL.map(ChangeKind::as_str).to_vec()),
        _ => return None,
    };
    Some(Values { plural, words })
}

/// One side of a comparison.
enum Operand<'a> {
    /// Such as `change.kind`.
    Name(String),
    Texts(Vec<&'a str>, IsList),
}

type IsList = bool;

/// What is wrong with the comparison that begins at this token, if one begins there and something is.
fn comparison(code: &str, tokens: &[Token<'_>], at: usize, sources: &[&str]) -> Option<WrongWord> {
    if !may_begin_after(at.checked_sub(1).and_then(|at| tokens.get(at))) {
        return None;
    }
    let (left, next) = operand(tokens, at)?;
    let (operator, next) = operator(tokens, next)?;
    let (right, next) = operand(tokens, next)?;
    if !may_end_before(tokens.get(next)) {
        return None;
    }
    let (problem, is_never_true) = judged(&left, operator, &right, sources)?;
    let comparison = code.get(tokens.get(at)?.from..tokens.get(next.checked_sub(1)?)?.to)?.to_owned();
    Some(WrongWord { comparison, problem, is_never_true })
}

/// Whether the comparison is all of what stands before it: a filter or `~` would bind closer.
fn may_begin_after(token: Option<&Token<'_>>) -> bool {
    const BEFORE: [&str; 12] = ["(", "[", ",", "{", "%", "and", "or", "not", "if", "elif", "else", "="];
    token.is_none_or(|token| BEFORE.iter().any(|before| token.is(before)) || token.is("-"))
}

fn may_end_before(token: Option<&Token<'_>>) -> bool {
    const AFTER: [&str; 10] = [")", "]", ",", "}", "%", "-", "and", "or", "if", "else"];
    token.is_none_or(|token| AFTER.iter().any(|after| token.is(after)))
}

/// The operand that begins at this token, and the token after it.
fn operand<'a>(tokens: &[Token<'a>], at: usize) -> Option<(Operand<'a>, usize)> {
    const KEYWORDS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];
    let first = tokens.get(at)?;
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.is(text));
    match first.kind {
        Kind::Text => Some((Operand::Texts(vec![first.text], false), at + 1)),
        Kind::Word if KEYWORDS.contains(&first.text) => None,
        Kind::Word => {
            let (mut name, mut next) = (first.text.to_owned(), at + 1);
            while is(next, ".") {
                let field = tokens.get(next + 1).filter(|field| field.kind == Kind::Word)?;
                name = format!("{name}.{}", field.text);
                next += 2;
            }
            Some((Operand::Name(name), next))
        }
        Kind::Sign if first.is("[") || first.is("(") => {
            let closing = if first.is("[") { "]" } else { ")" };
            let (mut texts, mut next, mut commas) = (Vec::new(), at + 1, 0);
            while !is(next, closing) {
                texts.push(tokens.get(next).filter(|token| token.kind == Kind::Text)?.text);
                next += 1;
                if is(next, ",") {
                    (next, commas) = (next + 1, commas + 1);
                } else if !is(next, closing) {
                    return None;
                }
            }
            let is_list = first.is("[") || commas > 0;
            (!texts.is_empty()).then_some((Operand::Texts(texts, is_list), next + 1))
        }
        Kind::Sign => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    In,
    NotIn,
    Ordered,
}

fn operator(tokens: &[Token<'_>], at: usize) -> Option<(Operator, usize)> {
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.is(text));
    let negated = |operator| match operator {
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
        Operator::In => Operator::NotIn,
        other => other,
    };
    if is(at, "is") {
        let is_not = is(at + 1, "not");
        let test = at + 1 + usize::from(is_not);
        let operator = match tokens.get(test)?.text {
            "eq" | "equalto" | "sameas" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "in" => Operator::In,
            _ => return None,
        };
        return Some((if is_not { negated(operator) } else { operator }, test + 1));
    }
    if is(at, "not") && is(at + 1, "in") {
        return Some((Operator::NotIn, at + 2));
    }
    let operator = match tokens.get(at).filter(|token| token.kind != Kind::Text)?.text {
        "==" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "in" => Operator::In,
        "<" | ">" | "<=" | ">=" => Operator::Ordered,
        _ => return None,
    };
    Some((operator, at + 1))
}

/// What is wrong, and whether the comparison is never true by that.
fn judged(
    left: &Operand<'_>,
    operator: Operator,
    right: &Operand<'_>,
    sources: &[&str],
) -> Option<(String, bool)> {
    use Operator::{Equal, In, NotEqual, NotIn, Ordered};
    match (left, operator, right) {
        (Operand::Texts(words, _), In | NotIn, Operand::Name(name)) => {
            within(words.first()?, name, operator, sources)
        }
        (Operand::Name(name), _, Operand::Texts(words, is_list))
        | (Operand::Texts(words, is_list), Equal | NotEqual | Ordered, Operand::Name(name)) => {
            let values = values(name, sources)?;
            if operator == Ordered {
                return Some((compared_as_text(name, &values), false));
            }
            if matches!(operator, In | NotIn) && !is_list {
                let part = |word: &&str| words.first().is_some_and(|text| text.contains(*word));
                return (!values.words.iter().any(part)).then(|| never(operator, &values));
            }
            let wrong: Vec<&str> = words.iter().copied().filter(|word| !values.has(word)).collect();
            match wrong.as_slice() {
                [] => None,
                all if all.len() == words.len() => Some(never(operator, &values)),
                some => Some((format!("names {}, which is none: {}", quoted(some), values.listed()), false)),
            }
        }
        _ => None,
    }
}

fn never(operator: Operator, values: &Values<'_>) -> (String, bool) {
    let is_never_true = matches!(operator, Operator::Equal | Operator::In);
    let what = if is_never_true { "is never true" } else { "is always true" };
    (format!("{what}: {}", values.listed()), is_never_true)
}

/// `"word" in name`.
fn within(word: &str, name: &str, operator: Operator, sources: &[&str]) -> Option<(String, bool)> {
    if name == "change.changed" {
        let fields = ["title", "message", "severity", "labels"];
        let is_known = fields.contains(&word) || word.starts_with("labels.");
        let values =
            Values { plural: "fields that change", words: [&fields[..], &["labels.<name>"]].concat() };
        return (!is_known).then(|| never(operator, &values));
    }
    let values = values(name, sources)?;
    (!values.words.iter().any(|value| value.contains(word))).then(|| never(operator, &values))
}

fn compared_as_text(name: &str, values: &Values<'_>) -> String {
    let example: Vec<String> = values.words.iter().take(2).map(|word| format!("\"{word}\"")).collect();
    format!(
        "compares in the order of the alphabet: write a list, such as `{name} in [{}]`",
        example.join(", ")
    )
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
