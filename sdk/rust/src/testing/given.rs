//! Settings as a case gives them, in place of the host.
//!
//! Never decides what a case may write: that is the format's.

use tocsin_cases::given::{self, Kind};

use crate::{Document, Field, FieldKind, Setting, Value};

/// The settings in these lines.
///
/// # Errors
/// The key that is unknown, with those that there are, or whose value does not fit its kind.
pub(super) fn settings(text: &str, fields: &[Field]) -> Result<Vec<Setting>, String> {
    let known: Vec<given::Field<'_>> =
        fields.iter().map(|field| given::Field { key: &field.key, kind: kind(&field.kind) }).collect();
    let settings = given::settings(text, &known)?.into_iter();
    Ok(settings.map(|(key, given)| Setting { key, value: value(given) }).collect())
}

const fn kind(kind: &FieldKind) -> Kind {
    match kind {
        FieldKind::Boolean => Kind::Boolean,
        FieldKind::Integer => Kind::Integer,
        FieldKind::Duration => Kind::Duration,
        FieldKind::Texts => Kind::Texts,
        FieldKind::Template => Kind::Template,
        FieldKind::JsonTemplate => Kind::JsonTemplate,
        FieldKind::Secret => Kind::Secret,
        _ => Kind::Text,
    }
}

fn value(given: given::Value) -> Value {
    match given {
        given::Value::Text(text) => Value::Text(text),
        given::Value::Integer(number) => Value::Integer(number),
        given::Value::Boolean(yes) => Value::Boolean(yes),
        given::Value::Texts(texts) => Value::Texts(texts),
        given::Value::Document(text) => Value::Document(Document { text, fixed: Vec::new() }),
    }
}
