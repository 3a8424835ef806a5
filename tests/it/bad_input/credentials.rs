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

/// A proxy copies the address into headers, and a sender may have the token in its address twice.
#[test]
fn the_token_is_kept_in_no_path_query_or_header_however_often_it_stands_there() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    let escaped: String = TOKEN.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let target =
        format!("/in/hook/{TOKEN}/{TOKEN}/x{TOKEN}?token={TOKEN}&again={TOKEN}&{TOKEN}=1&Token={escaped}");
    let request = Request::json(&target, ALERT)
        .header("referer", &format!("https://relay.example{target}"))
        .header("x-original-uri", &target)
        .header("x-forwarded-uri", &target.replace(TOKEN, &escaped))
        .header("x-original-url", &target.replace('&', "&amp;"))
        .header("x-envoy-original-path", &target)
        .header("x-upper", &TOKEN.to_uppercase())
        // "u:" and the token, in base 64.
        .header("x-basic", "dTp0b2tlbi1vZi10aGUtdGVzdHMtMDEyMzQ1Njc4OQ==")
        .header("x-kept", "tests-0123456789");
    relay.send(&request).expect(200);
    let receipt = the_receipt(&relay);
    let kept = &receipt["request"];
    assert_eq!(kept["path"], "/{{secret}}/{{secret}}/x{{secret}}");
    let headers = kept["headers"].as_array().expect("headers");
    let value = |name: &str| headers.iter().find(|h| h["name"] == name).expect(name)["value"].clone();
    assert_eq!(value("x-kept"), "tests-0123456789", "what a token shares with others stays");
    assert_eq!(value("x-upper"), "{{secret}}");
    let traces = [TOKEN.to_owned(), escaped, "dG9rZW4tb2YtdGhlL".to_owned(), "b2YtdGhlLXRlc3Rz".to_owned()];
    let shown = relay.run(&["receipts", "show", receipt["id"].as_str().expect("an id")]).expect(0).all();
    relay.stop();
    let store = std::fs::read(relay.path("state/tocsin.redb")).expect("the store");
    let store = String::from_utf8_lossy(&store).into_owned();
    for trace in traces {
        assert!(!receipt.to_string().contains(&trace) && !shown.contains(&trace), "{trace}: {shown}");
        assert!(!store.contains(&trace) && !relay.log().contains(&trace), "{trace}");
    }
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
