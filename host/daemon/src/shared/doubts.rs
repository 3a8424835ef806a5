//! Answers that a plugin takes for the connection's fault while nothing else says so: which deliveries met them.
//!
//! Kept in memory alone: after a start each connection is believed in anew. Never pauses anything by itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tocsin_core::id::{DeliveryId, IncidentId};

/// Attempts of one delivery that may meet such an answer before it is a dead letter. With the usual schedule they
/// are spread over two and a half minutes.
pub const TRIES_MAX: u32 = 6;
/// Deliveries that are remembered for each connection.
const MET_MAX: usize = 64;

/// Which answer: two that are equal are about the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A refusal by its status alone, since what stands in it may differ each time.
    Status(u16),
    /// What a plugin made of a success, or of none.
    Words(String),
}

impl Answer {
    /// The answer of this status that the plugin made these words of.
    pub fn new(status: Option<u16>, words: &str) -> Self {
        match status {
            Some(status) if !is_success(status) => Self::Status(status),
            _ => Self::Words(words.to_owned()),
        }
    }

    /// Whether a peer, or what stands before it, refused this one request.
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Status(_))
    }
}

const fn is_success(status: u16) -> bool {
    status >= 200 && status < 300
}

/// What becomes of a delivery that met such an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is tried again: another may show whether the connection works.
    Open,
    /// Another incident's delivery met the same, and nothing has arrived since: it is the connection.
    Shared,
    /// Something else has arrived since: it is this delivery.
    Refuted,
    /// It was tried often enough, and no other met the same.
    Alone,
}

/// A delivery that met such an answer.
#[derive(Debug)]
struct Met {
    incident: IncidentId,
    delivery: DeliveryId,
    answer: Answer,
    times: u32,
    /// Something arrived over the connection since.
    refuted: bool,
}

/// By connection, the latest first met last.
#[derive(Debug, Default)]
pub struct Doubts(Mutex<BTreeMap<String, Vec<Met>>>);

impl Doubts {
    /// `delivery` of `incident` met `answer` over `connection`.
    pub fn met(&self, connection: &str, incident: IncidentId, delivery: DeliveryId, answer: Answer) -> Doubt {
        let mut doubts = self.lock();
        let known = doubts.entry(connection.to_owned()).or_default();
        let is_shared =
            known.iter().any(|met| met.incident != incident && met.answer == answer && !met.refuted);
        let at = known.iter().position(|met| met.delivery == delivery && met.answer == answer);
        let mut met =
            at.map_or(Met { incident, delivery, answer, times: 0, refuted: false }, |at| known.remove(at));
        met.times += 1;
        let doubt = match met {
            Met { refuted: true, .. } => return Doubt::Refuted,
            _ if is_shared => Doubt::Shared,
            Met { times: TRIES_MAX.., .. } => Doubt::Alone,
            _ => Doubt::Open,
        };
        if known.len() >= MET_MAX {
            known.remove(0);
        }
        known.push(met);
        doubt
    }

    /// Something arrived over `connection`.
    pub fn works(&self, connection: &str) {
        if let Some(known) = self.lock().get_mut(connection) {
            known.iter_mut().for_each(|met| met.refuted = true);
        }
    }

    /// Whatever was met over `connection` counts no more.
    pub fn forget(&self, connection: &str) {
        self.lock().remove(connection);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Met>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tocsin_core::id::{Id, Kind};
    use tocsin_core::time::Timestamp;

    use super::*;

    fn id<K: Kind>(number: u128) -> Id<K> {
        Id::new(Timestamp::from_micros(0), number)
    }

    fn meet(doubts: &Doubts, number: u128, status: u16) -> Doubt {
        doubts.met("chat", id(number), id(100 + number), Answer::Status(status))
    }

    #[test]
    fn one_incidents_delivery_is_tried_again_for_a_while_and_is_then_alone() {
        let doubts = Doubts::default();
        for _ in 1..TRIES_MAX {
            assert_eq!(meet(&doubts, 1, 403), Doubt::Open);
        }
        assert_eq!(meet(&doubts, 1, 403), Doubt::Alone);
        assert_eq!(meet(&doubts, 2, 403), Doubt::Shared, "what met it before is remembered");
    }

    #[test]
    fn two_deliveries_of_one_incident_are_one_incident() {
        let doubts = Doubts::default();
        let met = |delivery| doubts.met("chat", id(1), id(delivery), Answer::Status(403));
        assert_eq!((met(7), met(8)), (Doubt::Open, Doubt::Open));
    }

    #[test]
    fn only_the_same_answer_is_shared() {
        let doubts = Doubts::default();
        assert_eq!((meet(&doubts, 1, 403), meet(&doubts, 2, 404)), (Doubt::Open, Doubt::Open));
        assert_eq!(meet(&doubts, 3, 404), Doubt::Shared);
        let words =
            |number, words: &str| doubts.met("desk", id(number), id(number), Answer::new(Some(200), words));
        assert_eq!((words(1, "class A"), words(2, "class B")), (Doubt::Open, Doubt::Open));
        assert_eq!(words(3, "class A"), Doubt::Shared);
    }

    #[test]
    fn what_arrives_meanwhile_refutes_the_doubt() {
        let doubts = Doubts::default();
        meet(&doubts, 1, 403);
        doubts.works("chat");
        assert_eq!(meet(&doubts, 2, 403), Doubt::Open, "what was refuted is shared by none");
        assert_eq!(meet(&doubts, 1, 403), Doubt::Refuted);
    }
}
