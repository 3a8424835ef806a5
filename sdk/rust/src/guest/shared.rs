//! Settings and lists that both directions share, between this crate's types and the generated ones.
//!
//! Never adds or leaves out a field.

use super::types;

pub(super) fn settings(settings: Vec<types::Setting>) -> Vec<crate::Setting> {
    let value = |value| match value {
        types::Value::Text(text) => crate::Value::Text(text),
        types::Value::Integer(number) => crate::Value::Integer(number),
        types::Value::Boolean(yes) => crate::Value::Boolean(yes),
        types::Value::Texts(texts) => crate::Value::Texts(texts),
        types::Value::Document(types::Document { text, fixed }) => {
            crate::Value::Document(crate::Document { text, fixed })
        }
    };
    settings.into_iter().map(|s| crate::Setting { key: s.key, value: value(s.value) }).collect()
}

pub(super) fn headers_in(list: Vec<types::Header>) -> Vec<crate::Header> {
    list.into_iter().map(|h| crate::Header { name: h.name, value: h.value }).collect()
}

pub(super) fn labels_out(list: Vec<crate::Label>) -> Vec<types::Label> {
    list.into_iter().map(|l| types::Label { key: l.key, value: l.value }).collect()
}

pub(super) fn parameters_in(list: Vec<types::Parameter>) -> Vec<crate::Parameter> {
    list.into_iter().map(|p| crate::Parameter { name: p.name, value: p.value }).collect()
}

pub(super) fn labels_in(list: Vec<types::Label>) -> Vec<crate::Label> {
    list.into_iter().map(|l| crate::Label { key: l.key, value: l.value }).collect()
}

pub(super) fn problems(found: Vec<crate::SettingProblem>) -> Vec<types::Problem> {
    found.into_iter().map(|p| types::Problem { field: p.field, problem: p.problem }).collect()
}

pub(super) fn reference_in(reference: types::Reference) -> crate::Reference {
    crate::Reference { key: reference.key, value: reference.value, url: reference.url }
}

pub(super) fn reference_out(reference: crate::Reference) -> types::Reference {
    types::Reference { key: reference.key, value: reference.value, url: reference.url }
}
