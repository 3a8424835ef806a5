//! What a plugin says cannot be taken for the words of the relay: one line, nothing that drives a terminal, a bounded
//! length, wherever it is shown.

use std::fs;
use std::time::{Duration, Instant};

use super::refusal;
use crate::harness::{Relay, Request, Site, at, guest, source};

/// Characters of a sentence with a plugin's words in it.
const SENTENCE_MAX: usize = 3000;
/// What the guests would like to be read on a line of its own.
const FORGED: [&str; 3] = ["2026-01-01T00:00:00Z", "Timeline", "desrever"];

/// That nothing in `said` drives a terminal, is a forged line or is long.
fn is_harmless(said: &str, what: &str) {
    let drives = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(said.chars().find(drives), None, "{what}: {said:?}");
    for line in said.lines() {
        // A section of that name is the command's own.
        let is_forged =
            FORGED.iter().any(|forged| line.trim_start().starts_with(forged)) && line != "Timeline";
        assert!(!is_forged, "{what}: {line:?} in {said:?}");
        assert!(
            line.chars().count() < 2 * SENTENCE_MAX,
            "{what}: a line of {} characters",
            line.chars().count()
        );
    }
}

#[test]
fn a_description_cannot_forge_output() {
    let site = Site::new(&source("hook", "webhook"));
    fs::write(site.path("forged.wasm"), guest("forged-description")).expect("written");
    let checked = site.run(&["plugins", "check", "forged.wasm"]).expect(1);
    is_harmless(&checked.all(), "plugins check");
    let relay = Relay::start_in(site);
    let (before, began) = (relay.memory("VmHWM") / (1024 * 1024), Instant::now());
    relay.drop_plugin("forged.wasm", &guest("forged-description"));
    let why = refusal(&relay, "forged.wasm");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let grown = (relay.memory("VmHWM") / (1024 * 1024)).saturating_sub(before);
    assert!(grown < 200, "{before} MiB before and {grown} MiB more");
    for words in
        ["the id `xxx", "the name `fine\\n", "the version `1.0.0\\u{1b}[2J`", "the summary", "no control"]
    {
        assert!(why.contains(words), "{words} in {why}");
    }
    assert!(why.chars().count() < SENTENCE_MAX, "{} characters", why.chars().count());
    for command in ["plugins list", "plugins list --json", "check", "status"] {
        let arguments: Vec<&str> = command.split(' ').collect();
        is_harmless(&relay.run(&arguments).all(), command);
    }
    is_harmless(&relay.log(), "the log");
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
}

#[test]
fn what_a_plugin_answers_prints_and_fails_with_cannot_forge_output() {
    let limits = "[limits]\nplugin_time = \"5s\"\n";
    let site = Site::new(&format!("{limits}{}", source("forger", "forger")));
    site.drop_plugin("forger.wasm", &guest("forger"));
    let relay = Relay::start_in(site);
    for (body, status) in
        [("refuse", 422), ("ignore", 200), ("reject", 200), ("remark", 200), ("panic", 202), ("print", 200)]
    {
        let answer = relay.send(&Request::json(&at("forger"), body)).expect(status);
        is_harmless(answer.body.trim_end(), body);
        assert!(answer.body.len() < 4 * SENTENCE_MAX, "{body}: {} bytes", answer.body.len());
        if let Some(receipt) = answer.json()["receipt"].as_str() {
            is_harmless(&relay.run(&["receipts", "show", receipt]).all(), body);
            is_harmless(&relay.run(&["receipts", "show", receipt, "--json"]).all(), body);
        }
    }
    for command in ["receipts list", "receipts list --ignored", "status", "sources list", "incidents show 1"]
    {
        let arguments: Vec<&str> = command.split(' ').collect();
        is_harmless(&relay.run(&arguments).all(), command);
    }
    let log = relay.log();
    assert!(log.contains("plugin=\"forger\"") && log.contains("Its last words:"), "{log}");
    is_harmless(&log, "the log");
}

#[test]
fn a_plugins_log_has_a_rate_over_all_its_calls_and_says_once_that_it_is_cut() {
    let site =
        Site::new(&format!("{}{}", source("output-flood", "output-flood"), source("forger", "forger")));
    site.drop_plugin("output-flood.wasm", &guest("output-flood"));
    site.drop_plugin("forger.wasm", &guest("forger"));
    let relay = Relay::start_in(site);
    for _ in 0..20 {
        let answer = relay.post("output-flood", "body");
        assert!(matches!(answer.status, 200 | 202), "{}", answer.body);
    }
    let log = relay.log();
    let flood: Vec<&str> = log.lines().filter(|line| line.contains("plugin=\"output-flood\"")).collect();
    let printed: usize = flood.iter().map(|line| line.len()).sum();
    assert!(printed < 80 * 1024, "{printed} bytes of 20 calls");
    let told = flood.iter().filter(|line| line.contains("log cut, in bytes")).count();
    assert_eq!(told, 1, "the cut is said once");
    // Another plugin's lines are its own.
    relay.send(&Request::json(&at("forger"), "print")).expect(200);
    assert!(relay.log().contains("plugin=\"forger\""), "a silent plugin has its say");
}
