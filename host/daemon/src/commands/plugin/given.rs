//! Settings for a plugin: as a case gives them, which is as the plugin gets them, or as an operator writes them.
//!
//! Never passes a secret on.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use tocsin_cases::given::{self, Kind as CaseKind};
use tocsin_cases::{Case, Kind};
use tocsin_core::plugin::{Document, Setting, Value};
use tocsin_core::settings::{Field, FieldKind, Given, SettingError, Settings};
use tocsin_core::view::View;

/// The settings of a case's section, with the defaults of those that it leaves out. Templates of a case are rendered
/// already; the default of a template is rendered for `view`.
///
/// # Errors
/// What is wrong with the section.
pub(super) fn of_case(
    case: &Case,
    kind: Kind,
    fields: &[Field],
    view: Option<&View<'_>>,
) -> Result<Vec<Setting>, String> {
    let known: Vec<given::Field<'_>> =
        fields.iter().map(|field| given::Field { key: &field.key, kind: case_kind(&field.kind) }).collect();
    let section = case.one(kind);
    let text = section.map_or("", |section| &section.text);
    let wrong =
        |why: &str| section.map_or_else(|| format!("`== {}`: {why}", kind.name()), |one| one.wrong(why));
    let given = given::settings(text, &known).map_err(|why| wrong(&why))?;
    let mut settings = Vec::new();
    for (key, value) in given {
        let field = fields.iter().find(|field| field.key == key);
        let value = checked(field, value).map_err(|why| wrong(&format!("`{key}` {why}")))?;
        settings.push(Setting { key, value });
    }
    let left_out = |field: &&Field| !settings.iter().any(|setting| setting.key == field.key);
    let left_out: Vec<Field> = fields.iter().filter(left_out).cloned().collect();
    let defaults = Settings::check(&left_out, &BTreeMap::new()).map_err(|errors| wrong(&listed(&errors)))?;
    settings.extend(match view {
        Some(view) => defaults.render(view).map_err(|error| wrong(&error.to_string()))?,
        None => defaults.plain(),
    });
    Ok(settings)
}

/// A value as the host checks it, unless it is rendered already.
fn checked(field: Option<&Field>, value: given::Value) -> Result<Value, String> {
    let is_rendered = field.is_none_or(|field| {
        matches!(field.kind, FieldKind::Template | FieldKind::JsonTemplate | FieldKind::Path)
    });
    let (field, given) = match (field, value) {
        (_, given::Value::Document(text)) => {
            return Ok(Value::Document(Document { text, fixed: Vec::new() }));
        }
        (_, given::Value::Text(text)) if is_rendered => return Ok(Value::Text(text)),
        (_, given::Value::Texts(texts)) => return Ok(Value::Texts(texts)),
        (_, given::Value::Boolean(yes)) => return Ok(Value::Boolean(yes)),
        (_, given::Value::Integer(number)) => return Ok(Value::Integer(number)),
        (None, given::Value::Text(text)) => return Ok(Value::Text(text)),
        (Some(field), given::Value::Text(text)) => (field, Given::Text(text)),
    };
    let alone = BTreeMap::from([(field.key.clone(), given)]);
    let settings = Settings::check(std::slice::from_ref(field), &alone);
    let settings = settings
        .map_err(|errors| errors.into_iter().map(|error| error.problem).collect::<Vec<_>>().join("; "))?;
    // Such as an empty address, which counts as none.
    settings.plain().pop().map(|setting| setting.value).ok_or_else(|| "is empty; leave it out".to_owned())
}

const fn case_kind(kind: &FieldKind) -> CaseKind {
    match kind {
        FieldKind::Boolean => CaseKind::Boolean,
        FieldKind::Integer => CaseKind::Integer,
        FieldKind::Duration => CaseKind::Duration,
        FieldKind::Texts => CaseKind::Texts,
        FieldKind::Template => CaseKind::Template,
        FieldKind::JsonTemplate => CaseKind::JsonTemplate,
        FieldKind::Secret => CaseKind::Secret,
        FieldKind::Text
        | FieldKind::Multiline
        | FieldKind::Expression
        | FieldKind::Choice(_)
        | FieldKind::Color
        | FieldKind::Url
        | FieldKind::Path => CaseKind::Text,
    }
}

/// The settings in a file, as an operator writes them below `settings` of a source, an action or a connection.
///
/// # Errors
/// The file cannot be read, or a setting does not fit the plugin's description: which, and what would do.
pub(super) fn of_file(file: Option<&Path>, fields: &[Field]) -> anyhow::Result<Settings> {
    let table = match file {
        None => toml::Table::new(),
        Some(file) => {
            let name = file.display();
            let text = std::fs::read_to_string(file).with_context(|| format!("reading {name}"))?;
            text.parse().with_context(|| format!("{name} is not TOML"))?
        }
    };
    let mut given = BTreeMap::new();
    for (key, value) in table {
        let value = written(&value).with_context(|| format!("`{key}` is no value of a setting"))?;
        given.insert(key, value);
    }
    Settings::check(fields, &given).map_err(|errors| {
        let place = file.map(|file| format!("{}: ", file.display())).unwrap_or_default();
        anyhow::anyhow!("{place}{}", listed(&errors))
    })
}

fn written(value: &toml::Value) -> Option<Given> {
    match value {
        toml::Value::String(text) => Some(Given::Text(text.clone())),
        toml::Value::Integer(number) => Some(Given::Integer(*number)),
        toml::Value::Boolean(yes) => Some(Given::Boolean(*yes)),
        toml::Value::Array(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().map(Given::Texts)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn listed(errors: &[SettingError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
