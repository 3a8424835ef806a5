//! One bad element of a list costs only itself: the good events are applied, and the request waits with its bytes until
//! the rest can be read.

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, Request, action, at, connection, settings, source};

/// Three alarms; the state of the second is in no vocabulary.
const ALARMS: &str = r#"{"alarms":[{"id":"a","name":"Pump A","state":"down"},
    {"id":"b","name":"Pump B","state":"banana"},{"id":"c","name":"Pump C","state":"down"}]}"#;
const PROGRAM: &str =
    r#"jq = '.alarms[] | {title: .name, status: .state, key: .id, remarks: (.note // [])}'"#;

fn config(more: &str, receiver: &Receiver) -> String {
    format!(
        "{}{}{}{}",
        source("pumps", "webhook"),
        settings("sources.pumps", &format!("{PROGRAM}\n{more}")),
        connection("hook", "webhook", &receiver.url("/hook")),
        action("tell", "hook"),
    )
}

fn dead_letters(relay: &Relay) -> Vec<Value> {
    relay.list(&["receipts", "list", "--dead-letters"])
}

fn titles(relay: &Relay) -> Vec<(Value, Value)> {
    let incidents = relay.list(&["incidents", "list"]);
    incidents.iter().rev().map(|incident| (incident["title"].clone(), incident["count"].clone())).collect()
}

#[test]
fn one_bad_element_costs_only_itself_and_waits_with_its_bytes() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config("", &receiver));
    let answer = relay.post("pumps", ALARMS).expect(200);
    let said = answer.json();
    assert_eq!(said["status"], "partly refused", "{said}");
    let numbers: Vec<_> =
        said["incidents"].as_array().expect("a list").iter().map(|i| &i["number"]).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(said["refused_count"], 1);
    let refused = &said["refused"][0];
    let reason = refused["reason"].as_str().expect("a reason");
    assert_eq!(refused["place"], "result 2");
    assert!(reason.contains("banana"), "{reason}");
    assert_eq!(titles(&relay), [(json!("Pump A"), json!(1)), (json!("Pump C"), json!(1))]);
    receiver.wait(2);

    let [dead] = &dead_letters(&relay)[..] else { panic!("one dead letter") };
    assert_eq!((&dead["status"], &dead["dead_letter"]), (&json!("partly_refused"), &json!(true)));
    let shown = relay.json(&["receipts", "show", &answer.receipt()]);
    assert_eq!(shown["request"]["body"]["text"], ALARMS);
    assert_eq!(shown["refused"], said["refused"]);
    let words = relay.run(&["receipts", "show", &answer.receipt()]).expect(0).stdout;
    assert!(words.contains(" partly refused: ") && words.contains("#1 opened, #2 opened"), "{words}");
    assert!(words.contains("\nrefused result 2: ") && words.contains("receipts redecode"), "{words}");
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(status.contains("dead letter"), "{status}");
}

#[test]
fn what_was_applied_is_not_applied_again_when_the_rest_can_be_read() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&config("", &receiver));
    let receipt = relay.post("pumps", ALARMS).expect(200).receipt();
    receiver.wait(2);
    // Nothing was fixed yet.
    let again = relay.run(&["receipts", "redecode", &receipt]).expect(1).stdout;
    assert!(again.contains("partly refused"), "{again}");

    relay.stop();
    relay.configure(&config("trigger_words = [\"banana\"]", &receiver));
    relay.restart();
    let decoded = relay.list(&["receipts", "redecode", "--source", "pumps"]);
    let [decoded] = &decoded[..] else { panic!("{decoded:#?}") };
    assert_eq!((&decoded["status"], &decoded["dead_letter"]), (&json!("applied"), &json!(false)));
    let effects = decoded["effects"].as_array().expect("a list");
    let effects: Vec<_> =
        effects.iter().map(|effect| (&effect["key"], &effect["incident"]["number"])).collect();
    assert_eq!(effects, [(&json!("a"), &json!(1)), (&json!("b"), &json!(3)), (&json!("c"), &json!(2))]);
    let expected = ["Pump A", "Pump C", "Pump B"].map(|title| (json!(title), json!(1)));
    assert_eq!(titles(&relay), expected);
    assert!(dead_letters(&relay).is_empty());
    receiver.wait(3);
    let deliveries = relay.settled();
    assert_eq!(deliveries.len(), 3, "one for each incident: {deliveries:#?}");
    let refused = relay.run(&["receipts", "redecode", &receipt]).expect(1).stderr;
    assert!(refused.contains("is applied"), "{refused}");
    relay.stop();
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn a_partly_refused_request_can_be_discarded() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config("", &receiver));
    let receipt = relay.post("pumps", ALARMS).expect(200).receipt();
    relay.run(&["receipts", "discard", &receipt, "--as", "Ada"]).expect(0);
    assert!(dead_letters(&relay).is_empty());
    let shown = relay.json(&["receipts", "show", &receipt]);
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("discarded"), &json!("discarded by Ada")));
    assert_eq!(shown["effects"].as_array().map(Vec::len), Some(2));
    let refused = relay.run(&["receipts", "redecode", &receipt]).expect(1).stderr;
    assert!(refused.contains("is discarded"), "{refused}");
}

#[test]
fn a_request_of_which_nothing_can_be_read_is_refused_as_a_whole() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config("", &receiver));
    let answer = relay.post("pumps", &ALARMS.replace("down", "pear"));
    let receipt = answer.receipt();
    let detail = answer.problem(422);
    assert!(detail.contains("pear"), "{detail}");
    assert_eq!(relay.json(&["receipts", "show", &receipt])["status"], "refused");
    assert!(relay.list(&["incidents", "list"]).is_empty());
}

#[test]
fn a_replay_of_a_partly_refused_request_is_answered_like_the_first() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config("", &receiver));
    let send = || relay.send(&Request::json(&at("pumps"), ALARMS).header("webhook-id", "msg_1")).expect(200);
    let (first, again) = (send().json(), send().json());
    assert_eq!(again["status"], "duplicate");
    assert_eq!((&again["incidents"], &again["refused"]), (&first["incidents"], &first["refused"]));
    assert_eq!(dead_letters(&relay).len(), 1, "the first");
    assert_eq!(relay.list(&["incidents", "list"]).len(), 2);
}

#[test]
fn remarks_come_with_the_answer_and_are_kept_with_the_receipt() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config("", &receiver));
    let body =
        r#"{"alarms":[{"id":"a","name":"Pump A","state":"down","note":["the clock of pump A is wrong"]}]}"#;
    let answer = relay.post("pumps", body).expect(200);
    assert_eq!(answer.json()["remarks"], json!(["the clock of pump A is wrong"]));
    let shown = relay.json(&["receipts", "show", &answer.receipt()]);
    assert_eq!(shown["remarks"], json!(["the clock of pump A is wrong"]));
    assert_eq!(relay.list(&["receipts", "list"])[0]["remarks"], shown["remarks"]);
    let words = relay.run(&["receipts", "show", &answer.receipt()]).expect(0).stdout;
    assert!(words.contains("\nremark: the clock of pump A is wrong\n"), "{words}");
    let plain = relay.post("pumps", &body.replace("note", "other")).expect(200).json();
    assert!(plain.get("remarks").is_none(), "{plain}");
}
