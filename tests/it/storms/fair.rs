//! One source's plugin stalls, or one source floods: the others are answered as ever.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Storm, Times, alone, is_answered};
use crate::harness::{Relay, Request, Site, at, guest, settings, source, until};
use crate::plugins::large_file;

/// For how long each p99 is measured: 1,800 requests. Fewer say little about the slowest of a hundred.
const MEASURED: u64 = 12;

/// The time that each call may take.
const TIME: Duration = Duration::from_secs(10);

/// Sources whose plugins never answer.
const STALLED: usize = 4;

/// A relay with an honest source and some whose plugins loop and sleep.
fn relay(limits: &str) -> Relay {
    let sources: String = (0..STALLED)
        .map(|number| source(&format!("stalled-{number}"), ["endless-loop", "sleep"][number % 2]))
        .collect();
    let site = Site::new(&format!("[limits]\n{limits}\n{sources}{}", source("hook", "webhook")));
    for id in ["endless-loop", "sleep"] {
        site.drop_plugin(&format!("{id}.wasm"), &guest(id));
    }
    Relay::start_in(site)
}

/// Measures an honest source at 150 requests a second, before and after `attack` began, and returns what that gave.
fn beside<T>(relay: &Relay, what: &str, attack: impl FnOnce() -> T) -> T {
    let address = relay.address();
    is_answered(relay, "the first", Duration::from_secs(20));
    let measured = |name, seconds| Times::at_rate(address, name, 150, Duration::from_secs(seconds));
    measured("warm", 1);
    let before = measured("before", MEASURED);
    let control = beside_idle_work(|| measured("control", MEASURED));
    let attack = attack();
    let during = measured("during", MEASURED);
    eprintln!("{what}: before: {}", before.shown());
    eprintln!("{what}: during: {}", during.shown());
    if let Some(control) = control {
        let times = control.of_hundred(99).as_secs_f64() / before.of_hundred(99).as_secs_f64();
        eprintln!("{what}: p99 beside other work under SCHED_IDLE: {times:.2} times; {}", control.shown());
    }
    let (before, during) = (before.of_hundred(99), during.of_hundred(99));
    eprintln!("{what}: p99 of the others: {:.2} times", during.as_secs_f64() / before.as_secs_f64());
    // It was 43 s when places and processors were for whoever came first.
    assert!(during < before * 3 + Duration::from_secs(2), "{before:?}, then {during:?}");
    attack
}

/// Does `measure` while work that is not the relay's takes whatever time of the processors nobody else wants: as much as
/// this alone costs, no relay can do anything about. Without `chrt`, there is nothing to compare with.
fn beside_idle_work<T>(measure: impl FnOnce() -> T) -> Option<T> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let spin = || {
        let mut command = Command::new("chrt");
        command.args(["--idle", "0", "sh", "-c", "while :; do :; done"]).stderr(Stdio::null()).spawn().ok()
    };
    let mut work: Vec<Child> = (0..processors).map_while(|_| spin()).collect();
    let measured = (work.len() == processors).then(measure);
    for one in &mut work {
        // It goes on until it is killed.
        let _ = one.kill();
        let _ = one.wait();
    }
    measured
}

#[test]
fn plugins_that_stall_do_not_slow_other_sources_down() {
    let _alone = alone();
    let relay = relay("plugin_time = \"10s\"");
    let address = relay.address();
    let storm = beside(&relay, "four stalled sources, 80 requests at once", || {
        // Eight a second. Not 80 at one instant and 80 more when their time is up: bursts are measured elsewhere.
        let storm = Storm::spread(80, TIME, move |number| {
            let began = Instant::now();
            let name = format!("stalled-{}", number % STALLED);
            // It is answered when its time is up, or at once when its plugin is suspended or the relay is gone.
            let _ = Request::json(&at(&name), "body").try_send(address);
            thread::sleep(TIME.saturating_sub(began.elapsed()));
        });
        Times::at_rate(address, "until all are there", 150, TIME);
        storm
    });
    drop(relay);
    storm.stop();
}

#[test]
fn a_large_plugin_file_that_is_compiled_does_not_slow_requests_down() {
    let _alone = alone();
    let relay = relay("plugin_time = \"10s\"");
    beside(&relay, "a large file is compiled", || {
        relay.drop_plugin("large.wasm", &large_file());
        until("it is compiled", || {
            let plugins = relay.json_of_any_code(&["plugins", "list"]);
            let loading = plugins["pending"].as_array()?.iter().find(|one| one["name"] == "large.wasm")?;
            loading["compiling_seconds"].as_u64().map(drop)
        });
    });
}

#[test]
fn a_call_that_computes_for_long_gets_its_share_of_a_machine_that_is_busy() {
    let _alone = alone();
    let program = r#"jq = '''{title: ([range(60000)] | length | tostring), key: "long"}'''"#;
    let relay = Relay::start(&format!("{}{}", source("long", "webhook"), settings("sources.long", program)));
    let answer = || relay.post("long", "{}").expect(200);
    answer();
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let work = Storm::of(2 * processors, |_| {
        let until = Instant::now() + Duration::from_millis(20);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    });
    let began = Instant::now();
    answer();
    eprintln!("a long call on a busy machine: {:?}", began.elapsed());
    work.stop();
}

#[test]
fn a_plugin_that_runs_out_of_time_again_and_again_is_suspended_and_its_requests_are_kept() {
    let relay = relay("plugin_time = \"500ms\"");
    for _ in 0..3 {
        relay.post("stalled-1", "body").expect(202);
    }
    let began = Instant::now();
    let receipts: Vec<String> =
        (0..20).map(|_| relay.post("stalled-1", "body").expect(202).receipt()).collect();
    assert!(began.elapsed() < Duration::from_secs(5), "a call was made: {:?}", began.elapsed());
    let receipt = relay.json(&["receipts", "show", &receipts[0]]);
    let reason = receipt["reason"].as_str().expect("a reason");
    assert!(reason.contains("`sleep` ran out of time 3 times in a row"), "{reason}");
    assert_eq!(receipt["request"]["body"]["text"], "body", "it can be decoded again");
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(status.contains("sources.stalled-1: suspended since"), "{status}");
    assert!(!status.contains("sources.hook"), "{status}");
    is_answered(&relay, "another source", Duration::from_secs(10));
}

#[test]
fn a_flood_of_one_source_does_not_fill_the_queue_of_the_others() {
    let _alone = alone();
    let relay = relay("plugin_time = \"10s\"\nqueue = 32");
    let address = relay.address();
    let storm = Storm::of(48, move |_| {
        // Those that wait for the plugin have their places; the rest is turned away.
        if let Some(answer) = Request::json(&at("stalled-1"), "body").try_send(address) {
            assert!([202, 503].contains(&answer.status), "{}", answer.body);
            thread::sleep(Duration::from_millis(20));
        }
    });
    for number in 0..50 {
        is_answered(&relay, &format!("honest {number}"), Duration::from_secs(10));
    }
    drop(relay);
    storm.stop();
}
