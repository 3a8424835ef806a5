//! Who may send: the token in each of its places, and what becomes of it.

use super::{nothing_is_kept, the_receipt};
use crate::harness::{Relay, Request, TOKEN, source};

const ALERT: &str = r#"{"title":"Disk full"}"#;

#[test]
fn without_the_right_token_nothing_is_kept() {
    let relay = Relay::start(&source("hook", "webhook"));
    let forged = "token-of-somebody-else-0123456";
    let longer = format!("{TOKEN}x");
    let to = |target: &str| Request::json(target, ALERT);
    for request in [
        to("/in/hook"),
        to("/in/hook?token="),
        to(&format!("/in/hook?token={forged}")),
        to(&format!("/in/hook?token={}", &TOKEN[1..])),
        to(&format!("/in/hook?token={longer}")),
        to(&format!("/in/hook?token={}", TOKEN.to_uppercase())),
        to(&format!("/in/hook?Token={TOKEN}")),
        to("/in/hook").header("authorization", &format!("Bearer {forged}")),
        to("/in/hook").header("authorization", &format!("Basic {TOKEN}")),
        to("/in/hook").header("authorization", TOKEN),
        to("/in/hook").header("authorization", "Bearer"),
        to("/in/hook").header("x-tocsin-token", forged),
        to("/in/hook").header("x-tocsin-token", ""),
    ] {
        let answer = relay.send(&request);
        let schemes = answer.header("www-authenticate").unwrap_or_default();
        assert!(schemes.starts_with("Bearer realm=\"tocsin\""), "{schemes}");
        let detail = answer.problem(401);
        assert!(detail.contains("?token=") && detail.contains("Bearer"), "{detail}");
        assert!(!detail.contains(TOKEN) && !detail.contains(forged), "{detail}");
    }
    nothing_is_kept(&relay);
    assert!(!relay.log().contains(forged), "{}", relay.log());
}

#[test]
fn the_token_counts_in_each_of_its_places() {
    let relay = Relay::start(&source("hook", "webhook"));
    let escaped: String = TOKEN.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let to = |target: &str| Request::json(target, ALERT);
    let requests = [
        to(&format!("/in/hook?token={TOKEN}")),
        to(&format!("/in/hook?a=b&token={escaped}")),
        to("/in/hook").header("authorization", &format!("Bearer {TOKEN}")),
        to("/in/hook").header("authorization", &format!("bearer   {TOKEN}")),
        to("/in/hook").header("X-Tocsin-Token", TOKEN),
        // A proxy in between may put its own into one of the places.
        to(&format!("/in/hook?token={TOKEN}")).header("authorization", "Basic dTpw"),
    ];
    for request in &requests {
        relay.send(request).expect(200);
    }
    assert_eq!(relay.list(&["receipts", "list"]).len(), requests.len());
}

#[test]
fn the_token_is_kept_nowhere() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    let request = Request::json(&format!("/in/hook/deeper?token={TOKEN}&a=b"), ALERT)
        .header("authorization", &format!("Bearer {TOKEN}"))
        .header("x-tocsin-token", TOKEN)
        .header("cookie", &format!("session={TOKEN}"))
        .header("x-kept", "yes");
    relay.send(&request).expect(200);
    let receipt = the_receipt(&relay);
    let kept = &receipt["request"];
    assert_eq!(kept["path"], "/deeper");
    assert_eq!(kept["query"], serde_json::json!([{ "name": "a", "value": "b" }]));
    let names: Vec<_> =
        kept["headers"].as_array().expect("headers").iter().map(|h| h["name"].clone()).collect();
    assert!(names.contains(&"x-kept".into()) && !names.contains(&"cookie".into()), "{names:?}");
    let shown = relay.run(&["receipts", "show", receipt["id"].as_str().expect("an id")]).expect(0);
    assert!(!receipt.to_string().contains(TOKEN) && !shown.all().contains(TOKEN));
    relay.stop();
    let store = std::fs::read(relay.path("state/tocsin.redb")).expect("the store");
    assert!(!store.windows(TOKEN.len()).any(|bytes| bytes == TOKEN.as_bytes()));
    assert!(!relay.log().contains(TOKEN));
}

#[test]
fn an_open_source_takes_requests_from_everybody() {
    let relay = Relay::start("[sources.hook]\nplugin = \"webhook\"\nopen = true\n");
    relay.send(&Request::json("/in/hook", ALERT)).expect(200);
    relay.send(&Request::json("/in/hook?token=whatever", ALERT)).expect(200);
}
