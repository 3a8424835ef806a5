//! A plugin that was built against a frozen version, in the real relay: every function that it exports is called.

use std::fs;

use serde_json::Value;

use crate::harness::{
    Receiver, Recorded, Relay, Reply, Request, Site, TOKEN, action, at, connection, guest, settings, source,
};

/// The guests, one for each frozen version.
const GUESTS: [&str; 1] = ["frozen-0-1-0"];

const SECRETS: &str = "[connections.out.secrets]\ntoken = \"to\\\"ken 42\"\npassword = \"open sesame\"\n\
                       key = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"\n";

/// A site with this guest dropped, whose source and action have these settings.
fn site(name: &str, receiver: &Receiver, of_source: &str, of_connection: &str, of_action: &str) -> Site {
    let to = connection("out", "frozen", &receiver.url("/hooks/x"));
    let on = "on = [\"opened\", \"updated\", \"resolved\"]\n";
    let site = Site::new(&format!(
        "{}{}{to}{}{SECRETS}{}{on}{}",
        source("in", "frozen"),
        settings("sources.in", of_source),
        settings("connections.out", of_connection),
        action("tell", "out"),
        settings("actions.tell", of_action),
    ));
    site.drop_plugin("frozen.wasm", &guest(name));
    site
}

/// A peer that takes a message in two steps.
fn peer() -> Receiver {
    Receiver::scripted(|request, _| match request.method.as_str() {
        "GET" => Reply::body(200, "well"),
        "POST" => Reply::Answer(200, vec![("etag", "e-1".to_owned())], "m-1".to_owned()),
        _ => Reply::ok(),
    })
}

fn send(relay: &Relay, body: &str) -> crate::harness::Answer {
    relay.send(&Request::new("POST", &at("in")).header("content-type", "text/plain").body(body))
}

fn all(request: &Recorded, expected: &[&str]) {
    for part in expected {
        assert!(request.body.contains(part), "{part} in {}", request.body);
    }
}

#[test]
fn a_plugin_of_a_frozen_version_decodes_encodes_and_resumes() {
    for name in GUESTS {
        let receiver = peer();
        let own =
            "note = \"as it is\"\ndocument = '{\"a\": \"{{ title }}\", \"b\": \"fixed\"}'\nstyle = \"rich\"";
        let relay = Relay::start_in(site(name, &receiver, "words = [\"a\", \"b\"]\nstrict = true", "", own));
        let answer = send(&relay, "trigger disk Disk full\nsomething else").expect(201);
        assert_eq!((answer.body.as_str(), answer.header("content-type")), ("taken", Some("text/plain")));
        let requests = receiver.wait(2);
        assert_eq!((requests[0].method.as_str(), requests[1].method.as_str()), ("POST", "PUT"));
        assert!(requests[0].path.starts_with("/hooks/x/rooms/blue%20room?id="), "{}", requests[0].path);
        assert_eq!(requests[0].header("authorization"), Some("Basic cmVsYXk6b3BlbiBzZXNhbWU="));
        assert_eq!(requests[0].header("x-token"), Some("to\"ken 42"));
        assert!(
            requests[0].header("webhook-signature").is_some_and(|signature| signature.starts_with("v1,"))
        );
        all(
            &requests[0],
            &[
                "number 1 of in by disk\nopen: Disk full (POST  with ",
                "room=blue room",
                "settings=text lines, texts a+b, integer 900, boolean true",
                "change by Ada at true\nattempt 1 test false zone UTC\nowed before it began true",
                "action tell host 127.0.0.1 urls 0",
                "text Disk full, text as it is, document {\"a\":\"Disk full\",\"b\":\"fixed\"} fixed /b, integer 1, text rich",
                "connection text lobby, text 00aa55, nothing, nothing",
                "json to\\\"ken 42 form to%22ken%2042",
            ],
        );
        assert!(requests[1].path.starts_with("/hooks/x/messages/m-1/pin?id="), "{}", requests[1].path);
        assert_eq!(requests[1].body, "e-1");
        relay.settled();
        assert_eq!(relay.incident()["labels"]["ticket"], "m-1");

        send(&relay, "trigger disk Disk fuller").expect(201);
        send(&relay, "resolve disk").expect(201);
        let last = receiver.wait(3).pop().expect("three");
        assert!(last.method == "PATCH" && last.path.starts_with("/hooks/x/messages/m-1?id="), "{last:?}");
        assert_eq!(last.body, "https://example.com/m-1");
        let states: Vec<Value> = relay.settled().iter().map(|delivery| delivery["state"].clone()).collect();
        assert!(
            states.iter().all(|state| state == "delivered" || state == "accepted" || state == "skipped"),
            "{states:?}"
        );
    }
}

#[test]
fn a_plugin_of_a_frozen_version_refuses_a_request_and_judges_an_answer() {
    for name in GUESTS {
        let receiver = Receiver::scripted(|_, number| match number {
            0 => Reply::body(503, "busy"),
            1 => Reply::body(422, "no such room"),
            2 => Reply::body(401, "who are you?"),
            _ => Reply::ok(),
        });
        let relay = Relay::start_in(site(name, &receiver, "", "room = \"unprobed\"", ""));
        let told = |body: &str, status: u16| send(&relay, body).problem(status);
        assert!(told("unsupported", 415).contains("`unsupported` is not read"));
        assert!(told("invalid", 422).contains("must be `<change> <key> <title>`"));
        assert!(told("", 422).contains("body"));
        let latin: &[u8] = &[b't', 0xff];
        relay
            .send(
                &Request::new("POST", &at("in"))
                    .header("content-type", "application/octet-stream")
                    .body(latin),
            )
            .expect(422);
        assert_eq!(send(&relay, "nothing").expect(201).body, "taken");

        send(&relay, "trigger disk Disk full").expect(201);
        let rejected = relay.settled().pop().expect("a delivery");
        assert_eq!(
            (&rejected["state"], &rejected["attempts"]),
            (&"rejected".into(), &2.into()),
            "{rejected}"
        );
        assert!(
            rejected["last"]["summary"].as_str().is_some_and(|why| why.contains("no such room")),
            "{rejected}"
        );
    }
}

#[test]
fn the_checkers_of_a_frozen_version_find_mistakes() {
    for name in GUESTS {
        let receiver = Receiver::down();
        let problems = |of_source: &str, of_connection: &str, of_action: &str| -> Vec<(String, String)> {
            let site = site(name, &receiver, of_source, of_connection, of_action);
            let said = site.json_of_any_code(&["check"]);
            let text = |problem: &Value, key: &str| problem[key].as_str().expect("text").to_owned();
            let problems = said["problems"].as_array().expect("a list").iter();
            problems.map(|problem| (text(problem, "path"), text(problem, "problem"))).collect()
        };
        assert_eq!(problems("", "", ""), []);
        for (found, path, words) in [
            (
                problems("program = \"wrong\"", "", ""),
                "sources.in.settings.program",
                "of the source is text wrong",
            ),
            (
                problems("", "room = \"wrong\"", ""),
                "connections.out.settings.room",
                "of 127.0.0.1 is text wrong",
            ),
            (
                problems("", "", "note = \"wrong\""),
                "actions.tell.settings.note",
                "of an action over text lobby at 127.0.0.1 is text wrong",
            ),
        ] {
            // A dropped file that the configuration does not fit is refused, and the refusal says where.
            let expected = format!("{path}: {words}");
            assert!(found.iter().any(|(_, problem)| problem.contains(&expected)), "{found:?}");
        }
    }
}

#[test]
fn the_prober_of_a_frozen_version_tries_a_connection() {
    for name in GUESTS {
        let receiver = peer();
        let relay = Relay::start_in(site(name, &receiver, "", "", ""));
        let tested = relay.json(&["connections", "test", "out"]);
        assert_eq!(
            (&tested["state"], &tested["outcome"]),
            (&"good".into(), &"well at 127.0.0.1 for text lobby".into())
        );
        assert_eq!(receiver.wait(1)[0].path, "/hooks/info/x");
        receiver.script(|_, _| Reply::body(401, "who are you?"));
        let tested = relay.json_of_any_code(&["connections", "test", "out"]);
        assert_eq!((&tested["state"], &tested["outcome"]), (&"bad".into(), &"who are you?".into()));
    }
}

#[test]
fn a_plugin_of_a_frozen_version_passes_the_check_of_its_file() {
    for name in GUESTS {
        let site = Site::new("");
        fs::write(site.path("frozen.wasm"), guest(name)).expect("written");
        let said = site.run(&["plugins", "check", "frozen.wasm"]).expect(0).stdout;
        for part in ["frozen 1.0.0", "program", "document", "path"] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(!said.contains(TOKEN));
    }
}
