//! Behaviours of the decoder, beside the cases.

use tocsin_plugin::testing;

use super::*;

fn decode(form: &str) -> Result<Decoded, Refusal> {
    let mut request = Request::post_json(form);
    request.headers[0].value = "application/x-www-form-urlencoded; charset=UTF-8".to_owned();
    StatusCake::decode(&request, &())
}

#[test]
fn cases_hold() {
    testing::run_source_cases::<StatusCake>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn samples_never_panic_and_never_show_the_token() {
    for content_type in ["application/x-www-form-urlencoded", "application/json", ""] {
        testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "statuscake", |name, bytes| {
            let mut request = Request { body: bytes.to_vec(), ..Request::post_json("") };
            request.headers[0].value = content_type.to_owned();
            let outcome = StatusCake::decode(&request, &());
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
