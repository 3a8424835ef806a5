//! A source that sends without end: its rate, and how much of its requests is kept.

use std::time::{Duration, Instant};

use crate::harness::{Relay, noise, source};

/// Bytes of noise of which a MiB holds ten when they are compressed.
const LARGE: usize = 120 * 1024;

#[test]
fn a_source_over_its_rate_is_told_when_to_come_again_and_counted() {
    let tables = format!("{}rate = 6\nburst = 5\n{}", source("hook", "webhook"), source("other", "webhook"));
    let relay = Relay::start(&tables);
    for number in 0..5 {
        relay.post("hook", &format!(r#"{{"title":"{number}"}}"#)).expect(200);
    }
    let answer = relay.post("hook", r#"{"title":"too many"}"#);
    let seconds: u64 = answer.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((1..=10).contains(&seconds), "{seconds}");
    let detail = answer.problem(429);
    assert!(detail.contains("6 requests a minute"), "{detail}");
    relay.post("other", r#"{"title":"in time"}"#).expect(200);
    let counts = &relay.list(&["sources", "list"])[0]["requests"];
    assert_eq!((&counts["accepted"], &counts["rejected_by_status"]["429"]), (&5.into(), &1.into()));
    let status = relay.run(&["status"]).stdout;
    assert!(status.contains("raise rate in [sources.hook]"), "{status}");
}

#[test]
fn strangers_use_up_nothing_of_a_rate() {
    let relay = Relay::start(&format!("{}rate = 6\nburst = 2\n", source("hook", "webhook")));
    for _ in 0..10 {
        crate::harness::Request::json("/in/hook?token=wrong-wrong-wrong-wrong", "{}")
            .send(relay.address())
            .expect(401);
    }
    relay.post("hook", r#"{"title":"known"}"#).expect(200);
}

#[test]
fn the_oldest_dead_letters_go_when_a_source_keeps_more_than_it_may() {
    let tables =
        format!("{}keep_bytes = \"1MiB\"\n{}", source("hook", "webhook"), source("other", "webhook"));
    let relay = Relay::start(&tables);
    let other = relay.post("other", "{ not JSON").problem(422);
    assert!(!other.is_empty());
    let began = Instant::now();
    let receipts: Vec<String> = (0..15)
        .map(|number| relay.post("hook", &format!("{{ {}", noise(number, LARGE))).expect(422).receipt())
        .collect();
    assert!(began.elapsed() < Duration::from_secs(60));
    let is_kept = |receipt: &String| !relay.json(&["receipts", "show", receipt])["request"].is_null();
    let kept: Vec<bool> = receipts.iter().map(is_kept).collect();
    assert_eq!(kept, [[false; 5].as_slice(), [true; 10].as_slice()].concat());
    let status = relay.json_of_any_code(&["status"]);
    assert_eq!(status["dropped"][0]["source"], "hook");
    assert_eq!(status["dropped"][0]["count"], 5);
    assert_eq!(status["dropped"].as_array().map(Vec::len), Some(1));
    let said = relay.run(&["status"]).stdout;
    assert!(said.contains("the bytes of 5 dead letters went"), "{said}");
    relay.run(&["verify", "--replay"]).expect(0);
    // What is decoded goes before what is not.
    let decoded = relay
        .post("hook", &format!(r#"{{"title":"good","filling":"{}"}}"#, noise(15, LARGE)))
        .expect(200)
        .receipt();
    assert!(is_kept(&decoded) && is_kept(&receipts[14]) && !is_kept(&receipts[5]));
    relay.post("hook", &format!("{{ {}", noise(16, LARGE))).expect(422);
    assert!(!is_kept(&decoded) && is_kept(&receipts[6]));
}
