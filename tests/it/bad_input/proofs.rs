//! What else a source may ask a sender to prove: Basic, a signature, a field's token, an address. All that is
//! asked for has to be proven.

use super::{nothing_is_kept, the_receipt};
use crate::harness::{Relay, Request, TOKEN};

const ALERT: &str = r#"{"title":"Disk full"}"#;

fn relay(lines: &str) -> Relay {
    Relay::start(&format!("[sources.hook]\nplugin = \"webhook\"\n{lines}\n"))
}

#[test]
fn basic_credentials_count_when_the_source_asks_for_them() {
    let relay = relay("basic = { user = \"jane\", password = \"password of jane 12\" }");
    let basic =
        |value: &str| Request::json("/in/hook", ALERT).header("authorization", &format!("Basic {value}"));
    for wrong in ["", "!", "amFuZTp3cm9uZw==", "amFuZTpwYXNzd29yZCBvZiBqYW5lIDEz"] {
        relay.send(&basic(wrong)).problem(401);
    }
    relay.send(&Request::json("/in/hook", ALERT)).problem(401);
    nothing_is_kept(&relay);
    relay.send(&basic("amFuZTpwYXNzd29yZCBvZiBqYW5lIDEy")).expect(200);
    let kept = the_receipt(&relay).to_string();
    assert!(!kept.contains("amFuZTp") && !kept.contains("password of jane"), "{kept}");
}

#[test]
fn a_signature_counts_for_exactly_the_bytes_that_it_was_made_of() {
    let relay = relay("signing_key = \"key-of-the-tests-0123456789\"");
    let mac = "sha256=ff90acf96e89d3cc453de7719046804ddceefcd6e9f29cc3d509d9f605ef3a6a";
    let signed = |body: &str, mac: &str| Request::json("/in/hook", body).header("x-hub-signature-256", mac);
    relay.send(&signed(r#"{"title":"Disk fulL"}"#, mac)).problem(401);
    relay.send(&signed(ALERT, &mac.replace("ff", "fe"))).problem(401);
    relay.send(&signed(ALERT, "")).problem(401);
    relay.send(&Request::json("/in/hook", ALERT)).problem(401);
    nothing_is_kept(&relay);
    relay.send(&signed(ALERT, mac)).expect(200);
}

#[test]
fn statuscakes_token_is_checked_in_its_field_and_kept_nowhere() {
    let lines = "field_token = { field = \"Token\", md5_user = \"Jane\", key = \"account-key\" }";
    let relay = Relay::start(&format!("[sources.cake]\nplugin = \"statuscake\"\n{lines}\n"));
    let right = "4c3aed85d9974b28b0074b83d2d1ea9d";
    let body = |token: &str| format!("Token={token}&Status=Down&Name=Shop&URL=https%3A%2F%2Fshop.example%2F");
    relay.send(&Request::form("/in/cake", &body("00000000000000000000000000000000"))).problem(401);
    relay.send(&Request::form("/in/cake", "Status=Down&Name=Shop")).problem(401);
    nothing_is_kept(&relay);
    relay.send(&Request::form("/in/cake", &body(right))).expect(200);
    let kept = the_receipt(&relay).to_string();
    assert!(!kept.contains(right), "{kept}");
    assert_eq!(relay.incident()["title"], "Shop is down");
}

#[test]
fn a_source_may_be_for_some_addresses_only() {
    let elsewhere = relay("allow = [\"203.0.113.0/24\"]");
    elsewhere.send(&Request::json("/in/hook", ALERT)).problem(401);
    // Anybody can write this header; nobody in between was named as trusted.
    elsewhere.send(&Request::json("/in/hook", ALERT).header("x-forwarded-for", "203.0.113.7")).problem(401);
    nothing_is_kept(&elsewhere);
    relay("allow = [\"127.0.0.1\"]").send(&Request::json("/in/hook", ALERT)).expect(200);
}

#[test]
fn all_that_a_source_asks_for_has_to_be_proven() {
    let relay = relay(&format!("token = \"{TOKEN}\"\nsigning_key = \"key-of-the-tests-0123456789\""));
    let mac = "sha256=ff90acf96e89d3cc453de7719046804ddceefcd6e9f29cc3d509d9f605ef3a6a";
    let to = |target: &str| Request::json(target, ALERT);
    let target = format!("/in/hook/{TOKEN}");
    relay.send(&to(&target)).problem(401);
    relay.send(&to("/in/hook").header("x-hub-signature-256", mac)).problem(401);
    nothing_is_kept(&relay);
    relay.send(&to(&target).header("x-hub-signature-256", mac)).expect(200);
    assert_eq!(the_receipt(&relay)["request"]["path"], "", "the token is taken out of the path");
}
