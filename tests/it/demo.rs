//! `tocsin demo`: the first thing that a newcomer runs.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::harness::Site;

#[test]
fn the_first_demonstration_shows_each_plugin_that_it_compiles_and_the_second_compiles_none() {
    let site = Site::new("");
    let cache = site.path("cache-of-user").display().to_string();
    let site = site.with_environment(&[("XDG_CACHE_HOME", &cache)]);
    let first = site.run(&["demo", "--once"]).expect(0).stdout;
    let lines: Vec<&str> = first.lines().take_while(|line| !line.starts_with("A relay runs")).collect();
    for plugin in ["jira", "slack", "webhook", "zapier"] {
        assert!(
            lines.iter().any(|line| line.contains(plugin) && line.contains(" of ")),
            "{plugin}: {lines:?}"
        );
    }
    assert!(first.contains(&cache), "{first}");
    let second = site.run(&["demo", "--once"]).expect(0).stdout;
    assert!(!second.contains("Compiling"), "{second}");
}

#[test]
fn a_first_start_logs_each_plugin_that_it_compiles() {
    let site = Site::new("");
    site.configure_whole("listen = \"127.0.0.1:0\"\ncache_dir = \"own-cache\"\n");
    let mut serve = site.command(&["serve"]);
    let mut serve = serve.stderr(Stdio::piped()).spawn().expect("the binary can be run");
    let log = BufReader::new(serve.stderr.take().expect("it is piped"));
    let compiled = log.lines().map_while(Result::ok).filter(|line| line.contains("compiled bundled plugin"));
    let first: Vec<String> = compiled.take(2).collect();
    serve.kill().and_then(|()| serve.wait()).expect("it can be killed");
    assert!(first[0].contains("plugin 1 of ") && first[1].contains("plugin 2 of "), "{first:?}");
}

#[test]
fn a_measurement_begins_when_the_relay_is_ready() {
    let said = Site::new("").run(&["bench", "--seconds", "1", "--connections", "4", "--no-delivery"]);
    let said = said.expect(0).stdout;
    let place = |words: &str| said.find(words).unwrap_or_else(|| unreachable!("{words:?} is not in {said}"));
    assert!(place("ready after ") < place("sending for "), "{said}");
    assert!(said.contains("refused    none"), "{said}");
}

#[test]
fn the_demonstration_shows_every_step_for_every_bundled_source() {
    let site = Site::new("");
    let said = site.run(&["demo", "--once"]).expect(0).stdout;
    let parts: Vec<&str> = said.split("\n── ").skip(1).collect();
    let sources: Vec<&str> = parts.iter().map(|part| part.split(' ').next().unwrap_or_default()).collect();
    for source in ["alertmanager", "grafana", "jira", "statuscake", "webhook", "zapier"] {
        assert!(sources.contains(&source), "{sources:?}");
    }
    for part in parts {
        for step in [
            "curl -X POST 'http://127.0.0.1:",
            "  received ",
            "  decoded ",
            " µs",
            "  committed ",
            " opened",
            "  encoded ",
            "  sent ",
            "  receiver   as Slack got",
            "  receiver   got this JSON",
            "tell-slack",
            "tell-webhook",
            "  settled ",
            "delivered",
            "  answered   200 OK",
        ] {
            assert!(part.contains(step), "{step:?} is not in {part}");
        }
        let position = |step: &str| part.find(step).unwrap_or(usize::MAX);
        let order = ["  received ", "  decoded ", "  committed ", "  encoded ", "  sent "].map(position);
        assert!(order.is_sorted(), "{order:?} in {part}");
    }
    assert!(!site.path("state").exists(), "its folder is its own, and removed");
}
