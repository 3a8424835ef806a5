//! The rules for Prometheus and the dashboard for Grafana in `host/daemon/observability`: they are well-formed, the
//! alerts come when they should, and they name nothing that the relay does not export.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::samples;
use crate::harness::{Authority, Receiver, Relay, Site, action, connection, skipped, source, until};

/// The rules' file name.
const RULES: &str = "prometheus-rules.yml";

fn observability() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/daemon/observability")
}

fn read(name: &str) -> String {
    fs::read_to_string(observability().join(name)).expect("it is there")
}

/// Runs promtool with this standard input, which has to succeed without a word of complaint; nothing where there is none.
fn promtool(arguments: &[&str], folder: &Path, input: &str) {
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut process) = command.spawn() else {
        return skipped(&format!("promtool {}: there is no promtool", arguments.join(" ")));
    };
    process.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    let output = process.wait_with_output().expect("it ends");
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && complaint.is_empty(), "{arguments:?}: {said}{complaint}");
}

#[test]
fn promtool_accepts_the_rules() {
    promtool(&["check", "rules", RULES], &observability(), "");
}

#[test]
fn every_alert_of_the_cases_comes_when_it_should_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(RULES), read(RULES)).expect("written");
    fs::write(folder.path().join("cases.yml"), include_str!("rules-test.yml")).expect("written");
    promtool(&["test", "rules", "cases.yml"], folder.path(), "");
}

/// A relay of which every metric has a value.
fn whole() -> (Relay, Receiver) {
    let receiver = Receiver::start();
    let authority = Authority::new();
    let certificate = authority.certificate("127.0.0.1", 2100);
    let site = Site::new(&format!(
        "[tls]\ncertificate = \"tls.pem\"\nkey = {{ file = \"tls.key\" }}\n\
         [backup]\nevery = \"1s\"\n{}heartbeat = \"1h\"\n{}{}",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/out")),
        action("tell", "out"),
    ));
    fs::write(site.path("tls.pem"), &certificate.pem).expect("the folder can be written");
    fs::write(site.path("tls.key"), &certificate.key).expect("the folder can be written");
    let relay = Relay::start_secure(site, authority.trusted_by_client(None));
    relay.post("hook", r#"{"title":"Disk full","id":"disk"}"#).expect(200);
    relay.settled();
    until("a backup is made", || relay.log().contains("a backup is made").then_some(()));
    (relay, receiver)
}

/// The text of a relay of which every metric has a value.
fn exported() -> String {
    let (relay, _receiver) = whole();
    until("the backup is shown", || {
        let text = relay.run(&["metrics"]).expect(0).stdout;
        text.contains("\ntocsin_backup_last_success_timestamp_seconds ").then_some(text)
    })
}

#[test]
fn promtool_finds_nothing_to_complain_of_in_the_metrics() {
    promtool(&["check", "metrics"], &observability(), &exported());
}

/// The names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    words
        .filter(|word| word.starts_with("tocsin_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// All texts in a JSON document.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(members) => members.values().map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => String::new(),
    }
}

#[test]
fn rules_and_dashboard_name_only_what_the_relay_exports() {
    let exported: BTreeSet<String> = samples(&exported())
        .into_keys()
        .map(|sample| sample.split('{').next().unwrap_or_default().to_owned())
        .collect();
    let dashboard: Value = serde_json::from_str(&read("grafana-dashboard.json")).expect("JSON");
    for (file, text) in [(RULES, read(RULES)), ("the dashboard", texts(&dashboard))] {
        let named = named(&text);
        assert!(named.len() > 20, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&exported).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}, which the relay does not export");
    }
}

#[test]
fn the_readme_names_every_metric_that_the_relay_exports_with_its_labels() {
    let readme = fs::read_to_string(observability().join("../../../README.md")).expect("it is there");
    let section = readme.split_once("## Watch it with Prometheus").expect("a section").1;
    let section = section.split_once("\n## ").expect("another section").0;
    let rows: String = section.lines().filter(|line| line.starts_with("| ")).collect();
    let told: BTreeSet<&str> = rows.split('`').skip(1).step_by(2).collect();
    let text = exported();
    let has: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(|name| {
            let labels = labels(&text, name);
            if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
        })
        .collect();
    assert_eq!(told, has.iter().map(String::as_str).collect());
}

/// The names of the labels of a metric's samples.
fn labels(text: &str, metric: &str) -> Vec<String> {
    let sample = text.lines().find_map(|line| {
        let rest = line.strip_prefix(metric)?.trim_start_matches("_bucket");
        rest.starts_with(['{', ' ']).then_some(rest)
    });
    let inside =
        sample.and_then(|sample| sample.strip_prefix('{')?.split_once('}')).map_or("", |(inside, _)| inside);
    let names = inside.split("\",").filter_map(|label| Some(label.split_once("=\"")?.0.to_owned()));
    names.filter(|name| name != "le").collect()
}

#[test]
fn no_two_panels_of_the_dashboard_have_one_id_or_one_place() {
    let dashboard: Value = serde_json::from_str(&read("grafana-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].to_string()).collect();
    let places: BTreeSet<_> = panels
        .iter()
        .map(|panel| (panel["gridPos"]["x"].to_string(), panel["gridPos"]["y"].to_string()))
        .collect();
    assert_eq!((ids.len(), places.len()), (panels.len(), panels.len()));
    let rows = panels.iter().filter(|panel| panel["type"] == "row");
    let titles: Vec<&str> = rows.filter_map(|row| row["title"].as_str()).collect();
    assert_eq!(titles, ["The relay", "Requests", "Plugins", "Deliveries", "Store", "Process"]);
}
