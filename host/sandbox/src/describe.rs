//! Whether a plugin's description holds together and matches what it exports.
//!
//! Never changes a description: a plugin that is wrong about itself is not loaded, and the refusal names everything
//! that is wrong at once. What a description says is printed and logged later, so that a text in it that could be
//! taken for somebody else's (another line, a terminal's commands, a megabyte) is such a fault.

use std::collections::BTreeSet;

use tocsin_core::plugin::{ActionInfo, PluginInfo, Signature, SourceInfo};
use tocsin_core::settings::{Field, FieldKind};

use crate::inspect::Surface;
use crate::text::{flaw, quoted};

/// Characters of an id, as the plugin API says, and of a field's key.
const ID_CHARS_MAX: usize = 64;
/// Characters of a name, a label, a version or a header.
const NAME_CHARS_MAX: usize = 100;
/// Characters of a sentence or an address: the summary, the documentation, a choice.
const SENTENCE_CHARS_MAX: usize = 500;
/// Characters of a field's help: a few paragraphs.
const HELP_CHARS_MAX: usize = 4000;
/// Fields of one form; a person fills it in.
const FIELDS_MAX: usize = 64;
/// Choices of one field, and entries of each other list.
const ENTRIES_MAX: usize = 256;
/// Problems that are named; a person reads them.
const PROBLEMS_SHOWN: usize = 20;

/// Everything that is wrong with `info`.
pub(crate) fn problems(info: &PluginInfo, surface: &Surface) -> Vec<String> {
    let mut problems = Vec::new();
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if info.id.is_empty() || info.id.len() > ID_CHARS_MAX || !info.id.chars().all(word) {
        problems.push(format!(
            "the id `{}` is not 1 to {ID_CHARS_MAX} lower-case letters, digits and `-`",
            quoted(&info.id)
        ));
    }
    if info.name.trim().is_empty() {
        problems.push("it has no name".to_owned());
    }
    let version = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    if info.version.is_empty() || info.version.len() > NAME_CHARS_MAX || !info.version.chars().all(version) {
        problems.push(format!("the version `{}` is not like 1.2.3", quoted(&info.version)));
    }
    text("name", &info.name, NAME_CHARS_MAX, &mut problems);
    text("summary", &info.summary, SENTENCE_CHARS_MAX, &mut problems);
    text("documentation", &info.documentation, SENTENCE_CHARS_MAX, &mut problems);
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
    let more = problems.len().saturating_sub(PROBLEMS_SHOWN);
    if more > 0 {
        problems.truncate(PROBLEMS_SHOWN);
        problems.push(format!("{more} more"));
    }
    problems
}

/// Adds what is wrong with `text` as the line called `what`.
fn text(what: &str, text: &str, chars: usize, problems: &mut Vec<String>) {
    problems.extend(flaw(text, chars).map(|flaw| format!("the {what} `{}` {flaw}", quoted(text))));
}

/// `list`, or nothing of it when it is too long to be looked at.
fn within<'a, T>(what: &str, list: &'a [T], limit: usize, problems: &mut Vec<String>) -> &'a [T] {
    if list.len() <= limit {
        return list;
    }
    problems.push(format!("{} {what}s are more than {limit}", list.len()));
    &[]
}

fn check_source(source: &SourceInfo, problems: &mut Vec<String>) {
    fields("source field", &source.fields, problems);
    if source.methods.is_empty() {
        problems.push("the source names no HTTP method".to_owned());
    }
    for method in within("method", &source.methods, ENTRIES_MAX, problems) {
        let is_word = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        if !is_word || method.len() > NAME_CHARS_MAX {
            problems.push(format!("the method `{}` is not upper-case letters", quoted(method)));
        }
    }
    for signature in within("signature", &source.signatures, ENTRIES_MAX, problems) {
        if let Signature::BodyHmac { header, prefix, .. } = signature {
            let is_name = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
            if header.is_empty() || header.len() > NAME_CHARS_MAX || !header.bytes().all(is_name) {
                problems.push(format!("the signature's header `{}` is not lower-case", quoted(header)));
            }
            text("signature's prefix", prefix, NAME_CHARS_MAX, problems);
        }
    }
    for host in within("confirm-host", &source.confirm_hosts, ENTRIES_MAX, problems) {
        text("confirm-host", host, SENTENCE_CHARS_MAX, problems);
    }
    if let Some(example) = &source.example {
        if !source.methods.contains(&example.method) {
            let method = quoted(&example.method);
            problems.push(format!("the example's method `{method}` is none of the source's"));
        }
        text("example's media type", &example.content_type, SENTENCE_CHARS_MAX, problems);
    }
}

fn check_action(action: &ActionInfo, problems: &mut Vec<String>) {
    fields("connection field", &action.connection, problems);
    fields("action field", &action.fields, problems);
    if action.rate.is_some_and(|rate| rate.requests == 0 || rate.per_ms == 0) {
        problems.push("the rate allows nothing: requests and per-ms must be at least 1".to_owned());
    }
    for host in within("host", &action.hosts, ENTRIES_MAX, problems) {
        let name = host.strip_prefix("*.").unwrap_or(host);
        let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if name.is_empty() || name.len() > SENTENCE_CHARS_MAX || !name.chars().all(part) {
            problems.push(format!("the host `{}` is no host name", quoted(host)));
        }
    }
}

fn fields(what: &str, fields: &[Field], problems: &mut Vec<String>) {
    let fields = within(what, fields, FIELDS_MAX, problems);
    let mut seen = BTreeSet::new();
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    for field in fields {
        let key = quoted(&field.key);
        if field.key.is_empty() || field.key.len() > ID_CHARS_MAX || !field.key.chars().all(word) {
            problems.push(format!("the {what} `{key}` is not lower-case letters, digits and `_`"));
        }
        if !seen.insert(&field.key) {
            problems.push(format!("the {what} `{key}` is there twice"));
        }
        if field.label.trim().is_empty() {
            problems.push(format!("the {what} `{key}` has no label"));
        }
        text(&format!("label of the {what}"), &field.label, NAME_CHARS_MAX, problems);
        // Help has paragraphs; whatever shows it in a list puts them on one line.
        let help = field.help.replace('\n', " ");
        text(&format!("help of the {what}"), &help, HELP_CHARS_MAX, problems);
        if let FieldKind::Choice(choices) = &field.kind {
            for choice in within("choice", choices, ENTRIES_MAX, problems) {
                text(&format!("choice of the {what}"), &choice.value, SENTENCE_CHARS_MAX, problems);
                text(&format!("choice of the {what}"), &choice.label, SENTENCE_CHARS_MAX, problems);
            }
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
    Some(format!("has the default `{}`, which must be {expected}", quoted(default)))
}
