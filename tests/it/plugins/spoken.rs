//! What version 0.2 of the plugin API has and 0.1 had not, through the real relay.

use crate::harness::{Receiver, Relay, Request, Site, action, at, connection, guest, source};

/// A relay whose source `in` and connection `out` have the guest `spoken`, with a source of any incident beside it.
fn relay(receiver: &Receiver) -> Relay {
    let told = "language = \"de_DE\"\ntime_zone = \"Asia/Kolkata\"\n";
    let site = Site::new(&format!(
        "{}{}{}{}{told}",
        source("in", "spoken"),
        source("hook", "webhook"),
        connection("out", "spoken", &receiver.url("/hooks/x?key=1")),
        action("tell", "out"),
    ));
    site.drop_plugin("spoken.wasm", &guest("spoken"));
    Relay::start_in(site)
}

#[test]
fn a_plugin_logs_at_four_levels_and_its_last_words_are_with_a_trap() {
    let receiver = Receiver::start();
    let relay = relay(&receiver);
    let send = |body: &str| relay.send(&Request::new("POST", &at("in")).body(body));
    send("disk\u{1b}[2J is full").expect(422);
    let log = relay.log();
    for level in ["ERROR", "WARN", "INFO"] {
        let line =
            |line: &&str| line.contains(level) && line.contains("disk") && line.contains("plugin=\"spoken\"");
        assert_eq!(log.lines().filter(line).count(), 1, "{level}: {log}");
    }
    assert!(!log.contains('\u{1b}') && !log.lines().any(|line| line.contains("DEBUG")), "{log}");
    let receipt = send("trap").expect(202).receipt();
    let shown = relay.run(&["receipts", "show", &receipt]).expect(0).stdout;
    assert!(shown.contains("it gave up") && shown.contains("trap"), "{shown}");
}

#[test]
fn an_action_learns_the_language_the_time_zone_and_the_change_by_their_names() {
    let receiver = Receiver::start();
    let relay = relay(&receiver);
    relay.post("hook", r#"{"title": "Disk full", "id": "disk"}"#).expect(200);
    assert_eq!(receiver.wait(1)[0].body, "de-DE Asia/Kolkata IST opened");
    relay.post("hook", r#"{"title": "Disk full", "id": "disk", "status": "resolved"}"#).expect(200);
    assert_eq!(receiver.wait(2)[1].body, "de-DE Asia/Kolkata IST resolved");
}

#[test]
fn a_probe_may_go_to_the_root_of_the_peer() {
    let receiver = Receiver::start();
    let relay = relay(&receiver);
    let tested = relay.json(&["connections", "test", "out"]);
    assert_eq!((&tested["state"], &tested["outcome"]), (&"good".into(), &"answered 200".into()));
    let probe = &receiver.wait(1)[0];
    assert_eq!((probe.method.as_str(), probe.path.as_str()), ("GET", "/health"));
}

#[test]
fn a_language_that_is_no_tag_is_named_with_what_to_write() {
    let receiver = Receiver::start();
    let told = format!(
        "{}{}{}language = \"German\"\n",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/hook")),
        action("tell", "out"),
    );
    let said = Site::new(&told).run(&["check"]).expect(1).stderr;
    for part in ["actions.tell.language", "`German` is not a language tag", "`pt-BR`"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}
