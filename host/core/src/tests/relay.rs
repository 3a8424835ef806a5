//! A relay around [`Memory`] with a clock that tests count up, and the words that tests are written in.

use std::collections::BTreeMap;

use super::memory::Memory;
use crate::delivery::{ChangeKind, Delivery};
use crate::event::{Event, EventChange};
use crate::fold::{Applied, ApplyError, ReceiptRecord, Rejection, apply};
use crate::id::Id;
use crate::incident::Incident;
use crate::journal::{Decoding, Entry, Fact, Outcome, Received, RejectedElements, Verdict};
use crate::plugin::RejectedElement;
use crate::routing::{ActionRule, ActionStatus, Routing, SourceRule};
use crate::time::Timestamp;
use crate::transition::Command;

/// The source of every event, unless a test says otherwise.
pub(super) const SOURCE: &str = "monitoring";
pub(super) const MINUTE_MS: u64 = 60 * 1000;
pub(super) const HOUR_MS: u64 = 60 * MINUTE_MS;

pub(super) struct Relay {
    pub(super) state: Memory,
    pub(super) now: Timestamp,
    entries: u32,
}

impl Relay {
    /// A relay that was just started with these actions.
    pub(super) fn new(actions: Vec<ActionRule>) -> Self {
        let sources = BTreeMap::from([(SOURCE.to_owned(), SourceRule::default())]);
        Self::with_routing(Routing { sources, actions })
    }

    pub(super) fn with_routing(routing: Routing) -> Self {
        let now = Timestamp::from_micros(1_763_650_000_000_000);
        let mut relay = Self { state: Memory::default(), now, entries: 0 };
        relay.apply(started(Some(routing)));
        relay
    }

    pub(super) fn wait_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }

    /// Applies `fact` now. The seeds of two entries are far enough apart for all that one entry creates.
    pub(super) fn try_apply(&mut self, fact: Fact) -> Result<Applied, Rejection> {
        self.entries += 1;
        let seed = Id::new(self.now, u128::from(self.entries) << 32);
        self.try_entry(&Entry { at: self.now, seed, fact })
    }

    fn try_entry(&mut self, entry: &Entry) -> Result<Applied, Rejection> {
        apply(&mut self.state, entry).map_err(|error| match error {
            ApplyError::Rejected(rejection) => rejection,
            ApplyError::State(never) => match never {},
        })
    }

    /// Applies this very entry.
    pub(super) fn apply_entry(&mut self, entry: &Entry) -> Applied {
        self.try_entry(entry).expect("the entry fits the state")
    }

    pub(super) fn apply(&mut self, fact: Fact) -> Applied {
        self.try_apply(fact).expect("the entry fits the state")
    }

    /// What is remembered of a request of `source` with these identities.
    pub(super) fn request(&mut self, source: &str, identities: &[&str], decoding: Decoding) -> ReceiptRecord {
        let applied = self.apply(Fact::Received(received(source, identities, decoding)));
        applied.receipt.expect("a request leaves a receipt")
    }

    /// What is remembered of a request that comes with this.
    pub(super) fn receive(&mut self, received: Received) -> ReceiptRecord {
        self.apply(Fact::Received(received)).receipt.expect("a request leaves a receipt")
    }

    /// What is remembered of a request after it was decoded again.
    pub(super) fn redecode(&mut self, receipt: Id, received: Received) -> ReceiptRecord {
        self.apply(Fact::Redecoded { receipt, received }).receipt.expect("it is remembered")
    }

    /// What is remembered of a request with this one event.
    pub(super) fn event(&mut self, event: Event) -> ReceiptRecord {
        self.request(SOURCE, &[], Decoding::Events(vec![event]))
    }

    /// The incident that a new request with this one event was about.
    pub(super) fn incident_of(&mut self, event: Event) -> Incident {
        let receipt = self.event(event);
        let (id, number) = receipt.effects[0].incident.expect("the event is about an incident");
        let incident = self.state.incidents[&id].clone();
        assert_eq!(incident.number, number);
        incident
    }

    pub(super) fn command(&mut self, incident: Id, command: Command) -> Incident {
        let applied = self.apply(commanded(incident, command));
        applied.incident.expect("a command answers with its incident")
    }

    /// Begins an attempt of everything that is due, and says of what.
    pub(super) fn claim(&mut self) -> Vec<Id> {
        self.claim_for(false)
    }

    /// The same, for plugins that want a record of everything or not; what is due after what was skipped, too.
    pub(super) fn claim_for(&mut self, records: bool) -> Vec<Id> {
        let mut begun = Vec::new();
        loop {
            let deliveries = self.state.due_at(self.now);
            if deliveries.is_empty() {
                return begun;
            }
            let records = if records { deliveries.clone() } else { Vec::new() };
            let claimed = self.apply(Fact::Claimed { deliveries, records }).claimed;
            begun.extend(claimed.into_iter().map(|delivery| delivery.id));
        }
    }

    /// Begins an attempt of the one delivery that is due.
    pub(super) fn claim_one(&mut self) -> Id {
        let claimed = self.claim();
        assert_eq!(claimed.len(), 1, "one delivery is due");
        claimed[0]
    }

    pub(super) fn settle(&mut self, delivery: Id, verdict: Verdict) -> Delivery {
        self.apply(settled(delivery, verdict));
        self.state.deliveries[&delivery].clone()
    }
}

pub(super) fn started(routing: Option<Routing>) -> Fact {
    Fact::Started { version: "0.1.0".to_owned(), routing }
}

pub(super) fn received(source: &str, identities: &[&str], decoding: Decoding) -> Received {
    let identities = identities.iter().map(|identity| (*identity).to_owned()).collect();
    Received {
        source: source.to_owned(),
        plugin: "test 1 digest".to_owned(),
        identities,
        decoding,
        rejected: RejectedElements::default(),
        remarks: Vec::new(),
    }
}

/// A request of [`SOURCE`] with these events, of which the elements at these places could not be read.
pub(super) fn partly(identities: &[&str], events: Vec<Event>, places: &[&str]) -> Received {
    let element =
        |place: &&str| RejectedElement { place: (*place).to_owned(), reason: "it has no key".to_owned() };
    let rejected = places.iter().map(element).collect::<Vec<_>>().into();
    Received { rejected, ..received(SOURCE, identities, Decoding::Events(events)) }
}

pub(super) fn commanded(incident: Id, command: Command) -> Fact {
    Fact::Commanded { incident, command, actor: "Ada".to_owned(), text: String::new() }
}

pub(super) fn settled(delivery: Id, verdict: Verdict) -> Fact {
    Fact::Settled { delivery, took_us: 1500, status: Some(200), verdict }
}

pub(super) fn claimed(deliveries: Vec<Id>) -> Fact {
    Fact::Claimed { deliveries, records: Vec::new() }
}

pub(super) fn retried(delivery: Id) -> Fact {
    Fact::Retried { delivery, actor: "Ada".to_owned() }
}

/// A verdict: it is there, and the peer said nothing more.
pub(super) fn delivered() -> Verdict {
    Verdict::Delivered(Outcome { summary: "ok".to_owned(), ..Outcome::default() })
}

/// An action that is told of everything, over this connection.
pub(super) fn action(name: &str, connection: &str) -> ActionRule {
    ActionRule {
        name: name.to_owned(),
        status: ActionStatus::Enabled,
        connection: connection.to_owned(),
        test_connection: None,
        on: ChangeKind::ALL.to_vec(),
        enters: Vec::new(),
        leaves: Vec::new(),
        delay_ms: None,
        repeat_ms: None,
        filter: None,
        is_fallback: false,
    }
}

/// An event of `key` with the title `disk is full` when it is a trigger.
pub(super) fn event(change: EventChange, key: &str) -> Event {
    let title = if change == EventChange::Trigger { "disk is full" } else { "" };
    Event {
        change,
        key: key.to_owned(),
        aliases: Vec::new(),
        title: title.to_owned(),
        message: String::new(),
        severity: None,
        labels: BTreeMap::new(),
        links: Vec::new(),
        actor: None,
        occurred_at: None,
    }
}

pub(super) fn trigger(key: &str) -> Event {
    event(EventChange::Trigger, key)
}

pub(super) fn resolve(key: &str) -> Event {
    event(EventChange::Resolve, key)
}

/// `event`, with this time by its sender's clock.
pub(super) fn occurred(event: Event, second: i64) -> Event {
    Event { occurred_at: Some(Timestamp::from_micros(second * 1_000_000)), ..event }
}

/// `event`, with these other keys.
pub(super) fn alias(event: Event, aliases: &[&str]) -> Event {
    Event { aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(), ..event }
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
