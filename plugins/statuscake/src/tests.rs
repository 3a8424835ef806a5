//! Behaviours of the decoder, beside the cases.

use proptest::prelude::*;
use tocsin_plugin::{Parameter, Setting, check_source, testing};

use super::*;

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn decode(form: &str) -> Result<Decoded, Refusal> {
    decode_with(form, &fields())
}

fn decode_with(form: &str, settings: &Fields) -> Result<Decoded, Refusal> {
    let mut request = Request::post_json(form);
    request.headers[0].value = "application/x-www-form-urlencoded; charset=UTF-8".to_owned();
    StatusCake::decode(&request, settings)
}

#[test]
fn cases_hold() {
    testing::run_source_cases::<StatusCake>(env!("CARGO_MANIFEST_DIR"));
}

/// A sample as StatusCake sends it; the one of the GET is a request line with placeholders that were replaced.
fn sample(name: &str, bytes: &[u8]) -> Request {
    let mut request = Request { body: bytes.to_vec(), ..Request::post_json("") };
    if name.ends_with(".form") {
        request.headers[0].value = "application/x-www-form-urlencoded".to_owned();
    }
    if name.contains("get-all") {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        request = testing::parse_request(line).expect("a request line");
    }
    request
}

#[test]
fn samples_have_their_reviewed_outcomes() {
    testing::run_sample_outcomes(env!("CARGO_MANIFEST_DIR"), &["statuscake"], |name, bytes| {
        StatusCake::decode(&sample(name, bytes), &fields())
    });
}

#[test]
fn a_refusal_never_quotes_the_token() {
    let token = "216831f6b5940250f652c1dee00562e4";
    for body in [
        format!(r#"{{"Token":"{token}""#),
        format!(r#"{{"Token":"{token}"x}}"#),
        format!(r#"{{"Token":"{token}"}}"#),
        format!("Token={token}"),
        format!("Token={token}&Status=Down"),
        format!("Token={token}&Status=Sideways"),
        format!("[\"{token}\"]"),
        token.to_owned(),
    ] {
        for outcome in [decode(&body), StatusCake::decode(&Request::post_json(&body), &fields())] {
            assert!(!format!("{outcome:?}").contains(&token[8..16]), "{outcome:?}");
        }
    }
    let placeholders = [("t", token), ("s", "Down"), ("n", "Shop")];
    let query =
        placeholders.map(|(name, value)| Parameter { name: name.to_owned(), value: value.to_owned() });
    let request = Request { query: query.to_vec(), ..Request::post_json("") };
    let decoded = StatusCake::decode(&request, &fields()).expect("decoded");
    assert!(!format!("{decoded:?}").contains(token));
}

#[test]
fn a_trigger_and_its_resolve_share_an_identity() {
    for (trigger, resolve) in [
        ("outcomes/kb-down-500.form.json", "outcomes/itoc360-uppercase-UP.form.json"),
        (
            "outcomes/keep-variant-Checkrate-Method-TestID-down.form.json",
            "outcomes/keep-variant-Checkrate-Method-TestID-up.form.json",
        ),
        ("cases/down.case", "cases/up-after-down.case"),
        ("cases/a-name-in-windows-1252.case", "cases/a-name-in-windows-1252-without-a-charset.case"),
    ] {
        testing::check_pair(env!("CARGO_MANIFEST_DIR"), trigger, resolve);
    }
}

#[test]
fn samples_never_panic_and_never_show_the_token() {
    for content_type in ["application/x-www-form-urlencoded", "application/json", ""] {
        testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "statuscake", |name, bytes| {
            let mut request = Request { body: bytes.to_vec(), ..Request::post_json("") };
            request.headers[0].value = content_type.to_owned();
            let outcome = StatusCake::decode(&request, &fields());
            assert!(!format!("{outcome:?}").contains("216831f6b5940250f652c1dee00562e4"), "{name}");
        });
    }
}

#[test]
fn an_up_without_a_test_id_finds_its_down_by_name_and_address() {
    let down = decode("Status=Down&TestID=7&Name=Shop&URL=https%3A%2F%2Fa.example").unwrap();
    let up = decode("Status=UP&Name=Shop&URL=https%3A%2F%2Fa.example").unwrap();
    assert!(down.events[0].aliases.contains(&up.events[0].key));
}

#[test]
fn a_tag_with_ones_own_word_is_the_severity_and_a_line_that_is_none_is_a_problem() {
    let own =
        Fields { severities: vec!["page = critical".to_owned()], default_severity: Some(Severity::Low) };
    let severity = |tags: &str| {
        let form = format!("Status=Down&Name=a&Tags={tags}");
        decode_with(&form, &own).expect("decoded").events.remove(0).severity
    };
    for (tags, expected) in [
        ("severity:page", Severity::Critical),
        ("Severity:P1+-+Critical", Severity::Critical),
        ("severity:Urgent", Severity::High),
        ("severity:banana", Severity::Low),
        ("", Severity::Low),
    ] {
        assert_eq!(severity(tags), Some(expected), "{tags}");
    }
    let lines = tocsin_plugin::Value::Texts(vec!["page".to_owned()]);
    let problems = check_source::<StatusCake>(&[Setting { key: "severities".to_owned(), value: lines }]);
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_resolve_needs_only_the_id_or_the_name() {
    for form in ["Status=Up&TestID=7", "Status=Up&Name=Shop", "Status=Up&URL=https%3A%2F%2Fa.example"] {
        assert_eq!(decode(form).unwrap().events[0].change, Change::Resolve, "{form}");
    }
}

#[test]
fn names_and_addresses_cannot_be_shifted_into_one_another() {
    let one = decode("Status=Down&Name=a%7Cb&URL=c").unwrap();
    let other = decode("Status=Down&Name=a&URL=b%7Cc").unwrap();
    assert_ne!(one.events[0].key, other.events[0].key);
}

#[test]
fn two_outages_with_the_same_body_are_two_deliveries() {
    assert_eq!(StatusCake::source_info().replays, Replays::ByDeliveryId);
    assert_eq!(decode("Status=Down&Name=a").unwrap().delivery_id, None);
}

#[test]
fn a_placeholder_that_was_not_replaced_is_nothing() {
    let event = decode("Status=Down&Name=%7CNAME%7C&URL=https%3A%2F%2Fa.example").unwrap().events.remove(0);
    assert_eq!(event.title, "https://a.example is down");
    assert!(!is_placeholder("|") && !is_placeholder("||") && !is_placeholder("|ü|"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096), kind in "[a-z/;= -]{0,40}") {
        let mut request = Request { body: bytes, ..Request::post_json("") };
        let _ = StatusCake::decode(&request, &fields());
        request.headers[0].value = kind;
        let _ = StatusCake::decode(&request, &fields());
    }

    #[test]
    fn no_value_makes_it_panic(name in "\\PC{0,200}", tags in "[\\PC,:]{0,200}", up in any::<bool>()) {
        let form = [("Status", if up { "Up" } else { "DOWN" }), ("Name", &name), ("URL", &name), ("Tags", &tags)];
        let query = form.map(|(name, value)| Parameter { name: name.to_owned(), value: value.to_owned() });
        let request = Request { query: query.to_vec(), ..Request::post_json("") };
        if let Ok(decoded) = StatusCake::decode(&request, &fields()) {
            testing::check_decoded(&decoded);
        }
    }
}
