//! An error that repeats: logged when it begins, every five minutes with a count, and when it is over.
//!
//! Each kind of trouble has a name, which is what the log and `tocsin status` call it. Never keeps an error back that
//! says something new.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often an error that goes on is logged.
pub const REMINDER: Duration = Duration::from_secs(5 * 60);
/// What the log calls it when a question to the store is answered with an error.
pub const NOT_READ: &str = "the store could not be read";
/// What the log calls it when a question broke off.
pub const NOT_ANSWERED: &str = "a request was not answered";

static TROUBLES: Troubles = Troubles { ongoing: Mutex::new(BTreeMap::new()), count: AtomicUsize::new(0) };

/// The troubles that go on.
#[derive(Debug)]
struct Troubles {
    ongoing: Mutex<BTreeMap<&'static str, Trouble>>,
    /// How many there are, for those who only want to know that there are none.
    count: AtomicUsize,
}

#[derive(Debug)]
struct Trouble {
    error: String,
    since: Instant,
    logged: Instant,
    /// How often it occurred.
    count: u64,
    /// How often it occurred since it was logged.
    unlogged: u64,
}

/// What is to be logged.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// The error is new.
    First,
    /// It occurred so often since it was last logged.
    Again(u64),
}

impl Troubles {
    fn error(&self, name: &'static str, error: &str, now: Instant) -> Option<Line> {
        let mut ongoing = self.lock();
        let known = ongoing.get_mut(name).filter(|known| known.error == error);
        let line = match known {
            Some(known) => {
                known.count += 1;
                known.unlogged += 1;
                if now.saturating_duration_since(known.logged) < REMINDER {
                    return None;
                }
                known.logged = now;
                Line::Again(std::mem::take(&mut known.unlogged))
            }
            None => {
                let error = error.to_owned();
                ongoing.insert(name, Trouble { error, since: now, logged: now, count: 1, unlogged: 0 });
                Line::First
            }
        };
        self.count.store(ongoing.len(), Ordering::Relaxed);
        Some(line)
    }

    fn over(&self, name: &'static str) -> Option<Trouble> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut ongoing = self.lock();
        let over = ongoing.remove(name);
        self.count.store(ongoing.len(), Ordering::Relaxed);
        over
    }

    /// Nothing behind this mutex can be left half changed.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Trouble>> {
        self.ongoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports that the trouble `name` occurred, with this error. Logs it unless the same was logged lately.
pub fn error(name: &'static str, error: &dyn Display) {
    let error = error.to_string();
    match TROUBLES.error(name, &error, Instant::now()) {
        Some(Line::First) => tracing::error!(error, "{name}"),
        Some(Line::Again(times)) => tracing::error!(error, count = times, "{name}, again and again"),
        None => {}
    }
}

/// Reports that the trouble `name` is over, if it went on. Logs how often it occurred, if that was more than once.
pub fn over(name: &'static str) {
    if let Some(Trouble { count, since, .. }) = TROUBLES.over(name)
        && count > 1
    {
        tracing::info!(count, seconds = since.elapsed().as_secs(), "no longer: {name}");
    }
}

/// Reports that the trouble `name` occurred, or that it is over, by this `result`; and returns the result.
///
/// # Errors
/// That of `result`.
pub fn watched<T, E: Display>(name: &'static str, result: Result<T, E>) -> Result<T, E> {
    match &result {
        Ok(_) => over(name),
        Err(why) => error(name, why),
    }
    result
}

/// The error of the trouble `name`, while it goes on.
pub fn ongoing(name: &'static str) -> Option<String> {
    TROUBLES.lock().get(name).map(|trouble| trouble.error.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_repeats_is_logged_once_and_then_counted_every_five_minutes() {
        let troubles = Troubles { ongoing: Mutex::default(), count: AtomicUsize::new(0) };
        let start = Instant::now();
        let logged: Vec<Line> = (0..=600)
            .filter_map(|second| {
                troubles.error("it stands still", "why", start + Duration::from_secs(second))
            })
            .collect();
        assert_eq!(logged, [Line::First, Line::Again(300), Line::Again(300)]);
        assert_eq!(troubles.error("another", "why", start), Some(Line::First));
        assert_eq!(troubles.error("it stands still", "something else", start), Some(Line::First));
        assert_eq!(troubles.over("it stands still").map(|trouble| trouble.count), Some(1));
        assert!(troubles.over("it stands still").is_none());
        assert_eq!(troubles.error("it stands still", "why", start), Some(Line::First), "it begins anew");
    }
}
