//! Behaviours of the decoder, beside the cases.

use proptest::prelude::*;
use tocsin_plugin::testing;
use tocsin_plugin::{Setting, Value, check_source};

use super::*;

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn decode(bytes: &[u8]) -> Result<Decoded, Refusal> {
    Alertmanager::decode(&Request { body: bytes.to_vec(), ..Request::post_json("") }, &fields())
}

#[test]
fn cases_hold() {
    testing::run_source_cases::<Alertmanager>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn samples_have_their_reviewed_outcomes() {
    testing::run_sample_outcomes(env!("CARGO_MANIFEST_DIR"), &["alertmanager"], |_, bytes| decode(bytes));
}

#[test]
fn a_trigger_and_its_resolve_share_an_identity() {
    for (trigger, resolve) in [
        ("cases/two-alerts-fire.case", "cases/one-of-two-is-over.case"),
        ("cases/version-3-fires.case", "cases/version-3-is-over.case"),
    ] {
        testing::check_pair(env!("CARGO_MANIFEST_DIR"), trigger, resolve);
    }
}

/// As kube-prometheus sends it, 1.1 KB.
fn kubernetes_alert(number: usize) -> serde_json::Value {
    let pod = format!("checkout-{number:06}-7d9f8b6c5d-x2x4z");
    let expression =
        "max_over_time%28kube_pod_container_status_waiting_reason%7Bjob%3D%22kube-state-metrics%22%2C"
            .repeat(4);
    serde_json::json!({
        "status": "firing", "fingerprint": format!("{number:016x}"),
        "labels": {"alertname": "KubePodCrashLooping", "container": "app", "endpoint": "http", "job": "kube-state-metrics",
            "namespace": "shop-production", "pod": pod, "prometheus": "monitoring/kube-prometheus-stack-prometheus",
            "reason": "CrashLoopBackOff", "service": "kube-prometheus-stack-kube-state-metrics", "severity": "warning"},
        "annotations": {"summary": "Pod is crash looping.", "runbook_url": "https://runbooks.example/kubepodcrashlooping",
            "description": format!("Pod shop-production/{pod} (app) is in waiting state (reason: \"CrashLoopBackOff\").")},
        "startsAt": "2026-11-20T16:50:00.25Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": format!("http://prometheus.example/graph?g0.expr={expression}&g0.tab=1"),
    })
}

#[test]
fn a_body_of_eight_mebibytes_becomes_one_event_for_each_alert() {
    let limit = usize::try_from(BODY_BYTES).expect("it fits");
    let alerts: Vec<String> = (0..7_300).map(|number| kubernetes_alert(number).to_string()).collect();
    let body = format!(r#"{{"version":"4","status":"firing","alerts":[{}]}}"#, alerts.join(","));
    assert!((limit * 9 / 10..=limit).contains(&body.len()), "{} bytes", body.len());
    let decoded = decode(body.as_bytes()).expect("decoded");
    testing::check_decoded(&decoded);
    assert_eq!((decoded.events.len(), decoded.rejected.len()), (7_300, 0));
    assert_eq!(Alertmanager::source_info().body_limit, Some(BODY_BYTES));
}

#[test]
fn a_line_that_is_no_severity_is_a_problem_of_the_configuration() {
    let lines = vec!["page = critical".to_owned(), "ticket".to_owned()];
    let problems =
        check_source::<Alertmanager>(&[Setting { key: "severities".to_owned(), value: Value::Texts(lines) }]);
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
