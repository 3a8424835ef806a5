//! Where requests may go: never after a redirect, never to private addresses unless that is meant.

use std::time::{Duration, Instant};

use super::{open, the_delivery, to, to_webhook};
use crate::harness::{Receiver, Relay, Reply, Site, guest, until};

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
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
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

/// Where a cloud hands out the machine's credentials is more than a private network.
#[test]
fn a_link_local_address_needs_its_own_permission() {
    for host in [
        "169.254.169.254",
        "2852039166",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
    ] {
        let tables = to("webhook", &format!("http://{host}:9/hook"));
        let said = Site::new(&tables).run(&["check"]).expect(1).stderr;
        assert!(said.contains("connections.out.url: "), "{host}: {said}");
        assert!(said.contains("set `allow_link_local = true` on the connection"), "{host}: {said}");
        Site::new(&tables.replace("allow_private", "allow_link_local")).run(&["check"]).expect(0);
    }
    // No permission for all connections at once.
    let tables = format!("[egress]\nallow_link_local = true\n{}", to("webhook", "http://192.0.2.1:9/hook"));
    let said = Site::new(&tables).run(&["check"]).expect(1).stderr;
    assert!(said.contains("egress.allow_link_local"), "{said}");
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
    let hostile = [
        "../../admin",
        "..",
        "..;/manager",
        "%2e%2e",
        "%252e%252e%252fadmin",
        "a%2fb",
        "a;b",
        "a%3Bb",
        "..\\\\x",
    ];
    for title in hostile {
        open(&relay, title);
    }
    open(&relay, "a?b#c/d e");
    let deliveries = relay.settled();
    for delivery in &deliveries[1..] {
        assert_eq!(delivery["state"], "rejected", "{delivery:#?}");
        let words = delivery["last"]["summary"].as_str().expect("words");
        assert!(words.contains("actions.tell.settings.path: the path "), "{words}");
    }
    assert_eq!(deliveries.len(), hostile.len() + 1);
    let got = receiver.wait(1);
    assert_eq!(got[0].path, "/hook/tickets/a%3Fb%23c%2Fd%20e", "a value is one segment, encoded once");
}

/// The same from a plugin that does not encode.
#[test]
fn a_plugin_cannot_choose_another_path_however_it_is_encoded() {
    let receiver = Receiver::start();
    let tables = to("wayward", &receiver.url("/hook"));
    let site = Site::new(&format!("{tables}[connections.out.secrets]\ntoken = \"of-the-connection\"\n"));
    site.drop_plugin("wayward.wasm", &guest("wayward"));
    let relay = Relay::start_in(site);
    let hostile = [
        "/../admin",
        "/..;/manager",
        "/.;/x",
        "/%2e%2e/x",
        "/%252e%252e%252fadmin",
        "/%25252e%25252e/x",
        "/%%32e%%32e/x",
        "/..%5cx",
        "/..%c0%afadmin",
        "/a%252fb",
        "/a;b",
        "/a%3bb",
        "/x?y",
    ];
    for title in hostile {
        open(&relay, title);
    }
    open(&relay, "/tickets/a%2Fb/100%25");
    let deliveries = relay.settled();
    for delivery in &deliveries[1..] {
        assert_eq!(delivery["state"], "rejected", "{delivery:#?}");
        let words = delivery["last"]["summary"].as_str().expect("words");
        assert!(words.starts_with("the plugin asked for the path `/"), "{words}");
    }
    assert_eq!(deliveries.len(), hostile.len() + 1);
    assert_eq!(receiver.wait(1)[0].path, "/hook/tickets/a%2Fb/100%25");
}

/// A secret once counted as its name has letters: 50,000 of them made 400 MB of a request of at most 1 MiB.
#[test]
fn a_request_counts_with_its_secrets_put_in() {
    let receiver = Receiver::start();
    let secret = "s3cr3t-".repeat(1_142);
    let tables = to("wayward", &receiver.url("/hook"));
    let site = Site::new(&format!("{tables}[connections.out.secrets]\ntoken = \"{secret}\"\n"));
    site.drop_plugin("wayward.wasm", &guest("wayward"));
    let relay = Relay::start_in(site);
    let before = relay.memory("VmHWM");
    let started = Instant::now();
    relay.post("hook", r#"{"title":"much","id":"1","message":"50000"}"#).expect(200);
    let delivery = relay.settled()[0].clone();
    let (took, grown) = (started.elapsed(), relay.memory("VmHWM").saturating_sub(before));
    assert_eq!(delivery["state"], "rejected", "{delivery:#?}");
    let words = delivery["last"]["summary"].as_str().expect("words");
    assert!(words.contains("more than 1048576 bytes") && words.contains("[connections.out]"), "{words}");
    assert!(!words.contains("s3cr3t-"), "{words}");
    eprintln!("50,000 secrets of 8 kB: {took:?}, {} MiB more", grown >> 20);
    assert!(grown < 150 << 20 && took < Duration::from_secs(60), "{grown} bytes, {took:?}");
    assert!(receiver.requests().is_empty());
    relay.post("hook", r#"{"title":"some","id":"2","message":"100"}"#).expect(200);
    assert_eq!(receiver.wait(1)[0].body.len(), 100 * secret.len());
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
