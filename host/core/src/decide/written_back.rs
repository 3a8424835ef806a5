//! What a peer answered: its names for the incident, labels, and the change `referenced` that tells other actions.
//!
//! Two rules end every loop: the action whose delivery brought the answer gets no delivery of it, and the answer to a
//! delivery of `referenced` is kept without another change. Such a change stands in no timeline: how the delivery ended
//! stands there.

use super::{Decided, Kept, Step};
use crate::command::Outcome;
use crate::delivery::{Change, ChangeKind, Delivery, Reference};
use crate::journal::Fact;
use crate::reason::Reason;
use crate::state::State;

/// References kept for one incident and connection.
const REFERENCES_MAX: usize = 16;
/// Bytes of the change's text.
const TEXT_BYTES_MAX: usize = 1_000;

impl<S: State> Step<'_, S> {
    /// Keeps what a peer answered: its names for the incident, and labels. What a test brings back stays with the test:
    /// no label, and its references beside those of the connection.
    pub(super) fn write_back(&mut self, delivery: &Delivery, outcome: &Outcome) -> Decided<(), S> {
        let id = delivery.incident.id;
        let mut said = Vec::new();
        if !outcome.references.is_empty() {
            let referrer = delivery.referrer();
            let mut kept = self.state.references(&referrer, id).kept()?;
            let mut references: Vec<Reference> = Vec::new();
            for new in &outcome.references {
                if merge_reference(&mut kept, new) {
                    said.push(format!("{}: {}", new.key, new.value));
                    references.push(new.clone());
                }
            }
            if !references.is_empty() {
                self.record(Fact::ReferencesSet { incident: id, referrer, references })?;
            }
        }
        if delivery.test {
            return Ok(());
        }
        let Some(before) = self.state.incident(id).kept()? else { return Ok(()) };
        let mut incident = before.clone();
        let labels = incident.merge_labels(outcome.updates.iter().map(|(key, value)| (key, value)));
        if !labels.is_empty() {
            self.change_incident(&before, &incident)?;
            said = labels.iter().map(|key| label(key, &incident.labels)).collect();
        }
        if said.is_empty() || delivery.change.kind == ChangeKind::Referenced {
            return Ok(());
        }
        let mut said = said.join(", ");
        crate::event::cut_bytes(&mut said, TEXT_BYTES_MAX);
        let text = Reason::Answered { connection: delivery.connection.clone(), said };
        let mut change = Change::of_the_relay(ChangeKind::Referenced, self.at, text);
        if !labels.is_empty() {
            change.changed = std::iter::once("labels".to_owned())
                .chain(labels.iter().map(|key| format!("labels.{key}")))
                .collect();
            change.before = before.values(&change.changed);
        }
        let router = self.policy;
        for action in router.route(&incident, None, &change) {
            if action.name != delivery.action {
                self.owe_to(action, &incident, &change)?;
            }
        }
        Ok(())
    }
}

/// A label as it is now.
fn label(key: &str, labels: &std::collections::BTreeMap<String, String>) -> String {
    format!("{key} is {}", labels.get(key).map_or("", String::as_str))
}

/// Replaces the reference of the same key, or adds it while there is room. Whether anything differs.
fn merge_reference(kept: &mut Vec<Reference>, new: &Reference) -> bool {
    match kept.iter().position(|old| old.key == new.key) {
        Some(at) if kept[at] == *new => false,
        Some(at) => {
            kept[at].clone_from(new);
            true
        }
        None if kept.len() < REFERENCES_MAX => {
            kept.push(new.clone());
            true
        }
        None => false,
    }
}
