//! What may be reached through a proxy, and what of it is looked up here.

use std::str::FromStr;

use super::*;
use crate::config::ProxyDenied;
use crate::send::testing::{answering, choose_tls, config, connection};

/// The connection of a configuration with these lines in its table.
fn how(lines: &str) -> How {
    How::of(&connection("https://example.org/", lines).connections["out"])
}

async fn resolved(how: &How, name: &str) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    let proxy = how.proxy().expect("it has one").clone();
    let found = OnlyProxy(proxy).resolve(Name::from_str(name).expect("a name")).await;
    found.map(Iterator::count)
}

fn url(text: &str) -> Url {
    text.parse().expect("an address")
}

#[tokio::test]
async fn a_client_with_a_proxy_resolves_no_name_but_the_proxys() {
    let how = how("proxy = \"http://localhost:3128\"\nproxy_allow_private = true\n");
    assert!(resolved(&how, "localhost").await.expect("it is this machine") > 0);
    let error = resolved(&how, "peer.example.org").await.expect_err("another name").to_string();
    assert!(error.contains("not to the peer itself"), "{error}");
}

#[tokio::test]
async fn a_proxys_name_that_leads_to_this_machine_needs_permission() {
    let how = how("proxy = \"http://localhost:3128\"\nallow_private = true\n");
    let error = resolved(&how, "localhost").await.expect_err("it is this machine");
    let denied = error.downcast_ref::<ProxyDenied>().unwrap_or_else(|| unreachable!("{error}")).to_string();
    assert!(denied.contains("is this machine: set `proxy_allow_private = true`"), "{denied}");
}

#[tokio::test]
async fn a_destination_is_checked_before_a_proxy_gets_it_as_far_as_it_resolves_here() {
    let how = how("proxy = \"http://localhost:3128\"\nproxy_allow_private = true\n");
    for (address, words) in [
        ("http://localhost:8080/", "is this machine"),
        ("http://10.0.0.1/", "is a private address"),
        ("http://[::ffff:169.254.169.254]/", "a link-local address"),
        ("https://me:word@example.org/", "has a user name or password"),
    ] {
        let error = how.check(&url(address)).await.expect_err(address);
        assert!(matches!(error, SendError::Denied(_)), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    how.check(&url("http://peer.invalid/")).await.expect("the proxy may know it");
    how.check(&url("http://93.184.216.34/")).await.expect("a public address");
}

/// What a subscription's confirmation is.
#[tokio::test]
async fn a_request_of_no_connection_goes_through_the_proxy_of_all_too() {
    choose_tls();
    let (address, asked) = answering("HTTP/1.1 204 Said\r\n\r\n").await;
    let text = format!("[egress]\nproxy = \"http://{address}\"\nproxy_allow_private = true\n");
    let transport = config(&text).transport;
    let status = status_of(url("http://peer.invalid/ok?a=b"), transport, Duration::from_secs(30)).await;
    assert_eq!(status.expect("an answer"), 204);
    let head = asked.await.expect("it was asked");
    assert!(head.starts_with("GET http://peer.invalid/ok?a=b HTTP/1.1\r\n"), "{head}");
}
