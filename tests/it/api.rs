//! The HTTP API on the network: who may ask for what, and what the command line does over it.

use serde_json::{Value, json};

use crate::harness::{Answer, Relay, Request, Site, connection, guest, source};

mod description;
mod limits;

/// A relay with two sources.
fn relay() -> Relay {
    Relay::start(&format!("{}{}", source("hook", "webhook"), source("other", "webhook")))
}

/// A new token with this scope.
fn token(site: &Site, name: &str, scope: &str) -> String {
    let created = site.json(&["tokens", "create", name, "--scope", scope]);
    created["token"].as_str().expect("a token").to_owned()
}

fn with(token: &str, request: Request) -> Request {
    request.header("authorization", &format!("Bearer {token}"))
}

fn get(relay: &Relay, token: &str, path: &str) -> Answer {
    relay.send(&with(token, Request::new("GET", &format!("/api/v1{path}"))))
}

fn post(relay: &Relay, token: &str, path: &str, body: &Value) -> Answer {
    relay.send(&with(token, Request::json(&format!("/api/v1{path}"), &body.to_string())))
}

fn open(relay: &Relay, source: &str, title: &str) -> u64 {
    relay.post(source, &json!({ "title": title, "id": title }).to_string()).expect(200);
    let newest = relay.list(&["incidents", "list", "--limit", "1"]).remove(0);
    newest["number"].as_u64().expect("a number")
}

#[test]
fn a_request_without_a_valid_token_is_refused_and_told_how_to_get_one() {
    let relay = relay();
    let right = token(&relay, "right", "viewer");
    let without = relay.send(&Request::new("GET", "/api/v1/status"));
    assert_eq!(without.header("www-authenticate"), Some("Bearer realm=\"tocsin\""));
    assert!(without.problem(401).contains("tocsin tokens create"));
    let wrong = format!("{right}0");
    for authorization in
        [format!("Bearer {wrong}"), format!("Basic {right}"), right.clone(), "Bearer".to_owned()]
    {
        let request = Request::new("GET", "/api/v1/status").header("authorization", &authorization);
        relay.send(&request).problem(401);
    }
    get(&relay, &right, "/status").expect(200);
    // What does not exist is told to nobody without a token either.
    relay.send(&Request::new("GET", "/api/v1/nothing")).problem(401);
    assert!(!relay.log().contains(&right) && !relay.log().contains(&wrong), "the log has a token");
}

#[test]
fn an_address_with_many_wrong_tokens_has_to_wait_and_a_right_one_has_not() {
    let relay = relay();
    let right = token(&relay, "right", "viewer");
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> =
            (0..30).map(|_| scope.spawn(|| get(&relay, "tocsin_wrong", "/status").status)).collect();
        tries.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    let refused = answers.iter().filter(|status| **status == 429).count();
    assert_eq!(answers.iter().filter(|status| **status == 401).count() + refused, 30, "{answers:?}");
    assert!((5..=10).contains(&refused), "{answers:?}");
    let wait = get(&relay, "tocsin_wrong", "/status");
    assert!(wait.header("retry-after").is_some());
    wait.problem(429);
    get(&relay, &right, "/status").expect(200);
}

#[test]
fn each_scope_opens_what_it_names() {
    let relay = relay();
    let number = open(&relay, "hook", "Disk full");
    let tokens = ["source:hook", "viewer", "operator", "admin"]
        .map(|scope| token(&relay, &scope.replace(':', "-"), scope));
    let allowed = |statuses: [u16; 4], ask: &dyn Fn(&str) -> Answer| {
        assert_eq!(tokens.each_ref().map(|token| ask(token).status), statuses);
    };
    allowed([200; 4], &|token| get(&relay, token, "/incidents"));
    allowed([403, 200, 200, 200], &|token| get(&relay, token, "/status"));
    let path = format!("/incidents/{number}/acknowledge");
    allowed([403, 403, 200, 200], &|token| post(&relay, token, &path, &json!({})));
    allowed([403, 403, 403, 200], &|token| get(&relay, token, "/tokens"));
    allowed([403, 403, 403, 200], &|token| post(&relay, token, "/config/reload", &json!({})));
    allowed([403, 403, 403, 200], &|token| get(&relay, token, "/backup"));
    let refused = get(&relay, &tokens[1], "/tokens").problem(403);
    assert!(refused.contains("`admin`") && refused.contains("`viewer`"), "{refused}");
}

#[test]
fn a_token_for_one_source_shows_that_source_alone() {
    let relay = relay();
    let (own, other) = (open(&relay, "hook", "own"), open(&relay, "other", "foreign"));
    let receipts = relay.list(&["receipts", "list"]);
    let foreign = receipts.iter().find(|receipt| receipt["source"] == "other").expect("its receipt");
    let token = token(&relay, "hook", "source:hook");
    let names = |path: &str, field: &str| -> Vec<Value> {
        let answer = get(&relay, &token, path).expect(200).json();
        let rows = answer["items"].as_array().or(answer.as_array()).expect("a list");
        rows.iter().map(|row| row[field].clone()).collect()
    };
    assert_eq!(names("/incidents", "number"), [json!(own)]);
    assert_eq!(names("/receipts", "source"), [json!("hook")]);
    assert_eq!(names("/sources", "name"), [json!("hook")]);
    get(&relay, &token, &format!("/incidents/{own}")).expect(200);
    get(&relay, &token, &format!("/incidents/{other}")).problem(404);
    get(&relay, &token, &format!("/receipts/{}", foreign["id"].as_str().expect("an id"))).problem(404);
    get(&relay, &token, "/incidents?source=other").problem(403);
}

#[test]
fn a_token_ends_when_it_is_revoked_or_expires_and_otherwise_lives_on() {
    let mut relay = relay();
    let (kept, gone) = (token(&relay, "kept", "viewer"), token(&relay, "gone", "viewer"));
    relay.run(&["tokens", "revoke", "gone"]).expect(0);
    get(&relay, &gone, "/status").problem(401);
    relay.stop();
    relay.restart();
    get(&relay, &kept, "/status").expect(200);
    get(&relay, &gone, "/status").problem(401);
    let listed = relay.list(&["tokens", "list"]);
    assert_eq!(listed.len(), 1);
    assert!(listed[0]["last_used"].is_string() && listed[0]["expires_at"].is_null(), "{listed:?}");
    let short = relay.json(&["tokens", "create", "short", "--expires-in", "2s"]);
    let short = short["token"].as_str().expect("a token");
    crate::harness::until("it expires", || (get(&relay, short, "/status").status == 401).then_some(()));
    assert!(relay.run(&["tokens", "list"]).expect(0).stdout.contains("expired"));
    for (arguments, words) in [
        (["tokens", "create", "kept"].as_slice(), "there is a token `kept` already"),
        (&["tokens", "create", "Wrong"], "`Wrong` is no name"),
        (&["tokens", "create", "new", "--scope", "root"], "`root` is no scope"),
        (&["tokens", "create", "new", "--scope", "source:none"], "no source `none`"),
        (&["tokens", "revoke", "none"], "there is no token `none`"),
    ] {
        let said = relay.run(arguments).expect(1).stderr;
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn the_command_line_works_from_elsewhere_and_the_audit_says_with_which_token() {
    let relay = relay();
    let number = open(&relay, "hook", "Disk full").to_string();
    let url = format!("http://{}", relay.address());
    let token = token(&relay, "laptop", "operator");
    let elsewhere = Site::new("").with_environment(&[("TOCSIN_URL", &url), ("TOCSIN_TOKEN", &token)]);
    assert_eq!(elsewhere.list(&["incidents", "list"]).len(), 1);
    elsewhere.run(&["incidents", "ack", &number, "on it"]).expect(0);
    let incident = relay.incident();
    assert_eq!(
        (&incident["state"], &incident["timeline"][0]["actor"]),
        (&json!("acknowledged"), &json!("laptop"))
    );
    let audit = relay.run(&["audit"]).expect(0).stdout;
    assert!(audit.contains("laptop (token laptop from 127.0.0.1)"), "{audit}");
    assert!(audit.contains("created the access token laptop with the scope operator"), "{audit}");
    let refused = elsewhere.run(&["tokens", "list"]).expect(1).stderr;
    assert!(refused.contains("`admin`"), "{refused}");
    assert!(elsewhere.run(&["config", "rollback"]).expect(1).stderr.contains("without --url"));

    let nobody = Site::new("").with_environment(&[("TOCSIN_URL", &url)]);
    assert!(nobody.run(&["status"]).expect(1).stderr.contains("TOCSIN_TOKEN"));
    let nowhere =
        Site::new("").run(&["--url", "http://127.0.0.1:1", "--token", &token, "status"]).expect(1).stderr;
    assert!(nowhere.contains("cannot be reached"), "{nowhere}");
}

#[test]
fn a_change_of_what_somebody_else_has_changed_is_refused() {
    let relay = relay();
    let number = open(&relay, "hook", "Disk full");
    let token = token(&relay, "ci", "operator");
    let path = format!("/incidents/{number}");
    let seen = get(&relay, &token, &path).expect(200);
    let etag = seen.header("etag").expect("a version").to_owned();
    let modify = |etag: &str, title: &str| {
        let body = json!({ "title": title }).to_string();
        let request = Request::json(&format!("/api/v1{path}/modify"), &body).header("if-match", etag);
        relay.send(&with(&token, request))
    };
    let changed = modify(&etag, "Disk full on db-1").expect(200);
    let next = changed.header("etag").expect("a version").to_owned();
    assert_ne!(next, etag);
    assert!(modify(&etag, "Something else").problem(412).contains("has changed since"));
    modify("nonsense", "Something else").problem(400);
    assert_eq!(relay.incident()["title"], "Disk full on db-1");
    modify(&next, "Disk full again").expect(200);
    modify("*", "Whatever it was").expect(200);
}

#[test]
fn a_repeated_request_with_a_key_is_done_once() {
    let relay = relay();
    let number = open(&relay, "hook", "Disk full");
    let token = token(&relay, "ci", "operator");
    let note = |key: &str, text: &str| {
        let body = json!({ "text": text }).to_string();
        let path = format!("/api/v1/incidents/{number}/note");
        relay.send(&with(&token, Request::json(&path, &body).header("idempotency-key", key)))
    };
    let first = note("one", "looked at it").expect(200);
    assert_eq!(first.header("idempotency-replayed"), None);
    let again = note("one", "looked at it").expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    note("one", "something else").problem(422);
    note("two", "looked at it").expect(200);
    let timeline = relay.incident()["timeline"].clone();
    let notes = timeline.as_array().expect("lines").iter().filter(|line| line["text"] == "looked at it");
    assert_eq!(notes.count(), 2);
}

#[test]
fn a_source_that_is_created_from_elsewhere_takes_alerts_at_once() {
    let relay = relay();
    let admin = token(&relay, "admin", "admin");
    let request = Request::new("PUT", "/api/v1/config/sources/shop")
        .header("content-type", "application/json")
        .body(json!({ "settings": { "plugin": "webhook" } }).to_string());
    let created = relay.send(&with(&admin, request)).expect(201).json();
    let url = created["token"]["url"].as_str().expect("a URL").to_owned();
    let path = url.split_once("/in/").map(|(_, rest)| format!("/in/{rest}")).expect("a source's address");
    relay.send(&Request::json(&path, r#"{"title":"Cart is down"}"#)).expect(200);
    assert!(relay.run(&["audit"]).expect(0).stdout.contains("admin (token admin from 127.0.0.1)"));
}

#[test]
fn a_plugin_is_installed_from_elsewhere_and_a_bad_file_is_refused_with_a_sentence() {
    let relay = relay();
    let admin = token(&relay, "admin", "admin");
    let url = format!("http://{}", relay.address());
    let elsewhere = Site::new("").with_environment(&[("TOCSIN_URL", &url), ("TOCSIN_TOKEN", &admin)]);
    std::fs::write(elsewhere.path("polite.wasm"), guest("polite")).expect("ours");
    let said = elsewhere.run(&["plugins", "install", "polite.wasm"]).expect(0).stdout;
    assert!(said.contains("polite.wasm is in force"), "{said}");
    assert!(relay.run(&["plugins", "list"]).expect(0).stdout.contains("polite"));
    assert!(relay.run(&["audit"]).expect(0).stdout.contains("uploaded the plugin file polite.wasm"));
    std::fs::write(elsewhere.path("bad.wasm"), "no component").expect("ours");
    let said = elsewhere.run(&["plugins", "install", "bad.wasm"]).expect(1).stderr;
    assert!(said.contains("bad.wasm is in the plugins directory, but not in force"), "{said}");
    std::fs::write(elsewhere.path("Wrong.wasm"), "no component").expect("ours");
    let said = elsewhere.run(&["plugins", "install", "Wrong.wasm"]).expect(1).stderr;
    assert!(said.contains("`Wrong.wasm` is no name of a plugin file"), "{said}");
    let viewer = token(&relay, "viewer", "viewer");
    let request = Request::new("PUT", "/api/v1/plugins/more.wasm").body(guest("polite"));
    relay.send(&with(&viewer, request)).problem(403);
}

#[test]
fn a_damaged_file_of_tokens_opens_nothing_and_status_says_so() {
    let mut relay = Relay::start(&connection("out", "webhook", "http://127.0.0.1:1/"));
    let kept = token(&relay, "kept", "admin");
    relay.stop();
    std::fs::write(relay.path("state/access/tokens.json"), "{").expect("ours");
    relay.restart();
    get(&relay, &kept, "/status").problem(401);
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(status.contains("not working: the API: the access tokens cannot be read"), "{status}");
    relay.run(&["tokens", "create", "new"]).expect(1);
}
