//! A jq program: compiled once for a call, run over one document.
//!
//! Never reads anything but its input: there is no clock, environment, file or further input to be had. What
//! runs without end is stopped by the host's limits; what it yields is counted here.

use std::fmt::{self, Write as _};

use jaq_core::load::{Arena, File, Lexer, Loader, Parser, parse};
use jaq_core::{Compiler, Ctx, Error, Vars, data, unwrap_valr};
use jaq_json::Val;
use serde_json::Value;

use mistakes::{OUTSIDE, check_size, lex_error, parse_error, undefined};

mod mistakes;
mod natives;
mod prelude;
mod shape;
mod traced;
mod values;
mod written;

type Data = data::JustLut<Val>;

/// Results of a program; the host takes no more events.
const RESULTS: usize = 10_000;
/// Bytes of all results together, a part of the plugin's memory.
const RESULTS_BYTES: usize = 16 * 1024 * 1024;
/// Failures whose lines are looked for.
const TRACED: usize = 20;
/// Bytes of a failure: it may show the value that failed.
const FAILURE_BYTES: usize = 400;
/// The program's name among the definitions; its own text is not named otherwise.
const PROGRAM: &str = "tocsin_program";
/// A program that can be run.
pub(crate) struct Program<'c> {
    code: &'c str,
    variables: &'c [&'c str],
    makes: Makes,
    filter: jaq_core::Filter<Data>,
}

/// What a program is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Makes {
    /// Values, as they are.
    Values,
    /// Events: a list of them is taken apart.
    Events,
}

impl Makes {
    /// The program as it is run.
    fn shaped(self, program: parse::Term<&str>) -> parse::Term<&str> {
        match self {
            Self::Values => program,
            Self::Events => shape::spread(program),
        }
    }
}

/// Why one result failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// What jq says.
    pub(crate) why: String,
    /// The line of the program, where it could be found.
    pub(crate) line: Option<usize>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

/// How an error is shown: its beginning.
fn shown(error: &Error<Val>) -> String {
    struct Beginning(String);
    impl fmt::Write for Beginning {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = FAILURE_BYTES.saturating_sub(self.0.len());
            self.0.push_str(text.get(..text.floor_char_boundary(room.min(text.len()))).unwrap_or(""));
            if text.len() > room { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut beginning = Beginning(String::new());
    if write!(beginning, "{error}").is_err() {
        beginning.0.push('…');
    }
    beginning.0
}

impl<'c> Program<'c> {
    /// Compiles a program that sees these variables: `$request`.
    ///
    /// # Errors
    /// One sentence with line and column.
    pub(crate) fn compile(code: &'c str, variables: &'c [&'c str]) -> Result<Self, String> {
        Self::of(code, variables, Makes::Values)
    }

    /// As [`Program::compile`], for a program whose results are events: a list at its end is taken apart, so that one
    /// of its elements can fail alone.
    pub(crate) fn of_events(code: &'c str, variables: &'c [&'c str]) -> Result<Self, String> {
        Self::of(code, variables, Makes::Events)
    }

    fn of(code: &'c str, variables: &'c [&'c str], makes: Makes) -> Result<Self, String> {
        check_size(code)?;
        let filter = filter(code, variables, |program| makes.shaped(program))?;
        Ok(Self { code, variables, makes, filter })
    }

    /// Everything that the program yields for `input`, with the values of its variables. A result that fails is one
    /// of them, and the others are there.
    ///
    /// # Errors
    /// There is too much.
    pub(crate) fn results(
        &self,
        input: &Value,
        variables: &[Value],
    ) -> Result<Vec<Result<Value, Failed>>, String> {
        let mut found = Vec::new();
        let mut room = RESULTS_BYTES;
        let mut failed = false;
        for result in self.run_with(input, variables) {
            if found.len() == RESULTS {
                return Err(format!("it gives more than {RESULTS} results"));
            }
            let result = result.map_err(|error| shown(&error)).and_then(|value| {
                let (value, bytes) = values::from_jq(&value)?;
                room = room.saturating_sub(bytes);
                Ok(value)
            });
            if room == 0 {
                return Err(format!("it gives more than {} MiB", RESULTS_BYTES / (1024 * 1024)));
            }
            failed |= result.is_err();
            found.push(result.map_err(|why| Failed { why, line: None }));
        }
        if failed {
            self.trace(input, variables, &mut found);
        }
        Ok(found)
    }

    /// As [`Program::results`], where one failure is the failure of all.
    ///
    /// # Errors
    /// The first failure, or that there is too much.
    pub(crate) fn run(&self, input: &Value, variables: &[Value]) -> Result<Vec<Value>, String> {
        let results = self.results(input, variables)?;
        results.into_iter().map(|result| result.map_err(|failed| failed.to_string())).collect()
    }

    /// The one document that the program makes of `input`, written as JSON.
    ///
    /// # Errors
    /// What jq says of a failure; nothing or several results; one that is too large.
    pub(crate) fn document(&self, input: &Value) -> Result<Vec<u8>, String> {
        let mut document = Vec::new();
        for result in self.run_with(input, &[]) {
            let value = result.map_err(|error| self.failure(input, shown(&error)))?;
            if document.is_empty() {
                written::write(&value, &mut document)?;
            } else {
                return Err("it gives more than one result; put a list of them into brackets".to_owned());
            }
        }
        if document.is_empty() {
            Err("it gives nothing; one document was expected".to_owned())
        } else {
            Ok(document)
        }
    }

    fn run_with<'a>(
        &'a self,
        input: &Value,
        variables: &[Value],
    ) -> impl Iterator<Item = Result<Val, Error<Val>>> + use<'a, 'c> {
        let context = Ctx::<Data>::new(&self.filter.lut, Vars::new(variables.iter().map(values::to_jq)));
        self.filter.id.run((context, values::to_jq(input))).map(unwrap_valr)
    }

    /// The failure of the first result, with its line.
    fn failure(&self, input: &Value, why: String) -> String {
        let line = self.lines(input, &[], 1).into_iter().next().flatten();
        let line = line.filter(|(_, shown)| *shown == why).map(|(line, _)| line);
        Failed { why, line }.to_string()
    }

    /// Finds the lines of failures.
    fn trace<T>(&self, input: &Value, variables: &[Value], found: &mut [Result<T, Failed>]) {
        let mut traced = 0;
        let until = found.iter().take_while(|result| {
            traced += usize::from(result.is_err());
            traced <= TRACED
        });
        let lines = self.lines(input, variables, until.count());
        for (result, line) in found.iter_mut().zip(lines) {
            if let (Err(failed), Some((line, shown))) = (result, line)
                && failed.why == shown
            {
                failed.line = Some(line);
            }
        }
    }

    /// Runs the program with marks: for each of its first results the line on which it failed, and how the failure
    /// is shown.
    fn lines(&self, input: &Value, variables: &[Value], count: usize) -> Vec<Option<(usize, String)>> {
        let numbers: Vec<String> = (1..=self.code.lines().count()).map(|number| number.to_string()).collect();
        let mut is_whole = false;
        let marked = filter(self.code, self.variables, |program| {
            let (marked, whole) = traced::marked(self.code, &numbers, self.makes.shaped(program));
            is_whole = whole;
            marked
        });
        // Without all of the marks a line could be that of another term.
        if !is_whole {
            return Vec::new();
        }
        let Ok(filter) = marked else { return Vec::new() };
        let marked = Program { filter, ..*self };
        marked
            .run_with(input, variables)
            .take(count)
            .map(|result| result.err().and_then(traced::line_of))
            .collect()
    }
}

/// The filter of a program, after `change` of its syntax tree.
fn filter<'s>(
    code: &'s str,
    variables: &[&'s str],
    change: impl FnOnce(parse::Term<&'s str>) -> parse::Term<&'s str>,
) -> Result<jaq_core::Filter<Data>, String> {
    let tokens = Lexer::new(code).lex().map_err(|errors| lex_error(code, &errors))?;
    let program = Parser::new(&tokens).parse(|parser| parser.term());
    let body = change(program.map_err(|errors| parse_error(code, &errors))?);
    let definitions = prelude::for_program(code);
    let mut definitions = parse(&definitions, |parser| parser.defs())
        .ok_or_else(|| "the definitions that come with the program could not be read".to_owned())?;
    definitions.push(parse::Def { name: PROGRAM, args: Vec::new(), body });
    let arena = Arena::default();
    let modules = Loader::new(definitions)
        .load(&arena, File { code: PROGRAM, path: () })
        .map_err(|_| "the program could not be loaded".to_owned())?;
    let functions = jaq_core::funs().chain(jaq_std::base_funs());
    let functions = functions.chain(jaq_json::funs().filter(|(name, ..)| *name != "fromjson"));
    let functions = functions.chain(natives::all()).chain(traced::filters());
    Compiler::default()
        .with_funs(functions.filter(|(name, ..)| !OUTSIDE.contains(name)))
        .with_global_vars(variables.iter().copied())
        .compile(modules)
        .map_err(|errors| {
            let first = errors.iter().flat_map(|(_, errors)| errors).next();
            first.map_or_else(String::new, |(name, what)| undefined(code, name, what))
        })
}

#[cfg(test)]
mod tests;
