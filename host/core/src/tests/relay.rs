//! A relay around [`Memory`] with a clock that tests count up, and the words that tests are written in.

use std::collections::BTreeMap;

use super::memory::Memory;
use crate::command::{Command, Decoding, Issued, Outcome, Received, RejectedElements, Verdict};
use crate::decide::{Applied, DecideError, Rejection, decide};
use crate::delivery::{ChangeKind, Delivery};
use crate::event::{Event, EventChange};
use crate::evolve::evolve;
use crate::id::{DeliveryId, Id, IncidentId, ReceiptId};
use crate::incident::Incident;
use crate::journal::Entry;
use crate::plugin::RejectedElement;
use crate::receipt::ReceiptRecord;
use crate::routing::{ActionRule, ActionStatus, Router, Routing, SourceRule};
use crate::time::Timestamp;
use crate::transition::IncidentCommand;

/// The source of every event, unless a test says otherwise.
pub(super) const SOURCE: &str = "monitoring";
pub(super) const MINUTE_MS: u64 = 60 * 1000;
pub(super) const HOUR_MS: u64 = 60 * MINUTE_MS;

pub(super) struct Relay {
    pub(super) state: Memory,
    pub(super) now: Timestamp,
    pub(super) policy: Router,
    entries: u32,
    /// What follows from the entries alone, as they are read back from their bytes.
    evolved: Memory,
}

impl Relay {
    /// A relay that was just started with these actions.
    pub(super) fn new(actions: Vec<ActionRule>) -> Self {
        let sources = BTreeMap::from([(SOURCE.into(), SourceRule::default())]);
        Self::with_routing(Routing { sources, actions })
    }

    pub(super) fn with_routing(routing: Routing) -> Self {
        let now = Timestamp::from_micros(1_763_650_000_000_000);
        let policy = policy(routing);
        let (state, evolved) = (Memory::default(), Memory::default());
        let mut relay = Self { state, now, policy, entries: 0, evolved };
        relay.restart(None);
        relay
    }

    /// Starts again, with another configuration or the same.
    pub(super) fn restart(&mut self, routing: Option<Routing>) -> Applied {
        if let Some(routing) = routing {
            self.policy = policy(routing);
        }
        self.apply(start())
    }

    /// Puts another configuration in force, in which these sources and connections are other than before.
    pub(super) fn reload(&mut self, routing: Routing, sources: &[&str], connections: &[&str]) -> Applied {
        self.policy = policy(routing);
        self.apply(Command::Configure {
            by: "operator".to_owned(),
            digest: "0".to_owned(),
            changes: Vec::new(),
            sources: sources.iter().map(|name| (*name).into()).collect(),
            connections: connections.iter().map(|name| (*name).into()).collect(),
        })
    }

    /// What the configuration in force says.
    pub(super) fn routing(&self) -> &Routing {
        self.policy.routing()
    }

    /// The action of this name.
    pub(super) fn rule(&self, name: &str) -> ActionRule {
        self.policy.action(name).cloned().expect("it is configured")
    }

    pub(super) fn wait_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }

    /// Gives `command` now. The seeds of two commands are far enough apart for all that one creates.
    pub(super) fn try_apply(&mut self, command: Command) -> Result<Applied, Rejection> {
        self.entries += 1;
        let seed = Id::new(self.now, u128::from(self.entries) << 32);
        self.try_issued(&Issued { at: self.now, seed, command })
    }

    fn try_issued(&mut self, issued: &Issued) -> Result<Applied, Rejection> {
        let decided = decide(&mut self.state, &self.policy, issued);
        let (entry, applied) = decided.map_err(|error| match error {
            DecideError::Rejected(rejection) => rejection,
            DecideError::State(never) => match never {},
        })?;
        self.follow(&entry);
        Ok(applied)
    }

    /// What was recorded brings the same state about by itself, also when it is read back.
    fn follow(&mut self, entry: &Entry) {
        if entry.is_void() {
            return;
        }
        let bytes = minicbor::to_vec(entry).expect("it can be written");
        let read: Entry = minicbor::decode(&bytes).expect("it can be read");
        assert_eq!(&read, entry);
        let Ok(()) = evolve(&mut self.evolved, &read);
        for state in [&mut self.state, &mut self.evolved] {
            state.position.entry += 1;
            state.position.policy = entry.policy;
        }
        // Comparing costs more than everything else; a long play compares in the end.
        if self.entries < 20 {
            self.check();
        }
    }

    /// What was decided and what follows from what was recorded are the same.
    pub(super) fn check(&self) {
        assert_eq!(self.evolved, self.state, "what follows from the entries");
    }

    /// Gives this very command.
    pub(super) fn issue(&mut self, issued: &Issued) -> Applied {
        self.try_issued(issued).expect("the command fits the state")
    }

    pub(super) fn apply(&mut self, command: Command) -> Applied {
        self.try_apply(command).expect("the command fits the state")
    }

    /// What is remembered of a request of `source` with these identities.
    pub(super) fn request(&mut self, source: &str, identities: &[&str], decoding: Decoding) -> ReceiptRecord {
        let applied = self.apply(Command::Receive(received(source, identities, decoding)));
        applied.receipt.expect("a request leaves a receipt")
    }

    /// What is remembered of a request that comes with this.
    pub(super) fn receive(&mut self, received: Received) -> ReceiptRecord {
        self.apply(Command::Receive(received)).receipt.expect("a request leaves a receipt")
    }

    /// What is remembered of a request after it was decoded again.
    pub(super) fn redecode(&mut self, receipt: ReceiptId, received: Received) -> ReceiptRecord {
        self.apply(Command::Redecode { receipt, received }).receipt.expect("it is remembered")
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

    pub(super) fn command(&mut self, incident: IncidentId, command: IncidentCommand) -> Incident {
        let applied = self.apply(commanded(incident, command));
        applied.incident.expect("a command answers with its incident")
    }

    /// Begins an attempt of everything that is due, and says of what.
    pub(super) fn claim(&mut self) -> Vec<DeliveryId> {
        self.claim_for(false)
    }

    /// The same, for plugins that want a record of everything or not; what is due after what was skipped, too.
    pub(super) fn claim_for(&mut self, records: bool) -> Vec<DeliveryId> {
        let mut begun = Vec::new();
        loop {
            let deliveries = self.state.due_at(self.now);
            if deliveries.is_empty() {
                return begun;
            }
            let records = if records { deliveries.clone() } else { Vec::new() };
            let claimed = self.apply(Command::Claim { deliveries, records }).claimed;
            begun.extend(claimed.into_iter().map(|delivery| delivery.id));
        }
    }

    /// Begins an attempt of the one delivery that is due.
    pub(super) fn claim_one(&mut self) -> DeliveryId {
        let claimed = self.claim();
        assert_eq!(claimed.len(), 1, "one delivery is due");
        claimed[0]
    }

    pub(super) fn settle(&mut self, delivery: DeliveryId, verdict: Verdict) -> Delivery {
        self.apply(settled(delivery, verdict));
        self.state.deliveries[&delivery].clone()
    }
}

fn policy(routing: Routing) -> Router {
    Router::new(routing).expect("its filters compile")
}

pub(super) fn start() -> Command {
    Command::Start { version: "0.1.0".to_owned() }
}

pub(super) fn received(source: &str, identities: &[&str], decoding: Decoding) -> Received {
    let identities = identities.iter().map(|identity| (*identity).to_owned()).collect();
    Received {
        source: source.into(),
        plugin: "test 1 digest".to_owned(),
        identities,
        decoding,
        rejected: RejectedElements::default(),
        remarks: Vec::new(),
        trace: None,
    }
}

/// A request of [`SOURCE`] with these events, of which the elements at these places could not be read.
pub(super) fn partly(identities: &[&str], events: Vec<Event>, places: &[&str]) -> Received {
    let element =
        |place: &&str| RejectedElement { place: (*place).to_owned(), reason: "it has no key".to_owned() };
    let rejected = places.iter().map(element).collect::<Vec<_>>().into();
    Received { rejected, ..received(SOURCE, identities, Decoding::Events(events)) }
}

pub(super) fn commanded(incident: IncidentId, command: IncidentCommand) -> Command {
    Command::Operate { incident, command, actor: "Ada".to_owned(), text: String::new() }
}

pub(super) fn settled(delivery: DeliveryId, verdict: Verdict) -> Command {
    Command::Settle { delivery, took_us: 1500, status: Some(200), verdict }
}

pub(super) fn claimed(deliveries: Vec<DeliveryId>) -> Command {
    Command::Claim { deliveries, records: Vec::new() }
}

pub(super) fn retried(delivery: DeliveryId) -> Command {
    Command::Retry { delivery, actor: "Ada".to_owned() }
}

/// A verdict: it is there, and the peer said nothing more.
pub(super) fn delivered() -> Verdict {
    Verdict::Delivered(Outcome { summary: "ok".to_owned(), ..Outcome::default() })
}

/// An action that is told of everything, over this connection.
pub(super) fn action(name: &str, connection: &str) -> ActionRule {
    ActionRule {
        name: name.into(),
        status: ActionStatus::Enabled,
        connection: connection.into(),
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
