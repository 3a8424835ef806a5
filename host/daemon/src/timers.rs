//! Lets time pass: tells the journal when a timer is due, and when no source could have been heard for a while.
//!
//! Decides nothing: what a timer does is in `tocsin_core::decide`.

use std::sync::Arc;
use std::time::Duration;

use tocsin_core::command::Command;
use tocsin_core::time::Timestamp;

use crate::runtime::trouble;
use crate::shared::app::{App, CommitError};

pub mod forget;

/// The longest sleep: a clock that was set must not keep a timer for long, and an interruption must show.
const SLEEP_MAX: Duration = Duration::from_secs(5);
/// The shortest one that a short heartbeat brings about.
const SLEEP_MIN: Duration = Duration::from_millis(250);
/// The pause after the store could not be read or written.
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// What the log calls it.
pub const TROUBLE: &str = "timers are stalled";

/// Notices that for a while no source could have been heard: the process was stopped, or the machine.
#[derive(Debug)]
struct Hearing {
    /// The longest sleep. One that takes longer than it was to by as much was an interruption, so that none of twice
    /// this length is overlooked: half of a heartbeat.
    longest_sleep: Duration,
    /// When the sleep that began last was to end.
    until: Option<Timestamp>,
    was_interrupted: bool,
}

impl Hearing {
    /// Where the shortest heartbeat is this one.
    fn new(shortest_heartbeat: Option<Duration>) -> Self {
        let quarter = shortest_heartbeat.map_or(SLEEP_MAX, |heartbeat| heartbeat / 4);
        Self { longest_sleep: quarter.clamp(SLEEP_MIN, SLEEP_MAX), until: None, was_interrupted: false }
    }

    /// A sleep of this length begins at `now`.
    fn sleeps(&mut self, now: Timestamp, wait: Duration) {
        self.until = Some(now.plus_ms(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)));
    }

    /// It is `now`, after the sleep.
    fn wakes(&mut self, now: Timestamp) {
        if let Some(until) = self.until.take()
            && u128::from(now.ms_since(until)) >= self.longest_sleep.as_millis()
        {
            self.was_interrupted = true;
        }
    }
}

/// Runs until it is aborted, or the store is closed.
pub async fn run(app: Arc<App>) {
    let mut hearing = Hearing::new(shortest_heartbeat(&app));
    let mut set_aside = None;
    loop {
        app.pulses.timers.beat();
        hearing.wakes(app.clock.now());
        hearing.longest_sleep = Hearing::new(shortest_heartbeat(&app)).longest_sleep;
        // What senders were refused meanwhile was not their silence.
        hearing.was_interrupted |= app.store.trouble().is_some();
        report_set_aside(&app, &mut set_aside).await;
        let wait = match round(&app, &mut hearing).await {
            Ok(Duration::ZERO) => continue,
            Ok(wait) => {
                trouble::over(TROUBLE);
                wait
            }
            Err(CommitError::Stopping) => return,
            Err(error) => {
                trouble::error(TROUBLE, &error);
                hearing.was_interrupted |= matches!(error, CommitError::Storage(_));
                TROUBLE_PAUSE
            }
        };
        hearing.sleeps(app.clock.now(), wait);
        tokio::select! {
            () = app.signals.timed.heard() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn shortest_heartbeat(app: &App) -> Option<Duration> {
    let config = app.config();
    let heartbeats = config.sources.values().filter_map(|source| source.rule.heartbeat_ms);
    heartbeats.min().map(Duration::from_millis)
}

/// Runs what is due. Returns how long to sleep; not at all when more may be due.
async fn round(app: &Arc<App>, hearing: &mut Hearing) -> Result<Duration, CommitError> {
    if hearing.was_interrupted {
        app.record(Command::Interrupt).await?;
        tracing::warn!(
            "for a while no request could be received: sources with a heartbeat have their time again"
        );
        hearing.was_interrupted = false;
    }
    let next = app.reading(|app| app.store.next_timer()).await;
    match next.map_err(|error| CommitError::Storage(error.to_string()))? {
        Some(at) if at <= app.clock.now() => app.record(Command::Tick).await.map(|_| Duration::ZERO),
        // Never less than a moment: the clock's grain is finer than the timer's.
        Some(at) => Ok(Duration::from_millis(at.ms_since(app.clock.now()) + 1).min(hearing.longest_sleep)),
        None => Ok(hearing.longest_sleep),
    }
}

/// Logs that records were set aside since the last look.
async fn report_set_aside(app: &Arc<App>, known: &mut Option<u64>) {
    let Ok(count) = app.reading(|app| app.store.set_aside_count()).await else { return };
    if count > known.unwrap_or(0) {
        tracing::error!(count, "records that cannot be read were set aside: `tocsin status` names them");
    }
    *known = Some(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_process_that_slept_far_longer_than_it_asked_for_was_interrupted() {
        let day = Some(Duration::from_secs(24 * 60 * 60));
        for (woke, is_interrupted) in [(101, false), (103, false), (104, false), (107, true), (9000, true)] {
            for heartbeat in [None, day] {
                let mut hearing = Hearing::new(heartbeat);
                hearing.sleeps(at(100), Duration::from_secs(2));
                hearing.wakes(at(woke));
                assert_eq!(hearing.was_interrupted, is_interrupted, "{woke}");
            }
        }
    }

    #[test]
    fn where_a_heartbeat_is_short_a_stop_of_half_of_it_is_noticed_wherever_it_begins() {
        let ms = |ms: u64| at(100).plus_ms(ms);
        let sleep = Hearing::new(Some(Duration::from_secs(2))).longest_sleep;
        for begins in [0, 100, 499] {
            let mut hearing = Hearing::new(Some(Duration::from_secs(2)));
            hearing.sleeps(ms(0), sleep);
            hearing.wakes(ms(begins + 1000));
            assert!(hearing.was_interrupted, "{begins}");
            hearing.was_interrupted = false;
            hearing.sleeps(ms(0), sleep);
            hearing.wakes(ms(900));
            assert!(!hearing.was_interrupted);
        }
    }
}
