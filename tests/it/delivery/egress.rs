//! Where requests may go: never after a redirect, never to private addresses unless that is meant.

use super::{open, the_delivery, to, to_webhook};
use crate::harness::{Receiver, Relay, Reply, Site, until};

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start();
    let location = elsewhere.url("/stolen?token=secret");
    let receiver = Receiver::scripted(move |_, number| {
        Reply::Answer([301, 302, 303, 307, 308][number], vec![("location", location.clone())], String::new())
    });
    let relay = Relay::start(&to_webhook(&receiver));
    for round in 0..5 {
        open(&relay, &format!("disk-{round}"));
        receiver.wait(round + 1);
    }
    let deliveries = relay.settled();
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "rejected"), "{deliveries:#?}");
    let words = deliveries[0]["last"]["summary"].as_str().expect("words");
    assert!(words.contains("put the final address into the connection"), "{words}");
    assert!(!words.contains("secret"), "{words}");
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_private_address_that_nobody_allowed_is_a_mistake_in_the_configuration() {
    for host in [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "2130706433",
        "0x7f.1",
        "127.1",
    ] {
        let site =
            Site::new(&to("webhook", &format!("http://{host}:9/hook")).replace("allow_private = true\n", ""));
        let said = site.run(&["check"]).expect(1).stderr;
        assert!(said.contains("connections.out.url: "), "{host}: {said}");
        assert!(said.contains("set `allow_private = true` on the connection"), "{host}: {said}");
    }
}

#[test]
fn a_name_that_leads_to_this_machine_is_refused_when_it_is_resolved() {
    let receiver = Receiver::start();
    let url = format!("http://localhost:{}/hook", receiver.port());
    let relay = Relay::start(&to("webhook", &url).replace("allow_private = true\n", ""));
    open(&relay, "disk");
    let status = until("the connection is paused", || {
        let ran = relay.run(&["status"]);
        (ran.code == 1).then_some(ran.stdout)
    });
    assert!(status.contains("is this machine: set `allow_private = true` on the connection"), "{status}");
    assert!(receiver.requests().is_empty());
    let delivery = the_delivery(&relay);
    assert_eq!(delivery["state"], "due", "it goes out once that is mended");
    assert_eq!(delivery["attempts"], 1);
}

#[test]
fn a_name_that_leads_to_this_machine_is_reached_when_that_is_allowed() {
    let receiver = Receiver::start();
    let relay = Relay::start(&to("webhook", &format!("http://localhost:{}/hook", receiver.port())));
    open(&relay, "disk");
    receiver.wait(1);
    assert_eq!(relay.settled()[0]["state"], "delivered");
}

#[test]
fn an_alert_cannot_choose_another_path() {
    let receiver = Receiver::start();
    let own = crate::harness::settings("actions.tell", "path = \"/tickets/{{ incident.title }}\"");
    let relay = Relay::start(&format!("{}{own}", to_webhook(&receiver)));
    open(&relay, "../../admin");
    open(&relay, "a?b#c/d e");
    let deliveries = relay.settled();
    assert_eq!(deliveries[1]["state"], "rejected", "{deliveries:#?}");
    let got = receiver.wait(1);
    assert_eq!(got[0].path, "/hook/tickets/a%3Fb%23c/d%20e");
}

#[test]
fn an_endless_answer_is_cut_and_counts_by_its_status() {
    let receiver = Receiver::scripted(|_, _| Reply::body(200, &"x".repeat(3 << 20)));
    let relay = Relay::start(&to_webhook(&receiver));
    open(&relay, "disk");
    receiver.wait(1);
    let delivery = relay.settled()[0].clone();
    assert_eq!(delivery["state"], "delivered", "{delivery}");
}
