//! Commands to give, made one after another with a clock and ids of their own, and ways to write them and wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use tocsin_core::command::{Command, Decoding, Issued, Outcome, Received, RejectedElements, Verdict};
use tocsin_core::decide::Applied;
use tocsin_core::delivery::{ChangeKind, Reference};
use tocsin_core::event::{Event, EventChange, Link, Severity};
use tocsin_core::id::{DeliveryId, Id};
use tocsin_core::plugin::{Pair, RejectedElement, SourceRequest};
use tocsin_core::routing::{ActionRule, ActionStatus, Router, Routing, SourceRule};
use tocsin_core::time::Timestamp;
use tocsin_core::trace::Trace;

use crate::{Options, Store, Write, WriteError};

/// When scripts begin.
pub(super) const START: Timestamp = Timestamp::from_micros(1_763_650_000_000_000);

/// Gives commands, each a second after the one before.
pub(super) struct Script {
    pub(super) now: Timestamp,
    made: u128,
    /// The configuration in force.
    pub(super) policy: Arc<Router>,
}

impl Script {
    /// With [`routing`] in force.
    pub(super) fn new() -> Self {
        Self { now: START, made: 0, policy: policy(routing()) }
    }

    /// One that begins a day later than others.
    pub(super) fn later() -> Self {
        Self { now: START.plus_ms(24 * 60 * 60 * 1000), ..Self::new() }
    }

    pub(super) fn issued(&mut self, command: Command) -> Issued {
        self.now = self.now.plus_ms(1000);
        self.made += 1;
        Issued { at: self.now, seed: Id::new(self.now, self.made << 32), command }
    }

    pub(super) fn command(&mut self, command: Command) -> Write {
        let issued = self.issued(command);
        Write::of(Arc::clone(&self.policy), issued)
    }

    /// A start, with this configuration from then on.
    pub(super) fn started(&mut self, routing: Option<Routing>) -> Write {
        if let Some(routing) = routing {
            self.policy = policy(routing);
        }
        self.command(Command::Start { version: "test".to_owned() })
    }

    pub(super) fn received(&mut self, decoding: Decoding) -> Write {
        let identities = vec![format!("delivery-{}", self.made)];
        self.write(Received { identities, ..received("grafana", decoding) })
    }

    /// A request that comes with this, in as many commands as it needs.
    pub(super) fn write(&mut self, received: Received) -> Write {
        let issued = self.issued(Command::Tick);
        let (first, more) = received.split(issued.seed);
        let issued = Issued { command: Command::Receive(first), ..issued };
        let (policy, request) = (Arc::clone(&self.policy), Some(request(issued.at)));
        Write { policy, request, more: issued.followed_by(more), issued }
    }

    pub(super) fn trigger(&mut self, key: &str, title: &str) -> Write {
        self.received(Decoding::Events(vec![event(EventChange::Trigger, key, title)]))
    }

    pub(super) fn settled(&mut self, delivery: DeliveryId, verdict: Verdict) -> Write {
        self.command(Command::Settle { delivery, took_us: 120_000, status: Some(200), verdict })
    }
}

/// The policy of `routing`.
pub(super) fn policy(routing: Routing) -> Arc<Router> {
    Arc::new(Router::new(routing).unwrap())
}

/// Attempts of these begin; no plugin of them wants records.
pub(super) fn claimed(deliveries: Vec<DeliveryId>) -> Command {
    Command::Claim { deliveries, records: Vec::new() }
}

pub(super) fn plugin() -> String {
    "grafana 0.1.0 9f86d081".to_owned()
}

/// What came of decoding a request of this source.
pub(super) fn received(source: &str, decoding: Decoding) -> Received {
    Received {
        source: source.into(),
        plugin: plugin(),
        identities: Vec::new(),
        decoding,
        rejected: RejectedElements::default(),
        remarks: Vec::new(),
        trace: None,
    }
}

/// Elements that could not be read.
pub(super) fn rejected(count: usize) -> RejectedElements {
    let element = |n| RejectedElement { place: format!("alerts[{n}]"), reason: "it has no key".to_owned() };
    (0..count).map(element).collect::<Vec<_>>().into()
}

pub(super) fn event(change: EventChange, key: &str, title: &str) -> Event {
    Event {
        change,
        key: key.to_owned(),
        aliases: Vec::new(),
        title: title.to_owned(),
        message: format!("{title}, which \"somebody\" should look at:\n{}", "detail ".repeat(40)),
        severity: Some(Severity::High),
        labels: BTreeMap::from([("team".to_owned(), "database".to_owned())]),
        links: vec![Link { title: "Runbook".to_owned(), url: "https://example.org/runbook".to_owned() }],
        actor: None,
        occurred_at: None,
    }
}

pub(super) fn request(at: Timestamp) -> SourceRequest {
    SourceRequest {
        method: "POST".to_owned(),
        path: String::new(),
        query: vec![Pair::new("env", "test")],
        headers: vec![Pair::new("content-type", "application/json")],
        body: (0..=255).cycle().take(3500).collect(),
        received_at: at,
    }
}

/// Two actions over two connections: each change is owed twice.
pub(super) fn routing() -> Routing {
    let action = |name: &str, connection: &str| ActionRule {
        name: name.into(),
        status: ActionStatus::Enabled,
        connection: connection.into(),
        test_connection: None,
        on: vec![ChangeKind::Opened, ChangeKind::Updated, ChangeKind::Resolved],
        enters: Vec::new(),
        leaves: Vec::new(),
        delay_ms: None,
        repeat_ms: None,
        filter: None,
        is_fallback: false,
    };
    // With a heartbeat, so that each request sets a timer.
    let rule = SourceRule { heartbeat_ms: Some(3_600_000), ..SourceRule::default() };
    Routing {
        sources: BTreeMap::from([("grafana".into(), rule)]),
        actions: vec![action("page", "pager"), action("post", "chat")],
    }
}

pub(super) fn outcome() -> Outcome {
    let url = Some("https://chat.example.org/1".to_owned());
    Outcome {
        summary: "posted".to_owned(),
        references: vec![Reference { key: "message".to_owned(), value: "1".to_owned(), url }],
        updates: vec![("ticket".to_owned(), "OPS-1".to_owned())],
    }
}

/// What comes back for one entry.
pub(super) type Answer = Receiver<Result<Applied, WriteError>>;

/// Submits, without waiting.
pub(super) fn submit(store: &Store, write: Write) -> Answer {
    let (done, answer) = mpsc::channel();
    store.submit(write, move |result| drop(done.send(result))).unwrap();
    answer
}

/// Submits and waits until it is answered.
pub(super) fn write(store: &Store, one: Write) -> Result<Applied, WriteError> {
    submit(store, one).recv().unwrap()
}

/// Has the writer wait, so that what is submitted meanwhile is gathered into one batch.
pub(super) struct Gate {
    _held: mpsc::Sender<()>,
    /// What came of the entry in whose answer the writer waits.
    pub(super) result: Result<Applied, WriteError>,
}

impl Gate {
    /// The writer waits from here on, in the answer to `write`.
    pub(super) fn close(store: &Store, write: Write) -> Self {
        let (held, opened) = mpsc::channel::<()>();
        let (done, answer) = mpsc::channel();
        let wait = move |result| {
            done.send(result).unwrap();
            // Until the other end is dropped.
            let _ = opened.recv();
        };
        store.submit(write, wait).unwrap();
        let result = answer.recv().unwrap();
        Self { _held: held, result }
    }
}

pub(super) fn options() -> Options {
    // Most tests write one thing after another: nothing comes that an outcome could wait for.
    let outcomes_wait_ms = 0;
    Options { cache_bytes: 8 * 1024 * 1024, log_bytes: 16 * 1024, outcomes_wait_ms, ..Options::default() }
}

/// A store in memory with [`routing`] in force, and the script that it began with.
pub(super) fn started(options: Options) -> (Store, Script) {
    let store = Store::open_backend(redb::backends::InMemoryBackend::new(), options).unwrap();
    let mut script = Script::new();
    write(&store, script.started(Some(routing()))).unwrap();
    (store, script)
}

/// Verifies in both ways, as far as the journal goes back, and says what differs.
pub(super) fn assert_clean(store: &Store) -> u64 {
    let read = store.verify(2, &mut |_, _| {}).unwrap();
    assert!(read.is_clean(), "{:#?}", read.differences);
    if store.journal_cut().unwrap().is_some() {
        return read.entries;
    }
    let replayed = store.replay(None, &mut |_, _| {}).unwrap();
    assert!(replayed.is_clean(), "{:#?}", replayed.differences);
    assert_eq!((replayed.entries, replayed.digest), (read.entries, read.digest));
    replayed.entries
}

/// A trace that a sender gave.
pub(super) fn trace() -> Option<Trace> {
    Trace::of_header("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
}
