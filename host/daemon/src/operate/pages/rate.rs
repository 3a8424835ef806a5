//! How often one link may be opened: a link that leaked, or a program that follows it in a loop, costs no more than
//! a room full of people.
//!
//! Counts only links whose signature is right, so that strangers can neither fill the table nor use up a link's
//! share.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests that a link may make at once; so many come back in [`PERIOD`]. Twenty people who each look, confirm and
/// look again.
const BURST: u32 = 60;
/// In which a link's share is whole again.
const PERIOD: Duration = Duration::from_secs(60);
/// Links that are remembered before those with a whole share are forgotten.
const LINKS_KEPT: usize = 4096;

/// What each link has used, by its signature.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<String, Instant>>);

impl Rates {
    /// Takes one request from the share of the link with this signature; else how long to wait for the next.
    ///
    /// What is kept of a link is when its share is whole again: each request moves that by what it costs.
    pub(super) fn take(&self, sig: &str, now: Instant) -> Result<(), Duration> {
        let cost = PERIOD / BURST;
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whole_at = links.get(sig).map_or(now, |whole_at| (*whole_at).max(now));
        let ahead = whole_at.duration_since(now) + cost;
        if ahead > PERIOD {
            return Err(ahead - PERIOD);
        }
        if links.len() >= LINKS_KEPT {
            links.retain(|_, whole_at| *whole_at > now);
        }
        links.insert(sig.to_owned(), whole_at + cost);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_a_share_that_comes_back_and_is_no_other_links() {
        let rates = Rates::default();
        let now = Instant::now();
        for _ in 0..BURST {
            assert_eq!(rates.take("a", now), Ok(()));
        }
        assert_eq!(rates.take("a", now), Err(Duration::from_secs(1)));
        assert_eq!(rates.take("b", now), Ok(()));
        let later = now + Duration::from_secs(1);
        assert_eq!(rates.take("a", later), Ok(()));
        assert!(rates.take("a", later).is_err());
        assert_eq!(rates.take("a", now + PERIOD * 2), Ok(()));
    }

    #[test]
    fn links_with_a_whole_share_are_forgotten() {
        let rates = Rates::default();
        let now = Instant::now();
        for link in 0..LINKS_KEPT {
            assert_eq!(rates.take(&link.to_string(), now), Ok(()));
        }
        assert_eq!(rates.take("one more", now + PERIOD), Ok(()));
        assert_eq!(rates.0.lock().expect("no panic").len(), 1);
    }
}
