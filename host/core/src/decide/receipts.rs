//! Requests: whether one is a replay, what its events did, what is decoded again or discarded.
//!
//! Never applies an event of a request twice, however often that is decoded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Decided, Kept, Rejection, Step};
use crate::command::{BY_BODY, Decoding, Received};
use crate::event::{Event, EventChange};
use crate::id::ReceiptId;
use crate::journal::{Fact, Receipted};
use crate::receipt::{Effect, ReceiptRecord, ReceiptStatus};
use crate::routing::SourceRule;
use crate::state::State;
use crate::time::Timestamp;

/// Identities forgotten with each request: more than come in with it, so the table does not grow for ever.
const FORGET_AT_ONCE: u64 = 8;

impl<S: State> Step<'_, S> {
    pub(super) fn receive(&mut self, receipt: ReceiptId, received: &Received) -> Decided<(), S> {
        let rule = self.policy.source(&received.source);
        self.forget_identities(FORGET_AT_ONCE)?;
        self.decoded((receipt, self.at), Vec::new(), received, &rule)?;
        self.heard(&received.source, &rule)
    }

    pub(super) fn redecode(&mut self, receipt: ReceiptId, received: &Received) -> Decided<(), S> {
        let before = self.expect_receipt(receipt)?;
        if !before.status.is_decodable() {
            return Err(Rejection::NotDecodable { id: receipt, status: before.status.as_str() }.into());
        }
        let rule = self.policy.source(&received.source);
        self.decoded((receipt, before.at), before.effects, received, &rule)
    }

    pub(super) fn continue_with(
        &mut self,
        receipt: ReceiptId,
        after: u64,
        events: &[Event],
    ) -> Decided<(), S> {
        let mut record = self.expect_receipt(receipt)?;
        match record.status {
            // A replay, all of it.
            ReceiptStatus::Duplicate(_) => {}
            ReceiptStatus::Applied | ReceiptStatus::PartlyRefused(_) | ReceiptStatus::Ignored(_)
                if record.effects.len() as u64 >= after && (after > 0 || !record.is_ignored()) =>
            {
                let rule = self.policy.source(&record.source);
                // No more than there are effects.
                let after = usize::try_from(after).unwrap_or(record.effects.len());
                let before = record.effects.clone();
                self.events(&mut record, after, events, &rule)?;
                self.keep_receipt(&before, &record)?;
            }
            _ => return Err(Rejection::NotContinued { id: receipt, after }.into()),
        }
        self.applied.receipt = Some(record);
        Ok(())
    }

    pub(super) fn discard(&mut self, receipts: &[ReceiptId], actor: &str) -> Decided<(), S> {
        for id in receipts {
            let receipt = self.expect_receipt(*id)?;
            if !receipt.status.is_dead_letter() {
                return Err(Rejection::NotDeadLetter { id: *id, status: receipt.status.as_str() }.into());
            }
        }
        self.record(Fact::ReceiptsDiscarded { receipts: receipts.to_vec(), actor: actor.to_owned() })
    }

    fn expect_receipt(&self, id: ReceiptId) -> Decided<ReceiptRecord, S> {
        Ok(self.state.receipt(id).kept()?.ok_or(Rejection::NoReceipt(id))?)
    }

    /// Keeps what came of decoding a request that came at this time and has these effects already.
    fn decoded(
        &mut self,
        (receipt, at): (ReceiptId, Timestamp),
        effects: Vec<Effect>,
        received: &Received,
        rule: &SourceRule,
    ) -> Decided<(), S> {
        let before = effects.clone();
        let mut record = ReceiptRecord {
            id: receipt,
            at,
            source: received.source.clone(),
            plugin: received.plugin.clone(),
            status: ReceiptStatus::Applied,
            effects,
            remarks: received.remarks.clone(),
            trace: self.evolution.origin().and_then(|origin| origin.given),
        };
        match &received.decoding {
            Decoding::Events(events) => match self.first_of(receipt, received, rule)? {
                Some(first) => record.status = ReceiptStatus::Duplicate(first),
                None => {
                    if received.rejected.count > 0 {
                        record.status = ReceiptStatus::PartlyRefused(received.rejected.clone());
                    }
                    self.remember(receipt, received)?;
                    self.events(&mut record, 0, events, rule)?;
                }
            },
            Decoding::Ignored(why) => record.status = ReceiptStatus::Ignored(why.as_str().into()),
            Decoding::Refused(why) => record.status = ReceiptStatus::Refused(why.clone()),
            Decoding::Failed(why) => record.status = ReceiptStatus::Failed(why.clone()),
        }
        self.keep_receipt(&before, &record)?;
        self.applied.receipt = Some(record);
        Ok(())
    }

    /// Remembers the identities of a request that is applied.
    fn remember(&mut self, receipt: ReceiptId, received: &Received) -> Decided<(), S> {
        if received.identities.is_empty() {
            return Ok(());
        }
        let (source, identities) = (received.source.clone(), received.identities.clone());
        self.record(Fact::IdentitiesSeen { source, identities, receipt })
    }

    /// Records what came of a request that had the effects `before`.
    fn keep_receipt(&mut self, before: &[Effect], record: &ReceiptRecord) -> Decided<(), S> {
        let kept = before.iter().zip(&record.effects).take_while(|(before, now)| before == now).count();
        self.record(Fact::ReceiptRecorded(Receipted {
            receipt: record.id,
            source: record.source.clone(),
            plugin: record.plugin.clone(),
            status: record.status.clone(),
            kept: kept as u64,
            effects: record.effects[kept..].to_vec(),
            remarks: record.remarks.clone(),
        }))
    }

    /// Applies the events that follow the first `after` of a request. Its effects beyond those are of an earlier
    /// decoding: an event that has one of them is not applied again, unless it did nothing then and an event before
    /// it was applied to its key now.
    fn events(
        &mut self,
        record: &mut ReceiptRecord,
        after: usize,
        events: &[Event],
        rule: &SourceRule,
    ) -> Decided<(), S> {
        let mut earlier = Earlier::new(record.effects.split_off(after));
        let mut touched = BTreeSet::new();
        for event in events {
            let before = earlier.take(event);
            let effect = match before
                .filter(|effect| effect.transition.does_something() || !touched.contains(&event.key))
            {
                Some(effect) => effect,
                None => {
                    touched.insert(&event.key);
                    self.event(&record.source, event, rule)?
                }
            };
            record.effects.push(effect);
        }
        record.effects.extend(earlier.rest());
        record.ignore_echoes();
        Ok(())
    }

    /// The receipt of the same delivery, if another one of it was applied within the window.
    fn first_of(
        &self,
        receipt: ReceiptId,
        received: &Received,
        rule: &SourceRule,
    ) -> Decided<Option<ReceiptId>, S> {
        for identity in &received.identities {
            if let Some((at, first)) = self.state.seen(&received.source, identity).kept()?
                && first != receipt
                && self.at.ms_since(at) < rule.replay_window_ms
                && !(identity.starts_with(BY_BODY) && self.has_moved_on(first, at)?)
            {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }

    /// Whether an incident that the request `first` was about has changed since that was applied at `at`, or there
    /// was none: then the same words mean something again.
    fn has_moved_on(&self, first: ReceiptId, at: Timestamp) -> Decided<bool, S> {
        let Some(receipt) = self.state.receipt(first).kept()? else { return Ok(false) };
        for effect in &receipt.effects {
            let Some((id, _)) = effect.incident else { return Ok(true) };
            // One that is forgotten was resolved long ago.
            if self.state.incident(id).kept()?.is_none_or(|incident| incident.updated_at > at) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The effects of a request's earlier decoding, found by what their events said. Events that say the same have as
/// many effects as there were of them.
struct Earlier {
    effects: Vec<Option<Effect>>,
    places: BTreeMap<(EventChange, String), VecDeque<usize>>,
}

impl Earlier {
    fn new(effects: Vec<Effect>) -> Self {
        let mut places: BTreeMap<_, VecDeque<usize>> = BTreeMap::new();
        for (place, effect) in effects.iter().enumerate() {
            places.entry((effect.change, effect.key.clone())).or_default().push_back(place);
        }
        Self { effects: effects.into_iter().map(Some).collect(), places }
    }

    /// Takes the first effect of such an event.
    fn take(&mut self, event: &Event) -> Option<Effect> {
        if self.places.is_empty() {
            return None;
        }
        let place = self.places.get_mut(&(event.change, event.key.clone()))?.pop_front()?;
        self.effects.get_mut(place)?.take()
    }

    /// The effects that no event took, in order.
    fn rest(self) -> impl Iterator<Item = Effect> {
        self.effects.into_iter().flatten()
    }
}
