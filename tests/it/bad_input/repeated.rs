//! The same request again, and more requests than can be taken.

use std::thread;

use serde_json::json;

use crate::harness::{Receiver, Relay, Request, Site, action, at, connection, guest, source, until};

#[test]
fn a_replay_is_answered_like_the_first_and_applied_once() {
    let receiver = Receiver::start();
    let relay = Relay::start(&format!(
        "{}{}{}",
        source("zapier", "zapier"),
        connection("hook", "webhook", &receiver.url("/")),
        action("tell", "hook"),
    ));
    let body = r#"{"title":"CPU high","status":"trigger","id":"cpu"}"#;
    let first = relay.post("zapier", body).expect(200);
    let again = relay.post("zapier", body).expect(200);
    assert_eq!(first.json()["incidents"], again.json()["incidents"]);
    assert_eq!(again.json()["status"], "duplicate");
    assert_ne!(first.receipt(), again.receipt());
    let receipt = relay.json(&["receipts", "show", &again.receipt()]);
    assert_eq!(receipt["status"], "duplicate");
    assert!(receipt["reason"].as_str().expect("a reason").contains(&first.receipt()));
    assert_eq!(receipt["effects"], json!([]));
    assert_eq!(relay.incident()["count"], 1);

    // Another body, or the same one with another query, is another request.
    relay.post("zapier", &body.replace("cpu", "cpu ")).expect(200);
    relay.send(&Request::json(&format!("{}&round=2", at("zapier")), body)).expect(200);
    assert_eq!(relay.incident()["count"], 3);
    receiver.wait(1);
}

#[test]
fn the_same_words_of_a_zap_are_no_replay_once_something_else_has_happened() {
    let relay = Relay::start(&source("zapier", "zapier"));
    let down = r#"{"title":"Site down","status":"trigger","id":"site"}"#;
    let up = r#"{"title":"Site down","status":"resolve","id":"site"}"#;
    for (body, state) in [(down, "open"), (up, "resolved"), (down, "open"), (up, "resolved")] {
        let answer = relay.post("zapier", body).expect(200).json();
        assert_eq!(answer["status"], "applied", "{answer}");
        assert_eq!(relay.incident()["state"], state);
    }
    assert_eq!(relay.post("zapier", up).expect(200).json()["status"], "duplicate");
}

#[test]
fn a_delivery_id_that_comes_again_is_applied_once_whatever_is_sent_with_it() {
    let relay = Relay::start(&format!("{}{}", source("hook", "webhook"), source("other", "webhook")));
    let send = |source: &str, title: &str| {
        let body = json!({ "title": title, "id": "x" }).to_string();
        relay.send(&Request::json(&at(source), &body).header("webhook-id", "msg_1")).expect(200)
    };
    let first = send("hook", "Disk full");
    let again = send("hook", "Disk still full");
    assert_eq!(again.json()["status"], "duplicate");
    assert_eq!(first.json()["incidents"], again.json()["incidents"]);
    assert_eq!(relay.incident()["title"], "Disk full");
    assert_eq!(send("other", "Disk full").json()["status"], "applied", "another source has ids of its own");
}

#[test]
fn a_refused_request_may_come_again_after_it_was_mended() {
    let relay = Relay::start(&source("hook", "webhook"));
    let send = |body: &str| relay.send(&Request::json(&at("hook"), body).header("webhook-id", "msg_1"));
    send(r#"{"message":"no title"}"#).problem(422);
    assert_eq!(send(r#"{"title":"Disk full"}"#).expect(200).json()["status"], "applied");
}

#[test]
fn when_the_queue_is_full_a_sender_is_told_when_to_come_again_and_nothing_is_kept() {
    let limits = "[limits]\nqueue = 1\nplugin_time = \"2s\"\n";
    let site = Site::new(&format!("{limits}{}{}", source("slow", "endless-loop"), source("hook", "webhook")));
    site.drop_plugin("endless-loop.wasm", &guest("endless-loop"));
    let relay = Relay::start_in(site);
    let address = relay.address();
    // It holds the only place until its plugin's time is over.
    let slow = thread::spawn(move || {
        until("it has got the place", || {
            let answer = Request::json(&at("slow"), "body").send(address);
            (answer.status != 503).then_some(answer)
        })
    });
    let mut taken = 0;
    let full = until("the queue is full", || {
        let answer = relay.post("hook", r#"{"title":"Disk full"}"#);
        taken += usize::from(answer.status == 200);
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(full.header("retry-after"), Some("5"));
    assert!(full.problem(503).contains("nothing of this request was kept"));
    slow.join().expect("it is answered").expect(202);
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    assert_eq!(relay.list(&["receipts", "list", "--source", "hook"]).len(), taken + 1);
    assert_eq!(relay.list(&["receipts", "list", "--source", "slow"]).len(), 1);
}
