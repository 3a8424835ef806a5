//! Groups as Alertmanager and those who copy it write them.

use serde_json::json;

use super::*;
use crate::Timestamp;

const SEVERITIES: Severities<'_> = Severities { label: "severity", own: &[], default: None };

fn decoded(group: &Value) -> Result<Decoded, Refusal> {
    let received_at = Timestamp::from_seconds(1_800_000_000);
    let request = Request { received_at, ..Request::post_json(&group.to_string()) };
    Group::parse(&request)?.decode(&SEVERITIES, |event, _| Some(event))
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
fn an_end_that_cannot_be_read_is_left_out_and_remarked_once() {
    let alert = |end: &str| json!({"fingerprint": "1", "status": "resolved", "endsAt": end});
    let group = json!({"alerts": [alert("2022-06-17T01:08:28Z"), alert("tomorrow"), alert("later")]});
    let decoded = decoded(&group).unwrap();
    assert_eq!(decoded.events[1].occurred_at, None);
    assert_eq!(decoded.remarks, ["alerts[1].endsAt: `tomorrow` cannot be read as a time and is left out"]);
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
}

#[test]
fn ten_thousand_alerts_all_become_events_and_more_are_rejected_by_number() {
    let alert = json!({"labels": {"a": "b"}});
    let all = decoded(&json!({"status": "firing", "alerts": vec![&alert; EVENTS_MAX]})).unwrap();
    assert_eq!((all.events.len(), all.rejected.len()), (EVENTS_MAX, 0));
    let many = decoded(&json!({"status": "firing", "alerts": vec![&alert; EVENTS_MAX + 5]})).unwrap();
    assert_eq!(many.events.len(), EVENTS_MAX);
    assert!(many.events[0].labels.iter().any(|l| l.key == "truncated_alerts" && l.value == "5"));
    assert_eq!(many.rejected[0].place, "alerts[10000] and what follows");
    assert!(many.rejected[0].reason.contains("5 more came"), "{:?}", many.rejected);
    // A word that says two things makes two events, and they count.
    let taken = decoded(&json!({"status": "investigating", "alerts": vec![&alert; EVENTS_MAX]})).unwrap();
    assert_eq!((taken.events.len(), taken.rejected.len()), (EVENTS_MAX, EVENTS_MAX / 2));
}

#[test]
fn one_bad_alert_costs_only_itself() {
    let group = json!({"status": "firing", "alerts": [
        {"labels": {"alertname": "a"}, "fingerprint": "1"},
        7,
        {"status": "firing", "startsAt": "2022-06-17T01:04:00Z"},
        {"status": "pending", "fingerprint": "3"},
        {"status": ["active"], "fingerprint": "4"},
        {"status": {"state": "suppressed"}, "fingerprint": "6"},
        {"status": "resolved", "fingerprint": "5"},
    ]});
    let decoded = decoded(&group).unwrap();
    let keys: Vec<(&str, Change)> =
        decoded.events.iter().map(|event| (event.key.as_str(), event.change)).collect();
    assert_eq!(keys, [("1", Change::Trigger), ("6", Change::Note), ("5", Change::Resolve)]);
    assert_eq!(decoded.events[1].message, "The status is `suppressed`.");
    let rejected: Vec<(&str, &str)> =
        decoded.rejected.iter().map(|element| (element.place.as_str(), element.reason.as_str())).collect();
    assert_eq!(
        rejected,
        [
            ("alerts[1]", "is not an object"),
            ("alerts[2]", "`fingerprint`: is missing, and there are no labels to identify the alert by"),
            ("alerts[3]", "`status`: `pending` is neither `firing` nor `resolved`"),
            ("alerts[4]", "`status`: is neither a text nor an object with a `state`"),
        ]
    );
}

#[test]
fn an_alert_without_labels_is_read_by_its_fingerprint() {
    let alert = |annotations: Value| json!({"status": "firing", "labels": {}, "fingerprint": "57c6", "annotations": annotations});
    let title = |group: Value| decoded(&group).unwrap().events.remove(0).title;
    let summary = json!({"summary": "It burns"});
    assert_eq!(title(json!({"title": "[FIRING:1] x", "alerts": [alert(summary)]})), "It burns");
    let common = json!({"alertname": "Fire"});
    assert_eq!(
        title(json!({"title": "[FIRING:1] x", "commonLabels": common, "alerts": [alert(json!({}))]})),
        "Fire"
    );
    assert_eq!(
        title(json!({"title": "[FIRING:1]  (Fire Grafana)", "alerts": [alert(json!({}))]})),
        "(Fire Grafana)"
    );
    assert_eq!(title(json!({"title": "[FIRING:1] ", "alerts": [alert(json!(null))]})), "Alert 57c6");
    let over = json!({"alerts": [{"fingerprint": "57c6", "status": "resolved"}]});
    let over = decoded(&over).unwrap().events.remove(0);
    assert_eq!((over.change, over.key.as_str()), (Change::Resolve, "57c6"));
}

#[test]
fn what_comes_behind_the_alerts_counts_for_them() {
    let body = r#"{"alerts": [{"fingerprint": "1"}], "status": "resolved", "truncatedAlerts": 2}"#;
    let request = Request::post_json(body);
    let group = Group::parse(&request).unwrap();
    assert_eq!(group.text("truncatedalerts").as_deref(), Some("2"));
    let decoded = group.decode(&SEVERITIES, |event, _| Some(event)).unwrap();
    assert_eq!(decoded.events[0].change, Change::Resolve);
}

#[test]
fn another_document_is_refused_and_broken_json_names_its_place() {
    for body in ["[]", "7", "\"x\"", "null", "[{\"alerts\": []}]", "{}", "{\"alerts\": null}"] {
        let request = Request::post_json(body);
        let group = Group::parse(&request).unwrap();
        assert!(!group.has_alerts(), "{body}");
        assert!(
            matches!(group.decode(&SEVERITIES, |event, _| Some(event)), Err(Refusal::Missing(_))),
            "{body}"
        );
    }
    for body in ["{\"alerts\": [}", "{\"alerts\": []} x", "{\"alerts\": [], \"alerts\": []}", "", "[1"] {
        let request = Request::post_json(body);
        let Err(Refusal::Malformed(why)) = Group::parse(&request) else { panic!("{body}") };
        assert!(why.contains("the body"), "{why}");
    }
}

#[test]
fn an_alert_that_more_leaves_out_is_neither_an_event_nor_rejected() {
    let request =
        Request::post_json(r#"{"status": "firing", "alerts": [{"fingerprint": "1"}, {"fingerprint": "2"}]}"#);
    let group = Group::parse(&request).unwrap();
    let decoded = group
        .decode(&SEVERITIES, |event, alert| (alert.text("fingerprint")? == "2").then_some(event))
        .unwrap();
    assert_eq!((decoded.events.len(), decoded.rejected.len()), (1, 0));
    assert_eq!(group.decode(&SEVERITIES, |_, _| None).unwrap(), Decoded::default());
}

#[test]
fn a_refusal_names_the_alert() {
    let refused = |group: Value| match decoded(&group) {
        Err(Refusal::Invalid { field, .. } | Refusal::Missing(field)) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(json!({})), "alerts");
    assert_eq!(refused(json!({"alerts": {}})), "alerts");
    assert_eq!(refused(json!({"alerts": [7]})), "alerts[0]");
    assert_eq!(refused(json!({"alerts": [{"status": "firing"}]})), "alerts[0].fingerprint");
    let labels = json!({"a": "b"});
    assert_eq!(refused(json!({"alerts": [{"labels": labels}]})), "alerts[0].status");
    assert_eq!(refused(json!({"alerts": [{"labels": labels, "status": "x"}]})), "alerts[0].status");
    assert!(decoded(&json!({"alerts": []})).unwrap().ignored.is_some());
}
