//! Behaviours of the decoder, beside the cases.

use proptest::prelude::*;
use tocsin_plugin::testing;
use tocsin_plugin::{Setting, Value, check_source};

use super::*;

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn decode(bytes: &[u8]) -> Result<Decoded, Refusal> {
    Grafana::decode(&Request { body: bytes.to_vec(), ..Request::post_json("") }, &fields())
}

#[test]
fn cases_hold() {
    testing::run_source_cases::<Grafana>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn samples_have_their_reviewed_outcomes() {
    testing::run_sample_outcomes(env!("CARGO_MANIFEST_DIR"), &["grafana"], |_, bytes| decode(bytes));
}

#[test]
fn a_trigger_and_its_resolve_share_an_identity() {
    for (trigger, resolve) in [
        ("cases/an-alert-fires.case", "cases/it-is-over-while-the-state-is-alerting.case"),
        ("cases/legacy-alerting.case", "cases/legacy-ok.case"),
        ("cases/legacy-no-data.case", "cases/legacy-ok.case"),
    ] {
        testing::check_pair(env!("CARGO_MANIFEST_DIR"), trigger, resolve);
    }
}

#[test]
fn a_line_that_is_no_severity_is_a_problem_of_the_configuration() {
    let lines = vec!["page = critical".to_owned(), "ticket".to_owned()];
    let problems =
        check_source::<Grafana>(&[Setting { key: "severities".to_owned(), value: Value::Texts(lines) }]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].field == "severities" && problems[0].problem.contains("ticket"), "{problems:?}");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn no_shape_of_an_alert_makes_it_panic(
        status in "\\PC{0,12}",
        label in "\\PC{0,40}",
        value in "\\PC{0,400}",
        time in "[0-9TZ:.+-]{0,40}",
    ) {
        let alert = serde_json::json!({"status": status, "labels": {&label: value}, "annotations": {&label: value},
            "startsAt": time, "endsAt": time, "generatorURL": value});
        let alerts = serde_json::json!({"status": "firing", "alerts": [alert, {"labels": alert}]});
        if let Ok(decoded) = decode(alerts.to_string().as_bytes()) {
            testing::check_decoded(&decoded);
        }
    }
}
