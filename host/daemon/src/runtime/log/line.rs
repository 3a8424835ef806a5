//! A line of the log before it is written: its message and fields, whatever the format.

use std::fmt::Debug;

use tocsin_core::time::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};

/// The field that is a line's text.
const MESSAGE: &str = "message";

/// A line.
pub(super) struct Line<'a> {
    pub(super) at: Timestamp,
    pub(super) level: Level,
    /// The part of the program that wrote it.
    pub(super) target: &'a str,
    pub(super) message: String,
    /// Each name once: the line's own fields, then those of the spans around it, the innermost first.
    pub(super) fields: Vec<(&'static str, Value)>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Flag(bool),
    /// A text, which people see in quotation marks.
    Text(String),
    /// Anything else, as it prints itself.
    Printed(String),
}

impl<'a> Line<'a> {
    /// A line without fields of spans.
    pub(super) fn new(at: Timestamp, metadata: &'a Metadata<'_>, fields: Fields) -> Self {
        let Fields { message, fields } = fields;
        Self { at, level: *metadata.level(), target: metadata.target(), message, fields }
    }

    /// Adds the fields of a span around it that the line does not have yet.
    pub(super) fn surround(&mut self, fields: &Fields) {
        for (name, value) in &fields.fields {
            if !self.fields.iter().any(|(known, _)| known == name) {
                self.fields.push((name, value.clone()));
            }
        }
    }
}

/// The fields of an event or a span, as they are recorded.
#[derive(Debug, Default)]
pub(super) struct Fields {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            (MESSAGE, Value::Text(text) | Value::Printed(text)) => self.message = text,
            (name, value) => match self.fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => self.fields.push((name, value)),
            },
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::Unsigned(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::Flag(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, Value::Printed(format!("{value:?}")));
    }
}
