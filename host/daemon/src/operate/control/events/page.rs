//! A page of the journal as server-sent events.

use tocsin_core::id::IncidentId;
use tocsin_store::Store;

use super::super::journal;
use crate::operate::api::events::Gap;
use crate::operate::api::journal::{Entry, JournalList};
use crate::shared::problem::HttpProblem;

/// Entries of a page: few, since each stream may hold two pages in memory.
const ENTRIES: usize = 32;

/// Where a stream is.
#[derive(Clone, Debug)]
pub(super) struct Position {
    /// The number of the last entry that the reader had, or that is not for it.
    pub(super) after: u64,
    /// The incident that events are about, if they are about one.
    pub(super) incident: Option<IncidentId>,
}

/// Events that were read.
pub(super) struct Events {
    /// As they are sent; empty if there are none.
    pub(super) text: String,
    /// Where the stream is when they are sent.
    pub(super) after: u64,
    /// Whether these are all that there are now.
    pub(super) is_last: bool,
}

/// Reads the entries that follow `position`, as many as a page has.
pub(super) fn read(store: &Store, position: &Position) -> Result<Events, HttpProblem> {
    let list = JournalList {
        from: Some(position.after.saturating_add(1)),
        incident: position.incident.map(|id| id.to_string()),
        limit: Some(ENTRIES),
        ..JournalList::default()
    };
    let page = journal::page(store, &list)?;
    let (Some(first), Some(last)) = (page.first, page.last) else {
        return Ok(Events { text: String::new(), after: position.after, is_last: true });
    };
    let mut text = String::new();
    let mut after = position.after;
    if let Some((gap, on)) = gap(after, (first, last)) {
        after = on;
        push(&mut text, on, "gap", &gap)?;
    }
    for entry in &page.entries {
        push(&mut text, entry.number, word(entry), entry)?;
    }
    after = page.next.map_or_else(|| last.max(after), |next| next.saturating_sub(1));
    Ok(Events { text, after, is_last: page.next.is_none() })
}

/// What a reader that had everything up to `after` has missed, in a journal with these ends, and where it goes on.
fn gap(after: u64, (first, last): (u64, u64)) -> Option<(Gap, u64)> {
    if after > last {
        let why = "the journal ends before them: the relay's store was replaced by an earlier one".to_owned();
        return Some((Gap { from: last + 1, to: after, why }, last));
    }
    let to = first.saturating_sub(1);
    let why = || "the journal was cut: `limits.keep_journal` says how long entries are kept".to_owned();
    (after < to).then(|| (Gap { from: after + 1, to, why: why() }, to))
}

fn word(entry: &Entry) -> &str {
    entry.cause.as_ref().map_or("unreadable", |cause| &cause.cause)
}

/// Appends one event. JSON has no line break.
fn push(text: &mut String, id: u64, event: &str, data: &impl serde::Serialize) -> Result<(), HttpProblem> {
    let data = serde_json::to_string(data).map_err(|error| {
        HttpProblem::unavailable("Not answered", format!("Entry {id} cannot be written as JSON: {error}."))
    })?;
    text.push_str(&format!("id: {id}\nevent: {event}\ndata: {data}\n\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_journal_no_longer_has_or_does_not_have_yet_is_a_gap() {
        let found = |after| gap(after, (11, 20)).map(|(gap, on)| (gap.from, gap.to, on));
        assert_eq!(found(0), Some((1, 10, 10)));
        assert_eq!(found(9), Some((10, 10, 10)));
        assert_eq!([10, 11, 20].map(found), [None; 3]);
        assert_eq!(found(25), Some((21, 25, 20)));
        assert_eq!(gap(0, (1, 3)), None);
    }
}
