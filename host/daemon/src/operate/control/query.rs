//! What the lists of the control interface can be narrowed by.
//!
//! Unknown parameters and values are refused by name, never ignored.

use std::str::FromStr;

use serde::Deserialize;
use tocsin_core::event::UnknownWord;
use tocsin_core::id::Id;
use tocsin_store::{ReadError, Receipts};

use crate::shared::problem::Problem;

/// Rows of a list when nothing is said.
const LIMIT: usize = 50;
/// Rows of a list at most.
const LIMIT_MAX: usize = 1000;

/// The parameters of every list; each list takes those that mean something there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListQuery {
    /// With commas.
    state: Option<String>,
    pub(super) source: Option<String>,
    pub(super) connection: Option<String>,
    pub(super) action: Option<String>,
    /// A number or an id.
    pub(super) incident: Option<String>,
    dead_letters: bool,
    ignored: bool,
    before: Option<String>,
    limit: Option<usize>,
}

impl ListQuery {
    pub(super) fn states<T: FromStr<Err = UnknownWord>>(&self) -> Result<Vec<T>, Problem> {
        let words = self.state.as_deref().unwrap_or_default().split(',').filter(|word| !word.is_empty());
        words
            .map(|word| word.parse().map_err(|error: UnknownWord| Problem::bad_request(error.to_string())))
            .collect()
    }

    /// Receipts of which outcome.
    pub(super) fn receipts(&self) -> Result<Receipts, Problem> {
        match (self.dead_letters, self.ignored) {
            (false, false) => Ok(Receipts::All),
            (true, false) => Ok(Receipts::DeadLetters),
            (false, true) => Ok(Receipts::Ignored),
            (true, true) => Err(Problem::bad_request(
                "`dead_letters` and `ignored` exclude each other: no receipt is both.",
            )),
        }
    }

    pub(super) fn before(&self) -> Result<Option<Id>, Problem> {
        self.before.as_deref().map(id).transpose()
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)
    }
}

/// Refuses `name` when it is neither one of `configured` nor of anything `kept`: what was taken out of the
/// configuration can still be asked for, and what is misspelt is not answered as if there were nothing.
pub(super) fn known<'a>(
    what: &str,
    name: Option<&String>,
    mut configured: impl Iterator<Item = &'a String> + Clone,
    kept: impl FnOnce(&str) -> Result<bool, ReadError>,
) -> Result<(), Problem> {
    match name {
        Some(name) if !configured.clone().any(|other| other == name) && !kept(name)? => {
            Err(unknown(what, name, &mut configured))
        }
        Some(_) | None => Ok(()),
    }
}

/// There is no `what` of this name.
pub(super) fn unknown<'a>(what: &str, name: &str, configured: impl Iterator<Item = &'a String>) -> Problem {
    let names: Vec<&str> = configured.map(String::as_str).collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Problem::not_found(format!("There is no {what} `{name}` in the configuration: there is {there}."))
}

/// The id that `text` is.
pub(super) fn id(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|error: tocsin_core::id::InvalidId| Problem::bad_request(error.to_string()))
}
