//! Settings: what a plugin's description accepts, and the check of what an operator wrote against it.
//!
//! Never sees a secret's value; it says which fields are secrets.

use std::collections::BTreeMap;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::SpanParser;

use crate::template::{JsonTemplate, OUTPUT_BYTES_MAX, Room, Template, TemplateError, lacks_scheme};
use crate::value::{Setting, Value};
use crate::view::{View, sample, sample_urls};

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
    /// Text with placeholders, or a list of such texts.
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
    /// A path with placeholders, whose values are percent-encoded.
    Path,
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

/// A value as written in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
    /// A list of texts.
    Texts(Vec<String>),
}

impl Given {
    const fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Texts(_) => "a list",
        }
    }
}

/// A setting that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct SettingError {
    /// The field's key.
    pub key: String,
    /// What is wrong and what would do.
    pub problem: String,
}

/// Settings that fit their plugin's description, with their templates parsed.
#[derive(Debug, Default)]
pub struct Settings(Vec<(String, Checked)>);

#[derive(Debug)]
enum Checked {
    Plain(Value),
    Template(Box<Template>),
    Json(JsonTemplate),
    /// A list of lines, some of them with placeholders.
    Lines(Vec<Line>),
}

#[derive(Debug)]
struct Line {
    /// As it was given.
    text: String,
    /// What it is, where it has placeholders.
    template: Option<Box<Template>>,
}

impl Settings {
    /// Checks what was `given` against `fields`, with defaults for what was not. Secrets are not settings:
    /// see [`secret_names`].
    ///
    /// # Errors
    /// Every mistake, in the order of the fields; unknown keys last.
    pub fn check(fields: &[Field], given: &BTreeMap<String, Given>) -> Result<Self, Vec<SettingError>> {
        let mut settings = Vec::new();
        let mut errors = Vec::new();
        for field in fields.iter().filter(|field| field.kind != FieldKind::Secret) {
            let default = || field.default.clone().map(Given::Text);
            let value = given.get(&field.key).filter(|value| !is_left_out(field, value)).cloned();
            match value.or_else(default) {
                Some(value) => match checked(&field.kind, value) {
                    Ok(value) => settings.push((field.key.clone(), value)),
                    Err(problem) => errors.push(SettingError { key: field.key.clone(), problem }),
                },
                None if field.required => {
                    let problem = format!("is missing: {}", field.help);
                    errors.push(SettingError { key: field.key.clone(), problem });
                }
                None => {}
            }
        }
        let known =
            |key: &String| fields.iter().any(|field| field.key == *key && field.kind != FieldKind::Secret);
        for key in given.keys().filter(|key| !known(key)) {
            let keys: Vec<&str> = fields.iter().map(|field| field.key.as_str()).collect();
            let problem = format!("is not a setting of this plugin: there is {}", listed(&keys));
            errors.push(SettingError { key: key.clone(), problem });
        }
        if errors.is_empty() { Ok(Self(settings)) } else { Err(errors) }
    }

    /// The settings as a plugin sees them, with templates rendered for `view`, to [`OUTPUT_BYTES_MAX`] in all.
    ///
    /// # Errors
    /// The first template that cannot be rendered for this view, under its field's key.
    pub fn render(&self, view: &View<'_>) -> Result<Vec<Setting>, SettingError> {
        self.render_within(view, OUTPUT_BYTES_MAX)
    }

    /// The settings as a plugin sees them, with templates rendered for `view`, to `bytes` in all and never more
    /// than [`OUTPUT_BYTES_LARGEST`](crate::template::OUTPUT_BYTES_LARGEST).
    ///
    /// # Errors
    /// As [`Settings::render`].
    pub fn render_within(&self, view: &View<'_>, bytes: usize) -> Result<Vec<Setting>, SettingError> {
        let (view, mut room) = (view.value(), Room::new(bytes));
        self.0
            .iter()
            .map(|(key, checked)| {
                let value = match checked {
                    Checked::Plain(value) => Ok(value.clone()),
                    Checked::Template(template) => template.render_in(&view, &mut room).map(Value::Text),
                    Checked::Json(template) => template.document_in(&view, &mut room).map(Value::Document),
                    Checked::Lines(lines) => rendered(lines, |line| line.render_in(&view, &mut room)),
                };
                let problem = |error| match error {
                    TemplateError::TooLong(limit) => {
                        format!("with the settings before it, it renders to more than {limit} bytes")
                    }
                    error => error.to_string(),
                };
                match value {
                    Ok(value) => Ok(Setting { key: key.clone(), value }),
                    Err(error) => Err(SettingError { key: key.clone(), problem: problem(error) }),
                }
            })
            .collect()
    }

    /// The settings as a plugin sees them for the sample incident, so that it can check them when they are
    /// saved. What an incident may have and the sample has not, such as a label, reads as `missing`. Each
    /// template was tried alone, so none is left out.
    pub fn sample(&self, missing: &str) -> Vec<Setting> {
        let ((incident, change), urls) = (sample(), sample_urls());
        let view = View::new(&incident, &change).with_urls(&urls).with_missing(missing);
        let value = |checked: &Checked| match checked {
            Checked::Plain(value) => Some(value.clone()),
            Checked::Template(template) => template.render(&view).ok().map(Value::Text),
            Checked::Json(template) => template.document(&view).ok().map(Value::Document),
            Checked::Lines(lines) => rendered(lines, |line| line.render(&view)).ok(),
        };
        let setting =
            |(key, checked): &(String, _)| Some(Setting { key: key.clone(), value: value(checked)? });
        self.0.iter().filter_map(setting).collect()
    }

    /// The settings of something that has no incident: templates are left out, and a list is as it was given.
    pub fn plain(&self) -> Vec<Setting> {
        self.0
            .iter()
            .filter_map(|(key, checked)| match checked {
                Checked::Plain(value) => Some(Setting { key: key.clone(), value: value.clone() }),
                Checked::Lines(lines) => {
                    let texts = lines.iter().map(|line| line.text.clone()).collect();
                    Some(Setting { key: key.clone(), value: Value::Texts(texts) })
                }
                Checked::Template(_) | Checked::Json(_) => None,
            })
            .collect()
    }
}

/// The keys of the secrets among `fields`, with whether each is required.
pub fn secret_names(fields: &[Field]) -> impl Iterator<Item = (&str, bool)> {
    fields
        .iter()
        .filter(|field| field.kind == FieldKind::Secret)
        .map(|field| (field.key.as_str(), field.required))
}

/// Whether an empty text stands for a value that the kind has no empty form of, and that need not be given.
fn is_left_out(field: &Field, given: &Given) -> bool {
    let has_no_empty = matches!(
        field.kind,
        FieldKind::Color | FieldKind::Url | FieldKind::Duration | FieldKind::Integer | FieldKind::Choice(_)
    );
    has_no_empty && !field.required && matches!(given, Given::Text(text) if text.trim().is_empty())
}

fn listed(words: &[&str]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

fn checked(kind: &FieldKind, given: Given) -> Result<Checked, String> {
    let plain = |value| Ok(Checked::Plain(value));
    let wrong = |given: &Given, wanted: &str| Err(format!("is {}, expected {wanted}", given.what()));
    match (kind, given) {
        (FieldKind::Text | FieldKind::Multiline | FieldKind::Expression, Given::Text(text)) => {
            if *kind == FieldKind::Text && text.contains('\n') {
                return Err("has several lines, expected one".to_owned());
            }
            plain(Value::Text(text))
        }
        (FieldKind::Template, Given::Text(text)) => Template::parse(&text)
            .map(|parsed| Checked::Template(Box::new(parsed)))
            .map_err(|error| error.to_string()),
        (FieldKind::Path, Given::Text(text)) => Template::parse_path(&text)
            .map(|parsed| Checked::Template(Box::new(parsed)))
            .map_err(|error| error.to_string()),
        (FieldKind::JsonTemplate, Given::Text(text)) => {
            JsonTemplate::parse(&text).map(Checked::Json).map_err(|error| error.to_string())
        }
        (FieldKind::Integer, Given::Integer(number)) => plain(Value::Integer(number)),
        (FieldKind::Integer, Given::Text(text)) => match text.trim().parse() {
            Ok(number) => plain(Value::Integer(number)),
            Err(_) => Err(format!("`{text}` is not a whole number")),
        },
        (FieldKind::Boolean, Given::Boolean(value)) => plain(Value::Boolean(value)),
        (FieldKind::Boolean, Given::Text(text)) => match text.as_str() {
            "true" => plain(Value::Boolean(true)),
            "false" => plain(Value::Boolean(false)),
            other => Err(format!("`{other}` is neither true nor false")),
        },
        (FieldKind::Choice(choices), Given::Text(text)) => {
            let words: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
            if words.contains(&text.as_str()) {
                return plain(Value::Text(text));
            }
            Err(format!("`{text}` is not one of {}", listed(&words)))
        }
        (FieldKind::Color, Given::Text(text)) => {
            let digits = text.strip_prefix('#').unwrap_or(&text);
            if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return plain(Value::Text(digits.to_owned()));
            }
            Err(format!("`{text}` is not a colour: expected six hexadecimal digits such as `d93025`"))
        }
        (FieldKind::Url, Given::Text(text)) => match url::Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => plain(Value::Text(text)),
            Ok(_) | Err(_) if lacks_scheme(&text) => {
                Err(format!("`{text}` has no scheme: write `https://` in front of it"))
            }
            Ok(_) | Err(_) => Err(format!("`{text}` is not an absolute http or https address")),
        },
        (FieldKind::Duration, Given::Text(text)) => {
            let ms = duration_ms(&text).map_err(|error| error.to_string())?;
            if !ms.is_multiple_of(1000) {
                return Err(format!("`{text}` has a part of a second: write whole seconds, such as `1s`"));
            }
            plain(Value::Integer(i64::try_from(ms / 1000).unwrap_or(i64::MAX)))
        }
        (FieldKind::Template, Given::Texts(texts)) => lines(texts),
        // As they are: a plugin takes such lines for its operator's own, also where an alert's text could do harm.
        (FieldKind::Texts, Given::Texts(texts)) => plain(Value::Texts(texts)),
        (FieldKind::Texts, Given::Text(text)) => {
            plain(Value::Texts(text.lines().map(str::to_owned).collect()))
        }
        (FieldKind::Integer, given) => wrong(&given, "a whole number"),
        (FieldKind::Boolean, given) => wrong(&given, "true or false"),
        (FieldKind::Texts, given) => wrong(&given, "a list of texts"),
        (_, given) => wrong(&given, "a text"),
    }
}

/// A list of templates.
fn lines(texts: Vec<String>) -> Result<Checked, String> {
    let has_placeholder = |text: &str| ["{{", "{%", "->"].iter().any(|opens| text.contains(opens));
    if !texts.iter().any(|text| has_placeholder(text)) {
        return Ok(Checked::Plain(Value::Texts(texts)));
    }
    // The line itself is not shown: somebody may have put a token there.
    let line = |(number, text): (usize, String)| {
        let template = has_placeholder(&text).then(|| Template::parse(&text)).transpose();
        let template = template.map_err(|error| format!("line {}: {error}", number + 1))?;
        Ok(Line { text, template: template.map(Box::new) })
    };
    texts.into_iter().enumerate().map(line).collect::<Result<_, _>>().map(Checked::Lines)
}

fn rendered<E>(lines: &[Line], mut render: impl FnMut(&Template) -> Result<String, E>) -> Result<Value, E> {
    let text = |line: &Line| match &line.template {
        Some(template) => render(template),
        None => Ok(line.text.clone()),
    };
    lines.iter().map(text).collect::<Result<_, _>>().map(Value::Texts)
}

/// A text that is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write a number and ms, s, m, h or d, such as `90s` or `12h`")]
pub struct InvalidDuration(String);

/// The milliseconds of `90s`, `15m`, `2h`, `1d`, `250ms` or `1h 30m`; a day has 24 hours.
///
/// # Errors
/// Anything else: a number without a unit, months and years, parts of a millisecond, and what is negative.
pub fn duration_ms(text: &str) -> Result<u64, InvalidDuration> {
    /// Takes every spelling of a unit, such as `min` and `hours`.
    static PARSER: SpanParser = SpanParser::new();
    let parsed =
        PARSER.parse_span(text).and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let whole = parsed.ok().filter(|duration| duration.subsec_nanos() % 1_000_000 == 0);
    let ms = whole.and_then(|duration| u64::try_from(duration.as_millis()).ok());
    ms.ok_or_else(|| InvalidDuration(text.chars().take(40).collect()))
}
