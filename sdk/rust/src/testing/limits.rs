//! What the host would refuse or cut, found by a test first.
//!
//! Never a copy of the host's code: only of the limits that `wit/` states.

use std::collections::BTreeSet;

use crate::{
    Action, Decoded, Example, Field, FieldKind, HttpRequest, Plugin, Request, Settings, Source, Step,
    describe_source,
};
use crate::{Change, Header, Parameter, keys};

/// Events that the host takes of one request.
const EVENTS_MAX: usize = 10_000;

/// Panics unless the description of a source is one that the host takes, and its example opens an incident.
pub fn check_source<T: Plugin + Source>() {
    let info = describe_source::<T>();
    check_about(info.about);
    if let Some((fields, source)) = info.source {
        check_description(&fields);
        assert!(!source.methods.is_empty(), "a source without methods can never be called");
        assert!(source.methods.iter().all(|method| *method == method.to_ascii_uppercase()));
        let settings = T::Settings::from_settings(&[]);
        if let (Some(example), Ok(settings)) = (source.example, settings) {
            check_example::<T>(&example, &settings);
        }
    }
}

/// Panics unless the description of an action is one that the host takes.
pub fn check_action<T: Plugin + Action>() {
    check_about(T::ABOUT);
    check_description(&T::Connection::fields());
    check_description(&<T as Action>::Settings::fields());
}

/// Panics unless the example is decoded to exactly one trigger.
pub fn check_example<T: Source>(example: &Example, settings: &T::Settings) {
    let query = form_urlencoded::parse(example.query.as_bytes()).into_owned();
    let request = Request {
        method: example.method.clone(),
        query: query.map(|(name, value)| Parameter { name, value }).collect(),
        headers: vec![Header { name: "content-type".to_owned(), value: example.content_type.clone() }],
        body: example.body.clone().into_bytes(),
        ..Request::post_json("")
    };
    let decoded = T::decode(&request, settings).expect("the example is refused");
    check_decoded(&decoded);
    let changes: Vec<Change> = decoded.events.iter().map(|event| event.change).collect();
    assert_eq!(changes, [Change::Trigger], "the example is not decoded to one trigger");
}

/// Panics unless a form can be made of these fields.
pub fn check_description(fields: &[Field]) {
    let mut seen = BTreeSet::new();
    for field in fields {
        let key = &field.key;
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(
            !key.is_empty() && key.chars().all(good),
            "`{key}` is not of lower-case letters, digits and `_`"
        );
        assert!(seen.insert(key.clone()), "`{key}` is there twice");
        assert!(!field.label.is_empty(), "`{key}` has no label");
        assert!(field.help.ends_with(['.', '`', ')']), "the help of `{key}` is not in full sentences");
        let Some(default) = &field.default else { continue };
        assert!(!field.required, "`{key}` has a default and is required");
        let fits = match &field.kind {
            FieldKind::Integer => default.parse::<i64>().is_ok(),
            FieldKind::Boolean => matches!(default.as_str(), "true" | "false"),
            FieldKind::Choice(choices) => choices.iter().any(|choice| choice.value == *default),
            FieldKind::Duration => <std::time::Duration as crate::FieldType>::from_default(default).is_some(),
            FieldKind::Color => default.len() == 6 && default.chars().all(|c| c.is_ascii_hexdigit()),
            FieldKind::Url => crate::text::is_web_address(default),
            FieldKind::JsonTemplate => serde_json::from_str::<serde_json::Value>(default).is_ok(),
            FieldKind::Secret => false,
            _ => true,
        };
        assert!(fits, "the default of `{key}` does not fit its kind");
    }
}

/// Panics where the host would refuse or cut what a source decoded.
pub fn check_decoded(decoded: &Decoded) {
    let count = decoded.events.len();
    assert!(count <= EVENTS_MAX, "{count} events, the limit is {EVENTS_MAX}");
    let explained = decoded.ignored.is_some() || decoded.reply.is_some() || decoded.confirm.is_some();
    assert!(count > 0 || explained, "no event, and no reason why");
    assert!(decoded.rejected.is_empty() || count > 0, "nothing could be read, which is a refusal");
    for event in &decoded.events {
        let key = &event.key;
        assert!(!key.is_empty() && key.len() <= keys::BYTES_MAX, "a key of {} bytes", key.len());
        assert!(event.aliases.len() <= 8, "{} aliases, the limit is 8", event.aliases.len());
        assert!(event.aliases.iter().all(|alias| !alias.is_empty() && alias.len() <= keys::BYTES_MAX));
        assert!(event.labels.len() <= 64 && event.links.len() <= 16, "too many labels or links");
    }
}

/// Panics where the host would refuse what an action wants sent.
pub(super) fn check_step(step: &Step) {
    if let Step::Send(request, state) = step {
        check_request(request);
        assert!(state.len() <= 1024 * 1024, "a state of {} bytes", state.len());
    }
}

fn check_request(request: &HttpRequest) {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    assert!(known.contains(&request.method.as_str()), "the method `{}`", request.method);
    let path = &request.path;
    assert!(path.is_empty() || path.starts_with('/'), "the path `{path}` does not begin with `/`");
    assert!(
        !path.contains(['?', '#', '\\']) && !path.split('/').any(|part| part == ".."),
        "the path `{path}`"
    );
    for line in &request.headers {
        assert_eq!(line.name, line.name.to_ascii_lowercase(), "a header's name in lower case");
    }
}

fn check_about(about: crate::About) {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    assert!(
        !about.id.is_empty() && about.id.len() <= 64 && about.id.chars().all(good),
        "the id `{}`",
        about.id
    );
    assert!(!about.name.is_empty() && about.summary.ends_with('.'), "a name and one sentence");
    assert!(about.version.split('.').count() == 3, "the version `{}`", about.version);
    // A description that depended on anything would change between two loads.
}
