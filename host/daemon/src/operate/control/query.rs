//! What the lists of the API can be narrowed by.
//!
//! Unknown words and names are refused by name, never ignored.

use std::str::FromStr;

use tocsin_core::event::UnknownWord;
use tocsin_core::id::{Id, Kind};
use tocsin_core::time::{InvalidTime, Timestamp};
use tocsin_store::{Period, ReadError};

use crate::shared::app::App;
use crate::shared::problem::HttpProblem;

/// Rows of a list when nothing is said.
const LIMIT: usize = 50;
/// Rows of a list at most.
const LIMIT_MAX: usize = 1000;

/// The states or severities that a list is narrowed to: words with commas between them.
pub(super) fn choices<T: FromStr<Err = UnknownWord>>(words: Option<&str>) -> Result<Vec<T>, HttpProblem> {
    let words = words.unwrap_or_default().split(',').filter(|word| !word.is_empty());
    words
        .map(|word| {
            word.trim().parse().map_err(|error: UnknownWord| HttpProblem::bad_request(format!("{error}.")))
        })
        .collect()
}

/// The time that a list is narrowed to.
pub(super) fn period(since: Option<&str>, until: Option<&str>) -> Result<Period, HttpProblem> {
    let time = |name: &str, text: Option<&str>| -> Result<Option<Timestamp>, HttpProblem> {
        let wrong = |error: InvalidTime| HttpProblem::bad_request(format!("`{name}`: {error}."));
        text.map(|text| text.parse().map_err(wrong)).transpose()
    };
    let period = Period { since: time("since", since)?, until: time("until", until)? };
    match (period.since, period.until) {
        (Some(since), Some(until)) if until <= since => Err(HttpProblem::bad_request(format!(
            "`until` ({until}) is not after `since` ({since}), so nothing is between them: exchange them."
        ))),
        _ => Ok(period),
    }
}

/// The id that a list goes on after.
pub(super) fn after<K: Kind>(text: Option<&str>) -> Result<Option<Id<K>>, HttpProblem> {
    text.map(id).transpose()
}

/// How many rows a list has at most.
pub(super) fn limit(wanted: Option<usize>) -> usize {
    wanted.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)
}

/// Refuses `name` when it is neither one of `configured` nor of anything `kept`: what was taken out of the
/// configuration can still be asked for, and what is misspelt is not answered as if there were nothing.
pub(super) fn known<'a>(
    what: &str,
    name: Option<&str>,
    mut configured: impl Iterator<Item = &'a String> + Clone,
    kept: impl FnOnce(&str) -> Result<bool, ReadError>,
) -> Result<(), HttpProblem> {
    match name {
        Some(name) if !configured.clone().any(|other| other == name) && !kept(name)? => {
            Err(unknown(what, name, &mut configured))
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses a source that is not configured and that nothing is kept of.
pub(super) fn known_source(app: &App, source: Option<&str>) -> Result<(), HttpProblem> {
    known("source", source, app.config().sources.keys(), |name| app.store.knows_source(name))
}

/// There is no `what` of this name.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    configured: impl Iterator<Item = &'a String>,
) -> HttpProblem {
    let names: Vec<&str> = configured.map(String::as_str).collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    HttpProblem::not_found(format!("There is no {what} `{name}` in the configuration: there is {there}."))
}

/// The id that `text` is.
pub(super) fn id<K: Kind>(text: &str) -> Result<Id<K>, HttpProblem> {
    text.parse().map_err(|error: tocsin_core::id::InvalidId| HttpProblem::bad_request(error.to_string()))
}
