//! `tocsin demo`: the first thing that a newcomer runs.

use crate::harness::{Relay, Site};

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
    let mut relay = Relay::start_in(site);
    let count = || relay.log().matches("compiled bundled plugin").count();
    assert!(count() > 5 && relay.log().contains("plugin 1 of "), "{}", relay.log());
    let before = count();
    relay.stop();
    relay.restart();
    assert_eq!(relay.log().matches("compiled bundled plugin").count(), before, "the cache has them");
}

#[test]
fn a_measurement_begins_when_the_relay_is_ready() {
    let site = Site::new("");
    let cache = site.path("cache-of-user").display().to_string();
    let site = site.with_environment(&[("XDG_CACHE_HOME", &cache)]);
    let said = site.run(&["bench", "--seconds", "1", "--connections", "4", "--no-delivery"]).expect(0).stdout;
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
