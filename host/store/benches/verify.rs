//! How long a large store takes to be backed up, checked, replayed, restored, made anew and pruned: `TOCSIN_INCIDENTS`
//! incidents (20,000), each opened, sent over two connections, resolved and sent again, with their raw requests.
//! `TOCSIN_STEPS` names the steps to take, with commas; all of them otherwise.
//!
//! One run of each, not a comparison: what counts is the order of magnitude for each incident.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tocsin_core::command::{Command, Decoding, Issued, Outcome, Received, RejectedElements, Verdict};
use tocsin_core::delivery::{ChangeKind, Reference};
use tocsin_core::event::{Event, EventChange, Severity};
use tocsin_core::id::{DeliveryId, Id};
use tocsin_core::plugin::{Pair, SourceRequest};
use tocsin_core::routing::{ActionRule, ActionStatus, Router, Routing, SourceRule};
use tocsin_core::time::Timestamp;
use tocsin_store::{About, Options, Past, Reached, Store, Write, rebuild, restore};

/// When the first entry was made.
const START_US: i64 = 1_763_650_000_000_000;
/// Incidents that are open at the same time.
const GROUP: u64 = 512;
const CONNECTIONS: [&str; 2] = ["chat", "pager"];

/// Makes commands, a millisecond apart.
struct Script {
    policy: Arc<Router>,
    made: u64,
}

impl Script {
    fn write(&mut self, command: Command, request: Option<SourceRequest>) -> Write {
        self.made += 1;
        let at = self.now();
        // Spread like random numbers, as ids are.
        let seed = Id::new(at, u128::from(self.made.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 8);
        Write { request, ..Write::of(Arc::clone(&self.policy), Issued { at, seed, command }) }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(START_US + i64::try_from(self.made).unwrap() * 1000)
    }

    fn event(&mut self, change: EventChange, n: u64) -> Write {
        let labels = (0..6).map(|i| (format!("label-{i}"), format!("value-{i}-of-host-{}", n % 997)));
        let event = Event {
            change,
            key: format!("alert-{n}"),
            aliases: Vec::new(),
            title: format!("Replication lag on db-{n} is above the threshold"),
            message: format!("Lag is {n} seconds on db-{n}.example.org. ").repeat(8),
            severity: Some(Severity::High),
            labels: labels.collect(),
            links: Vec::new(),
            actor: None,
            occurred_at: Some(self.now()),
        };
        let received = Received {
            source: "jira".into(),
            plugin: "jira 0.1.0 9f86d081884c7d65".to_owned(),
            identities: vec![format!("sha256:{:064x}", n * 2 + u64::from(change == EventChange::Resolve))],
            decoding: Decoding::Events(vec![event]),
            rejected: RejectedElements::default(),
            remarks: Vec::new(),
            trace: None,
        };
        let body =
            format!("{{\"host\":\"db-{n}\",\"text\":\"Lag is {n} seconds\",\"tags\":[1,2,3]}}").repeat(20);
        let request = SourceRequest {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: (0..8).map(|i| Pair::new(format!("x-{i}"), format!("value {i} of {n}"))).collect(),
            body: body.into_bytes(),
            received_at: self.now(),
        };
        self.write(Command::Receive(received), Some(request))
    }
}

fn policy() -> Arc<Router> {
    let action = |connection: &str| ActionRule {
        name: format!("to-{connection}").into(),
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
    let routing = Routing {
        sources: BTreeMap::from([("jira".into(), SourceRule::default())]),
        actions: CONNECTIONS.map(action).to_vec(),
    };
    Arc::new(Router::new(routing).unwrap())
}

/// Submits all, then waits for all.
fn all(store: &Store, writes: Vec<Write>) {
    let (done, answers) = mpsc::channel();
    let count = writes.len();
    for write in writes {
        let done = done.clone();
        store.submit(write, move |result| done.send(result.map(drop)).unwrap()).unwrap();
    }
    answers.iter().take(count).for_each(|answer| answer.unwrap());
}

/// Sends what is due.
fn deliver(store: &Store, script: &mut Script) {
    for connection in CONNECTIONS {
        loop {
            let due = store.due(connection, None, script.now(), 64).unwrap();
            if due.is_empty() {
                break;
            }
            let ids: Vec<DeliveryId> = due.iter().map(|delivery| delivery.id).collect();
            let claim = Command::Claim { deliveries: ids.clone(), records: Vec::new() };
            all(store, vec![script.write(claim, None)]);
            let settled = ids.into_iter().map(|delivery| {
                let url = Some(format!("https://{connection}.example.org/{delivery}"));
                let verdict = Verdict::Delivered(Outcome {
                    summary: "posted".to_owned(),
                    references: vec![Reference {
                        key: "message".to_owned(),
                        value: delivery.to_string(),
                        url,
                    }],
                    updates: Vec::new(),
                });
                script.write(Command::Settle { delivery, took_us: 9000, status: Some(200), verdict }, None)
            });
            let settled = settled.collect();
            all(store, settled);
        }
    }
}

fn fill(store: &Store, incidents: u64) -> Script {
    let mut script = Script { policy: policy(), made: 0 };
    all(store, vec![script.write(Command::Start { version: "bench".to_owned() }, None)]);
    let mut from = 0;
    while from < incidents {
        let to = incidents.min(from + GROUP);
        for change in [EventChange::Trigger, EventChange::Resolve] {
            let writes = (from..to).map(|n| script.event(change, n)).collect();
            all(store, writes);
            deliver(store, &mut script);
        }
        from = to;
    }
    script
}

/// Bytes of memory that the process has now.
fn memory() -> u64 {
    let about = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = about.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Seconds that the process has computed so far.
fn computed() -> f64 {
    let about = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Its name, in brackets, may hold anything; the times are the 12th and 13th field behind it, in hundredths.
    let times =
        about.rsplit_once(") ").map(|(_, rest)| rest.split(' ').skip(11).take(2)).into_iter().flatten();
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn measure<T>(what: &str, (incidents, entries, path): (u64, u64, &Path), run: impl FnOnce() -> T) -> T {
    // The memory of this step alone, where the system lets it be counted anew.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (began, before) = (Instant::now(), computed());
    let result = run();
    let computed = computed() - before;
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "for a person")]
    let (each, rate, bytes) = (
        seconds * 1e6 / incidents as f64,
        entries as f64 / seconds,
        std::fs::metadata(path).unwrap().len() as f64 / 1e6,
    );
    println!(
        "{what}: {seconds:.1} s ({computed:.1} s of CPU), {each:.0} s for a million incidents, {rate:.0} entries/s, {:.0} MB/s of the file's \
         {bytes:.0} MB, {} MiB of memory at most",
        bytes / seconds,
        memory()
    );
    result
}

/// Requests a second while a backup is made.
const LOAD: u32 = 400;

/// Sends [`LOAD`] requests a second until `stop`; returns how many, and what one in a hundred waited for at least.
fn load(store: &Store, script: &mut Script, stop: &AtomicBool) -> (usize, Duration) {
    let (began, mut waited) = (Instant::now(), Vec::new());
    for n in 0.. {
        let due = began + n * Duration::from_secs(1) / LOAD;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let sent = Instant::now();
        all(store, vec![script.event(EventChange::Trigger, 1 << 40 | u64::from(n))]);
        waited.push(sent.elapsed());
    }
    waited.sort();
    (waited.len(), waited.get(waited.len() * 99 / 100).copied().unwrap_or_default())
}

/// Forgets everything that is past its time, as fast as it goes.
fn prune(store: &Store, script: &mut Script) -> usize {
    const DAYS_91_MS: u64 = 91 * 24 * 60 * 60 * 1000;
    let (now, mut reached, mut forgotten) = (script.now().plus_ms(DAYS_91_MS), Reached::default(), 0);
    let before = script.now();
    let past = Past {
        resolved_before: before,
        came_before: before,
        dead_letters_came_before: before,
        now,
        most: 50,
    };
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(300)
        && let Some(forget) = store.past(&past, &mut reached).unwrap()
    {
        forgotten += forget.incidents.len();
        let mut write = script.write(Command::Forget(forget), None);
        write.issued.at = now;
        all(store, vec![write]);
    }
    forgotten
}

fn main() {
    // `cargo test` runs every benchmark once: with next to nothing.
    let is_test = !std::env::args().any(|argument| argument == "--bench");
    let wanted = std::env::var("TOCSIN_INCIDENTS").ok().and_then(|text| text.parse().ok());
    let incidents = wanted.unwrap_or(if is_test { 10 } else { 20_000 });
    let steps = std::env::var("TOCSIN_STEPS").unwrap_or_default();
    let takes = |step: &str| steps.is_empty() || steps.split(',').any(|wanted| wanted == step);
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = directory.path().join("tocsin.redb");
    let backup = directory.path().join("made.backup");
    let about =
        About { at: Timestamp::from_micros(START_US), version: "bench".to_owned(), is_scheduled: false };
    let store = Store::open(&path, Options::default()).unwrap();
    let began = Instant::now();
    let mut script = fill(&store, incidents);
    let entries = store.counts().unwrap().entries;
    println!("{incidents} incidents, {entries} entries, made in {:.0} s", began.elapsed().as_secs_f64());
    let this = (incidents, entries, path.as_path());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let sending = scope.spawn(|| load(&store, &mut script, &stop));
        let file = std::fs::File::create(&backup).unwrap();
        measure(&format!("backup while {LOAD} requests a second come"), this, || {
            store.backup(&about, file, &mut |_, _| {}).unwrap()
        });
        stop.store(true, Ordering::Relaxed);
        let (requests, most) = sending.join().unwrap();
        println!(
            "  {requests} requests meanwhile, p99 {most:.1?}; {} bytes",
            std::fs::metadata(&backup).unwrap().len()
        );
    });
    store.close();
    // As the command line opens it.
    let opening = Instant::now();
    let store = Store::open(&path, Options { cache_bytes: 32 * 1024 * 1024, ..Options::default() }).unwrap();
    println!("opened in {:.1?}", opening.elapsed());
    for threads in if takes("verify") { 1..=2 } else { 2..=2 } {
        let verified = measure(&format!("verify, {threads} threads"), this, || {
            store.verify(threads, &mut |_, _| {}).unwrap()
        });
        assert!(verified.is_clean());
    }
    if takes("replay") {
        assert!(measure("replay", this, || store.replay(None, &mut |_, _| {}).unwrap()).is_clean());
        let replayed =
            measure("replay from a backup", this, || store.replay(Some(&backup), &mut |_, _| {}).unwrap());
        assert!(replayed.is_clean());
    }
    store.close();
    if takes("restore") {
        let restored = directory.path().join("restored.redb");
        let input = std::io::BufReader::new(std::fs::File::open(&backup).unwrap());
        measure("restore", this, || restore(input, &restored, "before", &mut |_, _| {}).unwrap());
        std::fs::remove_file(restored).unwrap();
    }
    if takes("rebuild") {
        measure("rebuild", this, || rebuild(&path, None, "before", &mut |_, _| {}).unwrap());
    }
    if takes("prune") {
        let store = Store::open(&path, Options::default()).unwrap();
        let forgotten = measure("prune", this, || prune(&store, &mut script));
        println!("  {forgotten} incidents forgotten");
        let verified = measure("verify what is left", this, || store.verify(2, &mut |_, _| {}).unwrap());
        assert!(verified.is_clean());
    }
}
