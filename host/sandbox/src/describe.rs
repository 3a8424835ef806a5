//! Whether a plugin's description holds together and matches what it exports.
//!
//! Never mends a description: a plugin that is wrong about itself is not loaded, and is told everything that
//! is wrong at once.

use std::collections::BTreeSet;

use tocsin_core::plugin::{ActionInfo, PluginInfo, Signature, SourceInfo};
use tocsin_core::settings::{Field, FieldKind};

use crate::inspect::Surface;

/// Characters of an id, as the plugin API says, and of a field's key.
const ID_CHARS_MAX: usize = 64;
/// Fields of one form; a person fills it in.
const FIELDS_MAX: usize = 64;

/// Everything that is wrong with `info`.
pub(crate) fn problems(info: &PluginInfo, surface: &Surface) -> Vec<String> {
    let mut problems = Vec::new();
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if info.id.is_empty() || info.id.len() > ID_CHARS_MAX || !info.id.chars().all(word) {
        problems.push(format!(
            "the id `{}` is not 1 to {ID_CHARS_MAX} lower-case letters, digits and `-`",
            info.id.escape_debug()
        ));
    }
    if info.name.trim().is_empty() {
        problems.push("it has no name".to_owned());
    }
    if info.version.trim().is_empty() || info.version.contains(char::is_whitespace) {
        problems.push(format!("the version `{}` is not like 1.2.3", info.version.escape_debug()));
    }
    for (export, exported, half, described) in [
        ("source-decoder", surface.decodes, "a source", info.source.is_some()),
        ("action-encoder", surface.encodes, "an action", info.action.is_some()),
    ] {
        if exported && !described {
            problems.push(format!("it exports {export} but does not describe {half}"));
        }
        if described && !exported {
            problems.push(format!("it describes {half} but does not export {export}"));
        }
    }
    if let Some(source) = &info.source {
        check_source(source, &mut problems);
    }
    if let Some(action) = &info.action {
        check_action(action, &mut problems);
    }
    problems
}

fn check_source(source: &SourceInfo, problems: &mut Vec<String>) {
    fields("source field", &source.fields, problems);
    if source.methods.is_empty() {
        problems.push("the source names no HTTP method".to_owned());
    }
    for method in &source.methods {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            problems.push(format!("the method `{}` is not upper-case letters", method.escape_debug()));
        }
    }
    for signature in &source.signatures {
        if let Signature::BodyHmac { header, .. } = signature
            && (header.is_empty() || header.bytes().any(|byte| byte.is_ascii_uppercase() || byte <= b' '))
        {
            problems.push(format!("the signature's header `{}` is not lower-case", header.escape_debug()));
        }
    }
    if let Some(example) = &source.example
        && !source.methods.contains(&example.method)
    {
        problems.push(format!(
            "the example's method `{}` is none of the source's",
            example.method.escape_debug()
        ));
    }
}

fn check_action(action: &ActionInfo, problems: &mut Vec<String>) {
    fields("connection field", &action.connection, problems);
    fields("action field", &action.fields, problems);
    if action.rate.is_some_and(|rate| rate.requests == 0 || rate.per_ms == 0) {
        problems.push("the rate allows nothing: requests and per-ms must be at least 1".to_owned());
    }
    for host in &action.hosts {
        let name = host.strip_prefix("*.").unwrap_or(host);
        let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if name.is_empty() || !name.chars().all(part) {
            problems.push(format!("the host `{}` is no host name", host.escape_debug()));
        }
    }
}

fn fields(what: &str, fields: &[Field], problems: &mut Vec<String>) {
    if fields.len() > FIELDS_MAX {
        problems.push(format!("{} {what}s are more than {FIELDS_MAX}", fields.len()));
    }
    let mut seen = BTreeSet::new();
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    for field in fields {
        let key = field.key.escape_debug();
        if field.key.is_empty() || field.key.len() > ID_CHARS_MAX || !field.key.chars().all(word) {
            problems.push(format!("the {what} `{key}` is not lower-case letters, digits and `_`"));
        }
        if !seen.insert(&field.key) {
            problems.push(format!("the {what} `{key}` is there twice"));
        }
        if field.label.trim().is_empty() {
            problems.push(format!("the {what} `{key}` has no label"));
        }
        if let Some(problem) = default_problem(field) {
            problems.push(format!("the {what} `{key}` {problem}"));
        }
    }
}

/// What is wrong with a field's choices or default, as far as it can be told without a configuration.
fn default_problem(field: &Field) -> Option<String> {
    if let FieldKind::Choice(choices) = &field.kind
        && choices.is_empty()
    {
        return Some("has no choices".to_owned());
    }
    let default = field.default.as_deref()?;
    let expected = match &field.kind {
        FieldKind::Choice(choices) if choices.iter().all(|choice| choice.value != default) => {
            "one of its choices"
        }
        FieldKind::Integer if default.parse::<i64>().is_err() => "a whole number",
        FieldKind::Boolean if !matches!(default, "true" | "false") => "true or false",
        FieldKind::Secret => "left out: a secret has none",
        _ => return None,
    };
    Some(format!("has the default `{}`, which must be {expected}", default.escape_debug()))
}
