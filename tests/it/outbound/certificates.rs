//! Peers whose certificate is of a private authority, and peers that want one of the relay.

use std::fs;

use super::{last_words, open, probed};
use crate::harness::{Authority, Receiver, Relay, Site, action, connection, source};

const CA: &str = "ca = \"ca.pem\"\n";
const SHOWN: &str = "client_certificate = { certificate = \"relay.pem\", key = { file = \"relay.key\" } }\n";

/// A folder whose relay sends to the receiver, with these lines in the connection's table.
fn site(receiver: &Receiver, lines: &str, files: &[(&str, &str)]) -> Site {
    let site = Site::new("");
    for (name, text) in files {
        fs::write(site.path(name), text).expect("the folder can be written");
    }
    site.configure(&tables(receiver, lines));
    site
}

fn tables(receiver: &Receiver, lines: &str) -> String {
    format!(
        "{}{}{lines}{}{}",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/hook")),
        probed(),
        action("tell", "out")
    )
}

#[test]
fn a_private_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let authority = Authority::new();
    let receiver = Receiver::secure(authority.server(&["127.0.0.1"], None));
    let relay = Relay::start_in(site(&receiver, "", &[("ca.pem", &authority.pem())]));
    open(&relay, "disk", "high");
    let words = last_words(&relay);
    assert!(words.contains("name a file with the authority as `ca` of the connection"), "{words}");
    assert!(receiver.requests().is_empty());
    for tables in [tables(&receiver, CA), format!("[egress]\n{CA}{}", tables(&receiver, ""))] {
        relay.configure(&tables);
        relay.run(&["reload"]).expect(0);
        relay.run(&["connections", "test", "out"]).expect(0);
    }
    assert_eq!(relay.settled()[0]["state"], "delivered");
}

#[test]
fn another_certificate_in_the_same_file_is_noticed_by_a_reload() {
    let authority = Authority::new();
    let receiver = Receiver::secure(authority.server(&["127.0.0.1"], None));
    let relay = Relay::start_in(site(&receiver, CA, &[("ca.pem", &Authority::new().pem())]));
    relay.run(&["connections", "test", "out"]).expect(1);
    assert!(receiver.requests().is_empty());
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("nothing differs"));
    fs::write(relay.path("ca.pem"), authority.pem()).expect("it can be written");
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("~ connections.out changed"));
    relay.run(&["connections", "test", "out"]).expect(0);
    assert_eq!(receiver.wait(1)[0].path, "/hook/health");
}

#[test]
fn a_peer_that_wants_a_certificate_gets_the_relays() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let receiver = Receiver::secure(authority.server(&["127.0.0.1"], Some(&clients)));
    let (known, stranger) = (clients.client(2100), Authority::new().client(2100));
    let ca = authority.pem();
    let files = [("ca.pem", ca.as_str()), ("relay.pem", &stranger.pem), ("relay.key", &stranger.key)];
    let relay = Relay::start_in(site(&receiver, CA, &files));
    // Without a certificate, then with one of somebody else.
    open(&relay, "disk", "high");
    last_words(&relay);
    relay.configure(&tables(&receiver, &format!("{CA}{SHOWN}")));
    relay.run(&["reload"]).expect(0);
    relay.run(&["connections", "test", "out"]).expect(1);
    assert!(receiver.requests().is_empty());
    fs::write(relay.path("relay.pem"), &known.pem).expect("it can be written");
    let refused = relay.run(&["reload"]).expect(1).stderr;
    assert!(refused.contains("connections.out.client_certificate.key: is the key of another"), "{refused}");
    fs::write(relay.path("relay.key"), &known.key).expect("it can be written");
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("~ connections.out changed"));
    assert_eq!(relay.settled()[0]["state"], "delivered");
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn check_finds_certificates_that_are_wrong_and_warns_of_those_that_have_expired() {
    let authority = Authority::new();
    let receiver = Receiver::start();
    let (expired, other) = (authority.client(2020), authority.client(2100));
    let files = [("relay.pem", expired.pem.as_str()), ("relay.key", &expired.key), ("ca.pem", "nothing")];
    let site = site(&receiver, SHOWN, &files);
    let ran = site.run(&["check"]).expect(0);
    let warning =
        "warning: connections.out.client_certificate.certificate: certificate in relay.pem expired at 2020";
    assert!(ran.stderr.contains(warning), "{ran:?}");
    site.configure(&tables(&receiver, &format!("{CA}{SHOWN}")));
    fs::write(site.path("relay.key"), &other.key).expect("it can be written");
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("connections.out.ca: ca.pem has no certificate"), "{said}");
    assert!(said.contains("connections.out.client_certificate.key: is the key of another"), "{said}");
    let secret: Vec<&str> = other.key.lines().filter(|line| line.len() > 40).collect();
    assert!(!secret.is_empty() && secret.iter().all(|line| !said.contains(line)), "{said}");
}
