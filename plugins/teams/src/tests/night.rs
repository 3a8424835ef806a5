//! What a card says at night, and how it is read on a phone.

use tocsin_plugin::testing::context_from_json;
use tocsin_plugin::{ChangeKind, State, Timestamp};

use super::*;

/// The usual alert of a Kubernetes cluster.
fn crash_loop() -> Context {
    let file = serde_json::json!({
        "number": 186, "source": "am", "title": "Pod is crash looping.", "host": FLOW,
        "message": "Pod shop/checkout-api-x2x9q is in waiting state.",
        "labels": {
            "alertname": "KubePodCrashLooping", "cluster": "prod-eu-1", "container": "checkout-api",
            "instance": "10.244.3.17:8080", "namespace": "shop", "pod": "checkout-api-x2x9q", "team": "payments"
        },
        "links": {
            "Runbook": "https://runbooks.example.com/crash",
            "Source": "http://prometheus.example.com:9090/graph?g0.expr=up"
        },
        "open_since": "2026-11-28T02:58:11.123456Z", "now": "2026-11-28T03:00:00Z",
        "owed_since": "2026-11-28T03:00:00Z"
    });
    context_from_json(&file).expect("a context")
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

#[test]
fn a_card_is_title_message_essentials_buttons_links_and_labels() {
    let (_, body) = sent(&crash_loop(), &fields());
    assert_eq!(
        card(&body)["body"][0]["items"][0]["inlines"][0]["text"],
        "🚨 CRITICAL · Pod is crash looping."
    );
    let read = read_aloud(&body);
    let lines: Vec<&str> = read.lines().collect();
    assert_eq!(
        lines,
        [
            "Pod shop/checkout-api-x2x9q is in waiting state.",
            "#186 · since {{TIME(2026-11-28T02:58:11Z)}} · payments · prod-eu-1/shop · from am",
            "[Source (prometheus.example.com:9090)](http://prometheus.example.com:9090/graph?g0.expr=up)",
            "alertname KubePodCrashLooping · pod checkout-api-x2x9q · instance 10.244.3.17:8080 · container checkout-api",
        ]
    );
    assert_eq!(actions(&body), ["Acknowledge", "Runbook", "Incident #186"]);
    let summary = "[CRITICAL] Pod is crash looping. — KubePodCrashLooping, prod-eu-1/shop";
    assert_eq!(body["summary"], summary);
    assert_eq!(card(&body)["speak"], summary);
}

#[test]
fn the_reader_sees_the_day_when_it_is_another_and_how_late_the_message_is() {
    let mut context = crash_loop();
    context.incident.open_since = at("2026-11-27T02:58:11Z");
    context.now = at("2026-11-28T03:47:00Z");
    let (_, body) = sent(&context, &fields());
    let expected =
        "47 min late · #186 · since {{DATE(2026-11-27T02:58:11Z,SHORT)}} {{TIME(2026-11-27T02:58:11Z)}} ·";
    assert!(read_aloud(&body).contains(expected), "{}", read_aloud(&body));
}

#[test]
fn a_description_that_comes_again_with_the_change_stands_once() {
    let mut context = crash_loop();
    context.change.text = context.incident.message.clone();
    for (kind, state) in [(ChangeKind::Updated, State::Open), (ChangeKind::Resolved, State::Resolved)] {
        context.change.kind = kind;
        context.incident.state = state;
        for host in [FLOW, CONNECTOR] {
            let (text, _) = sent(&Context { host: host.to_owned(), ..context.clone() }, &fields());
            assert_eq!(text.matches("in waiting state").count(), 1, "{kind:?} {text}");
        }
    }
}

#[test]
fn addresses_numbers_and_commands_can_be_copied() {
    let mut context = crash_loop();
    let label = |key: &str, value: &str| Label { key: key.to_owned(), value: value.to_owned() };
    context.incident.labels = vec![
        label("addr", "10.244.3.17:8080"),
        label("pct", "97.5"),
        label("neg", "-5"),
        label("cmd", "rm -rf *_tmp_* && [x](y) `z`"),
    ];
    for fields in [fields(), Fields { facts: testing::all_facts(), ..fields() }] {
        let (text, body) = sent(&context, &fields);
        assert!(!text.contains('\u{200b}'), "{text}");
        for value in ["addr 10.244.3.17:8080", "pct 97.5", "neg -5", "cmd rm -rf *_tmp_* && [x](y) `z`"] {
            assert!(read_aloud(&body).contains(value), "{value} in {}", read_aloud(&body));
        }
    }
}

#[test]
fn a_place_that_markdown_would_read_stands_where_there_is_none() {
    let mut context = crash_loop();
    context.incident.labels = vec![Label { key: "cluster".to_owned(), value: "*prod*".to_owned() }];
    let (_, body) = sent(&context, &fields());
    let block = card(&body)["body"].as_array().expect("elements").iter().find(|e| e["type"] == "TextBlock");
    assert!(block.is_some_and(|block| !block["text"].to_string().contains("prod")), "{block:?}");
    assert!(read_aloud(&body).contains("\n*prod*\n"), "{}", read_aloud(&body));
}
