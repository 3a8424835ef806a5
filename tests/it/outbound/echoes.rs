//! Answers that repeat what they were sent: no part of a secret that could be used reaches a plugin or the store.

use std::time::{Duration, Instant};

use super::open;
use crate::harness::{Receiver, Relay, Reply, Site, action, connection, guest, source};

/// The secret, which needs an escape in JSON, HTML and addresses.
const TOKEN: &str = "Zq7kLm9xRt4w&Vb2nYc8s/Dp5h";

/// The token as a peer may write it.
fn echoes() -> Vec<String> {
    let percent: String = TOKEN.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let ascii: String = TOKEN.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let entities: String = TOKEN.chars().map(|c| format!("&#{};", u32::from(c))).collect();
    vec![
        TOKEN.to_owned(),
        TOKEN.to_uppercase(),
        TOKEN.to_lowercase(),
        TOKEN.chars().rev().collect(),
        TOKEN.replace('/', "\\/"),
        TOKEN.replace('&', "&amp;"),
        TOKEN.replace('&', "%26").replace('/', "%2F"),
        percent,
        ascii,
        entities,
        // In base 64, behind nothing, one and two bytes.
        "WnE3a0xtOXhSdDR3JlZiMm5ZYzhzL0RwNWg=".to_owned(),
        "eFpxN2tMbTl4UnQ0dyZWYjJuWWM4cy9EcDVo".to_owned(),
        "eHhacTdrTG05eFJ0NHcmVmIybllj".to_owned(),
        // Parts of eight bytes.
        "q7kLm9xR".to_owned(),
        "nYc8s/Dp".to_owned(),
    ]
}

fn relay(receiver: &Receiver, lines: &str) -> Relay {
    let site = Site::new(&format!(
        "{}{}{lines}[connections.out.secrets]\ntoken = \"{TOKEN}\"\n{}",
        source("hook", "webhook"),
        connection("out", "wayward", &receiver.url("/hook")),
        action("tell", "out")
    ));
    site.drop_plugin("wayward.wasm", &guest("wayward"));
    Relay::start_in(site)
}

#[test]
fn a_secret_comes_back_in_no_form() {
    let said: String = echoes().iter().map(|echo| format!("({echo}) ")).collect();
    let receiver = Receiver::scripted(move |_, _| Reply::body(200, &said));
    let mut relay = relay(&receiver, "");
    open(&relay, "disk", "high");
    receiver.wait(1);
    let delivery = relay.settled()[0].clone();
    let summary = delivery["last"]["summary"].as_str().expect("what the plugin saw").to_owned();
    assert!(summary.starts_with("answered 200 ({{secret}}) ({{secret}}) "), "{summary}");
    assert_eq!(summary.matches("{{secret}}").count(), echoes().len(), "{summary}");
    for part in ["q7kLm9", "RT4W", "rt4w", "w4tR", "a0xtOXhS", "tMbTl4U", "xN2tM", "%52", "0052", "#82"] {
        assert!(!summary.contains(part), "{part}: {summary}");
    }
    relay.stop();
    let store = std::fs::read(relay.path("state/tocsin.redb")).expect("the store");
    let store = String::from_utf8_lossy(&store).into_owned();
    for part in ["q7kLm9xR", "a0xtOXhS", "nYc8s/Dp"] {
        assert!(!store.contains(part) && !relay.log().contains(part), "{part}");
    }
}

#[test]
fn a_large_answer_is_looked_through_in_a_bounded_time_and_memory() {
    let said = format!("{TOKEN} %5c&amp;\\u0041 ").repeat((8 << 20) / 48);
    let size = said.len();
    let receiver = Receiver::scripted(move |_, _| Reply::body(200, &said));
    let relay = relay(&receiver, "body = \"8MiB\"\n");
    let before = relay.memory("VmHWM");
    let started = Instant::now();
    open(&relay, "disk", "high");
    receiver.wait(1);
    let delivery = relay.settled()[0].clone();
    let (took, grown) = (started.elapsed(), relay.memory("VmHWM").saturating_sub(before));
    eprintln!("an answer of {size} bytes: {took:?}, {} MiB more", grown >> 20);
    assert!(!delivery.to_string().contains("q7kLm9xR"), "{delivery}");
    assert!(took < Duration::from_secs(90) && grown < 400 << 20, "{took:?}, {grown} bytes");
}
