//! `auto_resolve`: an incident whose sender forgot it is resolved, after a restart as well.

use crate::harness::{Receiver, Relay, action, connection, source, until};

#[test]
fn an_incident_that_its_sender_forgot_is_resolved_and_says_so() {
    let receiver = Receiver::start();
    let tables = format!(
        "{}auto_resolve = \"300ms\"\n{}{}",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/page")),
        action("tell", "out"),
    );
    // Open before the setting was there.
    let mut relay = Relay::start(&tables.replace("auto_resolve", "# auto_resolve"));
    relay.post("hook", r#"{"title":"Disk full","id":"disk","severity":"high"}"#).expect(200);
    receiver.wait(1);
    relay.stop();
    relay.configure(&tables);
    relay.restart();
    until("the incident is resolved", || (relay.incident()["state"] == "resolved").then_some(()));
    assert_eq!(receiver.wait(2)[1].kind(), "resolved");
    let said = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    assert!(
        said.contains("resolved by tocsin: no event for 300 milliseconds: auto_resolve of source hook"),
        "{said}"
    );
}
