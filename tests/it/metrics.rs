//! What a monitoring system reads of a relay: `/metrics` and `/readyz`.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::{
    Receiver, Relay, Reply, Request, Site, TOKEN, action, connection, guest, source, until,
};

mod rules;

/// Samples by name and labels, as the text has them.
type Samples = BTreeMap<String, f64>;

/// The samples of a text.
fn samples(text: &str) -> Samples {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        (name.to_owned(), value.parse().expect("a number"))
    };
    lines.map(sample).collect()
}

/// The samples of a relay over its control socket.
fn metrics(relay: &Relay) -> Samples {
    samples(&relay.run(&["metrics"]).expect(0).stdout)
}

/// Checks that these samples have these values.
fn expect(samples: &Samples, expected: &[(&str, f64)]) {
    for (name, value) in expected {
        assert_eq!(samples.get(*name), Some(value), "{name} in {samples:#?}");
    }
}

/// By how much samples grew.
fn grew(before: &Samples, after: &Samples, expected: &[(&str, f64)]) {
    for (name, by) in expected {
        let at = |samples: &Samples| samples.get(*name).copied().unwrap_or_else(|| unreachable!("{name}"));
        assert_eq!(at(after) - at(before), *by, "{name}");
    }
}

#[test]
fn an_alert_and_its_delivery_are_counted_at_every_step() {
    let receiver = Receiver::start();
    let relay = Relay::start(&format!(
        "{}{}{}",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/out")),
        action("tell", "out"),
    ));
    let before = metrics(&relay);
    assert_eq!(before.get("tocsin_source_last_request_timestamp_seconds{source=\"hook\"}"), None);
    relay.post("hook", r#"{"title":"Disk full","id":"disk","severity":"high"}"#).expect(200);
    relay.settled();
    let after = metrics(&relay);
    grew(
        &before,
        &after,
        &[
            ("tocsin_requests_total{source=\"hook\",outcome=\"accepted\"}", 1.0),
            ("tocsin_requests_total{source=\"hook\",outcome=\"failed\"}", 0.0),
            ("tocsin_plugin_call_duration_seconds_count{plugin=\"webhook\",call=\"decode\"}", 1.0),
            ("tocsin_plugin_call_duration_seconds_count{plugin=\"webhook\",call=\"encode\"}", 1.0),
            ("tocsin_plugin_call_duration_seconds_count{plugin=\"webhook\",call=\"resume\"}", 1.0),
            // The request, the claim, the outcome.
            ("tocsin_journal_last_entry", 3.0),
            ("tocsin_store_commit_commands_sum", 3.0),
            ("tocsin_attempts_total{connection=\"out\",outcome=\"delivered\"}", 1.0),
            ("tocsin_attempt_duration_seconds_count{connection=\"out\"}", 1.0),
        ],
    );
    expect(
        &after,
        &[
            ("tocsin_deliveries{state=\"delivered\"}", 1.0),
            ("tocsin_incidents{state=\"open\"}", 1.0),
            ("tocsin_unresolved_incidents{state=\"open\",severity=\"high\"}", 1.0),
            ("tocsin_connection_queue_length{connection=\"out\",due=\"now\"}", 0.0),
            ("tocsin_connection_paused{connection=\"out\"}", 0.0),
            ("tocsin_ready{part=\"store\"}", 1.0),
            ("tocsin_store_trouble", 0.0),
            (concat!("tocsin_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
        ],
    );
    let heard = after["tocsin_source_last_request_timestamp_seconds{source=\"hook\"}"];
    assert!(heard > after["process_start_time_seconds"], "{heard}");
    assert!(after["process_resident_memory_bytes"] > 1e6, "{after:#?}");
}

#[test]
fn rejections_count_by_status_and_what_names_no_source_shows_no_name() {
    let relay = Relay::start(&source("hook", "webhook"));
    let before = metrics(&relay);
    relay.send(&Request::json("/in/hook?token=wrong-0123456789abcdef", "{}")).problem(401);
    relay.post("hook", r#"{"message":"no title"}"#).expect(422);
    for number in 0..3 {
        relay.send(&Request::json(&format!("/in/stranger-{number}"), "{}")).problem(404);
    }
    let text = relay.run(&["metrics"]).expect(0).stdout;
    grew(
        &before,
        &samples(&text),
        &[
            ("tocsin_requests_rejected_total{source=\"hook\",code=\"401\"}", 1.0),
            ("tocsin_requests_rejected_total{source=\"hook\",code=\"422\"}", 1.0),
            ("tocsin_requests_rejected_total{source=\"hook\",code=\"413\"}", 0.0),
            ("tocsin_requests_unknown_source_total", 3.0),
            ("tocsin_dead_letters{direction=\"in\"}", 1.0),
        ],
    );
    assert!(!text.contains("stranger"), "{text}");
}

/// A counter that goes back a little, as the kept counts may after a crash, would look like a start from zero and count
/// everything again.
#[test]
fn counters_begin_at_zero_with_each_start_and_a_source_keeps_when_it_was_heard() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    let heard = "tocsin_source_last_request_timestamp_seconds{source=\"hook\"}";
    let before = metrics(&relay);
    expect(&before, &[("tocsin_requests_total{source=\"hook\",outcome=\"accepted\"}", 1.0)]);
    relay.stop();
    relay.restart();
    let after = metrics(&relay);
    expect(
        &after,
        &[
            ("tocsin_requests_total{source=\"hook\",outcome=\"accepted\"}", 0.0),
            ("tocsin_incidents{state=\"open\"}", 1.0),
            (heard, before[heard]),
        ],
    );
    assert!(after["process_start_time_seconds"] > before["process_start_time_seconds"]);
}

#[test]
fn labels_follow_the_configuration_in_force_and_a_refused_reload_shows() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    let accepted =
        |source: &str| format!("tocsin_requests_total{{source=\"{source}\",outcome=\"accepted\"}}");
    let reload = "tocsin_config_last_reload_successful";

    relay.configure(&format!(
        "[metrics]\nenabled = true\n{}{}",
        source("hook", "webhook"),
        source("second", "webhook")
    ));
    relay.run(&["reload"]).expect(0);
    expect(&metrics(&relay), &[(&accepted("hook"), 1.0), (&accepted("second"), 0.0), (reload, 1.0)]);
    relay.send(&Request::new("GET", "/metrics")).expect(200);

    relay.configure("[sources.hook]\nplugin = \"webhook\"\n");
    relay.run(&["reload"]).expect(1);
    expect(&metrics(&relay), &[(&accepted("hook"), 1.0), (&accepted("second"), 0.0), (reload, 0.0)]);

    relay.configure(&source("second", "webhook"));
    relay.run(&["reload"]).expect(0);
    let after = metrics(&relay);
    expect(&after, &[(&accepted("second"), 0.0), (reload, 1.0)]);
    assert_eq!(after.get(&accepted("hook")), None, "the configuration no longer has it");
    relay.send(&Request::new("GET", "/metrics")).problem(404);
}

#[test]
fn a_connection_whose_peer_asks_it_to_wait_is_shown_with_what_waits_for_it() {
    let receiver = Receiver::scripted(|request, _| match request.path.as_str() {
        "/busy" => Reply::Answer(429, vec![("retry-after", "600".to_owned())], "slow down".to_owned()),
        _ => Reply::status(401),
    });
    let relay = Relay::start(&format!(
        "[retry]\nfirst = \"1h\"\nlongest = \"1h\"\n{}{}{}{}",
        source("hook", "webhook"),
        connection("busy", "webhook", &receiver.url("/busy")),
        action("tell", "busy"),
        connection("other", "webhook", &receiver.url("/other")),
    ));
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    let retried = "tocsin_attempts_total{connection=\"busy\",outcome=\"retried\"}";
    let later = "tocsin_connection_queue_length{connection=\"busy\",due=\"later\"}";
    let shown = until("the delivery waits", || {
        let shown = metrics(&relay);
        (shown[later] == 1.0).then_some(shown)
    });
    expect(
        &shown,
        &[
            (retried, 1.0),
            ("tocsin_connection_backoff{connection=\"busy\"}", 1.0),
            ("tocsin_connection_backoff{connection=\"other\"}", 0.0),
            ("tocsin_connection_queue_length{connection=\"busy\",due=\"now\"}", 0.0),
            ("tocsin_connection_oldest_due_age_seconds{connection=\"busy\"}", 0.0),
            ("tocsin_deliveries{state=\"due\"}", 1.0),
        ],
    );
}

#[test]
fn a_plugin_that_traps_is_counted_by_what_stopped_it() {
    let site = Site::new(&format!("{}{}", source("hook", "webhook"), source("panic", "panic")));
    site.drop_plugin("panic.wasm", &guest("panic"));
    let relay = Relay::start_in(site);
    relay.post("panic", "{}").expect(202);
    expect(
        &metrics(&relay),
        &[
            ("tocsin_plugin_call_failures_total{plugin=\"panic\",reason=\"trap\"}", 1.0),
            ("tocsin_plugin_call_failures_total{plugin=\"panic\",reason=\"time\"}", 0.0),
            ("tocsin_plugin_call_failures_total{plugin=\"webhook\",reason=\"trap\"}", 0.0),
            ("tocsin_requests_total{source=\"panic\",outcome=\"failed\"}", 1.0),
        ],
    );
}

#[test]
fn the_listener_shows_metrics_only_if_the_configuration_says_so_and_only_for_the_token() {
    let path = Request::new("GET", "/metrics");
    let closed = Relay::start(&source("hook", "webhook"));
    closed.send(&path).problem(404);
    closed.send(&Request::new("POST", "/metrics")).problem(404);
    closed.run(&["metrics"]).expect(0);

    let open = Relay::start(&format!("[metrics]\nenabled = true\n{}", source("hook", "webhook")));
    let answer = open.send(&path).expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(samples(&answer.body)["tocsin_listener_connections"], 1.0, "this one");

    let guarded = Relay::start(&format!(
        "[metrics]\nenabled = true\ntoken = \"{TOKEN}\"\n{}",
        source("hook", "webhook")
    ));
    let refused = guarded.send(&path);
    assert_eq!(refused.header("www-authenticate"), Some("Bearer realm=\"tocsin\""));
    assert!(!refused.body.contains(TOKEN), "{}", refused.body);
    refused.problem(401);
    for wrong in [format!("Bearer {TOKEN}x"), "Bearer".to_owned(), format!("Basic {TOKEN}"), TOKEN.to_owned()]
    {
        guarded.send(&Request::new("GET", "/metrics").header("authorization", &wrong)).problem(401);
    }
    let with = Request::new("GET", "/metrics").header("authorization", &format!("Bearer {TOKEN}"));
    guarded.send(&with).expect(200);
    // Its own users need no token.
    guarded.run(&["metrics"]).expect(0);
}

#[test]
fn a_short_token_for_metrics_is_a_mistake() {
    let said = Site::new("[metrics]\nenabled = true\ntoken = \"short\"\n").run(&["check"]).expect(1).stderr;
    assert!(said.contains("metrics.token: is shorter than 16 characters"), "{said}");
}

#[test]
fn a_text_file_is_whole_readable_by_everybody_and_without_what_node_exporter_has() {
    use std::os::unix::fs::PermissionsExt;

    let relay = Relay::start(&source("hook", "webhook"));
    let path = relay.path("tocsin.prom");
    relay.run(&["metrics", "--textfile", path.to_str().expect("a path")]).expect(0);
    let text = fs::read_to_string(&path).expect("it is there");
    assert!(text.contains("\ntocsin_ready{part=\"store\"} 1\n") && !text.contains("process_"), "{text}");
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o644);
    let left = fs::read_dir(relay.path("")).expect("ours").flatten();
    assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().ends_with(".part")));
    let said = relay.run(&["metrics", "--textfile", "tocsin.txt"]).expect(1).stderr;
    assert!(said.contains("ends with `.prom`"), "{said}");
    let said = relay.run(&["metrics", "--json"]).expect(1).stderr;
    assert!(said.contains("leave out --json"), "{said}");
}

#[test]
fn readyz_names_the_plugin_that_is_being_compiled_and_healthz_does_not_care() {
    let site = Site::new("");
    site.configure_whole(&format!(
        "listen = \"127.0.0.1:0\"\ncache_dir = \"own-cache\"\n{}",
        source("hook", "webhook")
    ));
    let relay = Relay::start_early(site);
    let ready = Request::new("GET", "/readyz");
    let answer = relay.send(&ready).expect(503).json();
    assert_eq!(answer["ready"], false, "{answer}");
    assert_eq!(answer["parts"]["plugins"]["reason"], "still compiling: webhook", "{answer}");
    for part in ["store", "dispatcher", "timers", "start_recorded"] {
        assert_eq!(answer["parts"][part]["ready"], true, "{part} of {answer}");
    }
    relay.send(&Request::new("GET", "/healthz")).expect(200);
    expect(
        &metrics(&relay),
        &[("tocsin_ready{part=\"plugins\"}", 0.0), ("tocsin_ready{part=\"store\"}", 1.0)],
    );
    // Other plugins, which the configuration does not name, may still be compiled.
    let answer = until("it is ready", || {
        let answer = relay.send(&ready);
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!(answer["ready"], true, "{answer}");
}
