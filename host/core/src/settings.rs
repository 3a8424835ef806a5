//! Settings: what a plugin's description accepts, and the check of what an operator wrote against it.
//!
//! Never renders a template or sees a secret's value; it says which fields are templates and secrets.

/// One value that a choice may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As written in the configuration.
    pub value: String,
    /// As shown.
    pub label: String,
}

/// What a field accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    Multiline,
    /// Text with placeholders.
    Template,
    /// A JSON document with placeholders inside its strings.
    JsonTemplate,
    /// What the plugin itself interprets.
    Expression,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// One of these.
    Choice(Vec<Choice>),
    /// Six hexadecimal digits.
    Color,
    /// An absolute http or https address.
    Url,
    /// `90s`, `15m`, `2h`, `1d`.
    Duration,
    /// A list of lines.
    Texts,
    /// Kept by the host.
    Secret,
}

/// One setting that an operator fills in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in the configuration.
    pub key: String,
    /// The name in a form.
    pub label: String,
    /// What it does.
    pub help: String,
    /// What it accepts.
    pub kind: FieldKind,
    /// Whether it must be given.
    pub required: bool,
    /// The value when nothing is given.
    pub default: Option<String>,
}
