//! Places that sources share: a source may have as many as are free.
//!
//! So one source alone takes half of them, two take a third each, and however many flood, there is room for the next.
//! Never waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places.
#[derive(Debug)]
pub struct Shares {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_source: HashMap<String, usize>,
}

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub struct Place {
    shares: Arc<Shares>,
    source: String,
}

impl Shares {
    /// So many places.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// Takes a place for `source`, if it may have one more.
    pub fn take(self: &Arc<Self>, source: &str) -> Option<Place> {
        let mut taken = self.lock();
        let own = taken.by_source.get(source).copied().unwrap_or(0);
        if own >= self.most.saturating_sub(taken.all) {
            return None;
        }
        taken.all += 1;
        *taken.by_source.entry(source.to_owned()).or_default() += 1;
        Some(Place { shares: Arc::clone(self), source: source.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.by_source.get_mut(&self.source) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(shares: &Arc<Shares>, source: &str) -> Vec<Place> {
        std::iter::from_fn(|| shares.take(source)).collect()
    }

    #[test]
    fn sources_that_flood_leave_room_for_the_next_one() {
        let shares = Shares::new(4096);
        let floods = [all(&shares, "a"), all(&shares, "b"), all(&shares, "c")];
        assert_eq!(floods.each_ref().map(Vec::len), [2048, 1024, 512]);
        assert!(shares.take("quiet").is_some());
        drop(floods);
        assert_eq!(all(&shares, "a").len(), 2048);
    }

    #[test]
    fn one_place_is_there_for_everybody() {
        let shares = Shares::new(1);
        let place = shares.take("a");
        assert!(place.is_some() && shares.take("a").is_none() && shares.take("b").is_none());
        drop(place);
        assert!(shares.take("b").is_some());
    }
}
