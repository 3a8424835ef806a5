//! An incident and its ticket at a peer, from attempt to attempt.
//!
//! Never passes anything on that the host would not: what is kept is what an outcome says.

use tocsin_plugin::testing::example_context;
use tocsin_plugin::{Context, Failure, Outcome, Step};

use super::peer::Peer;
use super::*;

/// An incident, what is kept of it, and the iTop that it is followed in.
pub(super) struct World {
    pub(super) peer: Peer,
    pub(super) context: Context,
    pub(super) connection: Connection,
    pub(super) settings: Fields,
    /// How long the last attempt asked to wait.
    pub(super) asked_ms: u64,
    /// Changes so far, each with a delivery of its own.
    changes: u32,
}

impl World {
    pub(super) fn new(more: &[(&str, &str)]) -> Self {
        Self {
            peer: Peer::default(),
            context: example_context(),
            connection: connection(),
            settings: following(more),
            asked_ms: 0,
            changes: 0,
        }
    }

    /// One attempt; the answer to the request number `lost` (from 1) never comes.
    fn attempt(&mut self, lost: usize) -> Result<Step, Failure> {
        let mut step = Itop::encode(&self.context, &self.connection, &self.settings)?;
        for number in 1..=8 {
            let Step::Send(request, state) = step else {
                if let Step::Delivered(outcome) = &step {
                    self.keep(outcome);
                }
                return Ok(step);
            };
            let response = self.peer.answer(&request);
            if number == lost {
                return Err(Failure::retry("the answer was lost"));
            }
            step = Itop::resume(&self.context, &self.connection, &self.settings, &state, &response)?;
        }
        panic!("more than eight requests");
    }

    /// The next attempt of the same delivery, as long after the last one as that asked for.
    pub(super) fn again(&mut self, lost: usize) -> String {
        self.context.attempt += 1;
        self.after(self.asked_ms);
        self.outcome(lost)
    }

    /// Time passes.
    pub(super) fn after(&mut self, ms: u64) {
        let micros = i64::try_from(ms).expect("not for ever") * 1_000;
        self.context.now = Timestamp::from_micros(self.context.now.as_micros() + micros);
    }

    fn keep(&mut self, outcome: &Outcome) {
        for new in &outcome.references {
            self.context.references.retain(|reference| reference.key != new.key);
            self.context.references.push(new.clone());
        }
        for new in &outcome.updates {
            self.context.incident.labels.push(new.clone());
        }
    }

    pub(super) fn change(&mut self, kind: ChangeKind, text: &str) {
        self.context.attempt = 1;
        self.changes += 1;
        self.context.delivery_id = format!("01KDYQ3M880000000000000{:03}", self.changes);
        self.context.change.kind = kind;
        self.context.change.text = text.to_owned();
        self.context.change.actor = Some("Jane".to_owned());
        self.context.incident.state = match kind {
            ChangeKind::Resolved => State::Resolved,
            ChangeKind::Acknowledged => State::Acknowledged,
            _ => State::Open,
        };
    }

    /// What the delivery log says of a change that arrives at once.
    pub(super) fn says(&mut self, kind: ChangeKind, text: &str) -> String {
        self.change(kind, text);
        self.outcome(0)
    }

    pub(super) fn outcome(&mut self, lost: usize) -> String {
        let outcome = self.attempt(lost);
        self.asked_ms = match &outcome {
            Err(Failure::Retry { after_ms, .. }) => after_ms.unwrap_or(0),
            _ => 0,
        };
        match outcome {
            Ok(Step::Delivered(outcome)) => outcome.summary,
            Ok(Step::Skipped(why)) => format!("skipped: {why}"),
            Ok(Step::Send(..)) => unreachable!("an attempt ends with an outcome"),
            Err(Failure::Retry { reason, .. }) => format!("retry: {reason}"),
            Err(Failure::Rejected(why)) => format!("rejected: {why}"),
            Err(Failure::Misconfigured(why)) => format!("misconfigured: {why}"),
        }
    }

    pub(super) fn log(&self) -> String {
        self.peer.only()["private_log"].to_string()
    }
}
