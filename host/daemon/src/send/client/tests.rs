//! Which clients are kept when the configuration is read again, and whose answer an answer is.

use super::*;
use crate::config::Config;
use crate::send::testing::{answering, choose_tls, connection};

const OAUTH2: &str =
    "oauth2 = { token_url = \"https://auth.example.org/\", client_id = \"a\", client_secret = \"b\" }\n";

fn config(lines: &str) -> Config {
    connection("https://example.org/", lines)
}

#[test]
fn a_client_is_kept_only_while_everything_that_it_is_made_of_stays_the_same() {
    choose_tls();
    let proxy = "proxy = \"http://jane:one@proxy.example.org:3128\"\n";
    let before = format!("{proxy}{OAUTH2}");
    let senders = Senders::new(config(&before).connections.values()).expect("a client");
    let is_kept = |lines: &str| {
        let renewed = senders.renewed(config(lines).connections.values()).expect("a client");
        Arc::ptr_eq(&senders.0["out"], &renewed.0["out"])
    };
    assert!(is_kept(&before));
    assert!(is_kept(&format!("{before}description = \"for the people on call\"\n")));
    for other in [
        before.replace("jane:one", "jane:two"),
        before.replace(":3128", ":3129"),
        format!("{before}proxy_allow_private = true\n"),
        before.replace(proxy, ""),
        before.replace("\"b\"", "\"c\""),
        before.replace("auth.example", "login.example"),
        before.replace(OAUTH2, ""),
        format!("{before}timeout = \"7s\"\n"),
        format!("{before}allow_private = true\n"),
    ] {
        assert!(!is_kept(&other), "{other}");
    }
}

const REFUSAL: &str = "HTTP/1.1 407 Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Sends a request over a connection to `url` that has these lines.
async fn sent(url: &str, lines: &str) -> Result<Response, SendError> {
    choose_tls();
    let config = connection(url, lines);
    let senders = Senders::new(config.connections.values()).expect("a client");
    let (method, url) = (Method::POST, url.parse().expect("an address"));
    let (headers, body, secrets) = (HeaderMap::new(), b"hello".to_vec(), Secrets::default());
    senders.send(&config.connections["out"], Outgoing { method, url, headers, body, secrets }).await
}

/// It used to look like the peer's own answer, which a plugin takes for a wrong token of its own.
#[tokio::test]
async fn a_proxy_that_refuses_a_plain_request_is_named_without_its_password() {
    let oauth2 = OAUTH2.replace("https://auth.example.org", "http://auth.invalid");
    let no_token = "no access token from auth.invalid (`oauth2` of the connection): the proxy ";
    for (lines, begin) in [("", "the proxy "), (oauth2.as_str(), no_token)] {
        let (proxy, asked) = answering(REFUSAL).await;
        let keys = format!("proxy = \"http://jane:hunter2@{proxy}\"\nproxy_allow_private = true\n{lines}");
        let error = sent("http://peer.invalid/hook", &keys).await.expect_err("it is no answer of the peer");
        asked.await.expect("it was asked");
        assert!(matches!(error, SendError::Misconfigured(_)), "{error:?}");
        let said = error.to_string();
        assert!(
            said.starts_with(begin) && said.contains(&format!("the proxy {proxy} answered 407: ")),
            "{said}"
        );
        assert!(said.contains("`proxy`") && !said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn a_peer_that_is_asked_without_a_proxy_may_answer_407() {
    let (peer, asked) = answering(REFUSAL).await;
    let answer = sent(&format!("http://{peer}/hook"), "allow_private = true\n").await.expect("an answer");
    asked.await.expect("it was asked");
    assert_eq!(answer.status, 407);
}
