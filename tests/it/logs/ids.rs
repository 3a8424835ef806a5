//! Ids of requests: in the answer, in the log, at the peer, in what the command line shows.

use serde_json::{Value, json};

use super::{NOT_DELIVERED, lines_of, refusing, tables};
use crate::harness::{Answer, Receiver, Relay, Request, Site, action, at, connection, source, until};

/// A trace that a sender gives.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn traced(flags: &str) -> Request {
    let body = json!({ "title": "Disk full", "id": "disk" }).to_string();
    Request::json(&at("hook"), &body).header("traceparent", &format!("00-{TRACE}-b7ad6b7169203331-{flags}"))
}

fn id(answer: &Answer) -> String {
    let id = answer.header("x-request-id").expect("an id").to_owned();
    let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    assert!(id.len() == 32 && id.chars().all(is_digit), "{id}");
    id
}

/// The trace, the step's own id and the flags of a header `traceparent`.
fn parts(header: &str) -> (String, String, String) {
    let parts: Vec<&str> = header.split('-').collect();
    let ["00", trace, span, flags] = parts.as_slice() else { unreachable!("{header}") };
    assert!(span.len() == 16 && *span != "0000000000000000", "{header}");
    ((*trace).to_owned(), (*span).to_owned(), (*flags).to_owned())
}

#[test]
fn a_request_without_a_trace_is_called_by_its_receipt_from_the_answer_to_the_peer() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables("", &receiver));
    let answer = relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    let id = id(&answer);
    let receipt = relay.json(&["receipts", "show", &answer.receipt()]);
    assert_eq!(receipt["request_id"], id.as_str());
    assert_eq!(relay.json(&["receipts", "show", &id]), receipt, "the id finds the receipt");
    let got = receiver.wait(1).remove(0);
    let (trace, _, flags) = parts(got.header("traceparent").expect("a trace"));
    assert_eq!((trace.as_str(), flags.as_str()), (id.as_str(), "01"));
    let delivery = relay.settled().remove(0);
    let shown = relay.json(&["deliveries", "show", delivery["id"].as_str().expect("an id")]);
    assert_eq!((&shown["request_id"], &shown["receipt"]), (&json!(id), &json!(answer.receipt())));
    let printed = relay.run(&["receipts", "show", &answer.receipt()]).expect(0).stdout;
    assert!(printed.contains(&format!("request id {id}")), "{printed}");
}

#[test]
fn the_trace_of_a_sender_is_the_requests_id_over_the_whole_road_also_after_a_crash() {
    let receiver = refusing();
    let mut relay = Relay::start(&tables("format = \"json\"", &receiver));
    let answer = relay.send(&traced("00")).expect(200);
    assert_eq!(id(&answer), TRACE);
    relay.settled();
    let got = receiver.wait(1).remove(0);
    let (trace, span, flags) = parts(got.header("traceparent").expect("a trace"));
    assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "00"));
    assert_ne!(span, "b7ad6b7169203331", "the relay's step is another one");
    let line = lines_of(&relay.log(), NOT_DELIVERED).remove(0);
    assert_eq!(line["fields"]["request"], TRACE, "{line}");
    relay.kill();
    relay.restart();
    let receipt = relay.json(&["receipts", "show", &answer.receipt()]);
    assert_eq!(receipt["request_id"], TRACE);
    let delivery = relay.settled().remove(0)["id"].as_str().expect("an id").to_owned();
    relay.run(&["deliveries", "retry", &delivery]).expect(0);
    let again = receiver.wait(2).remove(1);
    let (trace, another, _) = parts(again.header("traceparent").expect("a trace"));
    assert_eq!(trace, TRACE);
    assert_ne!(another, span, "each request is a step of its own");
    relay.settled();
    relay.stop();
    relay.run(&["verify", "--replay"]).expect(0);
}

#[test]
fn every_answer_has_an_id_and_an_error_has_it_in_its_document() {
    let relay = Relay::start(&source("hook", "webhook"));
    let refused = relay.send(&Request::json("/in/hook", "{}"));
    assert_eq!((refused.status, refused.json()["request_id"].clone()), (401, Value::from(id(&refused))));
    let nowhere = relay.send(&Request::new("GET", "/nowhere"));
    assert_eq!((nowhere.status, nowhere.json()["request_id"].clone()), (404, Value::from(id(&nowhere))));
    let first = id(&relay.send(&Request::new("GET", "/healthz")));
    assert_ne!(first, id(&relay.send(&Request::new("GET", "/healthz"))));
    // A text that is no trace is no id, and neither are two.
    let valid = format!("00-{TRACE}-b7ad6b7169203331-01");
    let longer = format!("{valid}-x");
    let wrong = relay.send(&Request::new("GET", "/healthz").header("traceparent", &longer)).expect(200);
    assert_ne!(id(&wrong), TRACE);
    let two = Request::new("GET", "/healthz").header("traceparent", &valid).header("traceparent", &valid);
    assert_ne!(id(&relay.send(&two).expect(200)), TRACE);
}

#[test]
fn a_rejection_in_the_log_has_the_id_that_its_sender_was_told() {
    let relay = Relay::start(&format!("[log]\nformat = \"json\"\n{}", source("hook", "webhook")));
    let refused = relay.send(&Request::json("/in/hook", "{}"));
    let lines = lines_of(&relay.log(), "rejected");
    assert_eq!(lines[0]["fields"]["request"], id(&refused), "{lines:?}");
    assert_eq!(lines[0]["fields"]["source"], "hook");
}

#[test]
fn what_an_operator_causes_has_no_trace() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables("", &receiver));
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    receiver.wait(1);
    relay.run(&["incidents", "ack", "1"]).expect(0);
    let got = receiver.wait(2).remove(1);
    assert_eq!((got.kind().as_str(), got.header("traceparent")), ("acknowledged", None));
}

#[test]
fn a_trace_is_the_hosts_to_set_and_no_actions() {
    let receiver = Receiver::start();
    let out = connection("out", "webhook", &receiver.url("/hook"));
    let headers =
        "settings = { headers = [\"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"] }";
    let tables = format!("{}{out}{}{headers}\n", source("hook", "webhook"), action("tell", "out"));
    let said = Site::new(&tables).run(&["check"]).expect(1).all();
    assert!(said.contains("`traceparent`") && said.contains("the host's to set"), "{said}");
    until("the receiver is not asked", || receiver.requests().is_empty().then_some(()));
}
