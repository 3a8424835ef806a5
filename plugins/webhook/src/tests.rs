//! Behaviours of both directions, beside the cases.

mod incoming;
mod outgoing;
mod programs;
mod recipes;
mod senders;

use tocsin_plugin::testing::{self, example_context};
use tocsin_plugin::{Setting, Value};

use super::*;

fn settings<T: Settings>(given: &[(&str, &str)]) -> T {
    let setting = |(key, value): &(&str, &str)| Setting {
        key: (*key).to_owned(),
        value: match *value {
            "true" | "false" => Value::Boolean(*value == "true"),
            text => Value::Text(text.to_owned()),
        },
    };
    T::from_settings(&given.iter().map(setting).collect::<Vec<_>>()).expect("settings")
}

fn sent(connection: &[(&str, &str)], out: &[(&str, &str)]) -> Result<Step, Failure> {
    Webhook::encode(&example_context(), &settings(connection), &settings(out))
}

#[test]
fn source_cases_hold() {
    testing::run_source_cases::<Webhook>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn action_cases_hold() {
    testing::run_action_cases::<Webhook>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn samples_never_panic() {
    for folder in ["generic", "webhook", "out-generic-webhook"] {
        testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), folder, |_, bytes| {
            let request = Request { body: bytes.to_vec(), ..Request::post_json("") };
            let _ = Webhook::decode(&request, &settings(&[]));
            let text = String::from_utf8_lossy(bytes);
            let _ = sent(&[], &[("payload", &text), ("header_template", &text), ("path", &text)]);
        });
    }
}

#[test]
fn a_path_cannot_climb_or_carry_a_query() {
    for path in ["/a/../b", "/%2e%2E/b", "..", "/a/./b"] {
        assert!(matches!(sent(&[], &[("path", path)]), Err(Failure::Rejected(_))), "{path}");
    }
    let Ok(Step::Send(request, _)) = sent(&[], &[("path", "a b?x=1#y\r\nz")]) else { panic!("not sent") };
    assert_eq!(request.path, "/a%20b%3Fx=1%23y%20z");
}

#[test]
fn an_alert_cannot_begin_another_header() {
    let template = r#"{"X-Title": "a\r\nAuthorization: stolen"}"#;
    let Ok(Step::Send(request, _)) = sent(&[], &[("header_template", template)]) else { panic!("not sent") };
    let shown = testing::request_to_json(&request).to_string();
    assert!(shown.contains("x-title: a  Authorization: stolen"), "{shown}");
}

#[test]
fn a_wrong_setting_is_named_before_anything_is_sent() {
    for (connection, out, named) in [
        (vec![], vec![("success", "all")], "success"),
        (vec![], vec![("retry", "9xx")], "retry"),
        (vec![("authentication", "basic")], vec![], "user"),
        (vec![("authentication", "basic"), ("user", "a:b")], vec![], "colon"),
        (vec![], vec![("payload", "{}"), ("payload_jq", ".")], "payload_jq"),
    ] {
        let outcome = sent(&connection, &out);
        assert!(matches!(&outcome, Err(Failure::Misconfigured(why)) if why.contains(named)), "{outcome:?}");
    }
}

#[test]
fn every_setting_stands_in_the_readme() {
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &In::fields());
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Connection::fields());
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Out::fields());
}
