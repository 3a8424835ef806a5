//! `tocsin bench`: what it sends, and what it says about each alert.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Ran, Site};

/// A short measurement with these arguments.
fn bench(site: &Site, arguments: &[&str]) -> Ran {
    site.run(&[&["bench", "--seconds", "1", "--connections", "4"], arguments].concat())
}

/// As [`bench`], with its report as JSON.
fn report(site: &Site, arguments: &[&str]) -> Value {
    let ran = bench(site, &[arguments, &["--json"]].concat()).expect(0);
    assert!(ran.stderr.contains("sending for 1 s over 4 connections"), "{ran:?}");
    assert!(!ran.stderr.contains("WARN"), "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| unreachable!("{error}: {}", ran.stdout))
}

fn number(report: &Value, pointer: &str) -> u64 {
    let found = report.pointer(pointer).and_then(Value::as_u64);
    found.unwrap_or_else(|| unreachable!("{pointer} is no number in {report:#}"))
}

#[test]
fn a_measurement_says_what_an_alert_with_two_deliveries_costs_the_disk() {
    let site = Site::new("");
    let report = report(&site, &["--deliveries", "2"]);
    let accepted = number(&report, "/accepted");
    assert!(accepted > 0 && report["refused"] == json!({}), "{report:#}");
    assert_eq!(report["plugin"], "jira");
    assert_eq!(number(&report, "/incidents"), accepted, "each request is about an incident of its own");
    assert_eq!(number(&report, "/delivered/all"), 2 * accepted);
    assert!((3300..3700).contains(&number(&report, "/body/bytes")), "{report:#}");
    // Nothing that is drawn at random can be kept in less than this.
    assert!(number(&report, "/store/file_bytes") > 500 * accepted, "{report:#}");
    assert!(number(&report, "/written/bytes_per_alert") > 500, "{report:#}");
    assert!(
        report["store"]["file_bytes_per_alert"].is_u64() && report["store"]["disk_bytes_per_alert"].is_u64()
    );
    assert!(report["written"]["counted_by"].is_string(), "{report:#}");
}

#[test]
fn a_sample_is_sent_with_other_ids_in_each_request() {
    let site = Site::new("");
    fs::write(site.path("backup.json"), r#"{"id": "backup", "status": "trigger", "title": "Backup failed"}"#)
        .expect("written");
    let report = report(&site, &["--body", "backup.json", "--no-delivery"]);
    assert_eq!((&report["plugin"], &report["body"]["file"]), (&"webhook".into(), &"backup.json".into()));
    assert_eq!(number(&report, "/incidents"), number(&report, "/accepted"), "{report:#}");
    assert_eq!((&report["delivered"], &report["deliveries_per_alert"]), (&Value::Null, &0.into()));

    fs::write(site.path("grafana.json"), grafana().to_string()).expect("written");
    let said = bench(&site, &["--body", "grafana.json", "--plugin", "grafana"]).expect(0).stdout;
    for words in [
        "to the plugin grafana",
        "refused    none",
        "delivered ",
        "body       ",
        "stored     ",
        "written    ",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("note  "), "{said}");
}

/// A notification of one alert, as Grafana's documentation describes it.
fn grafana() -> Value {
    json!({
        "receiver": "tocsin", "status": "firing", "orgId": 1, "groupKey": "{}:{alertname=\"Disk\"}",
        "alerts": [{
            "status": "firing",
            "labels": { "alertname": "Disk", "instance": "db-07.example.com" },
            "annotations": { "summary": "Disk full on db-07" },
            "startsAt": "2026-11-20T16:50:00Z", "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "57c6d9296de2ad39",
        }],
    })
}

#[test]
fn a_measurement_says_why_requests_were_refused_and_which_were_about_the_same_incident() {
    let site = Site::new("");
    fs::write(site.path("untitled.json"), r#"{"id": 12345, "status": "trigger"}"#).expect("written");
    let said = bench(&site, &["--body", "untitled.json"]).expect(0).stdout;
    assert!(said.contains(" × 422; the first: ") && said.contains("title"), "{said}");
    assert!(said.contains("stored     nothing: no request was accepted"), "{said}");

    fs::write(site.path("same.json"), r#"{"title": "Disk full", "order": "OPS-41"}"#).expect("written");
    let said = bench(&site, &["--body", "same.json", "--no-delivery"]).expect(0).stdout;
    assert!(said.contains(" made 1 incidents: the others were about the same ones"), "{said}");
}

#[test]
fn a_body_that_cannot_be_used_is_refused_before_anything_starts() {
    let site = Site::new("");
    fs::write(site.path("up.json"), r#"{"up": true}"#).expect("written");
    let ran = bench(&site, &["--body", "up.json"]).expect(1);
    assert!(ran.stderr.contains("up.json cannot be varied: it has no id and no title"), "{ran:?}");
    let ran = bench(&site, &["--body", "missing.json"]).expect(1);
    assert!(ran.stderr.contains("reading missing.json"), "{ran:?}");
    let ran = bench(&site, &["--plugin", "nothing"]).expect(1);
    assert!(ran.all().contains("nothing"), "{ran:?}");
}
