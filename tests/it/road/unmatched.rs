//! Incidents that no action takes: counted, explained, and received by the fallback.

use serde_json::json;

use crate::harness::{Receiver, Relay, action, connection, source};

fn tables(receiver: &Receiver) -> String {
    format!(
        "{}{}{}filter = 'severity == \"critical\"'\n{}on = [\"resolved\"]\n{}status = \"disabled\"\n",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/page")),
        action("page", "out"),
        action("late", "out"),
        action("off", "out"),
    )
}

fn alert(id: &str, severity: &str) -> String {
    json!({ "title": format!("about {id}"), "id": id, "severity": severity }).to_string()
}

#[test]
fn incidents_that_no_action_took_are_counted_and_explained() {
    let receiver = Receiver::start();
    let relay = Relay::start(&tables(&receiver));
    assert!(!relay.run(&["status"]).expect(0).stdout.contains("unmatched"));
    for (id, severity) in [("a", "low"), ("b", "critical"), ("c", "high")] {
        relay.post("hook", &alert(id, severity)).expect(200);
    }
    let said = relay.run(&["status"]).expect(0).stdout;
    for words in [
        "unmatched: no action took 2 incidents of the last 24 hours, the latest: #3, #1",
        "why: tocsin incidents show 3; to receive them, set `fallback` in [routing]",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let unmatched = &relay.json(&["status"])["unmatched"];
    assert_eq!(
        *unmatched,
        json!({ "hours": 24, "count": 2, "latest": [3, 1], "more": false, "fallback": null })
    );
    let said = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    for words in [
        "page             its filter keeps this incident out: severity == \"critical\"",
        "late             it does not run on opened, but on resolved",
        "off              the action is disabled",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(relay.run(&["incidents", "show", "2"]).expect(0).stdout.contains("page             1 delivery"));
}

#[test]
fn the_fallback_receives_what_no_action_took_and_what_follows_for_it() {
    let (pager, rest) = (Receiver::start(), Receiver::start());
    let relay = Relay::start(&format!(
        "{}{}{}[routing]\nfallback = \"rest\"\n",
        tables(&pager),
        connection("rest", "webhook", &rest.url("/rest")),
        action("rest", "rest"),
    ));
    relay.post("hook", &alert("small", "low")).expect(200);
    relay.post("hook", &alert("large", "critical")).expect(200);
    relay.run(&["incidents", "resolve", "1"]).expect(0);
    relay.run(&["incidents", "resolve", "2"]).expect(0);
    relay.settled();
    let got: Vec<_> = rest.wait(2).iter().map(|request| (request.title(), request.kind())).collect();
    let small = |kind: &str| ("about small".to_owned(), kind.to_owned());
    assert_eq!(got, [small("opened"), small("resolved")]);
    let said = relay.run(&["status"]).expect(0).stdout;
    assert!(said.contains("no action took 1 incident of the last 24 hours, the latest: #1"), "{said}");
    assert!(said.contains("they went to the fallback, rest"), "{said}");
    let said = relay.run(&["incidents", "show", "2"]).expect(0).stdout;
    assert!(said.contains("it is the fallback, and another action took this incident"), "{said}");
}

#[test]
fn an_incident_that_an_action_takes_later_is_no_longer_counted_and_the_fallback_only_closes_what_it_told() {
    let (pager, rest) = (Receiver::start(), Receiver::start());
    let relay = Relay::start(&format!(
        "{}{}{}on = [\"opened\", \"updated\", \"acknowledged\", \"reopened\", \"resolved\"]\n[routing]\nfallback = \"rest\"\n",
        tables(&pager),
        connection("rest", "webhook", &rest.url("/rest")),
        action("rest", "rest"),
    ));
    relay.post("hook", &alert("disk", "low")).expect(200);
    relay.settled();
    assert_eq!(relay.json(&["status"])["unmatched"]["latest"], json!([1]));
    relay.post("hook", &alert("disk", "critical")).expect(200);
    relay.settled();
    assert!(!relay.run(&["status"]).expect(0).stdout.contains("unmatched"));
    assert_eq!(relay.json(&["incidents", "show", "1"])["unmatched"], false);
    relay.run(&["incidents", "ack", "1"]).expect(0);
    relay.settled();
    relay.post("hook", &alert("disk", "low")).expect(200);
    relay.settled();
    relay.run(&["incidents", "resolve", "1"]).expect(0);
    relay.settled();
    let kinds = |receiver: &Receiver| -> Vec<_> {
        let requests = receiver.requests();
        let of_page = requests.iter().filter(|request| request.path == "/page" || request.path == "/rest");
        of_page.map(|request| request.kind()).collect()
    };
    assert_eq!(kinds(&rest), ["opened", "resolved"]);
    assert_eq!(
        kinds(&pager),
        ["opened", "acknowledged", "resolved", "resolved"],
        "one resolution is of the action late"
    );
}
