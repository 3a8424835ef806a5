//! Collectors that are not there, slow, or refuse: requests and deliveries go on, and somebody is told.

use std::fs;
use std::sync::Arc;

use serde_json::Value;

use super::{ONE_ALERT, of_trace, one_alert, road, send, tables};
use crate::harness::{Authority, Conduct, Gate, Proxy, Receiver, Relay, Reply, Request, until};

/// What `tocsin status` says of traces.
fn trouble(relay: &Relay) -> Option<String> {
    let status = relay.json_of_any_code(&["status"]);
    let problems = status["problems"].as_array().expect("a list").clone();
    let problems = problems.iter().filter_map(|problem| problem["problem"].as_str());
    problems.filter_map(|text| text.strip_prefix("traces could not be sent: ")).map(str::to_owned).next()
}

/// A counter of spans.
fn counted(relay: &Relay, what: &str) -> u64 {
    let text = relay.run(&["metrics"]).expect(0).stdout;
    let name = format!("tocsin_trace_spans_{what}_total ");
    let value = text.lines().find_map(|line| line.strip_prefix(&name)).expect("a sample");
    value.parse().expect("a number")
}

#[test]
fn a_collector_that_is_down_delays_nothing_is_reported_and_gets_the_spans_when_it_is_up() {
    let (collector, peer) = (Receiver::down(), Receiver::start());
    let relay = Relay::start(&tables(&collector, "", &peer));
    let trace = send(&relay, "disk");
    peer.wait(1);
    relay.settled();
    let why = until("the trouble is told", || trouble(&relay));
    assert!(why.starts_with("could not connect: "), "{why}");
    assert!(!why.contains("/v1/traces"), "{why}");
    relay.run(&["status"]).expect(1);
    let lines = relay.log().lines().filter(|line| line.contains("traces could not be sent")).count();
    assert_eq!(lines, 1, "{}", relay.log());
    let healthy = relay.send(&Request::new("GET", "/healthz"));
    assert_eq!(healthy.status, 200);
    collector.listen();
    one_alert(&collector, &trace);
    until("the trouble is over", || trouble(&relay).is_none().then_some(()));
    until("the spans are counted", || (counted(&relay, "exported") == ONE_ALERT.len() as u64).then_some(()));
    assert_eq!(counted(&relay, "dropped"), 0);
}

#[test]
fn a_collector_that_does_not_answer_delays_neither_answers_nor_deliveries_and_a_stop_not_for_long() {
    let gate = Gate::new();
    let waits = Arc::clone(&gate);
    let collector = Receiver::scripted(move |_, _| {
        waits.wait();
        Reply::ok()
    });
    let peer = Receiver::start();
    let mut relay = Relay::start(&tables(&collector, "", &peer));
    send(&relay, "first");
    until("the collector is asked", || (!collector.requests().is_empty()).then_some(()));
    for number in 0..20 {
        send(&relay, &format!("disk-{number}"));
    }
    peer.wait(21);
    relay.settled();
    relay.stop();
    // Had anything waited for its end, the collector would have been asked again.
    assert_eq!(collector.requests().len(), 1);
    assert!(relay.log().contains("the last spans of traces were dropped"), "{}", relay.log());
    gate.open();
}

#[test]
fn a_collector_that_is_overloaded_is_asked_again_and_one_that_refuses_is_not() {
    let overloaded = || Reply::Answer(503, vec![("retry-after", "1".to_owned())], String::new());
    let collector = Receiver::scripted(move |_, number| if number == 0 { overloaded() } else { Reply::ok() });
    let peer = Receiver::start();
    let relay = Relay::start(&tables(&collector, "", &peer));
    let all = ONE_ALERT.len() as u64;
    send(&relay, "first");
    until("the spans are taken", || (counted(&relay, "exported") == all).then_some(()));
    let got = collector.requests();
    assert_eq!(got[0].protobuf, got[1].protobuf, "the same spans again");
    assert_eq!(counted(&relay, "dropped"), 0);
    collector.script(|_, _| Reply::status(401));
    send(&relay, "second");
    let why = until("the trouble is told", || trouble(&relay));
    assert_eq!(why, "the collector answered 401: check `traces.headers`");
    until("all are dropped", || (counted(&relay, "dropped") == all).then_some(()));
    assert_eq!(counted(&relay, "exported"), all);
    peer.wait(2);
}

#[test]
fn spans_that_a_collector_rejects_of_those_it_takes_are_counted_as_dropped() {
    // `partial_success { rejected_spans: 3 }` of an `ExportTraceServiceResponse`.
    let collector = Receiver::scripted(|_, _| Reply::body(200, "\u{a}\u{2}\u{8}\u{3}"));
    let peer = Receiver::start();
    let mut relay = Relay::start(&tables(&collector, "", &peer));
    send(&relay, "disk");
    let why = until("the trouble is told", || trouble(&relay));
    assert_eq!(why, "the collector rejected spans; its own log says why");
    assert!(counted(&relay, "dropped") >= 3);
    relay.stop();
}

#[test]
fn a_redirect_is_not_followed() {
    let (collector, other, peer) = (Receiver::start(), Receiver::start(), Receiver::start());
    let to = other.url("/v1/traces");
    collector.script(move |_, _| Reply::Answer(307, vec![("location", to.clone())], String::new()));
    let relay = Relay::start(&tables(&collector, "", &peer));
    send(&relay, "disk");
    let why = until("the trouble is told", || trouble(&relay));
    assert!(why.ends_with("307, a redirect: write the final address as `traces.otlp`"), "{why}");
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_reload_turns_traces_on_and_off() {
    let (collector, peer) = (Receiver::start(), Receiver::start());
    let relay = Relay::start(&road(&peer));
    let before = send(&relay, "first");
    relay.settled();
    relay.configure(&tables(&collector, "", &peer));
    let said = relay.run(&["diff"]).all();
    assert!(said.contains("traces.otlp added"), "{said}");
    relay.run(&["reload"]).expect(0);
    until("traces are on", || relay.log().contains("traces are sent").then_some(()));
    let traced = send(&relay, "second");
    one_alert(&collector, &traced);
    let said = relay.run(&["config", "export"]).expect(0).stdout;
    assert!(said.contains(&format!("otlp = \"{}\"", collector.url(""))), "{said}");
    relay.configure(&road(&peer));
    relay.run(&["reload"]).expect(0);
    until("traces are off", || relay.log().contains("no more traces are sent").then_some(()));
    let after = send(&relay, "third");
    relay.settled();
    let mut relay = relay;
    relay.stop();
    assert_eq!((of_trace(&collector, &before).len(), of_trace(&collector, &after).len()), (0, 0));
}

#[test]
fn the_trouble_of_a_collector_ends_when_a_reload_turns_traces_off_although_a_request_still_fails() {
    let gate = Gate::new();
    let waits = Arc::clone(&gate);
    let collector = Receiver::scripted(move |_, number| {
        if number > 0 {
            waits.wait();
        }
        Reply::status(503)
    });
    let peer = Receiver::start();
    let relay = Relay::start(&tables(&collector, "", &peer));
    send(&relay, "disk");
    peer.wait(1);
    relay.settled();
    let why = until("the trouble is told", || trouble(&relay));
    assert_eq!(why, "the collector answered 503");
    until("the collector is asked again", || (collector.requests().len() == 2).then_some(()));
    relay.configure(&road(&peer));
    relay.run(&["reload"]).expect(0);
    until("traces are off", || relay.log().contains("no more traces are sent").then_some(()));
    gate.open();
    until("the request has failed", || {
        relay.log().contains("the last spans of traces were dropped").then_some(())
    });
    assert_eq!(trouble(&relay), None);
    relay.run(&["status"]).expect(0);
    until("all are dropped", || (counted(&relay, "dropped") == ONE_ALERT.len() as u64).then_some(()));
}

#[test]
fn a_collector_may_have_a_certificate_of_an_authority_of_ones_own() {
    let authority = Authority::new();
    let collector = Receiver::secure(authority.server(&["127.0.0.1"], None));
    let peer = Receiver::start();
    let mut relay = Relay::start(&tables(&collector, "", &peer));
    send(&relay, "first");
    let why = until("the trouble is told", || trouble(&relay));
    assert!(why.contains("UnknownIssuer"), "{why}");
    let file = relay.path("ca.pem");
    fs::write(&file, authority.pem()).expect("the folder can be written");
    let ca = format!("ca = {}", Value::from(file.display().to_string()));
    relay.configure(&tables(&collector, &ca, &peer));
    relay.run(&["reload"]).expect(0);
    let trace = send(&relay, "second");
    relay.settled();
    relay.stop();
    assert!(!of_trace(&collector, &trace).is_empty(), "{}", relay.log());
}

#[test]
fn the_proxy_of_all_requests_leads_to_no_collector_on_this_machine_unless_it_is_said() {
    let (collector, peer) = (Receiver::start(), Receiver::start());
    let proxy = Proxy::start(Conduct::Works);
    let egress = format!("[egress]\n{}", proxy.keys(""));
    let direct =
        tables(&collector, "", &peer).replace("allow_private = true", "allow_private = true\nproxy = false");
    let relay = Relay::start(&format!("{egress}{direct}"));
    let trace = send(&relay, "first");
    one_alert(&collector, &trace);
    assert_eq!(proxy.requests().len(), 0);
    let through = direct.replace("[traces]\n", &format!("[traces]\n{}", proxy.keys("")));
    relay.configure(&format!("{egress}{through}"));
    relay.run(&["reload"]).expect(0);
    until("the way is another one", || {
        (relay.log().matches("INFO traces are sent").count() == 2).then_some(())
    });
    let trace = send(&relay, "second");
    one_alert(&collector, &trace);
    assert!(!proxy.requests().is_empty());
}
