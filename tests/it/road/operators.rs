//! What operators do on the command line, and what the receivers get of it.

use serde_json::json;

use super::{to_both, to_webhook};
use crate::harness::{Receiver, Relay, Reply};

const ALERT: &str = r#"{"title":"Disk full","id":"disk"}"#;

#[test]
fn an_acknowledgement_is_told_with_who_and_why() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_both("webhook", &receiver));
    relay.post("webhook", ALERT).expect(200);
    let said = relay.run(&["incidents", "ack", "1", "on", "my", "way", "--as", "jane"]).expect(0).stdout;
    assert_eq!(said, "incident #1 is acknowledged: Disk full\n");
    let got = receiver.wait(4);
    let hook: Vec<_> = got.iter().filter(|request| request.path == "/hook").collect();
    let told = hook[1].json();
    assert_eq!(told["type"], "incident.acknowledged");
    assert_eq!(told["change"]["actor"], "jane");
    assert_eq!(told["change"]["text"], "on my way");
    assert_eq!(told["incident"]["state"], "acknowledged");
    let slack = got.iter().rfind(|request| request.path != "/hook").expect("a message").json();
    assert!(slack["text"].as_str().expect("a text").contains("Acknowledged: Disk full"), "{slack}");
    assert!(slack.to_string().contains("by jane") && slack.to_string().contains("on my way"), "{slack}");

    let again = relay.run(&["incidents", "ack", "1"]).expect(0).stdout;
    assert_eq!(again, "incident #1 is already acknowledged: Disk full\n");
    assert_eq!(relay.settled().len(), 4, "nobody is told twice");
}

#[test]
fn every_command_is_told_to_who_wants_it_in_order() {
    let receiver = Receiver::start();
    let on = "on = [\"acknowledged\", \"unacknowledged\", \"noted\", \"resolved\"]\n";
    let relay = Relay::start(&format!("{}{on}", to_webhook("webhook", &receiver)));
    relay.post("webhook", ALERT).expect(200);
    let commands = [
        &["incidents", "ack", "1"][..],
        &["incidents", "unack", "#1"],
        &["incidents", "note", "1", "the disk is on order", "--as", "jane"],
        &["incident", "resolve", "1", "new disk"],
    ];
    for (number, command) in commands.into_iter().enumerate() {
        relay.run(command).expect(0);
        receiver.wait(number + 1);
    }
    let got = receiver.wait(4);
    let kinds: Vec<String> = got.iter().map(|request| request.kind()).collect();
    assert_eq!(kinds, ["acknowledged", "unacknowledged", "noted", "resolved"]);
    assert_eq!(got[2].json()["change"]["text"], "the disk is on order");
    assert_eq!(got[3].json()["change"]["text"], "new disk");
    let timeline = relay.incident()["timeline"].clone();
    let noted = timeline.as_array().expect("a timeline").iter().find(|item| item["what"] == "noted");
    let noted = noted.expect("the note is in the timeline");
    assert_eq!((&noted["actor"], &noted["text"]), (&json!("jane"), &json!("the disk is on order")));
}

#[test]
fn a_command_that_cannot_be_carried_out_says_why() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook("webhook", &receiver));
    relay.post("webhook", ALERT).expect(200);
    relay.run(&["incidents", "resolve", "1"]).expect(0);
    for (command, words) in [
        (&["incidents", "ack", "1"][..], "incident #1 is resolved, so it cannot be acknowledged"),
        (&["incidents", "ack", "7"], "There is no incident 7: it never was, or it was forgotten"),
        (&["incidents", "show", "nonsense"], "nonsense"),
        (&["incidents", "note", "1"], "The note is empty."),
        (&["incidents", "list", "--state", "burning"], "`burning`"),
        (&["deliveries", "show", "00000000000000000000000001"], "There is no delivery"),
        (&["receipts", "show", "00000000000000000000000001"], "There is no receipt"),
    ] {
        let ran = relay.run(command).expect(1);
        assert!(ran.stderr.contains(words), "{command:?}: {}", ran.stderr);
    }
}

#[test]
fn a_command_without_a_relay_says_how_to_start_one() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&to_webhook("webhook", &receiver));
    relay.stop();
    let ran = relay.run(&["incidents", "list"]).expect(1);
    assert!(ran.stderr.contains("no relay is running"), "{}", ran.stderr);
    assert!(ran.stderr.contains("tocsin serve"), "{}", ran.stderr);
}

#[test]
fn the_relay_can_be_reached_when_its_configuration_was_broken_meanwhile() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to_webhook("webhook", &receiver));
    relay.post("webhook", ALERT).expect(200);
    relay.configure_whole("not = [ toml");
    relay.run(&["incidents", "list"]).expect(1);
    let listed = relay.run(&["incidents", "list", "--socket", "state/control.sock"]).expect(0);
    assert!(listed.stdout.contains("Disk full"));
}

#[test]
fn a_misspelt_name_is_an_error_that_lists_the_names() {
    let receiver = Receiver::start();
    let mut relay = Relay::start(&to_webhook("webhook", &receiver));
    relay.post("webhook", ALERT).expect(200);
    relay.post("webhook", "{").problem(422);
    relay.settled();
    for (command, words) in [
        (
            "deliveries list --action nope",
            "There is no action `nope` in the configuration: there is tell-hook.",
        ),
        ("deliveries retry --dead-letters --action nope", "there is tell-hook."),
        (
            "deliveries list --connection nope",
            "There is no connection `nope` in the configuration: there is hook.",
        ),
        ("incidents list --source nope", "There is no source `nope` in the configuration: there is webhook."),
        ("receipts list --source nope", "there is webhook."),
        ("receipts redecode --source nope", "there is webhook."),
        ("receipts discard --source nope", "there is webhook."),
        ("sources try nope", "there is webhook."),
        ("actions try nope", "there is tell-hook."),
    ] {
        let ran = relay.run(&command.split(' ').collect::<Vec<_>>()).expect(1);
        assert!(ran.stderr.contains(words), "{command}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{command}");
    }

    // What was taken out of the configuration can still be asked for.
    relay.stop();
    relay.configure("");
    relay.restart();
    for command in ["deliveries list --action tell-hook", "deliveries list --connection hook"] {
        assert_eq!(relay.list(&command.split(' ').collect::<Vec<_>>()).len(), 1, "{command}");
    }
    assert_eq!(relay.list(&["incidents", "list", "--source", "webhook"]).len(), 1);
    assert_eq!(relay.json(&["receipts", "discard", "--source", "webhook"])["discarded"], 1);
    let said = relay.run(&["receipts", "list", "--source", "nope"]).expect(1).stderr;
    assert!(said.contains("there is none"), "{said}");
}

#[test]
fn the_timeline_leads_to_what_was_sent_and_says_what_changed() {
    let receiver = Receiver::scripted(|_, _| Reply::body(422, "field `x` is missing"));
    let relay = Relay::start(&to_webhook("webhook", &receiver));
    relay.post("webhook", ALERT).expect(200);
    let rejected = relay.settled()[0]["id"].as_str().expect("an id").to_owned();
    relay.run(&["incidents", "modify", "1", "--severity", "low"]).expect(0);
    let shown = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    let line = shown.lines().find(|line| line.contains(&format!("[delivery {rejected}]")));
    let line = line.unwrap_or_else(|| unreachable!("{rejected} is not in {shown}"));
    assert!(line.contains("rejected (tell-hook)"), "{line}");
    assert!(shown.contains("updated (severity)"), "{shown}");
    relay.run(&["deliveries", "show", &rejected]).expect(0);
}
