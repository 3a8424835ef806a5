//! Bodies that were compressed, and texts in the character sets of old senders.

use serde_json::json;

use crate::harness::{Relay, Request, at, source};

/// gzip of `{"title":"Disk full on db-1"}`, as `gzip -9n` makes it.
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\x2a\xc9\x2c\xc9\x49\x55\xb2\x52\x72\xc9\x2c\xce\x56\
    \x48\x2b\xcd\xc9\x51\xc8\xcf\x53\x48\x49\xd2\x35\x54\xaa\x05\x00\x19\xf0\x76\x7c\x1d\x00\x00\x00";
/// zlib of the same.
const ZLIB: &[u8] =
    b"\x78\xda\xab\x56\x2a\xc9\x2c\xc9\x49\x55\xb2\x52\x72\xc9\x2c\xce\x56\x48\x2b\xcd\xc9\x51\xc8\xcf\x53\
    \x48\x49\xd2\x35\x54\xaa\x05\x00\x93\x22\x09\x7c";
/// The same without zlib's frame.
const DEFLATE: &[u8] =
    b"\xab\x56\x2a\xc9\x2c\xc9\x49\x55\xb2\x52\x72\xc9\x2c\xce\x56\x48\x2b\xcd\xc9\x51\xc8\xcf\x53\x48\x49\
    \xd2\x35\x54\xaa\x05\x00";
/// The same in brotli, as one uncompressed block.
const BROTLI: &[u8] = b"\xc0\x01\x10{\"title\":\"Disk full on db-1\"}\x03";

/// gzip of 200,000 blanks.
const BOMB: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xed\xc1\x31\x01\x00\x00\x00\xc2\xa0\x2a\xeb\x9f\xd2\x0c\xfe\
    \x40\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xaf\x01\x31\x61\x62\
    \x10\x40\x0d\x03\x00";
/// HMAC of the text and of its gzip with the key of the test.
const MAC_OF_THE_TEXT: &str = "f8f77b5107fd12efd7eaff4a08441d77ba96213fddd4f3a1c8127afc0abcaa3c";
const MAC_OF_THE_BYTES: &str = "71b9db4f5deda4e1820187e00eca5c00f5b39e18448c9a2137632195c262560e";

fn encoded(coding: &str, body: &[u8]) -> Request {
    Request::json(&at("hook"), "").body(body).header("content-encoding", coding)
}

#[test]
fn a_body_may_come_in_every_usual_content_encoding() {
    let relay = Relay::start(&source("hook", "webhook"));
    for (coding, body) in [
        ("gzip", GZIP),
        ("X-GZIP", GZIP),
        ("deflate", ZLIB),
        ("deflate", DEFLATE),
        ("br", BROTLI),
        ("identity, gzip", GZIP),
    ] {
        relay.send(&encoded(coding, body)).expect(200);
    }
    let incident = relay.incident();
    assert_eq!((&incident["title"], &incident["count"]), (&json!("Disk full on db-1"), &json!(6)));
    // The receipt has what the body says, so that a person can read it and it can be decoded again.
    let receipt = relay.list(&["receipts", "list"])[0]["id"].as_str().expect("an id").to_owned();
    let kept = relay.json(&["receipts", "show", &receipt])["request"].clone();
    assert!(kept["body"].to_string().contains("Disk full on db-1"), "{kept}");
    assert!(!kept["headers"].to_string().contains("content-encoding"), "{kept}");
    assert!(relay.run(&["receipts", "redecode", &receipt]).all().contains("applied"));
}

#[test]
fn what_cannot_be_decoded_is_said_by_the_name_of_the_header() {
    let relay = Relay::start(&source("hook", "webhook"));
    let detail = relay.send(&encoded("zstd", GZIP)).problem(415);
    assert!(detail.contains("Content-Encoding `zstd`") && detail.contains("gzip, deflate, br"), "{detail}");
    for (coding, body) in
        [("gzip", b"no".as_slice()), ("gzip", &GZIP[..20]), ("br", b"\xff\xff\xff"), ("deflate", b"{}")]
    {
        let detail = relay.send(&encoded(coding, body)).problem(400);
        assert!(detail.contains(&format!("Content-Encoding says, {coding}")), "{detail}");
    }
    assert!(relay.list(&["receipts", "list"]).is_empty());
}

#[test]
fn a_body_that_would_become_too_large_is_given_up_at_the_limit() {
    let relay = Relay::start(&format!("{}body_limit = 1024\n", source("hook", "webhook")));
    let detail = relay.send(&encoded("gzip", BOMB)).problem(413);
    assert!(detail.contains("1024") && detail.contains("Content-Encoding"), "{detail}");
}

#[test]
fn a_signature_counts_for_the_bytes_as_they_were_sent() {
    let key = "signing_key = \"key-of-the-tests-0123456789\"\n";
    let relay = Relay::start(&format!("[sources.hook]\nplugin = \"webhook\"\n{key}"));
    let signed = |mac: &str| {
        Request::json("/in/hook", "")
            .body(GZIP)
            .header("content-encoding", "gzip")
            .header("x-hub-signature-256", &format!("sha256={mac}"))
    };
    relay.send(&signed(MAC_OF_THE_TEXT)).problem(401);
    relay.send(&signed(MAC_OF_THE_BYTES)).expect(200);
    assert_eq!(relay.incident()["title"], "Disk full on db-1");
}

#[test]
fn a_form_in_latin_1_is_read_right_and_kept_as_it_was_sent() {
    let relay = Relay::start(&source("cake", "statuscake"));
    let form = "Status=Down&StatusCode=500&Name=M%FCnchen+Shop&URL=https%3A%2F%2Fshop.example.org&Tags=";
    let request = |content_type: &str| {
        Request::new("POST", &at("cake")).header("content-type", content_type).body(form)
    };
    relay.send(&request("application/x-www-form-urlencoded; charset=ISO-8859-1")).expect(200);
    let incident = relay.incident();
    assert_eq!(incident["title"], "München Shop is down");
    assert!(!incident["key"].to_string().contains('\u{fffd}'), "{incident}");
    let receipt = relay.list(&["receipts", "list"])[0]["id"].as_str().expect("an id").to_owned();
    let kept = relay.json(&["receipts", "show", &receipt])["request"]["body"].to_string();
    assert!(kept.contains("M%FCnchen+Shop"), "{kept}");
    // Without a word about it, and for the same incident.
    relay.send(&request("application/x-www-form-urlencoded")).expect(200);
    assert_eq!(relay.incident()["count"], 2);
}

#[test]
fn json_and_queries_in_old_character_sets_are_read_right() {
    let relay = Relay::start(&source("hook", "webhook"));
    let json = |content_type: &str, body: &[u8]| {
        Request::new("POST", &at("hook")).header("content-type", content_type).body(body)
    };
    let title = |answer: crate::harness::Answer| {
        let id = answer.expect(200).json()["incidents"][0]["id"].as_str().expect("an id").to_owned();
        relay.json(&["incidents", "show", &id])["title"].as_str().expect("a title").to_owned()
    };
    assert_eq!(title(relay.send(&json("application/json", b"{\"title\":\"K\xfche \x80\"}"))), "Kühe €");
    let polish = json("application/json; charset=ISO-8859-2", b"{\"title\":\"\xa3\xf3d\xbc\"}");
    assert_eq!(title(relay.send(&polish)), "Łódź");
    let utf16: Vec<u8> = "\u{feff}{\"title\":\"Zürich\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(title(relay.send(&json("application/json", &utf16))), "Zürich");
    let query = Request::new("GET", &format!("{}&title=G%E4nse&status=down", at("hook")));
    assert_eq!(title(relay.send(&query)), "Gänse");
}

#[test]
fn a_fields_token_counts_in_a_form_of_any_character_set() {
    let token = "field_token = { field = \"Token\", md5_user = \"Jane\", key = \"account-key\" }\n";
    let relay = Relay::start(&format!("[sources.cake]\nplugin = \"statuscake\"\n{token}"));
    let form =
        "Status=Down&Name=M%FCnchen&Token=4c3aed85d9974b28b0074b83d2d1ea9d&URL=https%3A%2F%2Fshop.example%2F";
    relay.send(&Request::form("/in/cake", form)).expect(200);
    assert_eq!(relay.incident()["title"], "München is down");
    relay.send(&Request::form("/in/cake", &form.replace("4c3", "4c4"))).problem(401);
}
