//! What is counted as it happens, so that nobody has to scan for it.

use minicbor::{Decode, Encode};
use tocsin_core::delivery::DeliveryState;
use tocsin_core::incident::IncidentState;

use crate::keys;

/// The last incident number, and how many incidents and deliveries are in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Counters {
    /// The last incident number that was given out.
    #[n(0)]
    pub(crate) number: u64,
    /// By the byte of the state.
    #[n(1)]
    incidents: [u64; IncidentState::ALL.len()],
    /// Likewise.
    #[n(2)]
    deliveries: [u64; DeliveryState::ALL.len()],
}

impl Counters {
    /// The counters of a store with nothing in it whose last incident has this number.
    pub(crate) fn of_number(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// How many incidents are in `state`.
    pub(crate) fn incidents(&self, state: IncidentState) -> u64 {
        self.incidents[incident_place(state)]
    }

    /// How many deliveries are in `state`.
    pub(crate) fn deliveries(&self, state: DeliveryState) -> u64 {
        self.deliveries[delivery_place(state)]
    }

    /// An incident came to be in `state`.
    pub(crate) fn incident_came(&mut self, state: IncidentState) {
        self.incidents[incident_place(state)] += 1;
    }

    /// An incident no longer is in `state`.
    pub(crate) fn incident_left(&mut self, state: IncidentState) {
        let count = &mut self.incidents[incident_place(state)];
        *count = count.saturating_sub(1);
    }

    /// A delivery came to be in `state`.
    pub(crate) fn delivery_came(&mut self, state: DeliveryState) {
        self.deliveries[delivery_place(state)] += 1;
    }

    /// A delivery no longer is in `state`.
    pub(crate) fn delivery_left(&mut self, state: DeliveryState) {
        let count = &mut self.deliveries[delivery_place(state)];
        *count = count.saturating_sub(1);
    }
}

/// The place in the array of a state whose byte counts from 1.
fn incident_place(state: IncidentState) -> usize {
    usize::from(keys::incident_state(state)) - 1
}

fn delivery_place(state: DeliveryState) -> usize {
    usize::from(keys::delivery_state(state)) - 1
}
