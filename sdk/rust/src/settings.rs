//! Settings as a struct: what `#[derive(Settings)]` makes a description of, and reads back.
//!
//! Never validates again what the host has validated; a value of another shape is an error with the field's
//! name, never a panic.

use std::fmt;
use std::time::Duration;

use crate::about::{Choice, Field, FieldKind};
use crate::{Part, SecretEncoding, Setting, Severity, Value};

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

/// A field type that is text, so that `kind = "template"` and the like make sense.
pub trait TextType: FieldType {}

/// An enum of unit variants as a choice. Derive [`macro@crate::Choice`].
pub trait ChoiceType: Sized + Copy + 'static {
    /// Each value with its name in the configuration and its label.
    const CHOICES: &'static [(&'static str, &'static str, Self)];
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
        return T::from_value(&setting.value).ok_or_else(|| fail("has a value of another kind"));
    }
    match default {
        Some(text) => T::from_default(text).ok_or_else(|| fail("has a default that cannot be read")),
        None => T::absent(key).ok_or_else(|| fail("is required and not given")),
    }
}

/// A secret, by its field's key. The host alone knows its value, and whether it was given at all: a plugin
/// that can do without asks for a choice beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    key: &'static str,
}

impl Secret {
    /// The secret of the field of this key.
    pub const fn named(key: &'static str) -> Self {
        Self { key }
    }

    /// The field's key.
    pub const fn key(&self) -> &'static str {
        self.key
    }

    /// The place for its value, as it is.
    pub fn raw(&self) -> Part {
        Part::Secret(self.key.to_owned(), SecretEncoding::Raw)
    }

    /// The place for its value inside a JSON string.
    pub fn in_json(&self) -> Part {
        Part::Secret(self.key.to_owned(), SecretEncoding::Json)
    }

    /// The place for its value in a form or a query.
    pub fn in_form(&self) -> Part {
        Part::Secret(self.key.to_owned(), SecretEncoding::Form)
    }
}

impl FieldType for Secret {
    const REQUIRED: bool = true;
    fn kind() -> FieldKind {
        FieldKind::Secret
    }
    fn from_value(_: &Value) -> Option<Self> {
        None
    }
    fn from_default(_: &str) -> Option<Self> {
        None
    }
    fn absent(key: &'static str) -> Option<Self> {
        Some(Self { key })
    }
}

impl FieldType for String {
    const REQUIRED: bool = true;
    fn kind() -> FieldKind {
        FieldKind::Text
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
    fn from_default(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn absent(_: &'static str) -> Option<Self> {
        None
    }
}

impl TextType for String {}
impl TextType for Option<String> {}

impl FieldType for bool {
    const REQUIRED: bool = false;
    fn kind() -> FieldKind {
        FieldKind::Boolean
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Boolean(yes) => Some(*yes),
            _ => None,
        }
    }
    fn from_default(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn absent(_: &'static str) -> Option<Self> {
        Some(false)
    }
}

impl FieldType for i64 {
    const REQUIRED: bool = true;
    fn kind() -> FieldKind {
        FieldKind::Integer
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
    fn from_default(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn absent(_: &'static str) -> Option<Self> {
        None
    }
}

impl FieldType for Vec<String> {
    const REQUIRED: bool = false;
    fn kind() -> FieldKind {
        FieldKind::Texts
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Texts(texts) => Some(texts.clone()),
            _ => None,
        }
    }
    fn from_default(text: &str) -> Option<Self> {
        Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }
    fn absent(_: &'static str) -> Option<Self> {
        Some(Self::new())
    }
}

impl FieldType for Duration {
    const REQUIRED: bool = true;
    fn kind() -> FieldKind {
        FieldKind::Duration
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(seconds) => u64::try_from(*seconds).ok().map(Self::from_secs),
            _ => None,
        }
    }
    fn from_default(text: &str) -> Option<Self> {
        let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(unit_at);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(seconds).map(Self::from_secs)
    }
    fn absent(_: &'static str) -> Option<Self> {
        None
    }
}

impl<T: FieldType> FieldType for Option<T> {
    const REQUIRED: bool = false;
    fn kind() -> FieldKind {
        T::kind()
    }
    fn from_value(value: &Value) -> Option<Self> {
        T::from_value(value).map(Some)
    }
    fn from_default(text: &str) -> Option<Self> {
        T::from_default(text).map(Some)
    }
    fn absent(_: &'static str) -> Option<Self> {
        Some(None)
    }
}

impl<T: ChoiceType> FieldType for T {
    const REQUIRED: bool = true;
    fn kind() -> FieldKind {
        let choice = |(value, label, _): &(&str, &str, T)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
        };
        FieldKind::Choice(T::CHOICES.iter().map(choice).collect())
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Self::from_default(text),
            _ => None,
        }
    }
    fn from_default(text: &str) -> Option<Self> {
        T::CHOICES.iter().find(|(value, ..)| *value == text).map(|(.., choice)| *choice)
    }
    fn absent(_: &'static str) -> Option<Self> {
        None
    }
}

impl ChoiceType for Severity {
    const CHOICES: &'static [(&'static str, &'static str, Self)] = &[
        ("critical", "Critical", Self::Critical),
        ("high", "High", Self::High),
        ("medium", "Medium", Self::Medium),
        ("low", "Low", Self::Low),
        ("info", "Info", Self::Info),
    ];
}
