//! Settings as a struct: what `#[derive(Settings)]` makes a description of, and reads back.
//!
//! Never validates again what the host has validated; a value of another shape is an error with the field's
//! name, never a panic.

use std::fmt;

use crate::about::{Field, FieldKind};
use crate::{Setting, Value};

mod kinds;

pub use kinds::Secret;

/// A struct whose fields an operator fills in. Derive it: doc comments become the fields' help, types their
/// kinds. `()` is for plugins without settings.
pub trait Settings: Sized {
    /// The form's fields, in the order of the struct.
    fn fields() -> Vec<Field>;

    /// The struct from the settings in force; defaults stand in for what is left out.
    ///
    /// # Errors
    /// A value that does not fit its field's type, or a required one that is not there.
    fn from_settings(settings: &[Setting]) -> Result<Self, SettingError>;
}

impl Settings for () {
    fn fields() -> Vec<Field> {
        Vec::new()
    }

    fn from_settings(_: &[Setting]) -> Result<Self, SettingError> {
        Ok(())
    }
}

/// A setting that does not fit its field. The host's check makes it unreachable in practice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The field's key.
    pub key: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the setting `{}` {}", self.key, self.problem)
    }
}

impl std::error::Error for SettingError {}

/// A mistake in the settings that a field's description cannot rule out; see [`crate::Source::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// The key of the field that is to be changed.
    pub field: String,
    /// What is wrong with it, with the place inside a program, and what would do: one sentence.
    pub problem: String,
}

impl SettingProblem {
    /// This is wrong with that field.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

/// What the derive macro read from a struct's field.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// The struct field's name.
    pub key: &'static str,
    /// From `label = "…"`, or the key with spaces and a capital.
    pub label: &'static str,
    /// The doc comment, one paragraph a line.
    pub help: &'static str,
    /// From `default = "…"`.
    pub default: Option<&'static str>,
    /// From `optional`: not required although the type says so.
    pub optional: bool,
}

impl FieldSpec {
    /// The field of a struct field of type `T`.
    pub fn field<T: FieldType>(&self) -> Field {
        self.field_of_kind::<T>(T::kind())
    }

    /// The same shown and checked as another kind of text.
    pub fn text_field<T: TextType>(&self, kind: FieldKind) -> Field {
        self.field_of_kind::<T>(kind)
    }

    fn field_of_kind<T: FieldType>(&self, kind: FieldKind) -> Field {
        Field {
            key: self.key.to_owned(),
            label: self.label.to_owned(),
            help: self.help.to_owned(),
            kind,
            required: T::REQUIRED && self.default.is_none() && !self.optional,
            default: self.default.map(str::to_owned),
        }
    }
}

/// A type that a settings struct may have as a field.
pub trait FieldType: Sized {
    /// Whether there must be a value when there is no default.
    const REQUIRED: bool;
    /// What it is in a form, unless an attribute says otherwise.
    fn kind() -> FieldKind;
    /// From the host's value; nothing when the shape is another.
    fn from_value(value: &Value) -> Option<Self>;
    /// From a default in an attribute; nothing when it does not parse.
    fn from_default(text: &str) -> Option<Self>;
    /// What it is when there is neither value nor default.
    fn absent(key: &'static str) -> Option<Self>;
}

/// A field type that is text or lines of text, so that `kind = "template"` and the like make sense.
pub trait TextType: FieldType {}

/// An enum of unit variants as a choice. Derive [`macro@crate::Choice`].
pub trait ChoiceType: Sized + Copy + 'static {
    /// Each value with its name in the configuration and its label.
    const CHOICES: &'static [(&'static str, &'static str, Self)];

    /// Its name in the configuration.
    fn as_str(self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::CHOICES.iter().find(|(_, _, choice)| *choice == self).map_or("", |(name, _, _)| name)
    }
}

/// The value of one field, for the derive macro.
///
/// # Errors
/// As [`Settings::from_settings`].
pub fn read<T: FieldType>(
    settings: &[Setting],
    key: &'static str,
    default: Option<&str>,
) -> Result<T, SettingError> {
    let fail = |problem: &str| SettingError { key: key.to_owned(), problem: problem.to_owned() };
    if let Some(setting) = settings.iter().rev().find(|setting| setting.key == key) {
        let wrong = match setting.value {
            Value::Texts(_) => "is a list of texts, expected a text",
            _ => "has a value of another kind",
        };
        return T::from_value(&setting.value).ok_or_else(|| fail(wrong));
    }
    match default {
        Some(text) => T::from_default(text).ok_or_else(|| fail("has a default that cannot be read")),
        None => T::absent(key).ok_or_else(|| fail("is required and not given")),
    }
}
