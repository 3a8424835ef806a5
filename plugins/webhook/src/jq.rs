//! A jq program: compiled once for a call, run over one document.
//!
//! Never reads anything but its input: there is no clock, environment, file or further input to be had. What
//! runs without end is stopped by the host's limits; what it yields is counted here.

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, compile, data, unwrap_valr};
use jaq_json::Val;
use serde_json::Value;

mod natives;
mod prelude;
mod values;
mod written;

type Data = data::JustLut<Val>;

/// Bytes of a program.
const PROGRAM_BYTES: usize = 32 * 1024;
/// Brackets within brackets of a program, whose parser goes down with each.
const NESTING: usize = 64;
/// Operators of a program: a chain of them is as deep as it is long, for the parser as for the run.
const OPERATORS: usize = 600;
/// Results of a program; the host takes no more events.
const RESULTS: usize = 1000;
/// What jq has elsewhere and a program here must do without.
const OUTSIDE: [&str; 14] = [
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

/// A program that can be run.
pub(crate) struct Program(jaq_core::Filter<Data>);

impl Program {
    /// Compiles a program that sees these variables: `$request`.
    ///
    /// # Errors
    /// One sentence with line and column.
    pub(crate) fn compile(code: &str, variables: &[&str]) -> Result<Self, String> {
        check_size(code)?;
        let definitions = prelude::for_program(code);
        let definitions = load::parse(&definitions, |parser| parser.defs())
            .ok_or_else(|| "the definitions that come with the program could not be read".to_owned())?;
        let arena = Arena::default();
        let modules = Loader::new(definitions).load(&arena, File { code, path: () }).map_err(|errors| {
            errors.first().map_or_else(String::new, |(_, error)| load_error(code, error))
        })?;
        let functions =
            jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs()).chain(natives::all());
        let functions = functions.filter(|(name, ..)| !OUTSIDE.contains(name));
        Compiler::default()
            .with_funs(functions)
            .with_global_vars(variables.iter().copied())
            .compile(modules)
            .map(Self)
            .map_err(|errors| {
                let first = errors.iter().flat_map(|(_, errors)| errors).next();
                first.map_or_else(String::new, |(name, what)| undefined(code, name, what))
            })
    }

    /// Everything that the program yields for `input`, with the values of its variables.
    ///
    /// # Errors
    /// What jq says of a failure, or that there is too much.
    pub(crate) fn run(&self, input: &Value, variables: &[Value]) -> Result<Vec<Value>, String> {
        let mut found = Vec::new();
        self.each(input, variables, |value| {
            if found.len() == RESULTS {
                return Err(format!("it gives more than {RESULTS} results"));
            }
            found.push(values::from_jq(&value)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The one document that the program makes of `input`, written as JSON.
    ///
    /// # Errors
    /// What jq says of a failure; nothing or several results; one that is too large.
    pub(crate) fn document(&self, input: &Value) -> Result<Vec<u8>, String> {
        let mut document = Vec::new();
        self.each(input, &[], |value| {
            if document.is_empty() {
                written::write(&value, &mut document)
            } else {
                Err("it gives more than one result; put a list of them into brackets".to_owned())
            }
        })?;
        if document.is_empty() {
            Err("it gives nothing; one document was expected".to_owned())
        } else {
            Ok(document)
        }
    }

    fn each(
        &self,
        input: &Value,
        variables: &[Value],
        mut take: impl FnMut(Val) -> Result<(), String>,
    ) -> Result<(), String> {
        let context = Ctx::<Data>::new(&self.0.lut, Vars::new(variables.iter().map(values::to_jq)));
        for result in self.0.id.run((context, values::to_jq(input))).map(unwrap_valr) {
            take(result.map_err(|error| error.to_string())?)?;
        }
        Ok(())
    }
}

fn check_size(code: &str) -> Result<(), String> {
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

fn load_error(code: &str, error: &load::Error<&str>) -> String {
    match error {
        load::Error::Lex(errors) => errors.first().map_or_else(String::new, |(expected, at)| {
            format!("{}: expected {}{}", place(code, at), expected.as_str(), found(at))
        }),
        load::Error::Parse(errors) => errors.first().map_or_else(String::new, |(expected, at)| {
            format!("{}: expected {}{}", place(code, at), expected.as_str(), found(at))
        }),
        load::Error::Io(errors) => errors.first().map_or_else(String::new, |(at, _)| {
            format!("{}: a program cannot read other files", place(code, at))
        }),
    }
}

fn found(at: &str) -> String {
    let word: String = at.chars().take_while(|c| !c.is_whitespace()).take(30).collect();
    if word.is_empty() { " at the end".to_owned() } else { format!(", found `{word}`") }
}

fn undefined(code: &str, name: &str, what: &compile::Undefined) -> String {
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

#[cfg(test)]
mod tests;
