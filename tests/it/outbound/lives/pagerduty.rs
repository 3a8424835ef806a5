//! PagerDuty: one alert for each incident, under one key.

use serde_json::{Value, json};

use super::{act, newest, statuses};
use crate::harness::{Receiver, Relay, Reply, action, connection, source};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Takes events for [`KEY`], and answers as the Events API does.
fn events() -> Receiver {
    Receiver::scripted(|request, number| {
        let event = request.json();
        match number {
            1 => Reply::body(500, "internal server error"),
            _ if request.path != "/v2/enqueue" => Reply::body(404, ""),
            _ if event["routing_key"] != KEY => {
                Reply::body(400, r#"{"status":"invalid event","message":"Invalid routing key"}"#)
            }
            _ => {
                let said = json!({"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]});
                Reply::body(202, &said.to_string())
            }
        }
    })
}

#[test]
fn an_incident_is_one_alert_that_is_triggered_acknowledged_and_resolved() {
    let receiver = events();
    let to = connection("pagerduty", "pagerduty", &receiver.url(""));
    let secrets = format!("secrets = {{ routing_key = \"{KEY}\" }}\n");
    let relay =
        Relay::start(&format!("{}{to}{secrets}{}", source("hook", "webhook"), action("page", "pagerduty")));
    super::super::open(&relay, "disk", "high");
    relay.settled();
    act(&relay, &["ack", "1"]);
    assert_eq!(statuses(&newest(&relay)), [500, 202]);
    let deliveries = act(&relay, &["resolve", "1"]);
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "accepted"), "{deliveries:#?}");

    let got: Vec<Value> = receiver.wait(4).iter().map(|request| request.json()).collect();
    let did: Vec<&Value> = got.iter().map(|event| &event["event_action"]).collect();
    assert_eq!(did, ["trigger", "acknowledge", "acknowledge", "resolve"]);
    let incident = relay.incident()["id"].clone();
    assert!(got.iter().all(|event| event["dedup_key"] == incident), "{got:#?}");
    assert_eq!(
        (&got[0]["payload"]["summary"], &got[0]["payload"]["severity"]),
        (&json!("disk"), &json!("error"))
    );
}

#[test]
fn the_whole_address_that_pagerduty_shows_takes_events_too() {
    let receiver = events();
    let to = connection("pagerduty", "pagerduty", &receiver.url("/v2/enqueue"));
    let secrets = format!("secrets = {{ routing_key = \"{KEY}\" }}\n");
    let relay =
        Relay::start(&format!("{}{to}{secrets}{}", source("hook", "webhook"), action("page", "pagerduty")));
    super::super::open(&relay, "disk", "high");
    let deliveries = relay.settled();
    assert_eq!(deliveries[0]["state"], "accepted", "{deliveries:#?}");
    let paths: Vec<String> = receiver.wait(4).into_iter().map(|request| request.path).collect();
    let (below, itself) = ("/v2/enqueue/v2/enqueue", "/v2/enqueue");
    assert_eq!(paths, [below, itself, below, itself], "two attempts: PagerDuty is in trouble at first");
}
