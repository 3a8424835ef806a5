//! `[tls]`: an alert over TLS, a certificate that is renewed, clients' certificates, and clients that speak no TLS.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use super::free;
use crate::harness::{
    Authority, Certificate, Receiver, Relay, Request, Secure, Site, action, at, connection, source, until,
};

const TLS: &str = "[tls]\ncertificate = \"tls.pem\"\nkey = { file = \"tls.key\" }\n";
const ALERT: &str = r#"{"title":"Disk full"}"#;
/// For how long every certificate of a test is valid, unless it has to be shorter.
const YEAR: i32 = 2100;

fn write(site: &Site, certificate: &Certificate) {
    fs::write(site.path("tls.pem"), &certificate.pem).expect("the folder can be written");
    fs::write(site.path("tls.key"), &certificate.key).expect("the folder can be written");
}

/// A folder with a source, and a certificate of the authority with these lines in its table.
fn site(authority: &Authority, lines: &str) -> Site {
    let site = Site::new(&tables(lines));
    write(&site, &authority.certificate("127.0.0.1", YEAR));
    site
}

fn tables(lines: &str) -> String {
    format!("{TLS}{lines}{}", source("hook", "webhook"))
}

fn healthz() -> Request {
    Request::new("GET", "/healthz").keep_open()
}

/// The status that a new connection gets for `/healthz`; none if it is refused.
fn status(relay: &Relay, tls: &Arc<ClientConfig>) -> Option<u16> {
    Some(Secure::connect(relay.address(), tls).ok()?.ask(&healthz())?.status)
}

fn failures(relay: &Relay, reason: &str) -> u64 {
    let text = relay.run(&["metrics"]).expect(0).stdout;
    let name = format!("tocsin_listener_tls_failures_total{{reason=\"{reason}\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&name)).expect("a sample");
    value.parse().expect("a number")
}

#[test]
fn an_alert_arrives_over_tls_and_addresses_say_so() {
    let (authority, receiver) = (Authority::new(), Receiver::start());
    let site = site(&authority, "");
    let out = connection("out", "webhook", &receiver.url("/out"));
    site.configure(&[tables(""), out, action("tell", "out")].concat());
    let client = authority.trusted_by_client(None);
    let relay = Relay::start_secure(site, Arc::clone(&client));
    relay.post("hook", ALERT).expect(200);
    assert_eq!(receiver.wait(1)[0].title(), "Disk full");
    let connected = Secure::connect(relay.address(), &client).expect("it is trusted");
    assert_eq!(connected.protocol(), Some(&b"http/1.1"[..]), "the client would rather speak h2");
    let url = relay.list(&["sources", "list"])[0]["url"].as_str().map(str::to_owned);
    assert!(url.as_ref().is_some_and(|url| url.starts_with("https://127.0.0.1:")), "{url:?}");
    assert!(relay.log().contains("url=\"https://127.0.0.1:"), "{}", relay.log());
    // Somebody who does not trust the authority leaves.
    assert_eq!(status(&relay, &Authority::new().trusted_by_client(None)), None);
    until("it is counted", || (failures(&relay, "refused_by_client") == 1).then_some(()));
}

#[test]
fn a_renewed_certificate_is_shown_after_a_reload_and_open_connections_go_on() {
    let authority = Authority::new();
    let client = authority.trusted_by_client(None);
    let relay = Relay::start_secure(site(&authority, ""), Arc::clone(&client));
    let connect = || Secure::connect(relay.address(), &client).expect("it is trusted");
    let mut open = connect();
    open.ask(&healthz()).expect("an answer").expect(200);
    let before = open.certificate();
    write(&relay, &authority.certificate("127.0.0.1", YEAR));
    assert_eq!(connect().certificate(), before, "nobody has said so yet");
    let said = relay.run(&["reload"]).expect(0).stdout;
    assert!(said.contains("~ tls.certificate changed") && said.contains("~ tls.key changed"), "{said}");
    let mut renewed = connect();
    assert_ne!(renewed.certificate(), before);
    renewed.ask(&healthz()).expect("an answer").expect(200);
    open.ask(&Request::json(&at("hook"), ALERT)).expect("it goes on").expect(200);
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("nothing differs"));
}

#[test]
fn a_wrong_new_certificate_leaves_the_old_one_in_force_and_says_why() {
    let authority = Authority::new();
    let client = authority.trusted_by_client(None);
    let relay = Relay::start_secure(site(&authority, ""), Arc::clone(&client));
    let other = authority.certificate("127.0.0.1", YEAR);
    fs::write(relay.path("tls.pem"), &other.pem).expect("the folder can be written");
    let said = relay.run(&["reload"]).expect(1).stderr;
    assert!(
        said.contains("tls.key: is the key of another certificate than the first one in tls.pem"),
        "{said}"
    );
    for (text, why) in [("", "tls.pem has no certificate"), ("-----BEGIN CERT", "tls.pem is damaged")] {
        fs::write(relay.path("tls.pem"), text).expect("the folder can be written");
        let said = relay.run(&["reload"]).expect(1).stderr;
        assert!(said.contains("tls.certificate: ") && said.contains(why), "{said}");
    }
    fs::remove_file(relay.path("tls.pem")).expect("it is there");
    assert!(relay.run(&["reload"]).expect(1).stderr.contains("tls.certificate: tls.pem: No such file"));
    relay.post("hook", ALERT).expect(200);
    write(&relay, &other);
    relay.run(&["reload"]).expect(0);
    relay.post("hook", ALERT).expect(200);
}

#[test]
fn tls_is_turned_on_and_off_by_a_reload() {
    let authority = Authority::new();
    let client = authority.trusted_by_client(None);
    let site = site(&authority, "");
    site.configure(&source("hook", "webhook"));
    let relay = Relay::start_in(site);
    let plain = || Request::new("GET", "/healthz").send(relay.address()).status;
    assert_eq!((plain(), status(&relay, &client)), (200, None));
    relay.configure(&tables(""));
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("+ tls.certificate added"));
    assert_eq!((plain(), status(&relay, &client)), (400, Some(200)));
    relay.configure(&source("hook", "webhook"));
    relay.run(&["reload"]).expect(0);
    assert_eq!((plain(), status(&relay, &client)), (200, None));
}

#[test]
fn a_client_needs_a_certificate_of_the_named_authority_where_one_is_required() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let with = |certificate: &Certificate| authority.trusted_by_client(Some(certificate));
    let known = with(&clients.client(YEAR));
    let (stranger, expired) = (with(&Authority::new().client(YEAR)), with(&clients.client(2020)));
    let none = authority.trusted_by_client(None);
    let site = site(&authority, "client_ca = \"clients.pem\"\n");
    fs::write(site.path("clients.pem"), clients.pem()).expect("the folder can be written");
    let relay = Relay::start_secure(site, Arc::clone(&known));
    relay.post("hook", ALERT).expect(200);
    for refused in [&none, &stranger, &expired] {
        assert_eq!(status(&relay, refused), None);
    }
    assert_eq!(failures(&relay, "client_certificate"), 3);
    relay.configure(&tables("client_ca = \"clients.pem\"\nclient_certificates = \"optional\"\n"));
    relay.run(&["reload"]).expect(0);
    assert_eq!((status(&relay, &known), status(&relay, &none)), (Some(200), Some(200)));
    assert_eq!((status(&relay, &stranger), status(&relay, &expired)), (None, None));
    // A client that was known is not, after its authority has been replaced.
    relay.configure(&tables("client_ca = \"clients.pem\"\n"));
    fs::write(relay.path("clients.pem"), Authority::new().pem()).expect("the folder can be written");
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("~ tls.client_ca changed"));
    assert_eq!(status(&relay, &known), None);
}

#[test]
fn handshakes_that_stall_keep_nobody_waiting_and_make_room_for_others() {
    let authority = Authority::new();
    let client = authority.trusted_by_client(None);
    let site = site(&authority, "");
    site.configure(&format!("{}[limits]\nconnections = 16\n", tables("")));
    let mut relay = Relay::start_secure(site, Arc::clone(&client));
    let stall = |said: &[u8]| {
        let mut stalled = TcpStream::connect(relay.address()).expect("the relay listens");
        stalled.write_all(said).expect("the relay reads");
        stalled.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
        stalled
    };
    // Without a word, and in the middle of the first message: as many connections as there may be.
    let mut stalled: Vec<TcpStream> =
        (0..8).flat_map(|_| [stall(b""), stall(&[22, 3, 1, 1, 0, 1])]).collect();
    let mut answered = Secure::connect(relay.address(), &client).expect("one of them is closed");
    answered.ask(&healthz()).expect("an answer").expect(200);
    assert!(matches!(stalled[0].read(&mut [0; 1]), Ok(0) | Err(_)), "the one that was there first");
    stalled[1].set_read_timeout(Some(Duration::from_millis(50))).expect("a socket");
    assert!(stalled[1].read(&mut [0; 1]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
    // They do not keep the relay from stopping either.
    relay.stop();
    assert!(!relay.log().contains("unanswered"), "{}", relay.log());
}

#[test]
fn plain_http_to_a_tls_port_is_answered_and_scanners_leave_no_line_in_the_log() {
    let authority = Authority::new();
    let relay = Relay::start_secure(site(&authority, ""), authority.trusted_by_client(None));
    let before = relay.log();
    let plain = Request::json(&at("hook"), &"x".repeat(100_000)).send(relay.address()).expect(400);
    assert!(plain.body.contains("https"), "{}", plain.body);
    let mut scanner = TcpStream::connect(relay.address()).expect("the relay listens");
    scanner.write_all(b"\x03\x00\x00\x13\x0e\xe0\x00\x00").expect("the relay reads");
    scanner.read_to_end(&mut Vec::new()).ok();
    // A check of the port alone is no failure.
    drop(TcpStream::connect(relay.address()).expect("the relay listens"));
    until("the scanner is counted", || (failures(&relay, "protocol") == 1).then_some(()));
    assert_eq!(failures(&relay, "plain_http"), 1);
    assert_eq!(
        ["client_certificate", "refused_by_client", "closed"].map(|reason| failures(&relay, reason)),
        [0; 3]
    );
    assert_eq!(relay.log(), before);
}

#[test]
fn check_and_doctor_find_what_is_wrong_with_the_certificate() {
    let authority = Authority::new();
    let site = site(&authority, "client_certificates = \"some\"\n");
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("tls.client_certificates: has no `client_ca` beside it"), "{said}");
    assert!(said.contains("tls.client_certificates: `some` is neither `required` nor `optional`"), "{said}");
    site.configure("[tls]\n");
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("tls.certificate: is missing") && said.contains("tls.key: is missing"), "{said}");
    site.configure(&tables(""));
    assert!(site.run(&["check"]).expect(0).stdout.contains(" https://127.0.0.1:0/in/hook "));
    assert!(
        site.run(&["doctor", "--offline"]).stdout.contains("tls.pem (tls): the certificate is valid for ")
    );
    write(&site, &authority.certificate("127.0.0.1", 2020));
    let said = site.run(&["check"]).expect(0).stderr;
    assert!(said.contains("warning: tls.certificate: certificate in tls.pem expired at 2020"), "{said}");
    let said = site.run(&["doctor", "--offline"]).expect(1).stdout;
    assert!(said.contains("tls.pem (tls): the certificate expired at 2020"), "{said}");
}

#[test]
fn doctor_says_that_a_renewed_certificate_waits_for_a_reload() {
    for lines in ["", "client_ca = \"clients.pem\"\n"] {
        let (authority, clients) = (Authority::new(), Authority::new());
        let site = site(&authority, lines);
        fs::write(site.path("clients.pem"), clients.pem()).expect("the folder can be written");
        // The relay reports the address of its configuration, so that has to have a port.
        let text = fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
        site.configure_whole(&text.replace("127.0.0.1:0", &free().to_string()));
        let shown = (!lines.is_empty()).then(|| clients.client(YEAR));
        let relay = Relay::start_secure(site, authority.trusted_by_client(shown.as_ref()));
        let doctor = || relay.run(&["doctor"]).stdout;
        let said = doctor();
        assert!(said.contains("uses the certificate in tls.pem"), "{said}");
        write(&relay, &authority.certificate("127.0.0.1", YEAR));
        let said = doctor();
        assert!(
            said.contains("a certificate other than the one in tls.pem; the one in use is valid until 2100-"),
            "{said}"
        );
        assert!(said.contains("run `tocsin reload`"), "{said}");
        relay.run(&["reload"]).expect(0);
        let said = doctor();
        assert!(said.contains("uses the certificate in tls.pem"), "{said}");
    }
}
