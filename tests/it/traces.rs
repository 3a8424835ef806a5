//! Traces by OTLP: what a collector gets of an alert's road, and that no collector holds the road up.

use serde_json::json;

use crate::harness::{
    Receiver, Relay, Reply, Request, Site, Span, TOKEN, action, at, connection, source, spans, until,
};

mod collectors;
mod configured;

/// A trace and a step of it that a sender gives.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
/// The names of the spans of one alert with one delivery that arrives at once.
const ONE_ALERT: [&str; 8] = ["attempt", "commit", "decode", "encode", "receive", "resume", "send", "settle"];

/// `[traces]` with these lines, and an action that sends to `peer`.
fn tables(collector: &Receiver, lines: &str, peer: &Receiver) -> String {
    format!("[traces]\notlp = \"{}\"\n{lines}\n{}", collector.url(""), road(peer))
}

/// A source, and an action that sends to `peer`.
fn road(peer: &Receiver) -> String {
    [source("hook", "webhook"), connection("out", "webhook", &peer.url("/hook")), action("tell", "out")]
        .concat()
}

fn alert(id: &str) -> String {
    json!({ "title": format!("Disk of {id} is full"), "id": id }).to_string()
}

/// Sends an alert whose sender has a trace.
fn send_traced(relay: &Relay, id: &str, flags: &str) {
    let header = format!("00-{TRACE}-{CALLER}-{flags}");
    relay.send(&Request::json(&at("hook"), &alert(id)).header("traceparent", &header)).expect(200);
}

/// Sends an alert of a sender without a trace, and returns the trace that it gets.
fn send(relay: &Relay, id: &str) -> String {
    relay.post("hook", &alert(id)).expect(200).header("x-request-id").expect("an id").to_owned()
}

/// The spans of a trace that the collector got so far.
fn of_trace(collector: &Receiver, trace: &str) -> Vec<Span> {
    spans(&collector.requests()).into_iter().filter(|span| span.trace == trace).collect()
}

/// Waits until the collector has so many spans of a trace with this name, and returns them in the order of attempts.
fn named(collector: &Receiver, trace: &str, name: &str, count: usize) -> Vec<Span> {
    let what = format!("the collector has {count} spans {name}");
    let mut found = until(&what, || {
        let mut found = of_trace(collector, trace);
        found.retain(|span| span.name == name);
        (found.len() >= count).then_some(found)
    });
    assert_eq!(found.len(), count, "{found:#?}");
    found.sort_by_key(|span| span.attribute("tocsin.attempt").as_i64());
    found
}

/// Waits until the collector has the spans of one alert, and returns them by [`ONE_ALERT`].
fn one_alert(collector: &Receiver, trace: &str) -> [Span; 8] {
    let mut found = until("the collector has the spans of an alert", || {
        Some(of_trace(collector, trace)).filter(|spans| spans.len() >= ONE_ALERT.len())
    });
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<&str> = found.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ONE_ALERT, "{found:#?}");
    found.try_into().expect("as many")
}

/// The trace, the span and the flags of the `traceparent` that a peer got.
fn got(peer: &Receiver, number: usize) -> (String, String, String) {
    let header = peer.requests()[number].header("traceparent").expect("a trace").to_owned();
    let parts: Vec<&str> = header.split('-').collect();
    let ["00", trace, span, flags] = parts.as_slice() else { unreachable!("{header}") };
    ((*trace).to_owned(), (*span).to_owned(), (*flags).to_owned())
}

#[test]
fn an_alert_is_one_trace_from_its_senders_step_to_its_peers() {
    let (collector, peer) = (Receiver::start(), Receiver::start());
    let relay = Relay::start(&tables(&collector, "", &peer));
    send_traced(&relay, "disk", "01");
    let [attempt, commit, decode, encode, receive, resume, sent, settle] = one_alert(&collector, TRACE);
    assert_eq!(receive.parent, CALLER);
    for child in [&decode, &commit, &attempt] {
        assert_eq!(child.parent, receive.id, "{child:#?}");
    }
    for child in [&encode, &sent, &resume, &settle] {
        assert_eq!(child.parent, attempt.id, "{child:#?}");
    }
    assert_eq!(got(&peer, 0), (TRACE.to_owned(), sent.id.clone(), "01".to_owned()));
    for (span, kind) in [(&receive, "Server"), (&sent, "Client"), (&attempt, "Internal")] {
        assert_eq!(format!("{:?}", span.kind), kind);
    }
    let delivery = relay.settled().remove(0);
    let receipt = relay.list(&["receipts", "list"]).remove(0);
    for (span, name, value) in [
        (&receive, "tocsin.source", json!("hook")),
        (&receive, "tocsin.receipt", receipt["id"].clone()),
        (&receive, "http.request.method", json!("POST")),
        (&receive, "url.path", json!("/in/hook")),
        (&receive, "http.response.status_code", json!(200)),
        (&receive, "http.request.body.size", json!(alert("disk").len())),
        (&receive, "client.address", json!("127.0.0.1")),
        (&decode, "tocsin.plugin", json!("webhook")),
        (&decode, "tocsin.outcome", json!("applied")),
        (&decode, "tocsin.events", json!(1)),
        (&commit, "tocsin.incidents", json!([1])),
        (&attempt, "tocsin.delivery", delivery["id"].clone()),
        (&attempt, "tocsin.attempt", json!(1)),
        (&attempt, "tocsin.incident", json!(1)),
        (&attempt, "tocsin.action", json!("tell")),
        (&attempt, "tocsin.connection", json!("out")),
        (&attempt, "tocsin.outcome", json!("delivered")),
        (&sent, "server.address", json!("127.0.0.1")),
        (&sent, "http.response.status_code", json!(200)),
        (&settle, "tocsin.outcome", json!("delivered")),
    ] {
        assert_eq!(span.attribute(name), value, "{name}");
    }
    assert_eq!(receive.resource["service.name"], "tocsin");
    assert_eq!(receive.resource["service.version"], env!("CARGO_PKG_VERSION"));
    let exported = collector.requests().remove(0);
    assert_eq!((exported.method.as_str(), exported.path.as_str()), ("POST", "/v1/traces"));
    assert!(
        [attempt, commit, decode, encode, receive, resume, sent, settle].iter().all(|span| !span.is_error)
    );
}

#[test]
fn an_alert_without_a_senders_trace_begins_one_that_has_the_requests_id() {
    let (collector, peer) = (Receiver::start(), Receiver::start());
    let relay = Relay::start(&tables(&collector, "", &peer));
    let trace = send(&relay, "disk");
    let spans = one_alert(&collector, &trace);
    let receive = spans.iter().find(|span| span.name == "receive").expect("it is one of them");
    assert_eq!(receive.parent, "");
    assert_eq!(got(&peer, 0).0, trace);
    // What an operator causes is a trace of its own, and its peer knows it.
    relay.run(&["incidents", "ack", "1"]).expect(0);
    peer.wait(2);
    let (own, span, flags) = got(&peer, 1);
    assert!(own != trace && flags == "01", "{own} {flags}");
    let attempt = named(&collector, &own, "attempt", 1).remove(0);
    assert_eq!((attempt.parent.as_str(), attempt.links.len()), ("", 0));
    assert_eq!(named(&collector, &own, "send", 1).remove(0).id, span);
}

#[test]
fn an_attempt_that_fails_is_an_error_and_the_next_one_links_to_it() {
    let collector = Receiver::start();
    let peer = Receiver::scripted(|_, number| if number < 2 { Reply::status(503) } else { Reply::ok() });
    let relay = Relay::start(&tables(&collector, "", &peer));
    let trace = send(&relay, "disk");
    let attempts = named(&collector, &trace, "attempt", 3);
    let [first, second, third] = attempts.as_slice() else { unreachable!("{attempts:#?}") };
    assert_eq!(first.links, Vec::<String>::new());
    assert_eq!((&second.links, &third.links), (&vec![first.id.clone()], &vec![second.id.clone()]));
    assert_eq!([first, second, third].map(|one| one.is_error), [true, true, false]);
    assert_eq!(first.attribute("tocsin.outcome"), "retried");
    let receive = named(&collector, &trace, "receive", 1).remove(0);
    assert!(attempts.iter().all(|attempt| attempt.parent == receive.id), "{attempts:#?}");
    let sent = named(&collector, &trace, "send", 3);
    for (number, attempt) in attempts.iter().enumerate() {
        let (_, id, _) = got(&peer, number);
        let span = sent.iter().find(|span| span.id == id).expect("the peer knows its step");
        assert_eq!(span.parent, attempt.id);
        assert_eq!(span.is_error, number < 2, "{span:#?}");
    }
}

#[test]
fn an_attempt_after_a_restart_still_hangs_below_the_request() {
    let collector = Receiver::start();
    let peer = Receiver::scripted(|_, _| Reply::status(503));
    let mut relay = Relay::start(&tables(&collector, "", &peer));
    send_traced(&relay, "disk", "01");
    let receive = named(&collector, TRACE, "receive", 1).remove(0);
    relay.kill();
    peer.script(|_, _| Reply::ok());
    relay.restart();
    relay.settled();
    let last = until("the delivery arrived in a trace", || {
        let spans = of_trace(&collector, TRACE);
        spans
            .into_iter()
            .find(|span| span.attribute("tocsin.outcome") == "delivered" && span.name == "attempt")
    });
    assert_eq!(last.parent, receive.id);
    assert_eq!(last.links.len(), 1, "{last:#?}");
}

#[test]
fn a_stop_sends_what_was_not_sent_yet() {
    let (collector, peer) = (Receiver::start(), Receiver::start());
    let mut relay = Relay::start(&tables(&collector, "", &peer));
    let trace = send(&relay, "disk");
    relay.settled();
    relay.stop();
    assert_eq!(of_trace(&collector, &trace).len(), ONE_ALERT.len());
}

/// What must be in no span.
const SECRETS: [&str; 6] = [
    TOKEN,
    "marker-of-an-alert",
    "marker-of-a-peer",
    "marker-of-a-path",
    "marker-of-an-address",
    "marker-of-a-header",
];

#[test]
fn no_span_has_a_secret_an_address_or_the_text_of_an_alert_or_a_peer() {
    let collector = Receiver::start();
    let peer = Receiver::scripted(|_, _| Reply::body(400, "marker-of-a-peer"));
    let out = connection("out", "webhook", &peer.url("/marker-of-an-address"));
    let road = [source("hook", "webhook"), out, action("tell", "out")].concat();
    let relay = Relay::start(&format!(
        "[traces]\notlp = \"{}\"\nheaders = {{ Authorization = \"Bearer marker-of-a-header\" }}\n{road}",
        collector.url("")
    ));
    let body = json!({ "title": "marker-of-an-alert", "id": "marker-of-an-alert" }).to_string();
    let target = format!("/in/hook/marker-of-a-path?token={TOKEN}");
    let answer = relay.send(&Request::json(&target, &body));
    let answered = answer.header("x-request-id").expect("an id").to_owned();
    let receive = named(&collector, &answered, "receive", 1).remove(0);
    assert_eq!(receive.attribute("url.path"), "/in/hook/…");
    // Not understood, then a dead letter.
    let refused = relay.post("hook", r#"{"message":"marker-of-an-alert"}"#).expect(422);
    let refused = refused.header("x-request-id").expect("an id").to_owned();
    assert_eq!(
        named(&collector, &refused, "receive", 1).remove(0).attribute("http.response.status_code"),
        422
    );
    let body = body.replace("\"id\":\"", "\"id\":\"other-");
    let trace = relay.post("hook", &body).expect(200).header("x-request-id").expect("an id").to_owned();
    let attempt = named(&collector, &trace, "attempt", 1).remove(0);
    assert_eq!((attempt.attribute("tocsin.outcome"), attempt.is_error), (json!("rejected"), true));
    let got = collector.requests();
    assert!(
        got.iter().all(|one| one.header("authorization") == Some("Bearer marker-of-a-header")),
        "{got:?}"
    );
    for secret in SECRETS {
        assert!(!got.iter().any(|one| one.body.contains(secret)), "{secret} is in a span");
    }
}

#[test]
fn a_stranger_is_in_no_trace() {
    let (collector, peer) = (Receiver::start(), Receiver::start());
    let relay = Relay::start(&tables(&collector, "", &peer));
    let header = format!("00-{TRACE}-{CALLER}-01");
    for target in ["/in/hook", "/in/nowhere", "/nowhere"] {
        let refused = relay.send(&Request::json(target, &alert("a")).header("traceparent", &header));
        assert!(refused.status >= 400, "{refused:?}");
    }
    let trace = send(&relay, "disk");
    one_alert(&collector, &trace);
    assert_eq!(of_trace(&collector, TRACE).len(), 0);
}

#[test]
fn only_the_traces_that_the_configuration_and_the_sender_want_are_sent() {
    let (collector, peer) = (Receiver::start(), Receiver::start());
    let relay = Relay::start(&tables(&collector, "sample = 0.0", &peer));
    let unwanted = send(&relay, "first");
    send_traced(&relay, "second", "00");
    relay.settled();
    assert_eq!(got(&peer, 0).2, "00", "the peer knows that this one is not recorded");
    assert_eq!(got(&peer, 1).2, "00");
    relay.configure(&tables(&collector, "sample = 1", &peer));
    relay.run(&["reload"]).expect(0);
    until("the sample is another one", || relay.log().contains("sample=1").then_some(()));
    let wanted = send(&relay, "third");
    one_alert(&collector, &wanted);
    assert_eq!((of_trace(&collector, &unwanted).len(), of_trace(&collector, TRACE).len()), (0, 0));
}

#[test]
fn nothing_of_the_environment_changes_where_traces_go() {
    let (collector, other, peer) = (Receiver::start(), Receiver::start(), Receiver::start());
    let site = Site::new(&tables(&collector, "", &peer)).with_environment(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &other.url("")),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &other.url("/v1/traces")),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-other=1"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_SERVICE_NAME", "other"),
        ("OTEL_RESOURCE_ATTRIBUTES", "other=1"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("HTTP_PROXY", &other.url("")),
    ]);
    let relay = Relay::start_in(site);
    let trace = send(&relay, "disk");
    let span = one_alert(&collector, &trace)[0].clone();
    assert_eq!((&span.resource["service.name"], span.resource.get("other")), (&json!("tocsin"), None));
    assert_eq!(collector.requests()[0].header("x-other"), None);
    assert_eq!(other.requests().len(), 0);
}
