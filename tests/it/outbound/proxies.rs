//! Requests that leave through a proxy: which, with what, and what a proxy cannot make of them.

use super::{last_words, open, pause, probed};
use crate::harness::{Authority, Conduct, Proxy, Receiver, Relay, Site, action, source, until};

/// `jane:hunter@2` as HTTP Basic; `hunter%402` is the password in an address.
const BASIC: &str = "Basic amFuZTpodW50ZXJAMg==";
const JANE: &str = "jane:hunter%402@";

/// An action of the webhook plugin to `url`, with these lines in the connection's table.
fn to(url: &str, lines: &str) -> String {
    format!(
        "{}[connections.out]\nplugin = \"webhook\"\nurl = \"{url}\"\n{lines}{}",
        source("hook", "webhook"),
        action("tell", "out")
    )
}

/// The address of a receiver by a name that only the proxy resolves.
fn hidden(scheme: &str, receiver: &Receiver) -> String {
    format!("{scheme}://peer.invalid:{}/hook", receiver.port())
}

fn assert_hidden(relay: &Relay) {
    let said = [
        relay.log(),
        relay.run(&["deliveries", "list", "--json"]).all(),
        relay.run(&["connections", "list", "--json"]).all(),
        relay.run(&["status"]).all(),
    ]
    .concat();
    assert!(!said.contains("hunter") && !said.contains("dW50ZXJA"), "{said}");
}

#[test]
fn a_plain_request_goes_to_the_proxy_with_its_whole_address_and_the_peer_sees_no_password() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Wants(BASIC.to_owned())));
    let url = hidden("http", &receiver);
    let relay = Relay::start(&format!("[egress]\n{}{}", proxy.keys(JANE), to(&url, "")));
    open(&relay, "disk", "high");
    let got = receiver.wait(1);
    assert_eq!(got[0].path, "/hook");
    assert_eq!(got[0].header("proxy-authorization"), None);
    assert_eq!(proxy.asked(), [format!("POST {url}")]);
    assert_eq!(relay.settled()[0]["state"], "delivered");
    assert_hidden(&relay);
}

#[test]
fn a_request_over_tls_goes_through_a_tunnel_in_which_the_proxy_sees_nothing() {
    let authority = Authority::new();
    let receiver = Receiver::secure(authority.server(&["peer.invalid"], None));
    let proxy = Proxy::start(Conduct::Wants(BASIC.to_owned()));
    let lines = format!("{}ca = \"ca.pem\"\n", proxy.keys(JANE));
    let site = Site::new("");
    std::fs::write(site.path("ca.pem"), authority.pem()).expect("the folder can be written");
    site.configure(&format!("{}{}", to(&hidden("https", &receiver), &lines), probed()));
    let relay = Relay::start_in(site);
    open(&relay, "disk", "high");
    receiver.wait(1);
    assert_eq!(relay.settled()[0]["state"], "delivered");
    relay.run(&["connections", "test", "out"]).expect(0);
    assert_eq!(receiver.wait(2)[1].path, "/hook/health");
    let asked = proxy.asked();
    assert!(
        !asked.is_empty() && asked.iter().all(|asked| asked.starts_with("CONNECT peer.invalid:")),
        "{asked:?}"
    );
    assert_hidden(&relay);
}

/// The HTTP client cannot do it, and would say "Invalid Server Name".
#[test]
fn https_to_an_ipv6_address_through_a_proxy_is_refused_with_what_works_instead() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Works));
    let lines = format!("{}allow_private = true\n", proxy.keys(""));
    let relay = Relay::start(&to(&format!("https://[fd00::7]:{}/hook", receiver.port()), &lines));
    open(&relay, "disk", "high");
    let why = pause(&relay);
    assert!(why.contains("[fd00::7] does not work through a proxy: use the peer's name"), "{why}");
    assert_eq!(proxy.asked(), Vec::<String>::new());
    // Without TLS it works: the proxy takes every host for this machine.
    let plain = format!("http://[fd00::7]:{}/hook", receiver.port());
    relay.configure(&to(&plain, &lines));
    relay.run(&["reload"]).expect(0);
    receiver.wait(1);
    assert_eq!(proxy.asked(), [format!("POST {plain}")]);
}

#[test]
fn a_connection_can_go_past_the_proxy_of_all() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Works));
    let tables = to(&receiver.url("/hook"), "proxy = false\nallow_private = true\n");
    let relay = Relay::start(&format!("[egress]\n{}{tables}", proxy.keys("")));
    open(&relay, "disk", "high");
    receiver.wait(1);
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

/// What a proxy may reach is more than what an alert may reach through it.
#[test]
fn a_destination_on_this_machine_is_refused_before_the_proxy_is_asked() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Works));
    let url = format!("http://localhost:{}/hook", receiver.port());
    let relay = Relay::start(&to(&url, &proxy.keys("")));
    open(&relay, "disk", "high");
    let why = pause(&relay);
    assert!(why.contains("is this machine: set `allow_private = true` on the connection"), "{why}");
    assert_eq!(proxy.asked(), Vec::<String>::new());
    assert!(receiver.requests().is_empty());
}

#[test]
fn a_proxy_whose_name_leads_to_this_machine_needs_its_own_permission() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Works));
    let lines = format!("proxy = \"http://localhost:{}\"\nallow_private = true\n", proxy.address().port());
    let relay = Relay::start(&to(&hidden("http", &receiver), &lines));
    open(&relay, "disk", "high");
    let why = pause(&relay);
    assert!(
        why.contains("the proxy's address ") && why.contains("set `proxy_allow_private = true`"),
        "{why}"
    );
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[test]
fn a_proxy_that_wants_another_password_is_said_without_the_password() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Wants("Basic other".to_owned())));
    let relay = Relay::start(&to(&hidden("https", &receiver), &proxy.keys(JANE)));
    open(&relay, "disk", "high");
    let words = last_words(&relay);
    let place = proxy.address();
    assert!(words.contains(&format!("could not connect through the proxy {place}: ")), "{words}");
    assert!(words.contains("(write the proxy's user name and password into `proxy`)"), "{words}");
    assert_hidden(&relay);
}

#[test]
fn a_proxy_that_refuses_a_plain_request_pauses_the_connection_and_its_answer_is_not_the_peers() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Wants("Basic other".to_owned())));
    let relay = Relay::start(&to(&hidden("http", &receiver), &proxy.keys(JANE)));
    open(&relay, "disk", "high");
    let why = pause(&relay);
    assert!(why.contains(&format!("the proxy {} answered 407: ", proxy.address())), "{why}");
    assert_hidden(&relay);
}

#[test]
fn a_proxy_that_redirects_to_this_machine_is_not_followed() {
    let elsewhere = Receiver::start();
    let redirect =
        format!("HTTP/1.1 302 Said\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url("/stolen"));
    for (scheme, words) in [
        ("http", "put the final address into the connection"),
        ("https", "the proxy does not connect to the peer"),
    ] {
        let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Answers(redirect.clone())));
        let lines = format!("{}allow_private = true\n", proxy.keys(""));
        let relay = Relay::start(&to(&hidden(scheme, &receiver), &lines));
        open(&relay, "disk", "high");
        let said = last_words(&relay);
        assert!(said.contains(words), "{words}: {said}");
        assert!(receiver.requests().is_empty());
    }
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_proxys_page_that_repeats_the_password_brings_it_nowhere() {
    let body = format!("who is {BASIC} with hunter@2?");
    let page = format!("HTTP/1.1 403 Said\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Answers(page)));
    let mut relay = Relay::start(&to(&hidden("http", &receiver), &proxy.keys(JANE)));
    open(&relay, "disk", "high");
    let words = last_words(&relay);
    assert!(words.contains("{{secret}}"), "{words}");
    assert_hidden(&relay);
    relay.stop();
    let store = std::fs::read(relay.path("state/tocsin.redb")).expect("the store");
    assert!(!String::from_utf8_lossy(&store).contains("hunter@2"));
}

#[test]
fn another_proxy_for_all_is_used_at_once_and_ends_the_pause_that_the_first_one_caused() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Works));
    let tables = to(&hidden("http", &receiver), "");
    let port = proxy.address().port();
    let wrong = format!("[egress]\nproxy = \"http://localhost:{port}\"\n{tables}");
    let relay = Relay::start(&wrong);
    open(&relay, "disk", "high");
    pause(&relay);
    relay.configure(&format!("[egress]\n{}{tables}", proxy.keys("")));
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("~ egress.proxy changed"));
    receiver.wait(1);
    assert_eq!(relay.settled()[0]["state"], "delivered");
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let receiver = Receiver::start();
    let closed = Receiver::down();
    let lines = format!("proxy = \"http://127.0.0.1:{}\"\nproxy_allow_private = true\n", closed.port());
    let relay = Relay::start(&to(&hidden("http", &receiver), &lines));
    open(&relay, "disk", "high");
    let words = last_words(&relay);
    assert!(
        words.contains(&format!("could not connect through the proxy 127.0.0.1:{}", closed.port())),
        "{words}"
    );
    let connections = relay.list(&["connections", "list"]);
    assert!(connections[0]["paused"].is_null(), "{connections:?}");
    relay.configure(&to(&receiver.url("/hook"), "allow_private = true\n"));
    relay.run(&["reload"]).expect(0);
    until("it arrives without the proxy", || (!receiver.requests().is_empty()).then_some(()));
}

#[test]
fn doctor_does_not_call_a_name_wrong_that_only_the_proxy_knows() {
    let (receiver, proxy) = (Receiver::start(), Proxy::start(Conduct::Works));
    let site = Site::new(&to(&hidden("http", &receiver), &proxy.keys("")));
    let said = site.run(&["doctor"]).stdout;
    assert!(said.contains("peer.invalid (out) does not resolve here: the proxy resolves it"), "{said}");
    site.configure(&to(&hidden("http", &receiver), ""));
    let said = site.run(&["doctor"]).expect(1).stdout;
    assert!(said.contains("peer.invalid (out) does not resolve: "), "{said}");
}
