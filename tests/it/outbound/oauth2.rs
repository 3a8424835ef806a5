//! Peers that want an access token: fetched once, renewed when the peer ends it, seen by nobody.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{open, pause, probed};
use crate::harness::{
    Authority, Conduct, Gate, Proxy, Receiver, Recorded, Relay, Reply, Site, action, connection, guest,
    source, until,
};

const SECRET: &str = "s3cr3t-of-the-client";
/// What every token begins with: nothing else contains it.
const MARK: &str = "t0k3n-of-the-tests";

/// `oauth2` with these lines besides what it needs.
fn oauth2(endpoint: &str, lines: &str) -> String {
    format!(
        "[connections.out.oauth2]\ntoken_url = \"{endpoint}\"\nclient_id = \"relay\"\nclient_secret = \"{SECRET}\"\n{lines}"
    )
}

/// An action of the webhook plugin to the receiver, with tokens of the endpoint.
fn tables(receiver: &Receiver, endpoint: &Receiver, lines: &str) -> String {
    format!(
        "{}{}{}{}{}",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/hook")),
        probed(),
        oauth2(&endpoint.url("/token"), lines),
        action("tell", "out")
    )
}

/// The answer with the token of this number.
fn token(number: usize) -> Reply {
    let body =
        json!({ "access_token": format!("{MARK}-{number}"), "token_type": "Bearer", "expires_in": 3600 });
    Reply::body(200, &body.to_string())
}

/// An endpoint that gives a token for each request.
fn endpoint() -> Receiver {
    Receiver::scripted(|_, number| token(number))
}

fn bearer(request: &Recorded) -> &str {
    request.header("authorization").unwrap_or_default()
}

#[test]
fn one_token_serves_many_deliveries() {
    let (receiver, endpoint) = (Receiver::start(), endpoint());
    let relay = Relay::start(&tables(&receiver, &endpoint, "scope = \"notify write\"\n"));
    for number in 0..20 {
        open(&relay, &format!("disk-{number}"), "high");
    }
    let got = receiver.wait(20);
    assert!(got.iter().all(|request| bearer(request) == format!("Bearer {MARK}-0")), "{got:#?}");
    relay.run(&["connections", "test", "out"]).expect(0);
    assert_eq!(bearer(&receiver.wait(21)[20]), format!("Bearer {MARK}-0"));
    let asked = endpoint.wait(1);
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("POST", "/token"));
    assert_eq!(asked[0].body, "grant_type=client_credentials&scope=notify+write");
    assert_eq!(bearer(&asked[0]), "Basic cmVsYXk6czNjcjN0LW9mLXRoZS1jbGllbnQ=");
}

#[test]
fn a_token_outlives_a_reload_unless_its_connection_changes() {
    let (receiver, endpoint) = (Receiver::start(), endpoint());
    let right = tables(&receiver, &endpoint, "");
    let relay = Relay::start(&right);
    relay.run(&["connections", "test", "out"]).expect(0);
    relay.configure(&format!("{right}{}", source("more", "webhook")));
    relay.run(&["reload"]).expect(0);
    relay.run(&["connections", "test", "out"]).expect(0);
    endpoint.wait(1);
    relay.configure(&right.replace("client_id = \"relay\"", "client_id = \"other\"\nauth = \"body\""));
    relay.run(&["reload"]).expect(0);
    relay.run(&["connections", "test", "out"]).expect(0);
    let asked = endpoint.wait(2);
    let form = format!("grant_type=client_credentials&client_id=other&client_secret={SECRET}");
    assert_eq!((asked[1].body.as_str(), asked[1].header("authorization")), (form.as_str(), None));
}

#[test]
fn a_token_that_the_peer_has_ended_is_replaced_and_the_request_sent_again() {
    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    let receiver = Receiver::scripted(move |request, _| {
        let is_valid = bearer(request) == format!("Bearer {MARK}-{}", count.load(Ordering::SeqCst));
        if is_valid { Reply::ok() } else { Reply::status(401) }
    });
    let endpoint = endpoint();
    let relay = Relay::start(&tables(&receiver, &endpoint, ""));
    open(&relay, "disk", "high");
    receiver.wait(1);
    ended.store(1, Ordering::SeqCst);
    open(&relay, "cpu", "high");
    let got = receiver.wait(3);
    assert_eq!((got[1].body.as_str(), got[1].title()), (got[2].body.as_str(), "cpu".to_owned()));
    let deliveries = relay.settled();
    assert!(deliveries.iter().all(|delivery| delivery["state"] == "delivered"), "{deliveries:#?}");
    assert!(deliveries.iter().all(|delivery| delivery["attempts"] == 1), "{deliveries:#?}");
    endpoint.wait(2);
}

#[test]
fn a_peer_that_accepts_no_token_is_asked_twice_and_its_answer_counts() {
    let receiver = Receiver::scripted(|_, _| Reply::body(401, "not you"));
    let endpoint = endpoint();
    let relay = Relay::start(&tables(&receiver, &endpoint, ""));
    let said = relay.run(&["connections", "test", "out"]).expect(1).stdout;
    assert!(said.contains("401"), "{said}");
    assert_eq!((receiver.wait(2).len(), endpoint.wait(2).len()), (2, 2));
}

#[test]
fn an_endpoint_that_refuses_the_client_pauses_the_connection_until_that_is_mended() {
    let receiver = Receiver::start();
    let description = format!("the secret {SECRET} is wrong");
    let refusal = json!({ "error": "invalid_client", "error_description": description }).to_string();
    let endpoint = Receiver::scripted(move |_, _| Reply::body(401, &refusal));
    let relay = Relay::start(&tables(&receiver, &endpoint, ""));
    open(&relay, "disk", "high");
    let why = pause(&relay);
    assert!(
        why.contains("no access token from 127.0.0.1 (`oauth2` of the connection): it answered 401"),
        "{why}"
    );
    assert!(why.contains("invalid_client, the secret {{secret}} is wrong: check `client_id`"), "{why}");
    let tested = relay.run(&["connections", "test", "out"]).expect(1).stdout;
    assert!(tested.contains("it answered 401, invalid_client"), "{tested}");
    assert!(receiver.requests().is_empty());
    endpoint.script(|_, number| token(number));
    relay.run(&[
        "deliveries",
        "retry",
        relay.list(&["deliveries", "list"])[0]["id"].as_str().expect("an id"),
    ]);
    receiver.wait(1);
    assert_eq!(relay.settled()[0]["state"], "delivered");
    assert!(!relay.log().contains(SECRET), "{}", relay.log());
}

#[test]
fn an_endpoint_in_trouble_is_asked_again_with_the_delivery() {
    let receiver = Receiver::start();
    let endpoint = Receiver::scripted(|_, number| match number {
        0 => Reply::status(503),
        1 => Reply::Cut,
        number => token(number),
    });
    let relay = Relay::start(&tables(&receiver, &endpoint, ""));
    open(&relay, "disk", "high");
    receiver.wait(1);
    let delivery = relay.settled()[0].clone();
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(3)), "{delivery}");
    let shown = relay.json(&["deliveries", "show", delivery["id"].as_str().expect("an id")]);
    let log: Vec<&Value> = shown["log"].as_array().expect("a log").iter().map(|a| &a["summary"]).collect();
    assert!(log[0].as_str().is_some_and(|words| words.contains("it answered 503")), "{log:?}");
    assert!(log[1].as_str().is_some_and(|words| words.contains("no access token from ")), "{log:?}");
}

#[test]
fn an_endpoint_that_wants_to_be_left_alone_is_asked_once_for_all_that_is_due() {
    let receiver = Receiver::start();
    let endpoint = Receiver::scripted(|_, _| {
        Reply::Answer(503, vec![("retry-after", "60".to_owned())], "later".to_owned())
    });
    let retry = "[retry]\nfirst = \"1h\"\nlongest = \"1h\"\n";
    let relay = Relay::start(&format!("{retry}{}", tables(&receiver, &endpoint, "")));
    for number in 0..20 {
        open(&relay, &format!("disk-{number}"), "high");
    }
    until("every delivery was tried", || {
        let deliveries = relay.list(&["deliveries", "list"]);
        let is_tried = |delivery: &Value| delivery["last"]["summary"].is_string();
        (deliveries.len() == 20 && deliveries.iter().all(is_tried)).then_some(())
    });
    assert_eq!(endpoint.requests().len(), 1);
    assert!(receiver.requests().is_empty());
}

#[test]
fn an_endpoint_that_answers_without_end_or_with_a_line_break_in_its_token_pauses_the_connection() {
    for (answer, words) in [
        (format!(r#"{{"access_token":"{}"}}"#, "x".repeat(10 << 20)), "its answer has more than 65536 bytes"),
        (r#"{"access_token":"abc\r\nx-evil: 1"}"#.to_owned(), "has invalid characters"),
        ("<html>log in</html>".to_owned(), "is not JSON with an `access_token`"),
    ] {
        let receiver = Receiver::start();
        let endpoint = Receiver::scripted(move |_, _| Reply::body(200, &answer));
        let relay = Relay::start(&tables(&receiver, &endpoint, ""));
        open(&relay, "disk", "high");
        let why = pause(&relay);
        assert!(why.contains(words) && !why.contains("x-evil"), "{words}: {why}");
        assert!(receiver.requests().is_empty());
    }
}

#[test]
fn an_endpoint_that_hangs_holds_up_its_own_connection_and_no_longer_than_its_timeout() {
    let gate = Gate::new();
    let (receiver, waiting) = (Receiver::start(), Arc::clone(&gate));
    let endpoint = Receiver::scripted(move |_, number| {
        waiting.wait();
        token(number)
    });
    let other =
        format!("{}{}", connection("quick", "webhook", &receiver.url("/quick")), action("also", "quick"));
    let hanging =
        tables(&receiver, &endpoint, "").replace("allow_private", "timeout = \"300ms\"\nallow_private");
    let relay = Relay::start(&format!("{hanging}{other}"));
    open(&relay, "disk", "high");
    assert_eq!(receiver.wait(1)[0].path, "/quick");
    let words = until("the token was waited for in vain", || {
        let deliveries = relay.list(&["deliveries", "list", "--connection", "out"]);
        deliveries[0]["last"]["summary"].as_str().map(str::to_owned)
    });
    assert!(words.contains("no access token from ") && words.contains("no answer in time"), "{words}");
    gate.open();
    receiver.wait(2);
    relay.settled();
}

#[test]
fn the_token_endpoint_is_reached_through_the_proxy_and_by_the_authority_of_the_connection() {
    let authority = Authority::new();
    let tls = || authority.server(&["peer.invalid", "auth.invalid"], None);
    let (receiver, endpoint) = (Receiver::secure(tls()), Receiver::secure(tls()));
    endpoint.script(|_, number| token(number));
    let proxy = Proxy::start(Conduct::Works);
    let site = Site::new("");
    fs::write(site.path("ca.pem"), authority.pem()).expect("the folder can be written");
    site.configure(&format!(
        "{}[connections.out]\nplugin = \"webhook\"\nurl = \"https://peer.invalid:{}/hook\"\nca = \"ca.pem\"\n{}{}{}",
        source("hook", "webhook"),
        receiver.port(),
        proxy.keys(""),
        oauth2(&format!("https://auth.invalid:{}/token", endpoint.port()), ""),
        action("tell", "out")
    ));
    let relay = Relay::start_in(site);
    open(&relay, "disk", "high");
    assert_eq!(bearer(&receiver.wait(1)[0]), format!("Bearer {MARK}-0"));
    let asked = proxy.asked();
    let ports = [endpoint.port(), receiver.port()];
    assert_eq!(
        asked,
        [format!("CONNECT auth.invalid:{}", ports[0]), format!("CONNECT peer.invalid:{}", ports[1])]
    );
}

/// By the plugin's own words: it repeats what it sees of the answer.
#[test]
fn a_token_that_comes_back_is_seen_by_no_plugin_and_kept_nowhere() {
    let receiver = Receiver::scripted(|request, _| {
        let said = bearer(request).to_owned();
        let token = said.strip_prefix("Bearer ").unwrap_or_default().to_uppercase();
        Reply::body(200, &format!("you are {said}, {token}, by {SECRET}"))
    });
    let endpoint = endpoint();
    let tables = format!(
        "{}{}{}[connections.out.secrets]\ntoken = \"another-of-the-plugin\"\n{}",
        source("hook", "webhook"),
        connection("out", "wayward", &receiver.url("/hook")),
        oauth2(&endpoint.url("/token"), ""),
        action("tell", "out")
    );
    let site = Site::new(&tables).with_environment(&[("RUST_LOG", "debug,tocsin=trace")]);
    site.drop_plugin("wayward.wasm", &guest("wayward"));
    let mut relay = Relay::start_in(site);
    open(&relay, "disk", "high");
    let got = receiver.wait(1);
    assert_eq!(bearer(&got[0]), format!("Bearer {MARK}-0"), "it replaces what the plugin sends");
    let delivery = relay.settled()[0].clone();
    assert_eq!(
        delivery["last"]["summary"],
        "answered 200 you are Bearer {{secret}}, {{secret}}, by {{secret}}"
    );
    let tried = relay.run(&["actions", "try", "tell", "--incident", "1"]).expect(0).stdout;
    assert!(tried.contains("authorization: Bearer {{token of oauth2}}"), "{tried}");
    relay.stop();
    let mut kept = relay.log().into_bytes();
    kept.extend(fs::read(relay.path("state/tocsin.redb")).expect("the store"));
    let kept = String::from_utf8_lossy(&kept).to_lowercase();
    assert!(!kept.contains(MARK) && !kept.contains(SECRET));
}
