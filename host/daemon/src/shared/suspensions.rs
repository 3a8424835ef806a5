//! Sources whose plugin ran out of time again and again: no call is made for a while, and requests are kept as dead
//! letters.
//!
//! One request is decoded after half a minute, then less and less often, up to every quarter of an hour; the first
//! call that answers ends it. Kept in memory alone: a start tries every plugin anew. Never calls anything.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tocsin_core::time::Timestamp;

/// Calls in a row that ran out of time.
const LATE_MAX: u32 = 3;
/// The wait before the first trial, in milliseconds.
const FIRST_MS: u64 = 30 * 1000;
/// The longest wait between two trials, in milliseconds.
const LONGEST_MS: u64 = 15 * 60 * 1000;

/// What a request of a source may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum May {
    /// Its plugin may be called.
    Call,
    /// It is the one that tries whether the plugin answers again.
    Try,
    /// It is kept without a call, for this reason.
    Keep(String),
}

/// A source that is suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspended {
    /// Its plugin.
    pub plugin: String,
    /// Since when.
    pub since: Timestamp,
    /// When a request is decoded again.
    pub next_at: Timestamp,
    /// Trials that were made.
    tried: u32,
}

#[derive(Debug)]
struct Row {
    plugin: String,
    digest: String,
    /// Calls in a row that ran out of time.
    late: u32,
    suspended: Option<Suspended>,
}

/// By source.
#[derive(Debug, Default)]
pub struct Suspensions(Mutex<BTreeMap<String, Row>>);

impl Suspensions {
    /// What a request may do that has come for `source`, whose plugin's file has this digest. Another file than the
    /// one that was late begins anew.
    pub fn may(&self, source: &str, digest: &str, now: Timestamp) -> May {
        let mut rows = self.lock();
        let Some(row) = rows.get_mut(source) else { return May::Call };
        if row.digest != digest {
            rows.remove(source);
            return May::Call;
        }
        let Some(suspended) = &mut row.suspended else { return May::Call };
        if suspended.next_at <= now {
            suspended.tried = suspended.tried.saturating_add(1);
            suspended.next_at = now.plus_ms(wait_ms(suspended.tried));
            return May::Try;
        }
        May::Keep(format!(
            "its plugin `{}` ran out of time {LATE_MAX} times in a row, so it is not called until {}",
            suspended.plugin, suspended.next_at
        ))
    }

    /// Whether `source` is suspended: asked by a request that waited for its turn meanwhile.
    pub fn reason(&self, source: &str) -> Option<String> {
        let rows = self.lock();
        let suspended = rows.get(source)?.suspended.as_ref()?;
        Some(format!(
            "its plugin `{}` ran out of time {LATE_MAX} times in a row while this request waited for its turn",
            suspended.plugin
        ))
    }

    /// A call of the plugin of `source` came to an end in time; whether it was suspended.
    pub fn answered(&self, source: &str) -> bool {
        self.lock().remove(source).is_some_and(|row| row.suspended.is_some())
    }

    /// A call of this plugin ran out of time; whether `source` is suspended from now on.
    pub fn late(&self, source: &str, plugin: &str, digest: &str, now: Timestamp) -> bool {
        let mut rows = self.lock();
        let row = rows.entry(source.to_owned()).or_insert_with(|| Row {
            plugin: plugin.to_owned(),
            digest: digest.to_owned(),
            late: 0,
            suspended: None,
        });
        row.late = row.late.saturating_add(1);
        if row.late < LATE_MAX || row.suspended.is_some() {
            return false;
        }
        let (plugin, next_at) = (row.plugin.clone(), now.plus_ms(wait_ms(0)));
        row.suspended = Some(Suspended { plugin, since: now, next_at, tried: 0 });
        true
    }

    /// Has the plugin of this id be called again at once: an operator says that it is all right.
    pub fn forgive(&self, plugin: &str) {
        self.lock().retain(|_, row| row.plugin != plugin);
    }

    /// What is suspended, by source.
    pub fn all(&self) -> Vec<(String, Suspended)> {
        let rows = self.lock();
        let suspended = |(name, row): (&String, &Row)| Some((name.clone(), row.suspended.clone()?));
        rows.iter().filter_map(suspended).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The wait after so many trials, in milliseconds.
fn wait_ms(tried: u32) -> u64 {
    FIRST_MS.saturating_mul(1 << tried.min(16)).min(LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_MS: u64 = 1000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000).plus_ms(seconds * SECOND_MS)
    }

    fn late(suspensions: &Suspensions, times: usize, now: Timestamp) -> bool {
        (0..times).any(|_| suspensions.late("hook", "slow", "digest", now))
    }

    #[test]
    fn three_calls_out_of_time_in_a_row_suspend_a_source_and_one_that_answers_ends_it() {
        let suspensions = Suspensions::default();
        assert!(!late(&suspensions, 2, at(0)));
        assert!(!suspensions.answered("hook"));
        assert!(!late(&suspensions, 2, at(0)));
        assert_eq!(suspensions.may("hook", "digest", at(0)), May::Call);
        assert!(late(&suspensions, 1, at(0)));
        assert!(matches!(suspensions.may("hook", "digest", at(1)), May::Keep(_)));
        assert_eq!(suspensions.may("other", "digest", at(1)), May::Call);
        assert!(suspensions.answered("hook"));
        assert_eq!(suspensions.may("hook", "digest", at(1)), May::Call);
    }

    #[test]
    fn one_request_at_a_time_tries_it_less_and_less_often() {
        let suspensions = Suspensions::default();
        late(&suspensions, 3, at(0));
        let (mut now, mut waits, mut last) = (0, Vec::new(), 0);
        while waits.len() < 7 {
            now += 1;
            if suspensions.may("hook", "digest", at(now)) == May::Try {
                assert!(matches!(suspensions.may("hook", "digest", at(now)), May::Keep(_)));
                late(&suspensions, 1, at(now));
                waits.push(now - last);
                last = now;
            }
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900]);
    }

    #[test]
    fn another_file_or_an_operator_begins_anew() {
        let suspensions = Suspensions::default();
        late(&suspensions, 3, at(0));
        assert_eq!(suspensions.may("hook", "another", at(1)), May::Call);
        late(&suspensions, 3, at(0));
        assert_eq!(suspensions.all().len(), 1);
        suspensions.forgive("other");
        assert!(suspensions.reason("hook").is_some());
        suspensions.forgive("slow");
        assert_eq!(suspensions.may("hook", "digest", at(1)), May::Call);
    }
}
