//! From what a plugin wants to what is sent, case by case.

use std::collections::BTreeMap;
use std::time::Duration;

use tocsin_core::egress::Policy;
use tocsin_core::plugin::Signing;
use tocsin_core::retry::Schedule;

use super::*;
use crate::config::{Target, Transport};

const MOMENT: Moment<'static> = Moment { delivery: "01J", seconds: 1_614_265_330, traceparent: None };

fn connection() -> Connection {
    Connection {
        name: "peer".to_owned(),
        plugin: "webhook".to_owned(),
        description: String::new(),
        kind: String::new(),
        environment: String::new(),
        target: Target::parse("https://peer.example/hook?key=abc").unwrap(),
        policy: Policy::default(),
        transport: Transport::default(),
        oauth2: None,
        timeout: Duration::from_secs(1),
        concurrency: 1,
        retry: Schedule::default(),
        body_bytes: 1024,
        secrets: BTreeMap::from([("token".to_owned(), Secret::new("a\"b&c d"))]),
        settings: BTreeMap::new(),
    }
}

fn wanted(body: Vec<Part>) -> ActionRequest {
    ActionRequest {
        method: "POST".to_owned(),
        path: "/v1".to_owned(),
        query: Vec::new(),
        headers: Vec::new(),
        content_type: "application/json".to_owned(),
        body,
        signing: Vec::new(),
    }
}

fn sent(wanted: ActionRequest) -> Result<Outgoing, InvalidRequest> {
    let connection = connection();
    assemble(&connection, connection.target.sample(), wanted, &MOMENT)
}

fn secret(encoding: SecretEncoding) -> Part {
    Part::Secret { name: "token".to_owned(), encoding }
}

#[test]
fn a_secret_is_written_as_its_place_needs_it() {
    let body = |encoding| {
        let sent = sent(wanted(vec![secret(encoding)])).unwrap();
        String::from_utf8(sent.body).unwrap()
    };
    assert_eq!(body(SecretEncoding::Raw), "a\"b&c d");
    assert_eq!(body(SecretEncoding::Json), "a\\\"b&c d");
    assert_eq!(body(SecretEncoding::Form), "a%22b%26c%20d");
}

#[test]
fn credentials_become_basic_authentication() {
    let mut request = wanted(Vec::new());
    let credentials = Part::Credentials { user: "me".to_owned(), password: "token".to_owned() };
    request.headers = vec![("authorization".to_owned(), vec![Part::Bytes(b"Basic ".to_vec()), credentials])];
    let sent = sent(request).unwrap();
    assert_eq!(sent.headers["authorization"], format!("Basic {}", BASE64.encode("me:a\"b&c d")));
}

#[test]
fn the_path_is_joined_onto_the_connections_url_and_keeps_its_query() {
    let sent = sent(wanted(Vec::new())).unwrap();
    assert_eq!(sent.url.as_str(), "https://peer.example/hook/v1?key=abc");
}

#[test]
fn a_missing_secret_is_named_with_the_place_where_it_belongs() {
    let part = Part::Secret { name: "password".to_owned(), encoding: SecretEncoding::Raw };
    let error = sent(wanted(vec![part])).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the secret `password` is missing: add `secrets.password` to [connections.peer]"
    );
}

#[test]
fn a_plugin_cannot_set_the_headers_of_the_connection_or_break_out_of_one() {
    for (name, value) in [("Host", "other.example"), ("content-length", "1"), ("x-a", "b\r\nx-c: d")] {
        let mut request = wanted(Vec::new());
        request.headers = vec![(name.to_owned(), vec![Part::Bytes(value.as_bytes().to_vec())])];
        let error = sent(request).err().unwrap();
        assert!(matches!(error, InvalidRequest::Header(..)), "{name}: {error}");
    }
}

#[test]
fn a_signature_is_made_over_the_finished_body() {
    let mut request = wanted(vec![Part::Bytes(b"{}".to_vec())]);
    request.signing = vec![Signing { secret: "token".to_owned(), signature: Signature::StandardWebhooks }];
    let sent = sent(request).unwrap();
    let expected = signing::standard_webhooks(b"a\"b&c d", "01J", 1_614_265_330, b"{}");
    assert_eq!(sent.headers["webhook-signature"], expected);
    assert_eq!(sent.headers["webhook-id"], "01J");
    assert_eq!(sent.headers["webhook-timestamp"], "1614265330");
}

#[test]
fn a_sketch_has_the_names_of_secrets_in_their_places() {
    let mut request = wanted(vec![Part::Bytes(b"key=".to_vec()), secret(SecretEncoding::Form)]);
    let credentials = Part::Credentials { user: "me".to_owned(), password: "token".to_owned() };
    request.headers = vec![("authorization".to_owned(), vec![Part::Bytes(b"Basic ".to_vec()), credentials])];
    request.signing = vec![Signing { secret: "token".to_owned(), signature: Signature::StandardWebhooks }];
    let connection = connection();
    let sketch = sketch(&connection, connection.target.sample(), request).unwrap();
    assert_eq!(sketch.body, b"key={{secret:token}}");
    assert_eq!(sketch.headers["authorization"], "Basic {{base64 of me:secret:token}}");
    assert_eq!(sketch.headers["webhook-signature"], "{{signature with token}}");
}

#[test]
fn a_probes_path_goes_where_the_plugin_says_and_nowhere_else() {
    let mut connection = connection();
    connection.target = Target::parse("https://chat.example/sub/hooks/id/token").unwrap();
    let probe = |after: &str, path: &str| {
        let request = ActionRequest { method: "GET".to_owned(), path: path.to_owned(), ..wanted(Vec::new()) };
        let place = if after.is_empty() { Place::End } else { Place::After(after.to_owned()) };
        let probe = Probe { request, place };
        assemble_probe(&connection, probe, &MOMENT).map(|outgoing| outgoing.url.to_string())
    };
    assert_eq!(probe("/hooks", "/info").unwrap(), "https://chat.example/sub/hooks/info/id/token");
    assert_eq!(probe("", "/info").unwrap(), "https://chat.example/sub/hooks/id/token/info");
    assert!(matches!(probe("/webhooks", "/info"), Err(InvalidRequest::NoPlace(_))));
    assert!(matches!(probe("/hooks", "/../../admin"), Err(InvalidRequest::Denied(_))));
}

#[test]
fn a_probe_at_the_root_leaves_path_and_query_of_the_url_out() {
    let connection = connection();
    for method in ["GET", "HEAD"] {
        let request = ActionRequest { method: method.to_owned(), ..wanted(vec![Part::Bytes(Vec::new())]) };
        let probe = Probe { request, place: Place::Root };
        let outgoing = assemble_probe(&connection, probe, &MOMENT).unwrap();
        assert_eq!(outgoing.url.as_str(), "https://peer.example/v1");
    }
}

#[test]
fn a_probe_at_the_root_only_reads() {
    let connection = connection();
    let refused = |method: &str, body: Vec<Part>| {
        let request = ActionRequest { method: method.to_owned(), ..wanted(body) };
        let probe = Probe { request, place: Place::Root };
        assemble_probe(&connection, probe, &MOMENT).err().unwrap().to_string()
    };
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let expected = format!(
            "the plugin asked for a probe at the root with the method `{method}`: such a probe is GET or HEAD, \
             without a body"
        );
        assert_eq!(refused(method, Vec::new()), expected);
    }
    for part in [Part::Bytes(b"{}".to_vec()), secret(SecretEncoding::Raw)] {
        let why = refused("GET", vec![part]);
        assert!(why.starts_with("the plugin asked for a probe at the root with a body: "), "{why}");
    }
}
