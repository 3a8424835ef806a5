//! Behaviours of the decoder, beside the cases.

use proptest::prelude::*;
use tocsin_plugin::testing;

use super::*;

fn decode(body: &str) -> Result<Decoded, Refusal> {
    Zapier::decode(&Request::post_json(body), &())
}

#[test]
fn cases_hold() {
    testing::run_source_cases::<Zapier>(env!("CARGO_MANIFEST_DIR"));
}

/// A sample as Zapier sends it: the payload type decides.
fn sample(name: &str, bytes: &[u8]) -> Request {
    let mut request = Request { body: bytes.to_vec(), ..Request::post_json("") };
    request.headers[0].value = match name {
        name if name.ends_with(".form") => "application/x-www-form-urlencoded",
        name if name.contains("xml") => "application/xml",
        _ => "application/json",
    }
    .to_owned();
    request
}

#[test]
fn samples_have_their_reviewed_outcomes() {
    testing::run_sample_outcomes(env!("CARGO_MANIFEST_DIR"), &["zapier"], |name, bytes| {
        Zapier::decode(&sample(name, bytes), &())
    });
}

#[test]
fn a_trigger_and_its_resolve_share_an_identity() {
    for (trigger, resolve) in [
        ("outcomes/guide-trigger-full.json", "outcomes/guide-resolve-minimal.json"),
        ("outcomes/guide-form-payload-type.form.json", "outcomes/guide-resolve-minimal.json"),
    ] {
        testing::check_pair(env!("CARGO_MANIFEST_DIR"), trigger, resolve);
    }
}

#[test]
fn samples_never_panic() {
    for content_type in ["application/json", "application/x-www-form-urlencoded", "text/plain", ""] {
        testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "zapier", |_, bytes| {
            let mut request = Request { body: bytes.to_vec(), ..Request::post_json("") };
            request.headers[0].value = content_type.to_owned();
            let _ = Zapier::decode(&request, &());
        });
    }
}

#[test]
fn a_trigger_and_its_resolve_meet_under_the_title_when_there_is_no_id() {
    let down = decode(r#"{"title":"CPU high","status":"trigger"}"#).unwrap();
    let up = decode(r#"{"title":" CPU  high ","status":"OK","id":""}"#).unwrap();
    assert_eq!(down.events[0].key, up.events[0].key);
}

#[test]
fn a_refusal_names_the_entry_of_the_list() {
    let refusal = decode(r#"[{"title":"a","status":"up"},{"title":"b"}]"#).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid { field, .. } if field == "[1].status"));
}

#[test]
fn what_is_missing_is_named_apart_from_what_to_do_about_it() {
    for (body, name) in [(r#"{"status":"up"}"#, "title"), (r#"{"title":"a"}"#, "status")] {
        match decode(body) {
            Err(Refusal::Invalid { field, problem }) => {
                assert_eq!(field, name);
                assert!(problem.starts_with(&format!("is missing; add the key `{name}`")), "{problem}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_overlong_id_is_shortened_and_stays_stable() {
    let body = format!(r#"{{"title":"t","status":"trigger","id":"{}"}}"#, "x".repeat(5000));
    let (first, second) = (decode(&body).unwrap(), decode(&body).unwrap());
    assert!(first.events[0].key.len() <= keys::BYTES_MAX);
    assert_eq!(first, second);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096), kind in "[a-z/;= -]{0,40}") {
        let mut request = Request { body: bytes, ..Request::post_json("") };
        let _ = Zapier::decode(&request, &());
        request.headers[0].value = kind;
        let _ = Zapier::decode(&request, &());
    }

    #[test]
    fn no_alert_makes_it_panic(name in "\\PC{0,20}", title in "\\PC{0,200}", status in "\\PC{0,12}", id in any::<i64>()) {
        let alert = serde_json::json!({"title": title, "status": status, "id": id, &name: {&name: [title]}});
        if let Ok(decoded) = decode(&serde_json::json!([alert, {"title": title, "status": "up"}]).to_string()) {
            testing::check_decoded(&decoded);
        }
    }
}
