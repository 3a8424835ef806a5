//! How long a page of a list takes in a store of 1,000,000 incidents, for each kind of filter: the first page, one from the
//! middle, and one that finds nothing. Fills the store first, which takes minutes, and keeps it for the next run in the
//! target directory. `TOCSIN_BENCH_INCIDENTS` is another number of incidents.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use tocsin_core::command::{Command, Decoding, Issued, Received, RejectedElements};
use tocsin_core::delivery::{ChangeKind, DeliveryState};
use tocsin_core::event::{Event, EventChange, Severity};
use tocsin_core::id::Id;
use tocsin_core::incident::IncidentState;
use tocsin_core::name::SourceName;
use tocsin_core::routing::{ActionRule, ActionStatus, Router, Routing};
use tocsin_core::time::Timestamp;
use tocsin_store::{DeliveryQuery, IncidentQuery, Options, Period, ReceiptQuery, Store, Write};

/// When the first request came.
const START_US: i64 = 1_763_650_000_000_000;
/// Between two requests.
const PAUSE_US: i64 = 10_000_000;
/// Incidents of one request.
const GROUP: u64 = 100;
const SOURCES: u64 = 20;
/// Of how many incidents one is not over.
const OPEN: u64 = 50;

fn action() -> ActionRule {
    ActionRule {
        name: "chat".into(),
        status: ActionStatus::Enabled,
        connection: "chat-connection".into(),
        test_connection: None,
        on: vec![ChangeKind::Opened],
        enters: Vec::new(),
        leaves: Vec::new(),
        delay_ms: None,
        repeat_ms: None,
        filter: Some(r#"source == "source-0""#.to_owned()),
        is_fallback: false,
    }
}

fn at(request: u64) -> Timestamp {
    Timestamp::from_micros(START_US + i64::try_from(request).unwrap() * PAUSE_US)
}

fn event(change: EventChange, n: u64) -> Event {
    let labels = (0..6).map(|i| (format!("label-{i}"), format!("value-{i}-of-incident-{n}")));
    Event {
        change,
        key: format!("OPS-{n}"),
        aliases: Vec::new(),
        title: format!("Replication lag on db-{n} is above the threshold"),
        message: format!("Lag is {n} seconds. ").repeat(15),
        severity: Some(Severity::ALL[usize::try_from(n * 7 % 5).unwrap()]),
        labels: labels.collect(),
        links: Vec::new(),
        actor: None,
        occurred_at: None,
    }
}

/// A request that opens [`GROUP`] incidents, or one that resolves most of them.
fn write(policy: &Arc<Router>, request: u64, change: EventChange) -> Write {
    let at = at(request).plus_ms(if change == EventChange::Resolve { 1000 } else { 0 });
    let random = u128::from(
        (2 * request + u64::from(change == EventChange::Resolve)).wrapping_mul(0x9E37_79B9_7F4A_7C15),
    );
    let numbers = request * GROUP..(request + 1) * GROUP;
    let numbers = numbers.filter(|n| change == EventChange::Trigger || n % OPEN != 0);
    let received = Received {
        source: format!("source-{}", request % SOURCES).into(),
        plugin: "jira 0.1.0 9f86d081884c7d65".to_owned(),
        identities: vec![format!("{random:x}")],
        decoding: Decoding::Events(numbers.map(|n| event(change, n)).collect()),
        rejected: RejectedElements::default(),
        remarks: Vec::new(),
        trace: None,
    };
    let issued = Issued { at, seed: Id::new(at, random << 8), command: Command::Receive(received) };
    Write { policy: Arc::clone(policy), issued, more: Vec::new(), request: None }
}

fn filled(path: &Path, incidents: u64) -> Store {
    let options = Options { batch: 64, cache_bytes: 64 * 1024 * 1024, ..Options::default() };
    let store = Store::open(path, options).unwrap();
    let there: u64 = store.counts().unwrap().incidents.iter().map(|(_, count)| count).sum();
    let policy =
        Arc::new(Router::new(Routing { sources: BTreeMap::new(), actions: vec![action()] }).unwrap());
    let (done, answers) = mpsc::channel();
    let mut waiting = 0;
    for request in there / GROUP..incidents / GROUP {
        for change in [EventChange::Trigger, EventChange::Resolve] {
            while waiting >= 128 {
                answers.recv().unwrap();
                waiting -= 1;
            }
            let done = done.clone();
            store
                .submit(write(&policy, request, change), move |result| done.send(result.unwrap()).unwrap())
                .unwrap();
            waiting += 1;
        }
        if request % 1000 == 0 {
            println!("{} incidents are there", request * GROUP);
        }
    }
    (0..waiting).for_each(|_| drop(answers.recv().unwrap()));
    store
}

/// The filters of incidents, and by how much each is left.
fn filters(requests: u64) -> Vec<(&'static str, IncidentQuery)> {
    let all = IncidentQuery { limit: 50, ..IncidentQuery::default() };
    let source = Some(SourceName::from("source-3"));
    let states = vec![IncidentState::Open];
    let severities = vec![Severity::Critical];
    let hour = Period { since: Some(at(requests / 3)), until: Some(at(requests / 3 + 360)) };
    vec![
        ("all", all.clone()),
        ("all, 1000 a page", IncidentQuery { limit: 1000, ..all.clone() }),
        ("source", IncidentQuery { source: source.clone(), ..all.clone() }),
        ("state open", IncidentQuery { states: states.clone(), ..all.clone() }),
        ("state resolved", IncidentQuery { states: vec![IncidentState::Resolved], ..all.clone() }),
        ("severity", IncidentQuery { severities: severities.clone(), ..all.clone() }),
        (
            "source, state, severity",
            IncidentQuery { source: source.clone(), states: states.clone(), severities, ..all.clone() },
        ),
        ("hour", IncidentQuery { opened: hour, ..all.clone() }),
        (
            "hour, source, state",
            IncidentQuery { opened: hour, source: source.clone(), states: states.clone(), ..all.clone() },
        ),
        ("text that all have", IncidentQuery { text: Some("replication lag".to_owned()), ..all.clone() }),
        ("text that none has", IncidentQuery { text: Some("needle".to_owned()), ..all.clone() }),
        (
            "text that none has, open",
            IncidentQuery { text: Some("needle".to_owned()), states, ..all.clone() },
        ),
        ("nothing: no such source", IncidentQuery { source: Some("nobody".into()), ..all.clone() }),
        (
            "nothing: no such state",
            IncidentQuery { source, states: vec![IncidentState::Acknowledged], ..all.clone() },
        ),
        (
            "nothing: no such time",
            IncidentQuery {
                opened: Period { since: Some(at(3 * requests)), until: None },
                severities: vec![Severity::Low],
                ..all
            },
        ),
    ]
}

fn queries(criterion: &mut Criterion) {
    let incidents = std::env::var("TOCSIN_BENCH_INCIDENTS").ok().and_then(|text| text.parse().ok());
    let incidents: u64 = incidents.unwrap_or(1_000_000);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("queries-{incidents}.redb"));
    let store = filled(&path, incidents);
    println!("{} bytes of file", std::fs::metadata(&path).unwrap().len());
    let requests = incidents / GROUP;
    let middle = Some(Id::new(at(requests / 2), 0));
    let mut group = criterion.benchmark_group("page");
    group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for (name, query) in filters(requests) {
        for (which, before) in [("first", None), ("middle", middle)] {
            let query = IncidentQuery { before, ..query.clone() };
            let began = Instant::now();
            let found = store.incidents(&query).unwrap();
            let took = began.elapsed();
            let until = found.searched_until.map(|at| format!(", searched until {at}")).unwrap_or_default();
            println!("{name}, {which}: {} incidents{until}; {took:?} the first time", found.items.len());
            group.bench_function(format!("{name}, {which}"), |bencher| {
                bencher.iter(|| store.incidents(&query).unwrap());
            });
        }
    }
    for (name, connection, states) in [
        ("deliveries", None, vec![]),
        ("deliveries, due", None, vec![DeliveryState::Due]),
        ("deliveries, no such connection", Some("nowhere".into()), vec![]),
    ] {
        let query = DeliveryQuery { connection, states, limit: 50, ..DeliveryQuery::default() };
        group.bench_function(name, |bencher| bencher.iter(|| store.deliveries(&query).unwrap()));
    }
    for (name, source) in [("receipts", None), ("receipts, no such source", Some("nobody".into()))] {
        let query = ReceiptQuery { source, limit: 50, ..ReceiptQuery::default() };
        group.bench_function(name, |bencher| bencher.iter(|| store.receipts(&query).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, queries);
criterion_main!(benches);
