//! The connections that are open: how many there may be, from all and from one address, and which is closed for a new
//! one.
//!
//! The one to go is the one that has been idle for longest, unless it has just been opened; then the one whose request
//! has been coming for longest. A connection whose request is being worked on stays. Requests of one address over all
//! its connections are paced; those that prove who sent them do not count.
//! Knows nothing of what is served.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::sync::Notify;

/// For how long a request may come before its connection can be closed for another.
const SPARED: Duration = Duration::from_secs(1);

/// Requests a second from one address that prove nothing; further ones wait for their turn. Few enough that connections
/// that are full of requests leave time for others.
const REQUESTS_A_SECOND: u32 = 2000;
/// The time between two of them.
const ONE: Duration = Duration::from_nanos(1_000_000_000 / REQUESTS_A_SECOND as u64);
/// Requests of one address that may come at once.
const REQUESTS_AT_ONCE: u32 = 1000;

/// How many connections there may be.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// In all.
    pub connections: usize,
    /// From one address.
    pub per_address: usize,
    /// Proxies: connections of all their clients come from their addresses, so only the first bound counts.
    pub proxies: Vec<IpNet>,
    /// How long a peer may leave an answer unread.
    pub answer_time: Duration,
}

/// What a connection does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// No request has come whole, as far as its head goes; or an answer is being sent.
    Nothing,
    /// A request's body is coming.
    Receiving,
    /// A request is being worked on.
    Working,
}

/// The connections of a listener, or of several that share limits.
#[derive(Debug)]
pub struct Connections {
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    bounds: Bounds,
    next: u64,
    rows: HashMap<u64, Row>,
    /// The first is the first to go.
    order: BTreeSet<Rank>,
    by_address: HashMap<IpAddr, Own>,
}

/// What a connection does, since when, and its number: the least goes first.
type Rank = (Doing, Instant, u64);

/// The connections of one address.
#[derive(Debug)]
struct Own {
    order: BTreeSet<Rank>,
    /// When its next request would have its turn, were they evenly spread.
    paced_to: Instant,
}

#[derive(Debug)]
struct Row {
    /// Its address, if that counts.
    address: Option<IpAddr>,
    rank: Rank,
    close: Arc<Notify>,
}

/// A connection that is open, until it is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    connections: Arc<Connections>,
    id: u64,
    close: Arc<Notify>,
}

/// The handle by which a request says what its connection does: an extension of every request.
#[derive(Clone, Debug)]
pub struct Activity {
    connections: Arc<Connections>,
    id: u64,
}

impl Connections {
    /// None yet.
    pub fn new(bounds: Bounds) -> Arc<Self> {
        let open = Open {
            bounds,
            next: 0,
            rows: HashMap::new(),
            order: BTreeSet::new(),
            by_address: HashMap::new(),
        };
        Arc::new(Self { open: Mutex::new(open) })
    }

    /// Changes the limits. Open connections stay, even if there are more than the limit.
    pub fn bound_by(&self, bounds: Bounds) {
        self.lock().bounds = bounds;
    }

    /// How long a peer may leave an answer unread.
    pub(super) fn answer_time(&self) -> Duration {
        self.lock().bounds.answer_time
    }

    /// The limit of all connections.
    pub fn limit(&self) -> usize {
        self.lock().bounds.connections
    }

    /// The number of open connections.
    pub fn count(&self) -> usize {
        self.lock().rows.len()
    }

    /// Counts a connection from `address`. Another one is closed for it where there are too many; it is refused when
    /// all of them are being worked on.
    pub(super) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Connection> {
        let mut open = self.lock();
        let is_proxy = |address: &IpAddr| open.bounds.proxies.iter().any(|network| network.contains(address));
        let address = address.filter(|address| !is_proxy(address));
        if let Some(address) = address {
            let own = open.by_address.get(&address).map_or(0, |own| own.order.len());
            if own >= open.bounds.per_address && !open.close_one(Some(address)) {
                return None;
            }
        }
        if open.rows.len() >= open.bounds.connections && !open.close_one(None) {
            return None;
        }
        let id = open.next;
        open.next += 1;
        let close = Arc::new(Notify::new());
        let rank = (Doing::Nothing, Instant::now(), id);
        open.insert(id, Row { address, rank, close: Arc::clone(&close) });
        Some(Connection { connections: Arc::clone(self), id, close })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Has the connection closed that is the first to go, of all or of one address; whether there was one.
    fn close_one(&mut self, of: Option<IpAddr>) -> bool {
        let order = match of {
            Some(address) => self.by_address.get(&address).map(|own| &own.order),
            None => Some(&self.order),
        };
        let Some(order) = order else { return false };
        let now = Instant::now();
        let is_spared = |rank: &Rank| now.saturating_duration_since(rank.1) < SPARED;
        let idle = order.first().filter(|rank| rank.0 == Doing::Nothing);
        let mut not_idle = order.range((Doing::Nothing, now, u64::MAX)..);
        let coming = not_idle.next().filter(|rank| rank.0 == Doing::Receiving && !is_spared(rank));
        // One that has just been opened is about to send: a body that drips goes before it.
        let first = match (idle, coming) {
            (Some(idle), Some(coming)) if is_spared(idle) => coming,
            (Some(first), _) | (None, Some(first)) => first,
            (None, None) => return false,
        };
        if let Some(row) = self.remove(first.2) {
            row.close.notify_one();
        }
        true
    }

    fn insert(&mut self, id: u64, row: Row) {
        self.order.insert(row.rank);
        if let Some(address) = row.address {
            let new = || Own { order: BTreeSet::new(), paced_to: row.rank.1 };
            self.by_address.entry(address).or_insert_with(new).order.insert(row.rank);
        }
        self.rows.insert(id, row);
    }

    fn remove(&mut self, id: u64) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        self.order.remove(&row.rank);
        if let Some(address) = row.address
            && let Some(own) = self.by_address.get_mut(&address)
        {
            own.order.remove(&row.rank);
            if own.order.is_empty() {
                self.by_address.remove(&address);
            }
        }
        Some(row)
    }

    fn is(&mut self, id: u64, doing: Doing) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        let before = std::mem::replace(&mut row.rank, (doing, Instant::now(), id));
        self.order.remove(&before);
        self.order.insert(row.rank);
        if let Some(own) = row.address.and_then(|address| self.by_address.get_mut(&address)) {
            own.order.remove(&before);
            own.order.insert(row.rank);
        }
    }

    /// How long a request of this connection waits for its turn.
    fn pace(&mut self, id: u64, now: Instant) -> Duration {
        let address = self.rows.get(&id).and_then(|row| row.address);
        let Some(own) = address.and_then(|address| self.by_address.get_mut(&address)) else {
            return Duration::ZERO;
        };
        own.paced_to = own.paced_to.max(now) + ONE;
        own.paced_to.saturating_duration_since(now + ONE * REQUESTS_AT_ONCE)
    }

    /// A request of this connection counts for nothing.
    fn unpace(&mut self, id: u64) {
        let address = self.rows.get(&id).and_then(|row| row.address);
        let own = address.and_then(|address| self.by_address.get_mut(&address));
        if let Some(own) = own
            && let Some(before) = own.paced_to.checked_sub(ONE)
        {
            own.paced_to = before;
        }
    }
}

impl Connection {
    /// The handle for its requests.
    pub(super) fn activity(&self) -> Activity {
        Activity { connections: Arc::clone(&self.connections), id: self.id }
    }

    /// Waits until it is to be closed for another.
    pub(super) async fn is_to_close(&self) {
        self.close.notified().await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.lock().remove(self.id);
    }
}

impl Activity {
    /// It does this from now on.
    pub fn is(&self, doing: Doing) {
        self.connections.lock().is(self.id, doing);
    }

    /// Ends it at once, whatever it does.
    pub fn close(&self) {
        if let Some(row) = self.connections.lock().remove(self.id) {
            row.close.notify_one();
        }
    }

    /// Its request proves who sent it: it takes no time from the others of its address. Its source may have a rate.
    pub fn is_proven(&self) {
        self.connections.lock().unpace(self.id);
    }

    /// Waits until its next request has its turn among those of its address.
    pub(super) async fn is_paced(&self) {
        let wait = self.connections.lock().pace(self.id, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(connections: usize, per_address: usize) -> Arc<Connections> {
        let proxies = vec!["192.0.2.1/32".parse().expect("a network")];
        Connections::new(Bounds { connections, per_address, proxies, answer_time: SPARED })
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, last]))
    }

    fn is_open(connection: &Connection) -> bool {
        connection.connections.lock().rows.contains_key(&connection.id)
    }

    #[test]
    fn the_one_that_is_idle_for_longest_makes_room() {
        let all = connections(3, 3);
        let [first, second, third] = [1, 2, 3].map(|last| all.admit(address(last)).expect("there is room"));
        first.activity().is(Doing::Nothing);
        third.activity().is(Doing::Working);
        let fourth = all.admit(address(4)).expect("one goes");
        assert!(is_open(&first) && !is_open(&second) && is_open(&third) && is_open(&fourth));
        first.activity().is(Doing::Receiving);
        fourth.activity().is(Doing::Receiving);
        assert!(all.admit(address(5)).is_none(), "all of them are new or at work");
        drop((first, second, third, fourth));
        let open = all.lock();
        assert!(open.rows.is_empty() && open.by_address.is_empty() && open.order.is_empty());
    }

    #[tokio::test]
    async fn a_connection_that_its_request_ends_is_told_so_whatever_it_does() {
        let all = connections(3, 3);
        let [one, other] = [1, 2].map(|last| all.admit(address(last)).expect("there is room"));
        one.activity().is(Doing::Working);
        one.activity().close();
        one.is_to_close().await;
        assert!(!is_open(&one) && is_open(&other));
        one.activity().close();
        one.activity().is(Doing::Nothing);
        assert_eq!(all.count(), 1);
    }

    #[test]
    fn requests_of_one_address_are_paced_over_all_its_connections() {
        let all = connections(100, 100);
        let own: Vec<_> = (0..10).map(|_| all.admit(address(1)).expect("there is room")).collect();
        let other = all.admit(address(2)).expect("there is room");
        let now = Instant::now();
        let wait = |connection: &Connection| all.lock().pace(connection.id, now);
        for number in 0..REQUESTS_AT_ONCE as usize {
            assert_eq!(wait(&own[number % 10]), Duration::ZERO, "{number}");
        }
        for _ in 0..REQUESTS_A_SECOND {
            wait(&own[0]);
        }
        let late = wait(&own[1]);
        assert!((Duration::from_millis(990)..Duration::from_millis(1010)).contains(&late), "{late:?}");
        assert_eq!(wait(&other), Duration::ZERO);
    }

    #[test]
    fn requests_that_prove_who_sent_them_are_not_paced() {
        let all = connections(100, 100);
        let own = all.admit(address(1)).expect("there is room");
        let now = Instant::now();
        for _ in 0..REQUESTS_A_SECOND * 10 {
            assert_eq!(all.lock().pace(own.id, now), Duration::ZERO);
            own.activity().is_proven();
        }
    }

    #[test]
    fn a_body_that_drips_goes_before_a_connection_that_was_just_opened() {
        let all = connections(3, 3);
        let dripping = [1, 2].map(|last| all.admit(address(last)).expect("there is room"));
        for connection in &dripping {
            connection.activity().is(Doing::Receiving);
            let mut open = all.lock();
            let mut row = open.remove(connection.id).expect("it is open");
            row.rank.1 = row.rank.1.checked_sub(SPARED).expect("a moment before");
            open.insert(connection.id, row);
        }
        let honest = all.admit(address(3)).expect("there is room");
        let next = all.admit(address(4)).expect("one goes");
        assert!(is_open(&honest) && is_open(&next) && !is_open(&dripping[0]) && is_open(&dripping[1]));
    }

    #[test]
    fn one_address_makes_room_only_among_its_own_and_a_proxy_has_no_bound_of_its_own() {
        let all = connections(100, 2);
        let other = all.admit(address(1)).expect("there is room");
        let own: Vec<_> = (0..5).map(|_| all.admit(address(2)).expect("one goes")).collect();
        assert_eq!((own.iter().filter(|connection| is_open(connection)).count(), all.count()), (2, 3));
        assert!(is_open(&other));
        let proxy = Some(IpAddr::from([192, 0, 2, 1]));
        let through: Vec<_> = (0..50).map(|_| all.admit(proxy).expect("there is room")).collect();
        assert!(through.iter().all(is_open));
    }
}
