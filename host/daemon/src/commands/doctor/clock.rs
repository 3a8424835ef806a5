//! Checks the clock: signatures, links and certificates depend on it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::program;
use crate::config::Config;
use crate::operate::api::doctor::Finding;

const ABOUT: &str = "clock";
/// The beginning of 2026, before this version was released: a machine without a battery starts in 1970.
const EARLIEST: Duration = Duration::from_secs(1_767_225_600);
/// How far a file's time may be in the future.
const TOLERANCE: Duration = Duration::from_secs(60);
/// How many seconds the relay's clock may be ahead of the system's.
const AHEAD_MAX: u64 = 2;

const FIX: &str = "set the clock and synchronise it: timedatectl set-ntp true";

/// Looks at the system's clock. `ahead_seconds` is how far the running relay's is ahead of it.
pub(super) fn look(config: Option<&Config>, ahead_seconds: u64) -> Vec<Finding> {
    let now = SystemTime::now();
    let mut findings = Vec::new();
    if now.duration_since(UNIX_EPOCH).is_ok_and(|since| since < EARLIEST) {
        findings.push(Finding::wrong(ABOUT, "the system's time is before 2026", FIX));
    }
    let written = config.and_then(|config| config.store_path().metadata().ok()?.modified().ok());
    if written.is_some_and(|written| written > now + TOLERANCE) {
        findings.push(Finding::wrong(ABOUT, "the store was written later than the system's time", FIX));
    }
    if ahead_seconds > AHEAD_MAX {
        let found = format!("the system's clock was set back: the relay's is {ahead_seconds} s ahead of it");
        findings.push(Finding::warning(
            ABOUT,
            found,
            "none, if the time is correct now: the relay's clock waits for it",
        ));
    }
    findings.push(synchronised(program::ask("timedatectl", &["show"]).as_deref()));
    findings
}

/// Whether `timedatectl show` reports a synchronised clock.
fn synchronised(said: Option<&str>) -> Finding {
    let Some(said) = said else {
        return Finding::ok(ABOUT, "synchronisation is unknown: timedatectl is missing or gives no answer");
    };
    match (program::property(said, "NTPSynchronized"), program::property(said, "NTP")) {
        ("yes", _) => Finding::ok(ABOUT, "it is synchronised over the network"),
        (_, "yes") => Finding::warning(
            ABOUT,
            "it is not synchronised yet",
            "check with `timedatectl timesync-status` that a time server is reachable",
        ),
        _ => Finding::warning(ABOUT, "it is not synchronised over the network", "timedatectl set-ntp true"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::api::doctor::Health;

    #[test]
    fn a_clock_that_nothing_keeps_right_is_a_warning_and_an_unknown_one_is_not() {
        for (said, state) in [
            (Some("Timezone=Etc/UTC\nNTP=yes\nNTPSynchronized=yes\n"), Health::Ok),
            (Some("NTP=yes\nNTPSynchronized=no\n"), Health::Warning),
            (Some("NTP=no\nNTPSynchronized=no\n"), Health::Warning),
            (None, Health::Ok),
        ] {
            assert_eq!(synchronised(said).state, state, "{said:?}");
        }
    }
}
