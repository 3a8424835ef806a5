//! The template engine as this relay uses it: strict about names, bounded in work and output.
//!
//! One environment for each template, so that nothing is shared between them.

use std::io;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::scan::{self, Piece};
use super::{
    OUTPUT_BYTES_LARGEST, OUTPUT_BYTES_MAX, TemplateError, comparisons, filters, itop, marks, names, times,
};
use crate::view::{MOMENT, Moment};

/// Instructions that a template may run for each [`OUTPUT_BYTES_MAX`] that it may put out: a loop over every
/// label and link needs a few thousand.
const FUEL: u64 = 200_000;
/// The one template in each environment.
const NAME: &str = "template";

/// An environment with this relay's filters.
pub(super) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    filters::add(&mut environment);
    times::add(&mut environment);
    marks::add(&mut environment);
    environment
}

/// A template in its environment.
#[derive(Debug)]
pub(super) struct Compiled {
    environment: Environment<'static>,
}

impl Compiled {
    /// Compiles `text`, in both grammars.
    ///
    /// # Errors
    /// Syntax, unknown placeholders, filters and tests.
    pub(super) fn new(text: &str, environment: Environment<'static>) -> Result<Self, TemplateError> {
        Self::of(&scan::pieces(text), environment)
    }

    /// Compiles a text that was taken apart.
    ///
    /// # Errors
    /// As [`Compiled::new`].
    pub(super) fn of(
        pieces: &[Piece<'_>],
        mut environment: Environment<'static>,
    ) -> Result<Self, TemplateError> {
        environment
            .add_template_owned(NAME, itop::to_jinja(pieces)?)
            .map_err(|error| syntax_or(&error, comparisons::hint_in(pieces)))?;
        let template = environment.get_template(NAME).map_err(|error| syntax(&error))?;
        names::check_names(template.undeclared_variables(true))?;
        names::check_pieces(pieces)?;
        Ok(Self { environment })
    }

    /// The text for `value`, no longer than `room` has left; it has that much less afterwards.
    ///
    /// # Errors
    /// A filter that fails on this value, more work or more output than allowed.
    pub(super) fn render(&self, value: &Value, room: &mut Room) -> Result<String, TemplateError> {
        let environment = room.environment(&self.environment, value);
        let mut output = Bounded { bytes: Vec::new(), left: room.left, full: false };
        let rendered = environment
            .get_template(NAME)
            .and_then(|template| template.render_captured_to(value.clone(), &mut output).map(|_| ()));
        if output.full {
            return Err(TemplateError::TooLong(room.limit));
        }
        rendered.map_err(|error| TemplateError::Render(innermost(&error)))?;
        room.left = output.left;
        String::from_utf8(output.bytes).map_err(|error| TemplateError::Render(error.to_string()))
    }
}

/// What may still be put out, of several templates together.
pub(crate) struct Room {
    limit: usize,
    left: usize,
}

impl Room {
    /// Room for `limit` bytes, or for [`OUTPUT_BYTES_LARGEST`] if that is less.
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.min(OUTPUT_BYTES_LARGEST);
        Self { limit, left: limit }
    }

    /// Calls `make`, and takes what it made for all that was put out meanwhile: a document is longer than
    /// what was put into its strings.
    pub(super) fn taken(
        &mut self,
        make: impl FnOnce(&mut Self) -> Result<String, TemplateError>,
    ) -> Result<String, TemplateError> {
        let before = self.left;
        let made = make(self)?;
        self.left = before.checked_sub(made.len()).ok_or(TemplateError::TooLong(self.limit))?;
        Ok(made)
    }

    /// The environment with as much fuel as the limit wants, when that is more than usual. Macros see no values but
    /// those that they name, so what the filters need is global.
    fn environment(&self, usual: &Environment<'static>, values: &Value) -> Environment<'static> {
        let mut environment = usual.clone();
        let times = self.limit / OUTPUT_BYTES_MAX;
        if times > 1 {
            environment.set_fuel(Some(FUEL.saturating_mul(times as u64)));
        }
        if let Some(moment) = Moment::among(values) {
            environment.add_global(MOMENT, moment);
        }
        environment
    }
}

/// What is wrong with the text of a template.
pub(super) fn syntax(error: &minijinja::Error) -> TemplateError {
    TemplateError::Syntax { line: error.line().unwrap_or(1), problem: innermost(error) }
}

/// What is wrong with a text, in the words of `hint` where there is one.
pub(super) fn syntax_or(error: &minijinja::Error, hint: Option<String>) -> TemplateError {
    let line = error.line().unwrap_or(1);
    hint.map_or_else(|| syntax(error), |problem| TemplateError::Syntax { line, problem })
}

/// The innermost error, which is the one that says why, without its template's name, which says nothing.
pub(super) fn innermost(error: &minijinja::Error) -> String {
    if let Some(source) = std::error::Error::source(error) {
        return source.downcast_ref().map_or_else(|| source.to_string(), innermost);
    }
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// Collects output up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    left: usize,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(left) = self.left.checked_sub(bytes.len()) else {
            self.full = true;
            return Err(io::ErrorKind::StorageFull.into());
        };
        self.left = left;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
