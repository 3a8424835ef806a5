//! The bytes of bodies that are in memory, from the first that is read to the answer: bounded for all sources together
//! and shared by them.
//!
//! A source may have as many bytes as are free. Senders that have proven nothing yet may have half of all. When there
//! is no room, bodies that have been coming for a while and are not whole are given up: those of senders that have
//! proven nothing first. Never waits.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// For how long a body may come before it can be given up for another.
const SPARED: Duration = Duration::from_millis(250);

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The bytes.
#[derive(Debug)]
pub struct Budget {
    bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    taken: usize,
    /// Of senders that have proven nothing.
    unproven: usize,
    by_source: HashMap<String, usize>,
    bodies: BTreeMap<u64, Body>,
}

#[derive(Debug)]
struct Body {
    source: String,
    is_proven: bool,
    is_whole: bool,
    bytes: usize,
    began: Instant,
    given_up: Arc<Notify>,
}

/// A body's part of the budget, until it is dropped.
#[derive(Debug)]
pub struct Portion {
    budget: Arc<Budget>,
    id: u64,
    given_up: Arc<Notify>,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { bytes, state: Mutex::default() })
    }

    /// A body of `source`, of which nothing has come yet. `is_proven` says whether its sender is known.
    pub fn portion(self: &Arc<Self>, source: &str, is_proven: bool) -> Arc<Portion> {
        let given_up = Arc::new(Notify::new());
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        let body = Body {
            source: source.to_owned(),
            is_proven,
            is_whole: false,
            bytes: 0,
            began: Instant::now(),
            given_up: Arc::clone(&given_up),
        };
        state.bodies.insert(id, body);
        Arc::new(Portion { budget: Arc::clone(self), id, given_up })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fits(&self, body: &Body, more: usize, all: usize) -> bool {
        let own = self.by_source.get(&body.source).copied().unwrap_or(0);
        let is_fair = own.saturating_add(more) <= all.saturating_sub(self.taken);
        is_fair && (body.is_proven || self.unproven.saturating_add(more) <= all / 2)
    }

    /// The body to give up for the one of this id: one of a sender that has proven nothing, where this one's has;
    /// else one of the same source. The one that has been coming for longest.
    fn victim(&self, id: u64, body: &Body) -> Option<u64> {
        let may_go = |(other, one): &(&u64, &Body)| {
            let is_weaker = one.source == body.source || (body.is_proven && !one.is_proven);
            **other != id && is_weaker && !one.is_whole && one.bytes > 0 && one.began.elapsed() >= SPARED
        };
        let bodies = self.bodies.iter().filter(may_go);
        bodies.min_by_key(|(_, one)| (one.is_proven, one.began)).map(|(other, _)| *other)
    }

    fn add(&mut self, id: u64, more: usize) {
        let Some(body) = self.bodies.get_mut(&id) else { return };
        body.bytes += more;
        self.taken += more;
        if !body.is_proven {
            self.unproven += more;
        }
        *self.by_source.entry(body.source.clone()).or_default() += more;
    }

    fn remove(&mut self, id: u64) -> Option<Body> {
        let body = self.bodies.remove(&id)?;
        self.taken = self.taken.saturating_sub(body.bytes);
        if !body.is_proven {
            self.unproven = self.unproven.saturating_sub(body.bytes);
        }
        if let Some(own) = self.by_source.get_mut(&body.source) {
            *own = own.saturating_sub(body.bytes);
            if *own == 0 {
                self.by_source.remove(&body.source);
            }
        }
        Some(body)
    }
}

impl Portion {
    /// Takes `more` bytes before they are read.
    ///
    /// # Errors
    /// There is no room for them, or this body was given up for another.
    pub fn grow(&self, more: usize) -> Result<(), Full> {
        let mut state = self.budget.lock();
        loop {
            let body = state.bodies.get(&self.id).ok_or(Full)?;
            if state.fits(body, more, self.budget.bytes) {
                state.add(self.id, more);
                return Ok(());
            }
            let victim = state.victim(self.id, body).ok_or(Full)?;
            if let Some(given_up) = state.remove(victim) {
                given_up.given_up.notify_one();
            }
        }
    }

    /// All of it has come: it is not given up any more.
    pub fn whole(&self) {
        if let Some(body) = self.budget.lock().bodies.get_mut(&self.id) {
            body.is_whole = true;
        }
    }

    /// Waits until it is given up.
    pub async fn given_up(&self) {
        self.given_up.notified().await;
    }
}

impl Drop for Portion {
    fn drop(&mut self) {
        self.budget.lock().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn old(budget: &Budget, portion: &Portion) {
        let mut state = budget.lock();
        let body = state.bodies.get_mut(&portion.id).expect("it is there");
        body.began = body.began.checked_sub(Duration::from_secs(1)).expect("a moment before");
    }

    #[test]
    fn sources_that_flood_leave_room_for_the_next_one() {
        let budget = Budget::new(64 * MIB);
        let flood = |source: &str| {
            let mut portions = Vec::new();
            loop {
                let portion = budget.portion(source, true);
                if portion.grow(MIB) == Err(Full) {
                    return portions;
                }
                portion.whole();
                portions.push(portion);
            }
        };
        let floods = [flood("a"), flood("b")];
        assert_eq!(floods.each_ref().map(Vec::len), [32, 16]);
        assert_eq!(budget.portion("quiet", true).grow(MIB), Ok(()));
        drop(floods);
        assert_eq!(budget.lock().taken, 0);
        assert!(budget.lock().by_source.is_empty() && budget.lock().bodies.is_empty());
    }

    #[test]
    fn a_body_that_never_ends_makes_room_for_one_that_does() {
        let budget = Budget::new(8 * MIB);
        let endless: Vec<_> = (0..4).map(|_| budget.portion("hook", true)).collect();
        assert!(endless.iter().all(|portion| portion.grow(MIB) == Ok(())));
        let honest = budget.portion("hook", true);
        assert_eq!(honest.grow(MIB), Err(Full), "they have only begun");
        old(&budget, &endless[2]);
        assert_eq!(honest.grow(MIB), Ok(()));
        assert_eq!(endless[2].grow(1), Err(Full), "it was given up");
        endless[0].whole();
        old(&budget, &endless[0]);
        assert_eq!(honest.grow(MIB), Err(Full), "what is whole stays");
    }

    #[test]
    fn senders_that_have_proven_nothing_have_half_and_go_first() {
        let budget = Budget::new(8 * MIB);
        let strangers: Vec<_> = ["a", "b", "c"].map(|source| budget.portion(source, false)).into();
        let got = strangers.iter().filter(|portion| portion.grow(2 * MIB) == Ok(())).count();
        assert_eq!(got, 2);
        strangers.iter().for_each(|portion| old(&budget, portion));
        let known = budget.portion("d", true);
        assert_eq!(known.grow(4 * MIB), Ok(()));
        let stranger = budget.portion("e", false);
        assert_eq!(stranger.grow(4 * MIB), Err(Full), "it gives up nobody else's");
        let another = budget.portion("f", true);
        assert_eq!(another.grow(4 * MIB), Ok(()), "a stranger's body goes");
        assert_eq!(strangers[0].grow(1), Err(Full));
    }
}
