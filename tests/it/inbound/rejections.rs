//! Every answer that is not 2xx is counted, logged at a bounded rate and named by `status` with what to do.

use serde_json::{Value, json};

use crate::harness::{Relay, Request, Site, TOKEN, at, guest, source, until};

const ALERT: &str = r#"{"title":"Disk full"}"#;
const WRONG: &str = "/in/hook?token=token-of-somebody-else-0123456";

/// The counts of a source.
fn counts(site: &Site, name: &str) -> Value {
    let sources = site.list(&["sources", "list"]);
    sources.iter().find(|source| source["name"] == name).expect("it is listed")["requests"].clone()
}

/// What `status` says of rejections, by source and status.
fn rejections(site: &Site) -> Vec<Value> {
    let status = site.json_of_any_code(&["status"]);
    status["rejections"].as_array().expect("a list").clone()
}

#[test]
fn each_rejection_is_counted_by_its_status_and_named_with_its_fix() {
    let tables = "[limits]\nbody_time = \"50ms\"\n";
    let relay = Relay::start(&format!("{tables}{}body_limit = 2048\n", source("hook", "webhook")));
    let post = |body: &str| Request::json(&at("hook"), body);
    relay.send(&Request::json(WRONG, ALERT)).problem(401);
    relay.send(&Request::new("DELETE", &at("hook"))).problem(405);
    post("").promise(1000, relay.address()).problem(408);
    relay.send(&post(&"x".repeat(3000))).problem(413);
    relay.send(&Request::json(&format!("{}&q={}", at("hook"), "q".repeat(20_000)), "{}")).problem(414);
    relay.send(&post(ALERT).header("content-encoding", "zstd")).problem(415);
    relay.send(&post("{\"title\":")).problem(422);
    let many = (0..120).fold(post(ALERT), |request, n| request.header(&format!("x-{n}"), "value"));
    relay.send(&many).problem(431);
    relay.send(&post("broken").header("content-encoding", "gzip")).problem(400);
    relay.send(&post(ALERT)).expect(200);

    let counted = counts(&relay, "hook");
    let each =
        json!({ "400": 1, "401": 1, "405": 1, "408": 1, "413": 1, "414": 1, "415": 1, "422": 1, "431": 1 });
    assert_eq!(counted["rejected_by_status"], each);
    assert_eq!((&counted["rejected"], &counted["accepted"]), (&json!(9), &json!(1)));
    let times = (&counted["last_heard"], &counted["last_rejected"]);
    assert!(times.0.is_string() && times.1.is_string(), "{times:?}");
    let reason = counted["last_rejection"].as_str().expect("a reason");
    assert!(reason.contains("Content-Encoding"), "{reason}");

    let said = relay.run(&["status"]).expect(1).stdout;
    for words in [
        "rejected: source hook: 1 in the last hour with 413",
        "raise body_limit in [sources.hook] (now 2048 bytes)",
        "the token is missing or wrong",
        "check the token, or what else the source asks for, in the sender",
        "raise limits.body_time (now 50ms)",
        "tocsin receipts list --dead-letters --source hook",
        "Content-Encoding `zstd`",
        "This source takes POST",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let lost = |status: u16| {
        let all = rejections(&relay);
        all.iter().find(|one| one["status"] == status).expect("it is there")["lost"].clone()
    };
    assert!([400, 408, 413, 414, 415].iter().all(|status| lost(*status) == true));
    assert!([401, 405, 422, 431].iter().all(|status| lost(*status) == false));
    let listed = relay.run(&["sources", "list"]).expect(0).stdout;
    assert!(listed.contains("REJECTED") && listed.contains("LAST HEARD"), "{listed}");
}

#[test]
fn counts_survive_a_power_failure() {
    let mut relay = Relay::start(&source("hook", "webhook"));
    for _ in 0..5 {
        relay.send(&Request::json(WRONG, ALERT)).problem(401);
    }
    relay.post("hook", ALERT).expect(200);
    // The store is given what was counted once a second. The first write may have begun before the first of these was
    // counted; the second has it, and is whole when the third begins.
    let written = || std::fs::metadata(relay.path("state/tocsin.redb")).ok()?.modified().ok();
    for _ in 0..3 {
        let before = written();
        relay.send(&Request::json(WRONG, ALERT)).problem(401);
        until("the counts are on the disk", || (written() > before).then_some(()));
    }
    relay.kill();
    relay.restart();
    let counted = counts(&relay, "hook");
    let rejected = counted["rejected"].as_u64().expect("a number");
    assert!((6..=8).contains(&rejected) && counted["accepted"] == 1, "{counted}");
    assert!(counted["last_heard"].is_string(), "{counted}");
    assert_eq!(rejections(&relay)[0]["in_the_last_hour"], rejected);
    relay.send(&Request::json(WRONG, ALERT)).problem(401);
    relay.stop();
    relay.restart();
    assert_eq!(counts(&relay, "hook")["rejected"], rejected + 1, "stopping keeps the rest");
}

#[test]
fn strangers_are_counted_in_a_row_of_their_own_and_turn_no_check_red() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.run(&["status"]).expect(0);
    for name in ["wp-login.php", "hok", TOKEN, "hok", "a%2fb"] {
        relay.send(&Request::json(&format!("/in/{name}"), ALERT)).problem(404);
    }
    relay.send(&Request::json("/in/", ALERT)).problem(404);
    relay.send(&Request::json(WRONG, ALERT)).problem(401);
    let said = relay.run(&["status"]).expect(0).stdout;
    assert!(said.contains("rejected: addresses without a source: 6 in the last hour with 404"), "{said}");
    let strangers = rejections(&relay).into_iter().find(|one| one["status"] == 404).expect("it is there");
    let names = json!(["wp-login.php", "(a name with a secret in it)", "hok", "a/b", ""]);
    assert_eq!((&strangers["source"], &strangers["names"]), (&Value::Null, &names));
    assert_eq!(counts(&relay, "hook")["rejected"], 1);
    assert!(!relay.log().contains(TOKEN));
}

#[test]
fn a_token_typed_behind_the_name_is_shown_nowhere() {
    let relay = Relay::start(&source("hook", "webhook"));
    let said = relay.send(&Request::json(&format!("/in/hook&token={TOKEN}"), ALERT)).problem(404);
    assert!(!said.contains(TOKEN), "{said}");
    let shown = format!("{}{}", relay.run(&["status", "--json"]).all(), relay.log());
    assert!(shown.contains("a name with a secret in it") && !shown.contains(TOKEN), "{shown}");
}

#[test]
fn a_stranger_turns_no_check_red_whatever_is_sent() {
    let signed =
        "[sources.signed]\nplugin = \"jira\"\nsigning_key = \"0123456789abcdef\"\nbody_limit = 2048\n";
    let relay = Relay::start(&format!("{}{signed}", source("hook", "webhook")));
    relay.send(&Request::json(&format!("/in/hook?q={}", "q".repeat(20_000)), "{}")).problem(401);
    relay.send(&Request::json("/in/signed", &"x".repeat(3000))).problem(413);
    let many = |path: &str| {
        (0..120).fold(Request::json(path, ALERT), |request, n| request.header(&format!("x-{n}"), "value"))
    };
    relay.send(&many("/in/hook")).problem(401);
    relay.send(&many("/in/signed")).problem(431);
    relay.run(&["status"]).expect(0);
}

#[test]
fn a_flood_of_rejections_is_one_line_of_the_log_and_next_to_nothing_on_the_disk() {
    let relay = Relay::start(&source("hook", "webhook"));
    relay.post("hook", ALERT).expect(200);
    let before = std::fs::metadata(relay.path("state/tocsin.redb")).expect("the store").len();
    for _ in 0..300 {
        relay.send(&Request::json(WRONG, "secret-of-the-body")).problem(401);
    }
    assert_eq!(counts(&relay, "hook")["rejected_by_status"]["401"], 300);
    let log = relay.log();
    assert_eq!(log.matches("rejected").count(), 1, "{log}");
    assert!(log.contains("the token is missing or wrong") && log.contains("status=401"), "{log}");
    assert!(!log.contains("secret-of-the-body") && !log.contains("somebody-else"), "{log}");
    let after = std::fs::metadata(relay.path("state/tocsin.redb")).expect("the store").len();
    assert!(after <= before + (1 << 20), "{before} → {after}");
}

#[test]
fn ignored_requests_and_a_plugins_own_refusals_are_counted() {
    let tables = source("hook", "webhook");
    let jq = "[sources.hook.settings]\njq = 'if .test then {ignored: \"a test\"} else {title: .title} end'\n";
    let site = Site::new(&format!("{tables}{jq}{}", source("own", "asks-to-confirm")));
    site.drop_plugin("asks-to-confirm.wasm", &guest("asks-to-confirm"));
    let relay = Relay::start_in(site);
    assert_eq!(relay.post("hook", r#"{"test":true}"#).expect(200).json()["status"], "ignored");
    relay.post("hook", ALERT).expect(200);
    let counted = counts(&relay, "hook");
    assert_eq!(
        (&counted["ignored"], &counted["accepted"], &counted["rejected"]),
        (&json!(1), &json!(1), &json!(0))
    );
    relay.send(&Request::json(&at("own"), ALERT).header("x-status", "409")).expect(409);
    let counted = counts(&relay, "own");
    assert_eq!(counted["rejected_by_status"], json!({ "409": 1 }));
    assert_eq!(counted["accepted"], 1, "its events are applied all the same");
    relay.run(&["status"]).expect(0);
}
