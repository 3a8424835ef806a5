//! Words in filters that nothing ever is: named by `check` with the words that there are, and by the log of a start.

use super::good;
use crate::harness::{Relay, Site, action, connection, settings, source};

/// A configuration with these filters, one action each.
fn filtered(filters: &[(&str, &str)]) -> String {
    let mut tables =
        format!("{}{}", source("am", "webhook"), connection("out", "webhook", "https://hooks.example.org/"));
    for (name, filter) in filters {
        tables.push_str(&format!("{}filter = '{filter}'\n", action(name, "out")));
    }
    tables
}

#[test]
fn a_filter_that_is_never_true_is_a_mistake_with_the_words_that_there_are() {
    let site = Site::new(&filtered(&[
        ("severity", r#"severity == "warning" and labels.team == "db""#),
        ("state", r#"state == "firing""#),
        ("change", r#"change.kind in ["closed"]"#),
        ("source", r#"source == "alertmanager""#),
        ("both", r#"severity == "high" and severity == "low""#),
        ("label", r#"labels.severity == "warning" and labels.state == "firing""#),
    ]));
    let said = site.run(&["check"]).expect(1).stderr;
    for words in [
        "actions.severity.filter: `severity == \"warning\"` is never true: severities are critical, high, medium, low, \
         info",
        "actions.state.filter: `state == \"firing\"` is never true: states are open, acknowledged, resolved",
        "actions.change.filter: `change.kind in [\"closed\"]` is never true: kinds of changes are opened,",
        "actions.source.filter: `source == \"alertmanager\"` is never true: sources are am",
        "actions.both.filter: `severity == \"high\" and severity == \"low\"` is never true",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("actions.label"), "what labels there are is not known: {said}");
    let json = site.json_of_any_code(&["check"]);
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(5), "{json}");
}

#[test]
fn a_word_too_many_is_a_warning_and_the_start_logs_the_same() {
    let tables =
        filtered(&[
            ("some", r#"severity in ["critical", "warning"]"#),
            ("never", r#"severity == "warning""#),
        ]) + &settings("actions.some", "path = \"/{% if severity == 'urgent' %}a{% else %}b{% endif %}\"");
    let relay = Relay::start(&tables);
    let log = relay.log();
    for words in [
        "actions.some.filter: `severity in [\"critical\", \"warning\"]` names `warning`, which is none",
        "actions.never.filter: `severity == \"warning\"` is never true",
    ] {
        assert!(log.contains(words) || log.contains(&words.replace('"', "\\\"")), "{words} in {log}");
    }
    let site = Site::new(&filtered(&[("some", r#"severity in ["critical", "warning"]"#)]));
    let ran = site.run(&["check"]).expect(0);
    assert!(ran.stderr.contains("warning: actions.some.filter: "), "{ran:?}");
    assert!(ran.stdout.contains("tocsin.toml is right"), "{ran:?}");
    let said = Site::new(&tables).run(&["check"]).expect(1).stderr;
    assert!(said.contains("actions.some.settings.path: `severity == 'urgent'` is never true"), "{said}");
    assert_eq!(Site::new(&good()).json(&["check"])["warnings"], serde_json::json!([]));
}

#[test]
fn one_equals_sign_and_an_address_without_a_scheme_get_a_sentence() {
    let site = Site::new(&format!(
        "{}[connections.short]\nplugin = \"slack\"\nurl = \"hooks.slack.com/services/T/B/s3cr3t\"\n\
         [connections.port]\nplugin = \"webhook\"\nurl = \"localhost:8080/s3cr3t\"\n",
        filtered(&[("equals", r#"severity = "high""#)])
    ));
    let said = site.run(&["check"]).expect(1).stderr;
    for words in [
        "actions.equals.filter: line 1: `=` does not compare: write `==`, such as `severity == \"high\"`",
        "connections.short.url: this is no absolute URL: it has no scheme: write `https://` in front of it",
        "connections.port.url: this is no absolute URL: it has no scheme: write `https://` in front of it",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("s3cr3t"), "{said}");
}
