//! How long requests wait while the store forgets: the time from `submit` to the answer, without and with steps of
//! forgetting in between, as the relay gives them.
//!
//! Prints both. The numbers depend on the disk's sync more than on anything here.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tocsin_core::command::{Command, Decoding, Issued, Outcome, Received, RejectedElements, Verdict};
use tocsin_core::decide::Applied;
use tocsin_core::delivery::ChangeKind;
use tocsin_core::event::{Event, EventChange, Severity};
use tocsin_core::id::{DeliveryId, Id};
use tocsin_core::plugin::SourceRequest;
use tocsin_core::routing::{ActionRule, ActionStatus, Router, Routing, SourceRule};
use tocsin_core::time::Timestamp;
use tocsin_store::{Keep, Options, Past, Reached, Store, Write};

/// When the first entry was made. Microseconds.
const START_US: i64 = 1_763_650_000_000_000;
/// Incidents that are past their time at first.
const INCIDENTS: u64 = 12_000;
const DAY_MS: u64 = 86_400_000;
/// Requests at the same time.
const SENDERS: usize = 16;
/// For how long it is measured, each time.
const MEASURED: Duration = Duration::from_secs(8);
/// What the relay does: so much at once, and such pauses.
const AT_ONCE: usize = 50;
const PAUSE: Duration = Duration::from_millis(20);

fn policy() -> Arc<Router> {
    let action = |name: &str| ActionRule {
        name: name.into(),
        status: ActionStatus::Enabled,
        connection: format!("{name}-connection").into(),
        test_connection: None,
        on: vec![ChangeKind::Opened],
        enters: Vec::new(),
        leaves: Vec::new(),
        delay_ms: None,
        repeat_ms: None,
        filter: None,
        is_fallback: false,
    };
    let sources = BTreeMap::from([("hook".into(), SourceRule::default())]);
    Arc::new(Router::new(Routing { sources, actions: vec![action("chat"), action("ticket")] }).unwrap())
}

/// Gives commands; time is counted up by the caller.
struct Relay {
    store: Store,
    policy: Arc<Router>,
    now_us: AtomicU64,
    made: AtomicU64,
}

impl Relay {
    fn issued(&self, command: Command) -> Issued {
        let now = self.now_us.fetch_add(50, Ordering::Relaxed);
        let at = Timestamp::from_micros(i64::try_from(now).unwrap());
        let made = u128::from(self.made.fetch_add(1, Ordering::Relaxed));
        Issued { at, seed: Id::new(at, made << 32), command }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(i64::try_from(self.now_us.load(Ordering::Relaxed)).unwrap())
    }

    fn submit(&self, write: Write) -> mpsc::Receiver<Applied> {
        let (done, answer) = mpsc::channel();
        self.store.submit(write, move |result| drop(done.send(result.unwrap()))).unwrap();
        answer
    }

    fn give(&self, command: Command) -> mpsc::Receiver<Applied> {
        self.submit(Write::of(Arc::clone(&self.policy), self.issued(command)))
    }

    fn request(&self, change: EventChange, n: u64) -> Write {
        let event = Event {
            change,
            key: format!("OPS-{n}"),
            aliases: Vec::new(),
            title: format!("Replication lag on db-{n} is above the threshold"),
            message: format!("Lag is {n} seconds. ").repeat(15),
            severity: Some(Severity::High),
            labels: (0..10).map(|i| (format!("label-{i}"), format!("value-{i}-of-incident-{n}"))).collect(),
            links: Vec::new(),
            actor: None,
            occurred_at: None,
        };
        let issued = self.issued(Command::Tick);
        let identity = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let received = Received {
            source: "hook".into(),
            plugin: "webhook 0.1.0 9f86d081884c7d65".to_owned(),
            identities: vec![format!("{identity:x}-{}", change.as_str())],
            decoding: Decoding::Events(vec![event]),
            rejected: RejectedElements::default(),
            remarks: Vec::new(),
            trace: None,
        };
        let request = SourceRequest {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: (0..=255).cycle().take(3500).collect(),
            received_at: issued.at,
        };
        let issued = Issued { command: Command::Receive(received), ..issued };
        Write { policy: Arc::clone(&self.policy), issued, more: Vec::new(), request: Some(request) }
    }

    /// Incidents that are told of and resolved.
    fn fill(&self) {
        for first in (0..INCIDENTS).step_by(500) {
            for change in [EventChange::Trigger, EventChange::Resolve] {
                let answers: Vec<_> =
                    (first..first + 500).map(|n| self.submit(self.request(change, n))).collect();
                answers.into_iter().for_each(|answer| drop(answer.recv().unwrap()));
                for connection in ["chat-connection", "ticket-connection"] {
                    let due = self.store.due(connection, None, self.now(), 1000).unwrap();
                    let deliveries = due.iter().map(|delivery| delivery.id).collect();
                    let claim = Command::Claim { deliveries, records: Vec::new() };
                    let settle = |delivery: DeliveryId| {
                        let verdict = Verdict::Delivered(Outcome::default());
                        self.give(Command::Settle { delivery, took_us: 1, status: Some(200), verdict })
                    };
                    let begun = self.give(claim).recv().unwrap().claimed;
                    let answers: Vec<_> = begun.into_iter().map(|delivery| settle(delivery.id)).collect();
                    answers.into_iter().for_each(|answer| drop(answer.recv().unwrap()));
                }
            }
        }
    }

    /// The times that requests take, in order, while senders send one after another.
    fn load(&self, first: u64) -> Vec<Duration> {
        let next = AtomicU64::new(first);
        let end = Instant::now() + MEASURED;
        let send = || {
            let mut times = Vec::new();
            while Instant::now() < end {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let change = if n.is_multiple_of(2) { EventChange::Trigger } else { EventChange::Resolve };
                let write = self.request(change, n / 2 + 1_000_000);
                let began = Instant::now();
                self.submit(write).recv().unwrap();
                times.push(began.elapsed());
            }
            times
        };
        let mut times: Vec<Duration> = thread::scope(|scope| {
            let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
            senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
        });
        times.sort_unstable();
        times
    }

    /// Forgets as the relay does until `stop`; what was forgotten, in how many steps.
    fn forget(&self, stop: &AtomicBool) -> (usize, usize, usize) {
        let (mut reached, mut incidents, mut receipts, mut steps) = (Reached::default(), 0, 0, 0);
        while !stop.load(Ordering::Relaxed) {
            let before = self.now().minus_ms(90 * DAY_MS);
            let past = Past {
                resolved_before: before,
                came_before: before,
                dead_letters_came_before: before,
                now: self.now(),
                most: AT_ONCE,
            };
            if let Some(forget) = self.store.past(&past, &mut reached).unwrap() {
                (incidents, receipts) =
                    (incidents + forget.incidents.len(), receipts + forget.receipts.len());
                steps += 1;
                self.give(Command::Forget(forget)).recv().unwrap();
            }
            thread::sleep(PAUSE);
        }
        (incidents, receipts, steps)
    }
}

fn say(what: &str, times: &[Duration]) -> Duration {
    let at = |part: usize| times[times.len() * part / 1000];
    let (half, most, almost) = (at(500), at(990), at(999));
    println!("{what}: {} requests, p50 {half:?}, p99 {most:?}, p99.9 {almost:?}", times.len());
    most
}

fn main() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let options = Options { keep: Keep { journal_ms: 30 * DAY_MS, ..Keep::default() }, ..Options::default() };
    let store = Store::open(&directory.path().join("forget.redb"), options).unwrap();
    let now_us = AtomicU64::new(START_US.unsigned_abs());
    let relay = Relay { store, policy: policy(), now_us, made: AtomicU64::new(1) };
    relay.give(Command::Start { version: "bench".to_owned() }).recv().unwrap();
    relay.fill();
    let mut ratios = Vec::new();
    for round in 0..3_u64 {
        // The journal is cut in both.
        relay.now_us.store(START_US.unsigned_abs() + (91 + round) * 86_400_000_000, Ordering::Relaxed);
        let without = say("without", &relay.load(round * 10_000_000));
        let stop = AtomicBool::new(false);
        let (with, forgotten) = thread::scope(|scope| {
            let forgetting = scope.spawn(|| relay.forget(&stop));
            let times = relay.load(round * 10_000_000 + 5_000_000);
            stop.store(true, Ordering::Relaxed);
            (say("with   ", &times), forgetting.join().unwrap())
        });
        let (incidents, receipts, steps) = forgotten;
        println!("forgot {incidents} incidents and {receipts} receipts in {steps} steps");
        ratios.push(with.as_secs_f64() / without.as_secs_f64());
    }
    println!("p99 with / without: {ratios:.2?}");
    relay.store.close();
}
