//! Templates and filters: parsed and checked once, rendered many times.
//!
//! Two grammars in one text: Jinja (`{{ title }}`, `{% if %}`, filters) and iTop's `$this->title$`. Both are
//! recognised before anything is put in, so text in an alert can never become a placeholder. No I/O; the work
//! and the output of a template are bounded.
//!
//! What may be asked for is in [`crate::view`]; the filters beside Jinja's are
//!
//! | filter | makes |
//! |---|---|
//! | `label` | a code or time as people write it: `high` → `High`, `2026-01-02T03:04:05Z` → `2026-01-02 03:04:05 UTC` |
//! | `html` | text that HTML shows as it is: escaped, `<br>` for line breaks |
//! | `text` | text without HTML's tags and entities, as far as it has any |
//! | `date`, `time`, `ago`, `duration_to`, `duration` | times and durations, in the view's zone |
//! | `link`, `mention` | a link or mention in the peer's own markup, see [`crate::markers`] |
//!
//! and what iTop's grammar has is in this crate's `template::itop`.

use minijinja::{Environment, Value};

use crate::view::{View, sample_urls, samples};

mod comparisons;
mod engine;
mod filters;
mod html;
mod itop;
mod json;
mod lexer;
mod marks;
mod names;
mod never;
mod placeholder;
mod referred;
mod scan;
mod shown;
mod times;
mod url;

use engine::Compiled;
pub(crate) use engine::Room;
pub use json::JsonTemplate;
#[cfg(test)]
pub(crate) use names::{FILTERS, TESTS};
pub use never::{WrongWord, wrong_words, wrong_words_in};
pub use referred::{referred, referred_in};
pub use url::{URL_BYTES_MAX, UrlTemplate, lacks_scheme};

/// Bytes that a template may render to unless more is asked for: more than any peer takes as a message.
pub const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that can be asked for at most: a whole request, with room for its headers.
pub const OUTPUT_BYTES_LARGEST: usize = 60 * 1024 * 1024;

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
    /// It asks for a filter or test that does not exist.
    #[error("unknown {what} `{name}`: {hint}")]
    NoSuch {
        /// `filter` or `test`.
        what: &'static str,
        /// What it asks for.
        name: String,
        /// The one that may have been meant, or all of them.
        hint: String,
    },
    /// It is not JSON.
    #[error("line {line}, column {column}: {problem}")]
    Json {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A placeholder stands where a URL says where a request goes, or it is no URL. Never quotes it.
    #[error("{0}")]
    Url(String),
    /// It renders to more bytes than this.
    #[error("it renders to more than {0} bytes")]
    TooLong(usize),
    /// It could be read, but not rendered.
    #[error("{0}")]
    Render(String),
}

/// A text with placeholders.
#[derive(Debug)]
pub struct Template {
    compiled: Compiled,
    /// Whether it is the path of a URL, which must lead where it seems to.
    is_path: bool,
}

impl Template {
    /// Parses `text` and tries it on sample incidents.
    ///
    /// # Errors
    /// Syntax, unknown placeholders, unknown filters, anything that fails on a sample.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let template = Self { compiled: Compiled::new(text, engine::environment())?, is_path: false };
        on_samples(|view| template.render(view).map(|_| ()))?;
        Ok(template)
    }

    /// Parses the path of a URL, whose placeholders are percent-encoded where they are put in, as in a
    /// [`UrlTemplate`]. What it renders to is checked as every path is, see [`crate::path`].
    ///
    /// # Errors
    /// As [`Template::parse`]; statements that catch what they put out, since it would be encoded twice; a segment
    /// `..`, a `;` and the like.
    pub fn parse_path(text: &str) -> Result<Self, TemplateError> {
        let template = Self { compiled: url::path(text)?, is_path: true };
        on_samples(|view| template.render(view).map(|_| ()))?;
        Ok(template)
    }

    /// The text for this view, [`OUTPUT_BYTES_MAX`] at most.
    ///
    /// # Errors
    /// A filter that fails on this value, more work or more output than allowed.
    pub fn render(&self, view: &View<'_>) -> Result<String, TemplateError> {
        self.render_within(view, OUTPUT_BYTES_MAX)
    }

    /// The text for this view, `bytes` at most and never more than [`OUTPUT_BYTES_LARGEST`]. The work that it
    /// may take grows with that.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn render_within(&self, view: &View<'_>, bytes: usize) -> Result<String, TemplateError> {
        self.render_in(&view.value(), &mut Room::new(bytes))
    }

    pub(crate) fn render_in(&self, view: &Value, room: &mut Room) -> Result<String, TemplateError> {
        let text = self.compiled.render(view, room)?;
        if self.is_path {
            url::check_path(&text)?;
        }
        Ok(text)
    }
}

/// A condition over an incident, such as `severity in ["critical", "high"] and labels.team == "db"`.
#[derive(Debug)]
pub struct Expression {
    compiled: minijinja::Expression<'static, 'static>,
}

/// Expressions need an environment that outlives them; there is one, without templates.
static EXPRESSIONS: std::sync::LazyLock<Environment<'static>> = std::sync::LazyLock::new(engine::environment);

impl Expression {
    /// Parses `text` and tries it on sample incidents.
    ///
    /// # Errors
    /// Syntax, unknown names, unknown filters, anything that fails on a sample.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if let Some((line, problem)) = comparisons::unknown_sign(text) {
            return Err(TemplateError::Syntax { line, problem });
        }
        let compiled = EXPRESSIONS
            .compile_expression_owned(text.to_owned())
            .map_err(|error| engine::syntax_or(&error, comparisons::hint(text)))?;
        names::check_names(compiled.undeclared_variables(true))?;
        names::check_code(text)?;
        let expression = Self { compiled };
        on_samples(|view| expression.matches(view).map(|_| ()))?;
        Ok(expression)
    }

    /// Whether the condition holds for this view.
    ///
    /// # Errors
    /// An operation that this view's values do not have.
    pub fn matches(&self, view: &View<'_>) -> Result<bool, TemplateError> {
        let value = self.compiled.eval(view.value());
        Ok(value.map_err(|error| TemplateError::Render(engine::innermost(&error)))?.is_true())
    }
}

/// Tries something on every sample: those with something in every field have addresses as well.
fn on_samples(mut attempt: impl FnMut(&View<'_>) -> Result<(), TemplateError>) -> Result<(), TemplateError> {
    let urls = sample_urls();
    for (incident, change) in samples() {
        let view = View::new(&incident, &change).for_trial();
        attempt(&if incident.links.is_empty() { view } else { view.with_urls(&urls) })?;
    }
    Ok(())
}
