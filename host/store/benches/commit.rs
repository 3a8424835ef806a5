//! How many requests a second are accepted for good: sustained, through the queue, into a real file, each batch
//! synced. Measures the store alone; the numbers depend on the disk's sync more than on anything here.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tocsin_core::command::{Command, Decoding, Issued, Received, RejectedElements};
use tocsin_core::delivery::ChangeKind;
use tocsin_core::event::{Event, EventChange, Link, Severity};
use tocsin_core::id::Id;
use tocsin_core::plugin::{Pair, SourceRequest};
use tocsin_core::routing::{ActionRule, ActionStatus, Router, Routing, SourceRule};
use tocsin_core::time::Timestamp;
use tocsin_store::{Options, Store, Write};

/// When the first entry was made.
const START_US: i64 = 1_763_650_000_000_000;
/// Bytes of a raw request's body: a Jira webhook.
const BODY_BYTES: usize = 3500;
/// Alerts of one request of a large cluster.
const GROUP: u64 = 1200;
/// Entries between an incident's opening and its update.
const LATER: u64 = 101;

fn routing() -> Routing {
    let action = |name: &str, filter: Option<&str>| ActionRule {
        name: name.into(),
        status: ActionStatus::Enabled,
        connection: format!("{name}-connection").into(),
        test_connection: None,
        on: vec![ChangeKind::Opened, ChangeKind::Updated, ChangeKind::Resolved],
        enters: Vec::new(),
        leaves: Vec::new(),
        delay_ms: None,
        repeat_ms: None,
        filter: filter.map(str::to_owned),
        is_fallback: false,
    };
    Routing {
        sources: BTreeMap::from([("jira".into(), SourceRule::default())]),
        actions: vec![
            action("chat", None),
            action("ticket", Some(r#"severity in ["critical", "high"] and labels.team == "database""#)),
        ],
    }
}

fn event(n: u64) -> Event {
    // Every second request updates the incident that one before it opened.
    let key = if n.is_multiple_of(2) { n } else { n.saturating_sub(LATER) };
    let labels = (0..10).map(|i| (format!("label-{i}"), format!("value-{i}-of-incident-{key}")));
    let mut labels: BTreeMap<String, String> = labels.collect();
    labels.insert("team".to_owned(), "database".to_owned());
    Event {
        change: EventChange::Trigger,
        key: format!("OPS-{key}"),
        aliases: vec![format!("https://jira.example.org/browse/OPS-{key}")],
        title: format!("Replication lag on db-{key} is above the threshold"),
        message: format!("Lag is {n} seconds. ").repeat(30),
        severity: Some(Severity::High),
        labels,
        links: vec![Link {
            title: "Issue".to_owned(),
            url: format!("https://jira.example.org/browse/OPS-{key}"),
        }],
        actor: Some("Replication Monitor".to_owned()),
        occurred_at: Some(Timestamp::from_micros(START_US + i64::try_from(n).unwrap() * 200)),
    }
}

fn write(policy: &Arc<Router>, n: u64) -> Write {
    let at = Timestamp::from_micros(START_US + i64::try_from(n).unwrap() * 200);
    // Spread like random numbers, so that ids, identities and keys do not arrive in order.
    let random = u128::from(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 8;
    let header = |i: u64| Pair::new(format!("x-header-{i}"), format!("value {i} of request {n}"));
    Write {
        policy: Arc::clone(policy),
        issued: Issued {
            at,
            seed: Id::new(at, random),
            command: Command::Receive(Received {
                source: "jira".into(),
                plugin: "jira 0.1.0 9f86d081884c7d65".to_owned(),
                identities: vec![format!("{random:x}"), format!("sha256:{random:064x}")],
                decoding: Decoding::Events(vec![event(n)]),
                rejected: RejectedElements::default(),
                remarks: Vec::new(),
                trace: None,
            }),
        },
        more: Vec::new(),
        request: Some(SourceRequest {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: (0..12).map(header).collect(),
            body: vec![b'x'; BODY_BYTES],
            received_at: at,
        }),
    }
}

/// One request with as many alerts as a large cluster sends at once, each of them a new incident.
fn group(policy: &Arc<Router>, n: u64) -> Write {
    let write = write(policy, n);
    let alerts = (0..GROUP).map(|alert| event(2 * (n * GROUP + alert))).collect();
    let Command::Receive(received) = &write.issued.command else { return write };
    let received = Received { decoding: Decoding::Events(alerts), ..received.clone() };
    let (received, more) = received.split(write.issued.seed);
    let issued = Issued { command: Command::Receive(received), ..write.issued };
    Write { more: issued.followed_by(more), issued, ..write }
}

/// A store in a new file, and the policy of its decisions.
fn open(directory: &Path, batch: usize) -> (Store, Arc<Router>) {
    let path = directory.join(format!("batch-{batch}.redb"));
    let store = Store::open(&path, Options { batch, ..Options::default() }).unwrap();
    let policy = Arc::new(Router::new(routing()).unwrap());
    let at = Timestamp::from_micros(START_US);
    let (done, ready) = mpsc::channel();
    let issued = Issued { at, seed: Id::new(at, 0), command: Command::Start { version: "bench".to_owned() } };
    let start = Write::of(Arc::clone(&policy), issued);
    store.submit(start, move |result| done.send(result).unwrap()).unwrap();
    ready.recv().unwrap().unwrap();
    (store, policy)
}

/// Writes the entries from `first`, at most as many waiting as fit the queue; the time until all are synced.
fn accept((store, policy): &(Store, Arc<Router>), first: u64, count: u64, batch: usize) -> Duration {
    /// Made beforehand at once, so that making them is not measured, and memory stays bounded.
    const MADE: u64 = 4096;
    let (done, answers) = mpsc::channel();
    let room = (4 * batch).min(2048);
    let (mut spent, mut waiting) = (Duration::ZERO, 0);
    let mut next = first;
    while next < first + count {
        let end = (next + MADE).min(first + count);
        let writes: Vec<Write> = (next..end).map(|n| write(policy, n)).collect();
        next = end;
        let start = Instant::now();
        for write in writes {
            while waiting >= room {
                answers.recv().unwrap();
                waiting -= 1;
            }
            let done = done.clone();
            store.submit(write, move |result| done.send(result.unwrap()).unwrap()).unwrap();
            waiting += 1;
        }
        for _ in 0..std::mem::take(&mut waiting) {
            answers.recv().unwrap();
        }
        spent += start.elapsed();
    }
    spent
}

fn commit(criterion: &mut Criterion) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut group = criterion.benchmark_group("accepted");
    group.sample_size(10).warm_up_time(Duration::from_secs(2)).measurement_time(Duration::from_secs(8));
    group.throughput(Throughput::Elements(1));
    for batch in [1, 64, 512] {
        let store = open(directory.path(), batch);
        let mut next = 1000;
        group.bench_function(BenchmarkId::from_parameter(batch), |bencher| {
            bencher.iter_custom(|count| {
                let first = next;
                next += count;
                accept(&store, first, count, batch)
            });
        });
        store.0.close();
        if next == 1000 {
            continue;
        }
        let bytes = std::fs::metadata(directory.path().join(format!("batch-{batch}.redb"))).unwrap().len();
        println!("batch {batch}: {} entries, {} bytes of file each", next - 1000, bytes / (next - 1000));
    }
    group.finish();
}

fn groups(criterion: &mut Criterion) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (store, policy) = open(directory.path(), 1);
    let mut next = 1;
    let mut group_of = criterion.benchmark_group("group");
    group_of.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    group_of.bench_function(BenchmarkId::from_parameter(GROUP), |bencher| {
        bencher.iter_custom(|count| {
            (0..count).fold(Duration::ZERO, |spent, _| {
                let write = group(&policy, next);
                next += 1;
                let (done, answer) = mpsc::channel();
                let start = Instant::now();
                store.submit(write, move |result| done.send(result.unwrap()).unwrap()).unwrap();
                answer.recv().unwrap();
                spent + start.elapsed()
            })
        });
    });
    group_of.finish();
}

criterion_group!(benches, commit, groups);
criterion_main!(benches);
