//! Behaviours of the decoder, beside the cases.

use tocsin_plugin::testing;

use super::*;

fn decode(body: &str) -> Result<Decoded, Refusal> {
    Zapier::decode(&Request::post_json(body), &())
}

#[test]
fn cases_hold() {
    testing::run_source_cases::<Zapier>(env!("CARGO_MANIFEST_DIR"));
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
    assert!(matches!(refusal, Refusal::Missing(field) if field.starts_with("[1].status")));
}

#[test]
fn an_overlong_id_is_shortened_and_stays_stable() {
    let body = format!(r#"{{"title":"t","status":"trigger","id":"{}"}}"#, "x".repeat(5000));
    let (first, second) = (decode(&body).unwrap(), decode(&body).unwrap());
    assert!(first.events[0].key.len() <= keys::BYTES_MAX);
    assert_eq!(first, second);
}
