//! Counts what comes in at each source and what becomes of it, and logs rejections: the first of its kind, then a
//! count every five minutes, and once that there are no more.
//!
//! Counts in memory, so that neither a flood nor a full disk can stop it; once a second what changed is given to
//! the store. Never logs or keeps a body or a token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tocsin_core::event::single_line;
use tocsin_core::time::Timestamp;
use tocsin_store::{Rejections, SourceCounts, Store};

use crate::runtime::clock::Clock;

mod logged;
mod since;
#[cfg(test)]
mod tests;

use logged::{Line, Logged, log};
pub use since::Counted;

/// The row of requests to addresses without a source: no source has an empty name.
pub const STRANGERS: &str = "";

/// How often what changed is to be given to the store.
pub const KEEP_EVERY: Duration = Duration::from_secs(1);
/// Milliseconds of one span of recent rejections.
const SPAN_MS: u64 = 5 * 60 * 1000;
/// Milliseconds for which rejections are recent.
const HOUR_MS: u64 = 60 * 60 * 1000;
/// Names of addresses without a source that are remembered.
const NAMES_MAX: usize = 10;
/// Characters of a reason.
const REASON_CHARS_MAX: usize = 300;

/// What became of a request that was not rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its events were applied, or it was a replay.
    Accepted,
    /// It meant nothing.
    Ignored,
    /// Some of it could not be read.
    PartlyRefused,
    /// It was kept because its plugin failed.
    Failed,
    /// It only asked whether the source is there.
    Probed,
}

/// An answer that is not 2xx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Its HTTP status.
    pub status: u16,
    /// The receipt under which the request was kept all the same.
    pub receipt: Option<String>,
    /// Why, for the operator.
    pub reason: String,
}

/// The counts of all sources.
pub struct Intake {
    clock: Clock,
    rows: RwLock<BTreeMap<String, Arc<Mutex<Row>>>>,
    /// The kept counts of sources that are not in the configuration, which may return.
    rest: Mutex<BTreeMap<String, SourceCounts>>,
}

#[derive(Default)]
struct Row {
    counts: SourceCounts,
    /// The counts at the beginning.
    kept: SourceCounts,
    /// Whether the store has not been given these counts yet.
    changed: bool,
    /// By status, and whether the request was kept.
    logged: BTreeMap<(u16, bool), Logged>,
}

impl Intake {
    /// Counts for these sources, going on from what was kept.
    pub fn new<'a>(
        clock: Clock,
        sources: impl Iterator<Item = &'a String>,
        kept: BTreeMap<String, SourceCounts>,
    ) -> Self {
        let intake = Self { clock, rows: RwLock::default(), rest: Mutex::new(kept) };
        intake.know(sources.map(String::as_str));
        intake
    }

    /// Counts for these sources, and for strangers. A known source continues from its kept counts.
    pub fn know<'a>(&self, sources: impl Iterator<Item = &'a str>) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let sources: BTreeSet<&str> = sources.chain([STRANGERS]).collect();
        // Requests to a removed source count as strangers'.
        rows.retain(|name, row| {
            let stays = sources.contains(name.as_str());
            if !stays {
                rest.insert(name.clone(), lock(row).counts.clone());
            }
            stays
        });
        for name in sources {
            rows.entry(name.to_owned()).or_insert_with(|| {
                let counts = rest.remove(name).unwrap_or_default();
                Arc::new(Mutex::new(Row { kept: counts.clone(), counts, ..Row::default() }))
            });
        }
    }

    /// Counts a request that `source` kept or answered.
    pub fn count(&self, source: &str, outcome: Outcome) {
        let Some(row) = self.row(source) else { return };
        let mut row = lock(&row);
        let counts = &mut row.counts;
        let count = match outcome {
            Outcome::Accepted => &mut counts.accepted,
            Outcome::Ignored => &mut counts.ignored,
            Outcome::PartlyRefused => &mut counts.partly_refused,
            Outcome::Failed => &mut counts.failed,
            Outcome::Probed => &mut counts.probes,
        };
        *count = count.saturating_add(1);
        if outcome != Outcome::Probed {
            counts.last_heard = Some(self.clock.now());
        }
        row.changed = true;
    }

    /// Counts events that were messages of this relay that came back.
    pub fn count_echoes(&self, source: &str, echoes: usize) {
        if echoes > 0
            && let Some(row) = self.row(source)
        {
            let mut row = lock(&row);
            row.counts.echoes = row.counts.echoes.saturating_add(echoes as u64);
            row.changed = true;
        }
    }

    /// Counts and logs a rejection by the source `name`, or by none if there is no such source.
    pub fn reject(&self, name: &str, rejection: &Rejection) {
        let known = self.row(name).filter(|_| name != STRANGERS);
        let (label, row) = match known {
            Some(row) => (name, Some(row)),
            None => (STRANGERS, self.row(STRANGERS)),
        };
        let Some(row) = row else { return };
        let mut row = lock(&row);
        if label == STRANGERS {
            remember(&mut row.counts.names, name);
        }
        row.reject(label, rejection, self.clock.now());
    }

    /// Remembers what came of a confirmation that a sender of `source` asked for.
    pub fn confirmed(&self, source: &str, outcome: &str) {
        if let Some(row) = self.row(source) {
            let mut row = lock(&row);
            row.counts.confirmation = Some((self.clock.now(), single_line(outcome, REASON_CHARS_MAX)));
            row.changed = true;
        }
    }

    /// The counts of `source`.
    pub fn counts(&self, source: &str) -> SourceCounts {
        self.row(source).map(|row| lock(&row).counts.clone()).unwrap_or_default()
    }

    /// The counts of `source` since the start.
    pub fn since_start(&self, source: &str) -> Counted {
        let Some(row) = self.row(source) else { return Counted::default() };
        let row = lock(&row);
        Counted::between(&row.kept, &row.counts)
    }

    /// Gives what changed to the store, and logs what is due.
    pub fn keep(&self, store: &Store) {
        let mut changed = BTreeMap::new();
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, row) in &rows {
            let mut row = lock(row);
            row.log_what_is_due(name, Instant::now());
            if row.changed {
                row.changed = false;
                changed.insert(name.clone(), row.counts.clone());
            }
        }
        if !changed.is_empty() && store.count(&changed).is_err() {
            // The queue is full: next time.
            for name in changed.keys() {
                if let Some(row) = self.row(name) {
                    lock(&row).changed = true;
                }
            }
        }
    }

    fn row(&self, name: &str) -> Option<Arc<Mutex<Row>>> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone)
    }
}

fn lock(row: &Mutex<Row>) -> MutexGuard<'_, Row> {
    row.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps `name` as the newest of a few.
fn remember(names: &mut Vec<String>, name: &str) {
    names.retain(|known| known != name);
    names.push(name.to_owned());
    let over = names.len().saturating_sub(NAMES_MAX);
    names.drain(..over);
}

impl Row {
    fn reject(&mut self, label: &str, rejection: &Rejection, now: Timestamp) {
        let Rejection { status, receipt, reason } = rejection;
        let (kept, reason) = (receipt.is_some(), single_line(reason, REASON_CHARS_MAX));
        self.changed = true;
        self.counts.last_rejected = Some(now);
        if kept {
            self.counts.last_heard = Some(now);
        }
        add(&mut self.counts.rejections, *status, kept, &reason, now);
        // What a plugin says of a body may repeat a part of it, so the log names the receipt instead.
        let shown = match receipt {
            Some(receipt) => format!("see tocsin receipts show {receipt}"),
            None => reason,
        };
        if let Some(logged) = self.logged.get_mut(&(*status, kept)) {
            logged.add(shown);
        } else {
            log(label, *status, &Line::Rejected(1), &shown);
            self.logged.insert((*status, kept), Logged::first(shown, Instant::now()));
        }
    }

    fn log_what_is_due(&mut self, label: &str, now: Instant) {
        self.logged.retain(|(status, _), logged| {
            let line = logged.due(now);
            if let Some(line) = &line {
                log(label, *status, line, logged.reason());
            }
            !matches!(line, Some(Line::NoLonger(_)))
        });
    }
}

fn add(rows: &mut Vec<Rejections>, code: u16, kept: bool, reason: &str, now: Timestamp) {
    let key = |row: &Rejections| (row.code, row.kept);
    let at = match rows.binary_search_by_key(&(code, kept), key) {
        Ok(at) => at,
        Err(at) => {
            let row =
                Rejections { code, kept, count: 0, last: now, reason: String::new(), recent: Vec::new() };
            rows.insert(at, row);
            at
        }
    };
    let row = &mut rows[at];
    row.count = row.count.saturating_add(1);
    row.last = now;
    reason.clone_into(&mut row.reason);
    let span_us = i64::try_from(SPAN_MS).unwrap_or(i64::MAX).saturating_mul(1000);
    let span = Timestamp::from_micros(now.micros() - now.micros().rem_euclid(span_us));
    // A clock that was set back leaves spans that lie ahead.
    row.recent.retain(|(begin, _)| *begin <= span && is_recent(*begin, now));
    match row.recent.last_mut() {
        Some((begin, count)) if *begin == span => *count = count.saturating_add(1),
        _ => row.recent.push((span, 1)),
    }
}

fn is_recent(begin: Timestamp, now: Timestamp) -> bool {
    begin.plus_ms(SPAN_MS) > now.minus_ms(HOUR_MS)
}

/// How many of `rows` came in the last hour, in steps of five minutes.
pub fn in_the_last_hour(rows: &Rejections, now: Timestamp) -> u64 {
    let recent = rows.recent.iter().filter(|(begin, _)| *begin <= now && is_recent(*begin, now));
    recent.map(|(_, count)| count).sum()
}
