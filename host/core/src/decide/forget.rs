//! What was kept for long enough is forgotten: resolved incidents with all that belongs to them, and receipts.
//!
//! Never an incident that is not resolved, or of which something is still to be sent.

use super::{Decided, Kept, Step};
use crate::command::Forget;
use crate::id::{IncidentId, ReceiptId};
use crate::journal::Fact;
use crate::state::State;
use crate::time::Timestamp;

/// Identities forgotten with each such command.
const IDENTITIES_AT_ONCE: u64 = 64;

impl<S: State> Step<'_, S> {
    pub(super) fn forget(&mut self, asked: &Forget) -> Decided<(), S> {
        let mut incidents = Vec::new();
        for id in &asked.incidents {
            if self.is_over(*id, asked.resolved_before)? {
                incidents.push(*id);
            }
        }
        if !incidents.is_empty() {
            self.record(Fact::IncidentsForgotten { incidents })?;
        }
        let mut receipts = Vec::new();
        for id in &asked.receipts {
            if self.was_kept_for_long_enough(*id, asked)? {
                receipts.push(*id);
            }
        }
        if !receipts.is_empty() {
            self.record(Fact::ReceiptsForgotten { receipts: receipts.clone() })?;
        }
        self.applied.forgotten_receipts = receipts;
        self.forget_identities(IDENTITIES_AT_ONCE)
    }

    /// Whether the incident was resolved before `before`, and nothing of it is still to be sent.
    fn is_over(&self, id: IncidentId, before: Timestamp) -> Decided<bool, S> {
        let Some(incident) = self.state.incident(id).kept()? else { return Ok(false) };
        if incident.resolved_at().is_none_or(|at| at >= before) {
            return Ok(false);
        }
        Ok(self.state.delivery_states(id).kept()?.into_iter().all(|state| state.is_settled()))
    }

    fn was_kept_for_long_enough(&self, receipt: ReceiptId, asked: &Forget) -> Decided<bool, S> {
        let Some(receipt) = self.state.receipt(receipt).kept()? else { return Ok(false) };
        let is_dead = receipt.status.is_dead_letter();
        Ok(receipt.at < asked.came_before && (!is_dead || receipt.at < asked.dead_letters_came_before))
    }

    /// Forgets up to `most` identities that no source counts as a replay any more.
    pub(super) fn forget_identities(&mut self, most: u64) -> Decided<(), S> {
        // By the longest window of all sources: the oldest identities may be another source's.
        let before = self.at.minus_ms(self.policy.longest_replay_window_ms());
        if self.state.has_seen_before(before).kept()? {
            self.record(Fact::IdentitiesForgotten { before, most })?;
        }
        Ok(())
    }
}
