//! Templates and filters: parsed and checked once, rendered many times.
//!
//! Two grammars in one text: Jinja (`{{ incident.title }}`, `{% if %}`, filters) and iTop's
//! `$this->title$`. Both are recognised before anything is put in, so text in an alert can never become a
//! placeholder. No I/O; the work and the output of a template are bounded.

use std::io;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use crate::view::{CHANGE_FIELDS, INCIDENT_FIELDS, OPEN_FIELDS, View, samples};

mod itop;
mod json;

pub use json::JsonTemplate;

/// Bytes that a template may render to: more than any peer takes as a message.
pub const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// Instructions that a template may run: a loop over every label and link needs a few thousand.
const FUEL: u64 = 200_000;
/// The one template in each environment.
const NAME: &str = "template";

/// A template or filter that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It cannot be read.
    #[error("line {line}: {problem}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// It asks for something that is not there.
    #[error("unknown placeholder `{name}`: there is {known}")]
    Unknown {
        /// What it asks for.
        name: String,
        /// What it could ask for.
        known: String,
    },
    /// It is not JSON.
    #[error("line {line}, column {column}: {problem}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// It could be read, but not rendered.
    #[error("{0}")]
    Render(String),
}

/// A text with placeholders.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
}

impl Template {
    /// Parses `text` and tries it on sample incidents.
    ///
    /// # Errors
    /// Syntax, unknown placeholders, unknown filters, anything that fails on a sample.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let template = Self::compile(text)?;
        for (incident, change) in samples() {
            template.render(&View::new(&incident, &change))?;
        }
        Ok(template)
    }

    fn compile(text: &str) -> Result<Self, TemplateError> {
        let mut environment = environment();
        environment.add_template_owned(NAME, itop::to_jinja(text)?).map_err(|error| syntax(&error))?;
        let template = environment.get_template(NAME).map_err(|error| syntax(&error))?;
        known(template.undeclared_variables(true))?;
        Ok(Self { environment })
    }

    /// The text for this view.
    ///
    /// # Errors
    /// A filter that fails on this value, more work or more output than allowed.
    pub fn render(&self, view: &View<'_>) -> Result<String, TemplateError> {
        self.render_value(&view.value())
    }

    fn render_value(&self, value: &Value) -> Result<String, TemplateError> {
        let mut output = Bounded(Vec::new());
        let rendered = self
            .environment
            .get_template(NAME)
            .and_then(|template| template.render_captured_to(value.clone(), &mut output).map(|_| ()));
        match rendered {
            Ok(()) => String::from_utf8(output.0).map_err(|error| TemplateError::Render(error.to_string())),
            Err(error) => Err(TemplateError::Render(words(&error))),
        }
    }
}

/// A condition over an incident, such as `severity in ["critical", "high"] and labels.team == "db"`.
#[derive(Debug)]
pub struct Expression {
    compiled: minijinja::Expression<'static, 'static>,
}

/// Expressions need an environment that outlives them; there is one, without templates.
static EXPRESSIONS: std::sync::LazyLock<Environment<'static>> = std::sync::LazyLock::new(environment);

impl Expression {
    /// Parses `text` and tries it on sample incidents.
    ///
    /// # Errors
    /// Syntax, unknown names, unknown filters, anything that fails on a sample.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let compiled =
            EXPRESSIONS.compile_expression_owned(text.to_owned()).map_err(|error| syntax(&error))?;
        known(compiled.undeclared_variables(true))?;
        let expression = Self { compiled };
        for (incident, change) in samples() {
            expression.matches(&View::new(&incident, &change))?;
        }
        Ok(expression)
    }

    /// Whether the condition holds for this view.
    ///
    /// # Errors
    /// An operation that this view's values do not have.
    pub fn matches(&self, view: &View<'_>) -> Result<bool, TemplateError> {
        let value = self.compiled.eval(view.value()).map_err(|error| TemplateError::Render(words(&error)))?;
        Ok(value.is_true())
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}

/// Checks that every name that is asked for exists, on paths that the sample does not take as well.
fn known(names: impl IntoIterator<Item = String>) -> Result<(), TemplateError> {
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
            ("change", Some(field)) => {
                first = field;
                next = parts.next();
                (CHANGE_FIELDS.to_vec(), "change.")
            }
            _ => {
                let top = ["incident", "change", "urls"];
                (top.into_iter().chain(INCIDENT_FIELDS).collect(), "")
            }
        };
        if !fields.contains(&first) || (next.is_some() && !OPEN_FIELDS.contains(&first)) {
            let known = fields.iter().map(|field| format!("{within}{field}")).collect::<Vec<_>>();
            return Err(TemplateError::Unknown { name, known: known.join(", ") });
        }
    }
    Ok(())
}

fn syntax(error: &minijinja::Error) -> TemplateError {
    TemplateError::Syntax { line: error.line().unwrap_or(1), problem: words(error) }
}

/// The innermost error, which is the one that says why, without its template's name, which says nothing.
fn words(error: &minijinja::Error) -> String {
    if let Some(source) = std::error::Error::source(error) {
        return source.downcast_ref().map_or_else(|| source.to_string(), words);
    }
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

fn too_long() -> String {
    format!("it renders to more than {OUTPUT_BYTES_MAX} bytes")
}

/// Collects output up to [`OUTPUT_BYTES_MAX`].
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT_BYTES_MAX {
            return Err(io::Error::other(too_long()));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
