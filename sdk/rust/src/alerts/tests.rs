//! Groups as Alertmanager and those who copy it write them.

use serde_json::json;

use super::*;

const SEVERITIES: Severities<'_> = Severities { label: "severity", own: &[], default: None };

fn decoded(group: &Value) -> Result<Decoded, Refusal> {
    decode(group, Timestamp::from_seconds(1_800_000_000), &SEVERITIES, |event, _| event)
}

fn one(alert: Value) -> Event {
    decoded(&json!({"status": "firing", "alerts": [alert]})).unwrap().events.remove(0)
}

fn at(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
}

#[test]
fn each_alert_has_its_own_status_whatever_the_group_says() {
    let group = json!({"status": "firing", "alerts": [
        {"status": "resolved", "labels": {"alertname": "a"}, "fingerprint": "1"},
        {"labels": {"alertname": "b"}, "fingerprint": "2"},
    ]});
    let changes: Vec<Change> = decoded(&group).unwrap().events.iter().map(|event| event.change).collect();
    assert_eq!(changes, [Change::Resolve, Change::Trigger]);
}

#[test]
fn without_a_fingerprint_the_labels_are_the_key_in_any_order() {
    let first = one(json!({"labels": {"alertname": "a", "host": "x"}}));
    let again = one(json!({"labels": {"host": "x", "alertname": "a"}, "status": "resolved"}));
    let other = one(json!({"labels": {"host": "y", "alertname": "a"}}));
    assert_eq!(first.key, again.key);
    assert_ne!(first.key, other.key);
}

#[test]
fn what_fires_is_never_late_and_an_end_is_when_it_ended() {
    let start = "2022-06-17T01:04:00.782137894Z";
    let firing = one(json!({"labels": {"a": "b"}, "startsAt": start, "endsAt": "0001-01-01T00:00:00Z"}));
    assert_eq!(firing.occurred_at, None);
    let end = "2022-06-17T01:08:28.652747827Z";
    let resolved = |end: &str| {
        one(json!({"labels": {"a": "b"}, "status": "resolved", "startsAt": start, "endsAt": end}))
    };
    assert_eq!(resolved(end).occurred_at, at(end));
    // An end that is missing or before the beginning is the beginning; one in the future would make others late.
    assert_eq!(resolved("0001-01-01T00:00:00Z").occurred_at, at(start));
    assert_eq!(resolved("2022-06-17T01:00:00Z").occurred_at, at(start));
    assert_eq!(resolved("2099-01-01T00:00:00Z").occurred_at, Some(Timestamp::from_seconds(1_800_000_000)));
}

#[test]
fn annotations_become_title_message_links_and_labels() {
    let event = one(json!({
        "labels": {"alertname": "a", "team": "web"},
        "annotations": {"summary": "It is\nslow", "description": "Very.", "runbook_url": "https://r.example/1",
            "dashboard": "https://d.example/2", "team": "other", "hint": "restart", "__value_string__": "x"},
        "generatorURL": "?orgId=1",
    }));
    assert_eq!((event.title.as_str(), event.message.as_str()), ("It is slow", "Very."));
    let links: Vec<(&str, &str)> = event.links.iter().map(|l| (l.title.as_str(), l.url.as_str())).collect();
    assert_eq!(links, [("Runbook", "https://r.example/1"), ("dashboard", "https://d.example/2")]);
    let labels: Vec<(&str, &str)> = event.labels.iter().map(|l| (l.key.as_str(), l.value.as_str())).collect();
    assert_eq!(labels, [("alertname", "a"), ("team", "web"), ("hint", "restart")]);
}

#[test]
fn a_title_is_made_of_what_there_is() {
    for (labels, title) in [
        (json!({"alertname": "Down", "instance": "db-1"}), "Down on db-1"),
        (json!({"alertname": "Down"}), "Down"),
        (json!({"instance": "db-1"}), "Alert on db-1"),
        (json!({"job": "x"}), "Alert without a name"),
    ] {
        assert_eq!(one(json!({"labels": labels})).title, title);
    }
}

#[test]
fn alerts_that_were_left_out_are_counted_on_those_that_fire() {
    let alert = json!({"labels": {"a": "b"}});
    let event = decoded(&json!({"status": "firing", "truncatedAlerts": 3, "alerts": [alert]})).unwrap();
    assert!(event.events[0].labels.iter().any(|l| l.key == "truncated_alerts" && l.value == "3"));
    let many = decoded(&json!({"status": "firing", "alerts": vec![alert; 1005]})).unwrap();
    assert_eq!(many.events.len(), 1000);
    assert!(many.events[0].labels.iter().any(|l| l.key == "truncated_alerts" && l.value == "5"));
}

#[test]
fn a_refusal_names_the_alert() {
    let refused = |group: Value| match decoded(&group) {
        Err(Refusal::Invalid { field, .. } | Refusal::Missing(field)) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(json!({})), "alerts");
    assert_eq!(refused(json!({"alerts": {}})), "alerts");
    assert_eq!(refused(json!({"alerts": [7]})), "alerts[0].labels");
    let labels = json!({"a": "b"});
    assert_eq!(refused(json!({"alerts": [{"labels": labels}]})), "alerts[0].status");
    assert_eq!(refused(json!({"alerts": [{"labels": labels, "status": "x"}]})), "alerts[0].status");
    assert!(decoded(&json!({"alerts": []})).unwrap().ignored.is_some());
}
