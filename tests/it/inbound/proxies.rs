//! Who a request is from behind proxies: the rightmost address that is no trusted proxy's, and nobody where a proxy
//! does not say.

use crate::harness::{Relay, Request, Site, at, source};

#[test]
fn the_rightmost_untrusted_address_counts_whatever_a_sender_wrote_before_it() {
    let allow = "allow = [\"198.51.100.0/24\", \"2001:db8::/32\"]\n";
    let site = Site::new(&format!("{}{allow}", source("hook", "webhook")));
    let text = std::fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    site.configure_whole(&format!("trusted_proxies = [\"127.0.0.1/32\", \"10.0.0.0/8\"]\n{text}"));
    let relay = Relay::start_in(site);
    let long = "203.0.113.9, ".repeat(1000);
    for (forwarded, status) in [
        (&["198.51.100.7"][..], 200),
        (&["198.51.100.7, 10.0.0.2, 10.0.0.3"], 200),
        (&["203.0.113.9, 198.51.100.7, 10.0.0.2"], 200),
        (&["198.51.100.7", "10.0.0.2"], 200),
        (&["198.51.100.7:4711, 10.0.0.2"], 200),
        (&["[2001:db8::7]:4711"], 200),
        (&["garbage, ;;, 198.51.100.7,, 10.0.0.2 ,"], 200),
        (&[&format!("{long}198.51.100.7")], 200),
        // A sender writes an allowed address before its own.
        (&["198.51.100.7, 203.0.113.9"], 401),
        (&["198.51.100.7", "203.0.113.9, 10.0.0.2"], 401),
        (&["198.51.100.7, 203.0.113.9, 10.0.0.2, 10.0.0.3"], 401),
        // What the proxy itself wrote cannot be read: the sender is nobody, and not what stands before.
        (&["198.51.100.7, unknown"], 401),
        (&["198.51.100.7, for=203.0.113.9"], 401),
        (&["198.51.100.7, 203.0.113.9.1"], 401),
        (&["198.51.100.7 203.0.113.9"], 401),
        (&["\u{e4}"], 401),
        (&[""], 401),
        (&[], 401),
    ] {
        let mut request = Request::json(&at("hook"), r#"{"title":"Disk full"}"#);
        for line in forwarded {
            request = request.header("X-Forwarded-For", line);
        }
        let answer = relay.send(&request);
        assert_eq!(answer.status, status, "{forwarded:?}: {}", answer.body);
    }
}

#[test]
fn without_trusted_proxies_no_header_is_believed() {
    let tables = format!("{}allow = [\"198.51.100.0/24\"]\n", source("hook", "webhook"));
    let relay = Relay::start(&tables);
    let request =
        Request::json(&at("hook"), r#"{"title":"Disk full"}"#).header("X-Forwarded-For", "198.51.100.7");
    assert_eq!(relay.send(&request).status, 401);
}
