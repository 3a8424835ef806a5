//! What the sandbox costs: one decoding of a 3.5 KB webhook of Jira's, in a fresh instance for each call as the
//! host does it, as machine code and in the interpreter, beside the same decoder compiled natively.
//!
//! Must never reuse an instance or leave out a limit to look better.
//!
//! The last lines are ratios of the same run: the calls of both take turns, so that a busy machine slows both.
//!
//!     cargo bench -p tocsin-sandbox

use std::ffi::OsString;
use std::hint::black_box;
use std::process::{self, ExitCode};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use plugin_jira::{Fields, Jira};
use tocsin_core::id::Id;
use tocsin_core::plugin::{Pair, Setting, SourceRequest, Value};
use tocsin_core::time::Timestamp;
use tocsin_plugin::{Settings as _, Source as _};
use tocsin_sandbox::{Compiler, Execution, Plugin, Sandbox, SandboxConfig, compile_plugin};
use tokio::runtime::{Builder, Runtime};

/// An issue whose status changed, as Jira Cloud sends it; composed.
const BODY: &str = include_str!("jira-issue-updated.json");
/// The argument by which this program knows that it is to compile.
const COMPILE: &str = "compile-plugin";
/// How often machine code and the interpreter take turns for their ratio, and calls of each turn.
const ROUNDS: u32 = 40;
const CALLS_A_ROUND: u64 = 50;
const CALLS: u32 = ROUNDS * 50;
const NOW: Timestamp = Timestamp::from_micros(1_795_193_400_250_000);
const HEADERS: [(&str, &str); 3] = [
    ("content-type", "application/json; charset=UTF-8"),
    ("user-agent", "Atlassian Webhook HTTP Client"),
    ("x-atlassian-webhook-identifier", "17f2"),
];
const RESOLVED: [&str; 10] = [
    "Done",
    "Closed",
    "Resolved",
    "Fertig",
    "Erledigt",
    "Geschlossen",
    "Terminé",
    "Fermé",
    "Hecho",
    "Cerrado",
];

fn request() -> SourceRequest {
    SourceRequest {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: HEADERS.map(|(name, value)| Pair::new(name, value)).to_vec(),
        body: BODY.as_bytes().to_vec(),
        received_at: NOW,
    }
}

fn settings() -> Vec<Setting> {
    let resolved = RESOLVED.map(str::to_owned).to_vec();
    vec![
        Setting { key: "resolved_statuses".to_owned(), value: Value::Texts(resolved) },
        Setting { key: "acknowledge_in_progress".to_owned(), value: Value::Boolean(true) },
    ]
}

fn native_request() -> tocsin_plugin::Request {
    tocsin_plugin::Request {
        method: "POST".to_owned(),
        path: String::new(),
        query: Vec::new(),
        headers: HEADERS
            .map(|(name, value)| tocsin_plugin::Header { name: name.to_owned(), value: value.to_owned() })
            .to_vec(),
        body: BODY.as_bytes().to_vec(),
        received_at: tocsin_plugin::Timestamp::from_micros(NOW.micros()),
    }
}

fn native_settings() -> Vec<tocsin_plugin::Setting> {
    use tocsin_plugin::Value;
    let resolved = RESOLVED.map(str::to_owned).to_vec();
    vec![
        tocsin_plugin::Setting { key: "resolved_statuses".to_owned(), value: Value::Texts(resolved) },
        tocsin_plugin::Setting { key: "acknowledge_in_progress".to_owned(), value: Value::Boolean(true) },
    ]
}

fn plugin(runtime: &Runtime, execution: Execution) -> Plugin {
    let component =
        tocsin_bundled::plugins().iter().find(|plugin| plugin.id == "jira").expect("it is bundled");
    // This program is its own compiler.
    let program = std::env::current_exe().expect("a program has a path");
    let compiler = Compiler { program, args: vec![COMPILE.into()] };
    let config = SandboxConfig { execution, ..SandboxConfig::new(compiler) };
    let sandbox = Sandbox::new(config).expect("this machine runs components");
    assert!(sandbox.gauges().pooled, "without a pool the figures mean nothing");
    runtime.block_on(sandbox.load("jira", component.component)).expect("it loads")
}

/// `times` calls one after the other; only the calls count, not the making of their requests. Without a body
/// the plugin has next to nothing to do: what remains is the sandbox's own cost.
async fn calls(plugin: &Plugin, times: u64, with_body: bool) -> Duration {
    let settings = settings();
    let mut spent = Duration::ZERO;
    for n in 0..times {
        let (mut request, seed) = (request(), Id::new(NOW, u128::from(n)));
        if !with_body {
            request.body.clear();
        }
        let began = Instant::now();
        let answer = plugin.decode(request, &settings, seed).await;
        spent += began.elapsed();
        let events = black_box(answer).expect("it answers").value.map_or(0, |decoded| decoded.events.len());
        assert_eq!(events > 0, with_body);
    }
    spent
}

fn native(times: u64) -> Duration {
    let settings = native_settings();
    let mut spent = Duration::ZERO;
    for _ in 0..times {
        let request = native_request();
        let began = Instant::now();
        let fields = Fields::from_settings(black_box(&settings)).expect("they fit");
        let decoded = Jira::decode(black_box(&request), &fields);
        spent += began.elapsed();
        assert!(!black_box(decoded).expect("it does not refuse").events.is_empty());
    }
    spent
}

fn decode(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let [compiled, interpreted] =
        [Execution::Compiled, Execution::Interpreted].map(|execution| plugin(&runtime, execution));
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new("native", BODY.len()), |bencher| bencher.iter_custom(native));
    for (name, plugin) in [("sandbox", &compiled), ("interpreted", &interpreted)] {
        group.bench_function(BenchmarkId::new(name, BODY.len()), |bencher| {
            bencher.iter_custom(|times| runtime.block_on(calls(plugin, times, true)));
        });
        group.bench_function(BenchmarkId::new(name, 0), |bencher| {
            bencher.iter_custom(|times| runtime.block_on(calls(plugin, times, false)));
        });
    }
    group.finish();
    ratios(&runtime, &compiled, &interpreted);
}

/// How many times as long a call takes in the interpreter.
fn ratios(runtime: &Runtime, compiled: &Plugin, interpreted: &Plugin) {
    for (with_body, bytes) in [(true, BODY.len()), (false, 0)] {
        let mut spent = [Duration::ZERO; 2];
        for _ in 0..ROUNDS {
            for (spent, plugin) in spent.iter_mut().zip([compiled, interpreted]) {
                *spent += runtime.block_on(calls(plugin, CALLS_A_ROUND, with_body));
            }
        }
        let [compiled, interpreted] = spent.map(|spent| spent.as_secs_f64() * 1e6 / f64::from(CALLS));
        let ratio = interpreted / compiled;
        println!(
            "interpreted/{bytes}: {interpreted:.1} µs, {ratio:.1} times the {compiled:.1} µs of machine code"
        );
    }
}

criterion_group!(benches, decode);

fn main() {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some((_, job)) = args.split_first().filter(|(first, _)| *first == COMPILE) {
        process::exit(i32::from(compile_plugin(job) != ExitCode::SUCCESS));
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
