//! The steps of an alert's road, as they end: for `tocsin demo`, which shows them, and for traces.
//!
//! No step has a secret or a connection's URL: of where something went, it has the host. Words for people may repeat a
//! part of an alert or of a peer's answer; only the demonstration shows them.

use std::net::IpAddr;
use std::time::SystemTime;

use axum::http::Method;
use sha2::{Digest, Sha256};
use tocsin_core::delivery::Delivery;
use tocsin_core::id::{DeliveryId, ReceiptId};
use tocsin_core::trace::{Origin, Trace};

/// The trace that a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The trace.
    pub trace: Trace,
    /// Whether a sender gave it, and so decided whether it is recorded.
    pub is_given: bool,
}

impl Traced {
    /// That of a request.
    pub fn by(origin: Origin) -> Self {
        Self { trace: origin.trace(), is_given: origin.given.is_some() }
    }

    /// That of a delivery: the trace of its request, or one of its own.
    pub fn of(delivery: &Delivery) -> Self {
        let own = || Self { trace: Trace::of_delivery(delivery.id), is_given: false };
        delivery.origin.map_or_else(own, Self::by)
    }
}

/// The id of the step that received a request. It follows from the receipt's id, so that an attempt knows what it
/// hangs below, hours or a restart later.
pub fn received_span(receipt: ReceiptId) -> u64 {
    span(&[b"receive", &receipt.to_bytes()])
}

/// The id of an attempt of a delivery. It follows from both, so that the next attempt can name it.
pub fn attempt_span(attempt: AttemptOf) -> u64 {
    span(&[b"attempt", &attempt.delivery.to_bytes(), &attempt.number.to_be_bytes()])
}

/// Eight bytes of a digest. 0 is no id.
fn span(parts: &[&[u8]]) -> u64 {
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().iter().take(8).fold(0, |id: u64, byte| id << 8 | u64::from(*byte)).max(1)
}

/// One attempt of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptOf {
    /// The delivery's id.
    pub delivery: DeliveryId,
    /// From 1.
    pub number: u32,
}

/// A plugin.
#[derive(Clone, Debug)]
pub struct PluginOf {
    /// The plugin's id.
    pub id: String,
    /// The plugin's version.
    pub version: String,
}

impl std::fmt::Display for PluginOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.id, self.version)
    }
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// When it ended, by the system's clock, as in the traces of others.
    pub ended: SystemTime,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// The trace that it belongs to. None for a step of a trial.
    pub traced: Option<Traced>,
    /// What happened.
    pub what: What,
}

/// What happened in a step.
#[derive(Clone, Debug)]
pub enum What {
    /// A request came in.
    Received {
        /// The receipt's id.
        receipt: ReceiptId,
        /// The source's name.
        source: String,
        /// Size of the request's body, in bytes.
        bytes: usize,
    },
    /// The source's plugin decoded the request.
    Decoded {
        /// The receipt's id.
        receipt: ReceiptId,
        /// The plugin that was called.
        plugin: PluginOf,
        /// The receipt's status.
        kind: &'static str,
        /// Number of events.
        events: usize,
        /// The outcome, as text for people.
        outcome: String,
    },
    /// The request is on the disk.
    Committed {
        /// The receipt's id.
        receipt: ReceiptId,
        /// What the first 32 events did, as text for people.
        effects: Vec<String>,
        /// The numbers of the incidents that all events concern, each once.
        incidents: Vec<u64>,
        /// Number of events that changed something.
        changes: usize,
    },
    /// The sender has its answer.
    Replied {
        /// The receipt's id.
        receipt: ReceiptId,
        /// The source's name.
        source: String,
        /// The HTTP method.
        method: Method,
        /// The request's path, without parts that may be secret.
        path: String,
        /// Size of the request's body, in bytes.
        bytes: usize,
        /// The sender's address.
        client: Option<IpAddr>,
        /// The id of the sender's own span.
        parent: Option<u64>,
        /// The HTTP status.
        status: u16,
    },
    /// The connection's plugin encoded a request, or could not.
    Encoded {
        /// The attempt.
        attempt: AttemptOf,
        /// The incident's number.
        incident: u64,
        /// The action's name.
        action: String,
        /// The plugin that was called.
        plugin: PluginOf,
        /// Why there is nothing to send, as a code.
        failure: Option<&'static str>,
    },
    /// A request was sent to the peer.
    Sent {
        /// The attempt.
        attempt: AttemptOf,
        /// The action's name.
        action: String,
        /// The id of this step's span. The peer has it from `traceparent`.
        span: u64,
        /// The HTTP method.
        method: Method,
        /// The peer's host.
        host: String,
        /// Size of the request's body, in bytes.
        bytes: usize,
        /// The HTTP status, or why there is none, as a code.
        answer: Result<u16, &'static str>,
    },
    /// The plugin read the peer's answer, or could not.
    Resumed {
        /// The attempt.
        attempt: AttemptOf,
        /// The plugin that was called.
        plugin: PluginOf,
        /// Why the answer is no success, as a code.
        failure: Option<&'static str>,
    },
    /// The outcome of an attempt is on the disk: the delivery is settled, or will be retried.
    Settled {
        /// The attempt.
        attempt: AttemptOf,
        /// The request that caused the delivery.
        receipt: Option<ReceiptId>,
        /// The incident's number.
        incident: u64,
        /// The action's name.
        action: String,
        /// The connection's name.
        connection: String,
        /// The outcome, as in metrics.
        kind: &'static str,
        /// Whether it needs no operator.
        is_good: bool,
        /// The outcome, as text for people.
        outcome: String,
        /// How much of the time it took to record the outcome, in microseconds.
        commit_us: u64,
        /// Whether the outcome is recorded.
        is_recorded: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_step_that_others_name_follows_from_what_they_know_of_it() {
        let receipt = ReceiptId::from_bytes([7; 16]);
        let delivery = DeliveryId::from_bytes([7; 16]);
        let first = AttemptOf { delivery, number: 1 };
        assert_eq!(received_span(receipt), received_span(ReceiptId::from_bytes([7; 16])));
        assert_eq!(attempt_span(first), attempt_span(AttemptOf { delivery, number: 1 }));
        let others = [
            received_span(receipt),
            received_span(ReceiptId::from_bytes([8; 16])),
            attempt_span(first),
            attempt_span(AttemptOf { number: 2, ..first }),
        ];
        let distinct: std::collections::BTreeSet<u64> = others.into_iter().collect();
        assert!(distinct.len() == 4 && !distinct.contains(&0), "{others:?}");
    }
}
