//! Receipts: what is remembered of requests.

use super::Evolution;
use crate::id::ReceiptId;
use crate::journal::Receipted;
use crate::receipt::{ReceiptRecord, ReceiptStatus};
use crate::state::State;

impl Evolution {
    pub(super) fn receipted<S: State>(&self, state: &mut S, new: &Receipted) -> Result<(), S::Error> {
        let before = state.receipt(new.receipt)?;
        let (at, mut effects) = before.map_or((self.at, Vec::new()), |before| (before.at, before.effects));
        let trace = self.origin().and_then(|origin| origin.given);
        effects.truncate(usize::try_from(new.kept).unwrap_or(usize::MAX));
        effects.extend(new.effects.iter().cloned());
        state.put_receipt(&ReceiptRecord {
            id: new.receipt,
            at,
            source: new.source.clone(),
            plugin: new.plugin.clone(),
            status: new.status.clone(),
            effects,
            remarks: new.remarks.clone(),
            trace,
        })
    }
}

pub(super) fn discarded<S: State>(
    state: &mut S,
    receipts: &[ReceiptId],
    actor: &str,
) -> Result<(), S::Error> {
    for id in receipts {
        if let Some(receipt) = state.receipt(*id)? {
            let status = ReceiptStatus::Discarded(actor.to_owned());
            state.put_receipt(&ReceiptRecord { status, ..receipt })?;
        }
    }
    Ok(())
}
