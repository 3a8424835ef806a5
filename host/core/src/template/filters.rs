//! The filters that are this relay's own: iTop's verbs, for Jinja as well.
//!
//! | filter | makes |
//! |---|---|
//! | `label` | a code or time as people write it: `high` → `High`, `opened_at` → `Opened at`, `2026-01-02T03:04:05Z` → `2026-01-02 03:04:05 UTC`, in the view's zone; other text stays |
//! | `html` | text that HTML shows as it is: escaped, `<br>` for line breaks; `links` become links |
//! | `text` | text without HTML's tags and entities, as far as it has any |
//! | `raw` | the value as it is |
//! | `head` | what was written last: the same |
//!
//! Lists and maps become a line for each entry.
//!
//! Never marks anything as safe: what an address or document does to values it does to these as well.

use minijinja::value::Kwargs;
use minijinja::{Environment, State, Value};

use super::html::{self, escaped};
use super::shown::{defined, items, link, plain};
use super::times;
use crate::delivery::ChangeKind;
use crate::event::Severity;
use crate::incident::IncidentState;
use crate::view::{CHANGE_FIELDS, INCIDENT_FIELDS, Moment, as_map, is_map};

/// Adds the filters, and Jinja's own for maps, which must know this crate's maps as well.
pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("label", |state: &State, value: &Value| {
        defined(value).map(|value| label(value, Moment::of(state).as_ref()))
    });
    environment.add_filter("html", |value: &Value| defined(value).map(as_html));
    environment.add_filter("text", |value: &Value| defined(value).map(|value| html::text_of(&plain(value))));
    environment
        .add_filter("raw", |value: Value| if is_scalar(&value) { value } else { plain(&value).into() });
    environment.add_filter("head", |value: Value| value);
    environment.add_filter("items", |map: &Value| minijinja::filters::items(&known_map(map)));
    environment.add_filter("dictsort", |map: &Value, kwargs: Kwargs| {
        minijinja::filters::dictsort(&known_map(map), kwargs)
    });
    environment.add_test("mapping", |value: &Value| is_map(value));
}

/// A map of this crate's as one that the engine knows; everything else as it is.
fn known_map(value: &Value) -> Value {
    as_map(value).unwrap_or_else(|| value.clone())
}

fn is_scalar(value: &Value) -> bool {
    items(value).is_none() && !is_map(value)
}

fn as_html(value: &Value) -> String {
    if let Some(items) = items(value) {
        return items.iter().map(as_html).collect::<Vec<_>>().join("<br>");
    }
    match link(value) {
        Some((title, url)) => {
            let shown = if title.is_empty() { &url } else { &title };
            format!("<a href=\"{}\">{}</a>", escaped(&url), escaped(shown))
        }
        None => escaped(&plain(value)),
    }
}

fn label(value: &Value, moment: Option<&Moment>) -> String {
    match items(value) {
        Some(items) if items.iter().all(|item| link(item).is_none()) => {
            items.iter().map(|item| label(item, moment)).collect::<Vec<_>>().join(", ")
        }
        _ => label_of(&plain(value), moment),
    }
}

/// What people write for `text`, when it is one of this relay's words or times; otherwise itself.
fn label_of(text: &str, moment: Option<&Moment>) -> String {
    let words = Severity::ALL.map(Severity::as_str).into_iter();
    let words = words.chain(IncidentState::ALL.map(IncidentState::as_str));
    let words = words.chain(ChangeKind::ALL.map(ChangeKind::as_str));
    if words.chain(INCIDENT_FIELDS).chain(CHANGE_FIELDS).any(|word| word == text) {
        let spaced = text.replace('_', " ");
        let (first, rest) = spaced.split_at(1);
        return first.to_ascii_uppercase() + rest;
    }
    let is_time = text.len() < 40 && text.ends_with('Z') && text.starts_with(|c: char| c.is_ascii_digit());
    let known = if is_time { times::local(&Value::from(text), moment) } else { None };
    known.map_or_else(|| text.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S %Z").to_string())
}
