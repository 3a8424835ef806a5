//! What a receiver's answer means: the status alone does not say it.

use serde_json::json;

use super::{id, open, the_delivery, to, to_webhook};
use crate::harness::{Receiver, Relay, Reply, connection, settings, until};

#[test]
fn slack_has_not_posted_unless_it_says_ok() {
    let receiver = Receiver::scripted(|_, _| Reply::body(200, "<html>Sign in to the proxy</html>"));
    let relay = Relay::start(&to("slack", &receiver.url("/services/x")));
    open(&relay, "disk");
    relay.settled();
    let delivery = the_delivery(&relay);
    assert_eq!(delivery["state"], "rejected");
    let words = delivery["last"]["summary"].as_str().expect("words");
    assert!(words.contains("not posted") && words.contains("instead of `ok`"), "{words}");
    receiver.wait(1);
}

#[test]
fn slack_without_its_webhook_pauses_the_connection_until_an_operator_says_go_on() {
    let receiver = Receiver::scripted(|_, _| Reply::body(404, "no_service"));
    let relay = Relay::start(&to("slack", &receiver.url("/services/gone")));
    relay.run(&["status"]).expect(0);
    // One incident alone may be refused for what it says.
    open(&relay, "disk");
    open(&relay, "net");
    let status = until("the connection is paused", || {
        let ran = relay.run(&["status"]);
        (ran.code == 1).then_some(ran.stdout)
    });
    for words in ["paused: connection out since", "no_service", "create a new webhook", "deliveries retry"] {
        assert!(status.contains(words), "{words} in {status}");
    }
    let paused = relay.json_of_any_code(&["status"])["connections"][0]["paused"]["reason"].clone();
    assert!(paused.as_str().expect("a reason").contains("no_service"), "{paused}");

    // What comes meanwhile is kept, and not sent.
    open(&relay, "cpu");
    open(&relay, "memory");
    let deliveries = relay.list(&["deliveries", "list"]);
    assert_eq!(deliveries.len(), 4);
    assert!(deliveries.iter().all(|delivery| delivery["settled"] == false), "{deliveries:#?}");

    receiver.script(|_, _| Reply::ok());
    relay.run(&["deliveries", "retry", id(&deliveries[2])]).expect(0);
    assert!(relay.settled().iter().all(|delivery| delivery["state"] == "delivered"));
    relay.run(&["status"]).expect(0);
}

#[test]
fn an_answer_that_cannot_be_read_whole_says_so() {
    let receiver = Receiver::scripted(|_, number| match number {
        0 => Reply::body(400, &"x".repeat((1 << 20) + 1)),
        _ => Reply::Answer(400, vec![("content-encoding", "gzip".to_owned())], "x".to_owned()),
    });
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "large");
    relay.settled();
    open(&relay, "compressed");
    relay.settled();
    let summaries: Vec<_> =
        relay.list(&["deliveries", "list"]).iter().map(|d| d["last"]["summary"].clone()).collect();
    assert!(summaries[0].as_str().expect("words").contains("compressed with gzip"), "{summaries:?}");
    let large = summaries[1].as_str().expect("words");
    assert!(
        large.contains("more than 1048576 bytes") && large.contains("`body` of the connection"),
        "{large}"
    );
    assert_eq!(receiver.requests()[0].header("accept-encoding"), Some("identity"));
}

/// A token may be made of words, and what is only read by people does without them.
#[test]
fn a_delivery_log_holds_no_long_word_of_its_connections_address() {
    let receiver = Receiver::scripted(|request, number| match number {
        0 => Reply::Answer(429, vec![("retry-after", "1".to_owned())], request.path.clone()),
        _ => Reply::body(400, &format!("no {}", request.path)),
    });
    let relay =
        Relay::start(&to("webhook", &receiver.url("/correct-horse-battery/hook?k=planted-secret-marker")));
    open(&relay, "disk");
    relay.settled();
    let log = the_delivery(&relay)["log"].clone();
    for attempt in 0..2 {
        let words = log[attempt]["summary"].as_str().expect("words");
        assert!(words.contains("/{{secret}}/hook?k={{secret}}"), "{words}");
    }
    receiver.wait(2);
}

#[test]
fn a_dead_letter_that_nobody_needs_is_discarded_and_stands_in_nobodys_way() {
    let receiver = Receiver::scripted(|_, _| Reply::body(422, "no such team"));
    let relay = Relay::start(&to_webhook(&receiver));
    for title in ["disk", "cpu", "net"] {
        open(&relay, title);
    }
    let dead = relay.settled();
    relay.run(&["status"]).expect(1);
    let said = relay.run(&["deliveries", "discard", id(&dead[0]), "--as", "Ann"]).expect(0).stdout;
    assert!(said.contains("is discarded"), "{said}");
    let again = relay.run(&["deliveries", "retry", id(&dead[0])]).expect(1).all();
    assert!(again.contains("only one that is"), "{again}");
    let timeline = relay.run(&["incidents", "show", "3"]).expect(0).stdout;
    assert!(timeline.contains("discarded") && timeline.contains("by Ann"), "{timeline}");
    let said = relay.run(&["deliveries", "discard", "--dead-letters"]).expect(0).stdout;
    assert!(said.contains("2 dead letters are discarded"), "{said}");
    relay.run(&["status"]).expect(0);
    assert_eq!(relay.list(&["deliveries", "list", "--state", "discarded"]).len(), 3);
    relay.run(&["verify", "--replay"]).expect(0);
    receiver.wait(3);
}

/// The words of an address were once taken for secrets, and what was kept of an answer led nowhere.
#[test]
fn what_a_peer_calls_something_at_its_own_address_is_kept_whole() {
    let link = "/api/incident-management/v2/tickets/7";
    let receiver = Receiver::scripted(move |_, _| Reply::body(201, &json!({ "href": link }).to_string()));
    let tables = to("webhook", &receiver.url("/api/incident-management/v2"));
    let relay =
        Relay::start(&format!("{tables}{}", settings("actions.tell", "write_back = [\"ticket = href\"]")));
    open(&relay, "disk");
    relay.settled();
    assert_eq!(relay.incident()["labels"]["ticket"], link);
}

#[test]
fn a_paused_connection_goes_on_after_a_restart() {
    let receiver = Receiver::scripted(|_, _| Reply::body(403, "action_prohibited"));
    let mut relay = Relay::start(&to("slack", &receiver.url("/services/x")));
    open(&relay, "disk");
    open(&relay, "cpu");
    until("the connection is paused", || relay.run(&["status"]).code.eq(&1).then_some(()));
    relay.stop();
    receiver.script(|_, _| Reply::ok());
    relay.restart();
    assert_eq!(relay.settled()[0]["state"], "delivered");
    relay.run(&["status"]).expect(0);
}

#[test]
fn what_a_receiver_will_never_take_is_a_dead_letter_that_can_be_tried_again() {
    let receiver = Receiver::scripted(|_, _| Reply::body(422, "field `x` is missing"));
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    relay.run(&["incidents", "ack", "1"]).expect(0);
    let deliveries = relay.settled();
    assert_eq!(deliveries.len(), 2, "one that is rejected does not hold up the next");
    let first = &deliveries[1];
    assert_eq!((&first["state"], &first["attempts"]), (&json!("rejected"), &json!(1)));
    assert!(first["last"]["summary"].as_str().expect("words").contains("field `x` is missing"));
    let shown = relay.run(&["deliveries", "list", "--state", "rejected"]).expect(0).stdout;
    assert!(shown.contains("field `x` is missing"), "{shown}");
    let timeline = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    assert!(timeline.contains("rejected (tell)"), "{timeline}");

    receiver.script(|_, _| Reply::ok());
    relay.run(&["deliveries", "retry", id(first)]).expect(0);
    // The acknowledgement follows what it could not follow before.
    let got = receiver.wait(4);
    assert_eq!(got[0].header("idempotency-key"), got[2].header("idempotency-key"));
    let is_first = |delivery: &&serde_json::Value| delivery["id"] == first["id"];
    assert_eq!(relay.settled().iter().find(is_first).expect("it is kept")["state"], "delivered");
    let again = relay.run(&["deliveries", "retry", id(first)]).expect(1).stderr;
    assert!(
        again.contains("is delivered, only one that is due, held, rejected or expired can be retried"),
        "{again}"
    );
}

#[test]
fn a_receiver_that_answers_200_to_failures_is_understood_by_its_answers_field() {
    let receiver = Receiver::scripted(|_, number| {
        Reply::body(200, if number == 0 { r#"{"code":1,"message":"denied"}"# } else { r#"{"code":0}"# })
    });
    let own = settings("actions.tell", "answer_field = \"code\"\nanswer_value = \"0\"");
    let relay = Relay::start(&format!("{}{own}", to_webhook(&receiver)));
    open(&relay, "disk");
    open(&relay, "cpu");
    receiver.wait(2);
    let mut states: Vec<_> = relay.settled().iter().map(|delivery| delivery["state"].to_string()).collect();
    states.sort();
    assert_eq!(states, ["\"delivered\"", "\"rejected\""]);
}

#[test]
fn a_secret_that_is_missing_at_the_receiver_is_the_connections_and_pauses_it() {
    let receiver = Receiver::start();
    let tables = to_webhook(&receiver).replace(
        &connection("out", "webhook", &receiver.url("/hook")),
        &format!(
            "{}{}",
            connection("out", "webhook", &receiver.url("/hook")),
            settings("connections.out", "authentication = \"bearer\"")
        ),
    );
    let relay = Relay::start(&tables);
    open(&relay, "disk");
    let status = until("the connection is paused", || {
        let ran = relay.run(&["status"]);
        (ran.code == 1).then_some(ran.stdout)
    });
    assert!(
        status.contains("the secret `token` is missing: add `secrets.token` to [connections.out]"),
        "{status}"
    );
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_broken_action_keeps_no_other_of_its_connection_waiting() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&format!(
        "{}[actions.bad]\nconnection = \"out\"\n{}",
        to_webhook(&receiver),
        settings("actions.bad", "payload = \"{'a': 1}\"")
    ));
    for title in ["disk", "cpu"] {
        open(&relay, title);
    }
    receiver.wait(2);
    let dead = relay.list(&["deliveries", "list", "--action", "bad"]);
    assert!(dead.iter().all(|delivery| delivery["state"] == "rejected"), "{dead:#?}");
    let why = dead[0]["last"]["summary"].as_str().expect("a reason");
    assert!(why.contains("the action is misconfigured: actions.bad.settings.payload: line 1"), "{why}");
    relay.run(&["status"]).expect(1);

    // Mended, what it owes is sent.
    relay.stop();
    let mended = format!(
        "{}[actions.bad]\nconnection = \"out\"\n{}",
        to_webhook(&receiver),
        settings("actions.bad", "payload = '{\"a\": \"{{ title }}\"}'")
    );
    relay.configure(&mended);
    relay.restart();
    let said = relay.run(&["deliveries", "retry", "--dead-letters", "--action", "bad"]).expect(0).stdout;
    assert_eq!(said, "2 dead letters are tried again\n");
    // Of two incidents, either may be the first.
    let got = receiver.wait(4);
    let mut titles = [2, 3].map(|at| got[at].json()["a"].to_string());
    titles.sort();
    assert_eq!(titles, ["\"cpu\"", "\"disk\""]);
}
