//! A program that says on which of its lines it failed: every term that can fail is put into a filter that marks
//! its errors. The program's own run has no positions, so this one is made and run only after a failure.
//!
//! Must never change what a program gives, nor nest a program so much deeper that it runs out of stack.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::path::{Part, Path};
use jaq_core::{Bind, Error, Exn, Native};
use jaq_json::{Map, Val};

use super::{Data, shown};

/// Filters with names that no program can write.
const MARK: &str = "!line";
const UNMARK: &str = "!unmark";
/// Members of a marked error: the line, what was thrown, and how it is shown.
const MEMBERS: [&str; 3] = ["!line", "!thrown", "!shown"];
/// Marks within one another, and terms: a deeper program is not marked, as its stack might not hold it.
const NESTING: usize = 40;
const LEVELS: usize = 200;

/// The program with marks, and whether all of it could be marked; `numbers` are those of its lines.
pub(super) fn marked<'s>(
    code: &'s str,
    numbers: &'s [String],
    program: Term<&'s str>,
) -> (Term<&'s str>, bool) {
    let mut marker = Marker { code, numbers, own: Vec::new(), last: 1, depth: 0, level: 0, is_whole: true };
    let program = marker.term(program, None);
    (program, marker.is_whole)
}

/// The filters that marked programs use.
pub(super) fn filters() -> impl Iterator<Item = Fun<Data>> {
    let mark: Native<Data> = Native::new(|mut cv| {
        let ((filter, context), line) = (cv.0.pop_fun(), cv.0.pop_var());
        Box::new(
            filter.run((context, cv.1)).map(move |result| result.map_err(|error| with_line(error, &line))),
        )
    })
    .with_paths(|mut cv| {
        let ((filter, context), line) = (cv.0.pop_fun(), cv.0.pop_var());
        Box::new(
            filter.paths((context, cv.1)).map(move |result| result.map_err(|error| with_line(error, &line))),
        )
    })
    .with_update(|mut cv, update| {
        let ((filter, context), line) = (cv.0.pop_fun(), cv.0.pop_var());
        let results = filter.update((context, cv.1), update);
        Box::new(results.map(move |result| result.map_err(|error| with_line(error, &line))))
    });
    let unmark = run((UNMARK, v(0), |cv| bome(Ok(of_mark(&cv.1, MEMBERS[1]).unwrap_or(cv.1)))));
    [(MARK, [Bind::Var(()), Bind::Fun(())].into(), mark), unmark].into_iter()
}

/// The line of a marked error, and how the error is shown without the mark.
pub(super) fn line_of(error: Error<Val>) -> Option<(usize, String)> {
    let value = error.into_val();
    let Some(Val::TStr(text)) = of_mark(&value, MEMBERS[2]) else { return None };
    let line = of_mark(&value, MEMBERS[0])?.to_string().parse().ok()?;
    Some((line, String::from_utf8_lossy(&text).into_owned()))
}

fn key(name: &str) -> Val {
    Val::utf8_str(name.to_owned())
}

fn of_mark(value: &Val, member: &str) -> Option<Val> {
    let Val::Obj(members) = value else { return None };
    members.get(&key(MEMBERS[0]))?;
    members.get(&key(member)).cloned()
}

/// The error with this line; one that has a line keeps it.
fn with_line<'a>(error: Exn<'a, Val>, line: &Val) -> Exn<'a, Val> {
    match error.get_err() {
        Ok(error) => {
            let text = shown(&error);
            let value = error.into_val();
            if of_mark(&value, MEMBERS[0]).is_some() {
                return Error::new(value).into();
            }
            let values = [line.clone(), value, Val::utf8_str(text)];
            let members: Map = MEMBERS.iter().map(|name| key(name)).zip(values).collect();
            Error::new(Val::obj(members)).into()
        }
        Err(other) => other,
    }
}

struct Marker<'s> {
    code: &'s str,
    numbers: &'s [String],
    /// Filters of the program itself. A call of one is never marked: it may be a loop's last step.
    own: Vec<&'s str>,
    /// The last line that was seen, for terms such as `.[]` that have no name in them.
    last: usize,
    /// Marks around the term that is at hand.
    depth: usize,
    /// Terms around it.
    level: usize,
    /// Nothing was too deep to be marked.
    is_whole: bool,
}

impl<'s> Marker<'s> {
    /// The line of a piece of the program; nothing for a piece of something else.
    fn line(&self, part: &str) -> Option<usize> {
        let at = (part.as_ptr() as usize).checked_sub(self.code.as_ptr() as usize)?;
        let before = self.code.get(..at).filter(|_| !part.is_empty() && at < self.code.len())?;
        Some(before.matches('\n').count() + 1)
    }

    /// The line of the first name in a term.
    fn first(&self, term: &Term<&str>) -> Option<usize> {
        match term {
            Term::Id | Term::Recurse | Term::Arr(None) => None,
            Term::Num(part)
            | Term::Break(part)
            | Term::Var(part)
            | Term::Call(part, _)
            | Term::Label(part, _)
            | Term::Fold(part, ..) => self.line(part),
            Term::Str(format, parts) => {
                let of_part = |part: &StrPart<&str, Term<&str>>| match part {
                    StrPart::Str(text) => self.line(text),
                    StrPart::Term(term) => self.first(term),
                    StrPart::Char(_) => None,
                };
                format.and_then(|format| self.line(format)).or_else(|| parts.iter().find_map(of_part))
            }
            Term::Arr(Some(term)) | Term::Neg(term) | Term::TryCatch(term, _) => self.first(term),
            Term::Obj(members) => members.iter().find_map(|(key, value)| {
                self.first(key).or_else(|| value.as_ref().and_then(|value| self.first(value)))
            }),
            Term::BinOp(left, _, right) => self.first(left).or_else(|| self.first(right)),
            Term::IfThenElse(branches, _) => branches.iter().find_map(|(condition, _)| self.first(condition)),
            Term::Def(definitions, _) => {
                definitions.first().and_then(|definition| self.line(definition.name))
            }
            Term::Path(head, path) => self.first(head).or_else(|| {
                path.0.iter().find_map(|(part, _)| match part {
                    Part::Index(index) => self.first(index),
                    Part::Range(from, to) => {
                        [from, to].into_iter().flatten().find_map(|term| self.first(term))
                    }
                })
            }),
        }
    }

    /// The term with marks; `around` is the line of the mark around it.
    fn term(&mut self, term: Term<&'s str>, around: Option<usize>) -> Term<&'s str> {
        if self.level == LEVELS {
            self.is_whole = false;
            return term;
        }
        self.level += 1;
        let marked = self.shallow(term, around);
        self.level -= 1;
        marked
    }

    fn shallow(&mut self, term: Term<&'s str>, around: Option<usize>) -> Term<&'s str> {
        // What fails in a calculation stands beside its operator.
        let first = match &term {
            Term::BinOp(_, BinaryOp::Math(_), right) => self.first(right),
            other => self.first(other),
        };
        let line = first.unwrap_or(self.last);
        self.last = line;
        let is_marked = self.can_fail(&term) && around != Some(line);
        self.is_whole &= !is_marked || self.depth < NESTING;
        if !is_marked || self.depth == NESTING {
            return self.inner(term, around);
        }
        self.depth += 1;
        let inner = self.inner(term, Some(line));
        self.depth -= 1;
        match self.numbers.get(line.saturating_sub(1)) {
            Some(number) => Term::Call(MARK, vec![Term::Num(number.as_str()), inner]),
            None => inner,
        }
    }

    fn can_fail(&self, term: &Term<&str>) -> bool {
        match term {
            Term::Path(..) | Term::Neg(_) | Term::Str(Some(_), _) => true,
            Term::Call(name, _) => !self.own.contains(name),
            Term::BinOp(_, operator, _) => is_update(operator) || matches!(operator, BinaryOp::Math(_)),
            _ => false,
        }
    }

    fn boxed(&mut self, term: Term<&'s str>, around: Option<usize>) -> Box<Term<&'s str>> {
        Box::new(self.term(term, around))
    }

    /// The same term with marks in its parts.
    fn inner(&mut self, term: Term<&'s str>, around: Option<usize>) -> Term<&'s str> {
        match term {
            Term::Str(format, parts) => {
                let part = |part| match part {
                    StrPart::Term(term) => StrPart::Term(self.term(term, around)),
                    other => other,
                };
                Term::Str(format, parts.into_iter().map(part).collect())
            }
            Term::Arr(Some(items)) => Term::Arr(Some(self.boxed(*items, around))),
            Term::Obj(members) => {
                // A key without a value is a name, and stays one.
                let member = |(key, value): (_, Option<_>)| match value {
                    Some(value) => (self.term(key, around), Some(self.term(value, around))),
                    None => (key, None),
                };
                Term::Obj(members.into_iter().map(member).collect())
            }
            Term::Neg(term) => Term::Neg(self.boxed(*term, around)),
            // What is assigned to is a path, and is left as it is.
            Term::BinOp(left, operator, right) if is_update(&operator) => {
                Term::BinOp(left, operator, self.boxed(*right, around))
            }
            Term::BinOp(left, operator, right) => {
                let left = self.boxed(*left, around);
                Term::BinOp(left, operator, self.boxed(*right, around))
            }
            Term::Label(name, body) => Term::Label(name, self.boxed(*body, around)),
            Term::Fold(name, over, pattern, arguments) => {
                let over = self.boxed(*over, around);
                let arguments = arguments.into_iter().map(|argument| self.term(argument, around)).collect();
                Term::Fold(name, over, pattern, arguments)
            }
            // Its errors are seen by nobody.
            Term::TryCatch(body, None) => Term::TryCatch(body, None),
            Term::TryCatch(body, Some(catch)) => {
                let body = self.boxed(*body, None);
                let catch = self.boxed(*catch, around);
                let unmark = Box::new(Term::Call(UNMARK, Vec::new()));
                let catch = Term::BinOp(unmark, BinaryOp::Pipe(None), catch);
                Term::TryCatch(body, Some(Box::new(catch)))
            }
            Term::IfThenElse(branches, otherwise) => {
                let branch = |(condition, then)| (self.term(condition, around), self.term(then, around));
                let branches = branches.into_iter().map(branch).collect();
                Term::IfThenElse(branches, otherwise.map(|otherwise| self.boxed(*otherwise, around)))
            }
            Term::Def(definitions, body) => {
                let definitions =
                    definitions.into_iter().map(|definition| self.definition(definition)).collect();
                Term::Def(definitions, self.boxed(*body, around))
            }
            // Arguments are run wherever the filter runs them.
            Term::Call(name, arguments) => {
                Term::Call(name, arguments.into_iter().map(|argument| self.term(argument, None)).collect())
            }
            Term::Path(head, path) => {
                let head = self.boxed(*head, around);
                Term::Path(head, self.path(path, around))
            }
            leaf => leaf,
        }
    }

    fn definition(&mut self, definition: Def<&'s str>) -> Def<&'s str> {
        self.own.push(definition.name);
        self.own.extend(definition.args.iter().copied());
        Def { body: self.term(definition.body, None), ..definition }
    }

    fn path(&mut self, path: Path<Term<&'s str>>, around: Option<usize>) -> Path<Term<&'s str>> {
        let mut part = |(part, opt)| {
            let part = match part {
                Part::Index(index) => Part::Index(self.term(index, around)),
                Part::Range(from, to) => {
                    let from = from.map(|term| self.term(term, around));
                    Part::Range(from, to.map(|term| self.term(term, around)))
                }
            };
            (part, opt)
        };
        Path(path.0.into_iter().map(&mut part).collect())
    }
}

fn is_update(operator: &BinaryOp<&str>) -> bool {
    matches!(operator, BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt)
}
