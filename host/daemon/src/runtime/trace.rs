//! The steps of an alert's road, as they happen, for whoever watches (`tocsin demo`).
//!
//! Never holds a secret or a connection's URL: of where something went, it says the host.

use tocsin_core::id::{DeliveryId, ReceiptId};

/// One step.
#[derive(Clone, Debug)]
pub enum Trace {
    /// A request came in.
    Received {
        /// Its id.
        receipt: ReceiptId,
        /// Where.
        source: String,
        /// Of its body.
        bytes: usize,
    },
    /// Its plugin decoded it.
    Decoded {
        /// Its id.
        receipt: ReceiptId,
        /// `id version`.
        plugin: String,
        /// How long the call took.
        took_us: u64,
        /// What came of it, in words.
        outcome: String,
    },
    /// It is on the disk.
    Committed {
        /// Its id.
        receipt: ReceiptId,
        /// How long that took.
        took_us: u64,
        /// What its events did.
        effects: Vec<String>,
    },
    /// A delivery's request was encoded.
    Encoded {
        /// The delivery.
        delivery: DeliveryId,
        /// The incident's number.
        incident: u64,
        /// The action's name.
        action: String,
        /// `id version`.
        plugin: String,
        /// How long the call took.
        took_us: u64,
    },
    /// It was sent, and the peer answered.
    Answered {
        /// The delivery.
        delivery: DeliveryId,
        /// The action's name.
        action: String,
        /// The HTTP method.
        method: String,
        /// Where to.
        host: String,
        /// Of the request's body.
        bytes: usize,
        /// The HTTP status.
        status: u16,
        /// How long that took.
        took_us: u64,
    },
    /// The delivery is settled, or will be tried again.
    Settled {
        /// The delivery.
        delivery: DeliveryId,
        /// The incident's number.
        incident: u64,
        /// The action's name.
        action: String,
        /// How, in words.
        outcome: String,
    },
}
