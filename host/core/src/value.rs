//! A setting in force, as a plugin is given it.
//!
//! Never checks anything: [`crate::settings`] makes these of what an operator writes.

/// A setting's value as a plugin sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, or a rendered template.
    Text(String),
    /// A whole number; durations are in seconds.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// Several lines.
    Texts(Vec<String>),
    /// A rendered JSON template.
    Document(Document),
}

/// A JSON document with its values put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Serialised.
    pub text: String,
    /// JSON pointers (RFC 6901) of the strings that are as the operator wrote them: neither they nor the keys on
    /// the way to them had a placeholder.
    pub fixed: Vec<String>,
}

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The field's key.
    pub key: String,
    /// Its value.
    pub value: Value,
}
