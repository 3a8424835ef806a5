//! The types that a settings struct may have as fields, and their kinds in a form.
//!
//! Never turns a value of one kind into another: the host has checked it.

use std::time::Duration;

use super::{ChoiceType, FieldType, TextType};
use crate::about::{Choice, FieldKind};
use crate::{Document, Part, SecretEncoding, Severity, Value};

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
            Value::Text(text) | Value::Document(Document { text, .. }) => Some(text.clone()),
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

impl FieldType for Document {
    const REQUIRED: bool = true;
    fn kind() -> FieldKind {
        FieldKind::JsonTemplate
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Document(document) => Some(document.clone()),
            Value::Text(text) => Some(Self { text: text.clone(), fixed: Vec::new() }),
            _ => None,
        }
    }
    fn from_default(text: &str) -> Option<Self> {
        Some(Self { text: text.to_owned(), fixed: Vec::new() })
    }
    fn absent(_: &'static str) -> Option<Self> {
        None
    }
}

impl TextType for String {}
impl TextType for Option<String> {}
/// A list of templates.
impl TextType for Vec<String> {}

impl FieldType for bool {
    const REQUIRED: Self = false;
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
            // A list of templates may be written as one text.
            Value::Text(text) => Some(text.lines().map(str::to_owned).collect()),
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
    /// By hand: these are the defaults that a plugin's author wrote, not what an operator may write (the host reads
    /// that), so a library of durations in every plugin would be for nothing.
    fn from_default(text: &str) -> Option<Self> {
        let one = |part: &str| {
            let (number, unit) = part.split_at(part.find(|c: char| !c.is_ascii_digit())?);
            let seconds = match unit {
                "s" => 1,
                "m" => 60,
                "h" => 3_600,
                "d" => 86_400,
                _ => return None,
            };
            number.parse::<u64>().ok()?.checked_mul(seconds)
        };
        let mut parts = text.split_whitespace().peekable();
        parts.peek()?;
        let seconds = parts.try_fold(0_u64, |sum, part| sum.checked_add(one(part)?))?;
        Some(Self::from_secs(seconds))
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
