//! Behaviours of the decoder, beside the cases.

use proptest::prelude::*;
use tocsin_plugin::testing;

use super::*;

fn decode(body: &str) -> Result<Decoded, Refusal> {
    Zapier::decode(&Request::post_json(body), &settings())
}

fn settings() -> Fields {
    Fields::from_settings(&[]).expect("settings")
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
        Zapier::decode(&sample(name, bytes), &settings())
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
            let _ = Zapier::decode(&request, &settings());
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
fn a_bad_entry_of_a_list_costs_only_itself_and_is_named() {
    let decoded =
        decode(r#"[{"title":"a","status":"up"},{"title":"b"},7,{"title":"c","status":"down"}]"#).unwrap();
    let titles: Vec<&str> = decoded.events.iter().map(|event| event.title.as_str()).collect();
    assert_eq!(titles, ["a", "c"]);
    let places: Vec<&str> = decoded.rejected.iter().map(|rejected| rejected.place.as_str()).collect();
    assert_eq!(places, ["[1]", "[2]"]);
    assert!(decoded.rejected[0].reason.starts_with("`[1].status`: is missing"), "{:?}", decoded.rejected);
    let refusal = decode(r#"[{"title":"b"},{"status":"up"}]"#).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid { field, .. } if field == "[0].status"));
}

#[test]
fn an_end_an_acknowledgement_and_a_note_need_only_their_key() {
    for (word, change) in
        [("resolved", Change::Resolve), ("ack", Change::Acknowledge), ("comment", Change::Note)]
    {
        for body in [
            serde_json::json!({"id": "x", "status": word}),
            serde_json::json!({"title": "x", "status": word}),
        ] {
            let decoded = decode(&body.to_string()).unwrap();
            assert_eq!((decoded.events[0].change, decoded.events[0].key.as_str()), (change, "x"), "{body}");
        }
        assert!(decode(&serde_json::json!({"status": word}).to_string()).is_err());
    }
    for body in [r#"{"id":"x","status":"trigger"}"#, r#"{"status":"trigger"}"#] {
        let refusal = decode(body).unwrap_err();
        assert!(matches!(&refusal, Refusal::Invalid { field, .. } if field == "title"), "{refusal:?}");
    }
}

#[test]
fn the_first_message_may_be_that_somebody_is_on_it() {
    let decoded = decode(r#"{"title":"API down","status":"investigating"}"#).unwrap();
    let changes: Vec<Change> = decoded.events.iter().map(|event| event.change).collect();
    assert_eq!(changes, [Change::Trigger, Change::Acknowledge]);
}

#[test]
fn severities_of_ones_own_come_first_and_an_unknown_one_is_remarked() {
    let own = tocsin_plugin::Setting {
        key: "severities".to_owned(),
        value: tocsin_plugin::Value::Texts(vec!["page = critical".to_owned()]),
    };
    let fields = Fields::from_settings(&[own]).expect("settings");
    let body =
        r#"[{"title":"a","status":"down","severity":"Page"},{"title":"b","status":"down","severity":"red"}]"#;
    let decoded = Zapier::decode(&Request::post_json(body), &fields).unwrap();
    assert_eq!(decoded.events[0].severity, Some(Severity::Critical));
    assert_eq!(decoded.events[1].severity, None);
    assert!(decoded.remarks[0].contains("the severity `red` is not known"), "{:?}", decoded.remarks);
    let bad = tocsin_plugin::Setting {
        key: "severities".to_owned(),
        value: tocsin_plugin::Value::Texts(vec!["page".to_owned()]),
    };
    assert_eq!(tocsin_plugin::check_source::<Zapier>(&[bad])[0].field, "severities");
}

#[test]
fn every_setting_stands_in_the_readme() {
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Fields::fields());
}

#[test]
fn what_is_missing_is_named_apart_from_what_to_do_about_it() {
    for (body, name) in
        [(r#"{"status":"down"}"#, "title"), (r#"{"status":"up"}"#, "id"), (r#"{"title":"a"}"#, "status")]
    {
        match decode(body) {
            Err(Refusal::Invalid { field, problem }) => {
                assert_eq!(field, name);
                assert!(problem.starts_with("is missing; add the key `"), "{problem}");
                assert!(problem.contains(name), "{problem}");
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
        let _ = Zapier::decode(&request, &settings());
        request.headers[0].value = kind;
        let _ = Zapier::decode(&request, &settings());
    }

    #[test]
    fn no_alert_makes_it_panic(name in "\\PC{0,20}", title in "\\PC{0,200}", status in "\\PC{0,12}", id in any::<i64>()) {
        let alert = serde_json::json!({"title": title, "status": status, "id": id, &name: {&name: [title]}});
        if let Ok(decoded) = decode(&serde_json::json!([alert, {"title": title, "status": "up"}]).to_string()) {
            testing::check_decoded(&decoded);
        }
    }
}
