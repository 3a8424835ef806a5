//! Tokens that the configuration has only the digest of, and two at a time.

use serde_json::{Value, json};

use crate::harness::{Relay, Request};

fn post(relay: &Relay, target: &str) -> u16 {
    relay.send(&Request::json(target, r#"{"title":"Disk full"}"#)).status
}

fn made(relay: &Relay) -> (String, String) {
    let made = relay.json(&["sources", "token"]);
    let text = |key: &str| made[key].as_str().expect("a text").to_owned();
    (text("token"), text("sha256"))
}

fn uses(relay: &Relay) -> Vec<(String, bool)> {
    let tokens = relay.list(&["sources", "list"])[0]["tokens"].clone();
    let used =
        |token: &Value| (token["key"].as_str().expect("a key").to_owned(), token["last_used"].is_string());
    tokens.as_array().expect("a list").iter().map(used).collect()
}

#[test]
fn a_token_is_exchanged_without_a_gap_and_the_configuration_has_neither() {
    let relay = Relay::start("");
    let ((old, old_digest), (new, new_digest)) = (made(&relay), made(&relay));
    assert_ne!(old, new);
    let with = |tokens: &str| {
        relay.configure(&format!("[sources.hook]\nplugin = \"webhook\"\n{tokens}"));
        relay.run(&["reload"]).expect(0);
    };
    with(&format!("token = {{ sha256 = \"{old_digest}\" }}\n"));
    assert_eq!(post(&relay, &format!("/in/hook?token={old}")), 200);
    assert_eq!(post(&relay, &format!("/in/hook?token={new}")), 401);
    assert_eq!(post(&relay, &format!("/in/hook?token={old_digest}")), 401, "the digest is no token");
    with(&format!("token = {{ sha256 = \"{old_digest}\" }}\nnext_token = {{ sha256 = \"{new_digest}\" }}\n"));
    // Since the source is as it is.
    assert_eq!(uses(&relay), [("token".to_owned(), false), ("next_token".to_owned(), false)]);
    assert_eq!(post(&relay, &format!("/in/hook/{new}")), 200);
    assert_eq!(post(&relay, &format!("/in/hook?token={old}")), 200);
    assert_eq!(uses(&relay), [("token".to_owned(), true), ("next_token".to_owned(), true)]);
    with(&format!("token = {{ sha256 = \"{new_digest}\" }}\n"));
    assert_eq!(post(&relay, &format!("/in/hook?token={old}")), 401);
    assert_eq!(post(&relay, &format!("/in/hook?token={new}")), 200);
}

#[test]
fn a_token_that_only_its_digest_is_known_of_is_nowhere_in_what_is_kept_or_logged() {
    let relay = Relay::start("");
    let (token, digest) = made(&relay);
    relay.configure(&format!("[sources.hook]\nplugin = \"webhook\"\ntoken = {{ sha256 = \"{digest}\" }}\n"));
    relay.run(&["reload"]).expect(0);
    let target = format!("/in/hook/{token}");
    let request = Request::json(&target, r#"{"title":"Disk full"}"#)
        .header("referer", &format!("https://proxy.example.org{target}"))
        .header("x-original-uri", &target);
    let receipt = relay.send(&request).expect(200).receipt();
    let shown = relay.run(&["receipts", "show", &receipt, "--json"]).expect(0).stdout;
    assert!(!shown.contains(&token), "{shown}");
    relay.send(&Request::json(&format!("/in/hook&token={token}"), "{}")).expect(404);
    assert!(!relay.log().contains(&token), "{}", relay.log());
    let listed = relay.run(&["status", "--json"]).all();
    assert!(!listed.contains(&token), "{listed}");
}

#[test]
fn what_is_no_digest_is_refused_with_what_it_has_to_be() {
    let relay = Relay::start("");
    relay.configure("[sources.hook]\nplugin = \"webhook\"\ntoken = { sha256 = \"abc\" }\n");
    let said = relay.run(&["reload"]).expect(1).stderr;
    assert!(
        said.contains("sources.hook.token: sha256 is not the 64 hexadecimal digits of a SHA-256"),
        "{said}"
    );
    assert!(!said.contains("abc"), "{said}");
    assert_eq!(relay.json(&["sources", "list"]), json!([]));
}
