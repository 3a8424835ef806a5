//! The connections that are open: how many there may be, from all and from one address, and which is closed for a new
//! one.
//!
//! The one to go is the one that has been idle for longest; then the one whose request has been coming for longest. A
//! connection whose request is being worked on stays. Knows nothing of what is served.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::sync::Notify;

/// For how long a request may come before its connection can be closed for another.
const SPARED: Duration = Duration::from_secs(1);

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

/// The connections of a listener.
#[derive(Debug)]
pub(super) struct Connections {
    bounds: Bounds,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    rows: BTreeMap<u64, Row>,
    by_address: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Row {
    /// Its address, if that counts.
    address: Option<IpAddr>,
    doing: Doing,
    since: Instant,
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
    pub(super) fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { bounds, open: Mutex::default() })
    }

    /// Counts a connection from `address`. Another one is closed for it where there are too many; it is refused when
    /// all of them are being worked on.
    pub(super) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Connection> {
        let is_proxy = |address: &IpAddr| self.bounds.proxies.iter().any(|network| network.contains(address));
        let address = address.filter(|address| !is_proxy(address));
        let mut open = self.lock();
        if let Some(address) = address {
            let own = open.by_address.get(&address).copied().unwrap_or(0);
            if own >= self.bounds.per_address && !open.close_one(|row| row.address == Some(address)) {
                return None;
            }
        }
        if open.rows.len() >= self.bounds.connections && !open.close_one(|_| true) {
            return None;
        }
        let id = open.next;
        open.next += 1;
        let close = Arc::new(Notify::new());
        let (doing, since) = (Doing::Nothing, Instant::now());
        open.rows.insert(id, Row { address, doing, since, close: Arc::clone(&close) });
        if let Some(address) = address {
            *open.by_address.entry(address).or_default() += 1;
        }
        Some(Connection { connections: Arc::clone(self), id, close })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Has the connection closed that is least worth keeping among those that `may` go; whether there was one.
    fn close_one(&mut self, may: impl Fn(&Row) -> bool) -> bool {
        let may_go = |row: &Row| match row.doing {
            Doing::Nothing => true,
            Doing::Receiving => row.since.elapsed() >= SPARED,
            Doing::Working => false,
        };
        let rows = self.rows.iter().filter(|(_, row)| may(row) && may_go(row));
        let Some(id) = rows.min_by_key(|(_, row)| (row.doing, row.since)).map(|(id, _)| *id) else {
            return false;
        };
        if let Some(row) = self.remove(id) {
            row.close.notify_one();
        }
        true
    }

    fn remove(&mut self, id: u64) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        if let Some(address) = row.address
            && let Some(own) = self.by_address.get_mut(&address)
        {
            *own = own.saturating_sub(1);
            if *own == 0 {
                self.by_address.remove(&address);
            }
        }
        Some(row)
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
        if let Some(row) = self.connections.lock().rows.get_mut(&self.id) {
            (row.doing, row.since) = (doing, Instant::now());
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
        assert!(all.lock().rows.is_empty() && all.lock().by_address.is_empty());
    }

    #[test]
    fn one_address_makes_room_only_among_its_own_and_a_proxy_has_no_bound_of_its_own() {
        let all = connections(100, 2);
        let other = all.admit(address(1)).expect("there is room");
        let own: Vec<_> = (0..5).map(|_| all.admit(address(2)).expect("one goes")).collect();
        assert_eq!(own.iter().filter(|connection| is_open(connection)).count(), 2);
        assert!(is_open(&other));
        let proxy = Some(IpAddr::from([192, 0, 2, 1]));
        let through: Vec<_> = (0..50).map(|_| all.admit(proxy).expect("there is room")).collect();
        assert!(through.iter().all(is_open));
    }
}
