//! Long lists: which part of one is wanted, and the walk over its pages. Never cuts a list without a word.

use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tocsin_core::settings::duration_ms;
use tocsin_core::time::Timestamp;

use super::place::Place;
use super::progress::Searching;
use super::table::json;
use crate::commands::out::{say, single};
use crate::operate::api::page::Page;
use crate::runtime::clock;

/// Rows of one page at most.
const PAGE_MAX: usize = 1000;

/// How much of a list is shown.
#[derive(Debug, Args)]
pub(super) struct Extent {
    /// At most this many.
    #[arg(long, default_value = "50", value_parser = at_least_one)]
    limit: usize,
    /// All of them.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Go on where a list ended: with what its last line says.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

/// Of which time a list is.
#[derive(Debug, Args)]
pub(super) struct When {
    /// Only from this time on: 2026-11-20T16:50:00Z, "2026-11-20 16:50" for UTC, or how long ago: 2h
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Only before this time, written likewise.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
}

impl When {
    /// Whether the list is of a part of the time.
    pub(super) const fn is_given(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// As a request says it.
    pub(super) fn texts(&self) -> (Option<String>, Option<String>) {
        (self.since.map(|at| at.to_string()), self.until.map(|at| at.to_string()))
    }
}

/// A number of rows.
fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "write a number from 1, or --all instead of --limit".to_owned())
}

/// A time, or how long ago it was.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(ms) = duration_ms(text) {
        return Ok(clock::time_of_day().minus_ms(ms));
    }
    text.parse().map_err(|error| format!("{error}, or how long ago it was, such as `2h` or `7d`"))
}

/// Asks the relay at `path` page by page until `extent` is there. `wanted` makes the request of a page from where it goes
/// on and how many rows it has at most; `show` prints the rows of a page; `cursor` is what a person names an item by, where
/// a list goes on after it. Of an empty list, it says that there are no `things`, and `hint`: what to do next.
pub(super) fn list<T: Serialize + DeserializeOwned, W: Serialize>(
    place: &Place,
    (path, things, hint): (&str, &str, &str),
    extent: &Extent,
    wanted: impl Fn(Option<String>, Option<usize>) -> W,
    mut show: impl FnMut(&[T]),
    cursor: impl Fn(&T, &str) -> Option<String>,
) -> anyhow::Result<()> {
    let (mut kept, mut after, mut count) = (Vec::new(), extent.after.clone(), 0);
    let mut progress = Searching::default();
    let end = loop {
        let room = if extent.all { PAGE_MAX } else { PAGE_MAX.min(extent.limit - count) };
        let page: Page<T> = place.list(path, &wanted(after, Some(room)))?;
        count += page.items.len();
        let named = page.next.as_ref().and_then(|next| cursor(page.items.last()?, next));
        if place.json {
            kept.extend(page.items);
        } else if !page.items.is_empty() {
            progress.clear();
            show(&page.items);
        }
        let Some(next) = page.next else { break None };
        if !extent.all && count >= extent.limit {
            break Some((named.unwrap_or_else(|| next.clone()), next));
        }
        if let Some(at) = page.searched_until {
            progress.show(&at);
        }
        after = Some(next);
    };
    drop(progress);
    if place.json {
        return json(&Page { items: kept, next: end.map(|(_, next)| next), searched_until: None });
    }
    match end {
        Some((named, _)) => say!("more: go on with --after {}, or see all with --all", single(&named)),
        None if count == 0 && extent.after.is_some() => {
            say!("no {things} after this one: leave out --after to see the newest");
        }
        None if count == 0 => say!("no {things}: {hint}"),
        None => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_point_or_how_long_ago_it_was() {
        assert_eq!(moment("2026-11-20 16:50").unwrap().to_string(), "2026-11-20T16:50:00Z");
        let before = clock::time_of_day();
        let ago = moment("2h").unwrap();
        assert!(before.minus_ms(7_200_000) <= ago && ago <= clock::time_of_day().minus_ms(7_200_000));
        let wrong = moment("yesterday").unwrap_err();
        assert!(
            wrong.starts_with("`yesterday` is not a time: write ") && wrong.ends_with("such as `2h` or `7d`"),
            "{wrong}"
        );
    }

    #[test]
    fn a_limit_is_a_number_from_one() {
        assert_eq!(at_least_one("7"), Ok(7));
        assert!(at_least_one("0").is_err() && at_least_one("all").is_err());
    }
}
