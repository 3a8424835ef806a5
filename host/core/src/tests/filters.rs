//! Filters: conditions over an incident.

use std::collections::BTreeMap;

use super::relay::{Relay, SOURCE, action, labels, received, trigger};
use super::values::view_of;
use crate::command::{Command, Decoding};
use crate::event::{Event, Severity};
use crate::incident::Incident;
use crate::routing::ActionRule;
use crate::template::{Expression, TemplateError};
use crate::view::sample;

fn matches(filter: &str, severity: Severity, of: BTreeMap<String, String>) -> bool {
    let expression = Expression::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let (incident, change) = sample();
    let incident = Incident { severity, labels: of, ..incident };
    expression.matches(&view_of(&incident, &change)).expect("it holds or it does not")
}

#[test]
fn a_filter_chooses_by_severity_and_label() {
    let filter = r#"severity in ["critical", "high"] and labels.team == "db""#;
    for (severity, team, expected) in [
        (Severity::Critical, "db", true),
        (Severity::High, "db", true),
        (Severity::Medium, "db", false),
        (Severity::Critical, "web", false),
        (Severity::Info, "web", false),
    ] {
        assert_eq!(matches(filter, severity, labels(&[("team", team)])), expected, "{severity}, {team}");
    }
    assert!(!matches(filter, Severity::Critical, labels(&[])), "a label that is not there is empty");
}

#[test]
fn a_filter_reads_everything_that_a_template_reads() {
    for filter in [
        "true",
        "count > 1",
        "incident.source == 'sample'",
        "change.kind in ['opened', 'updated']",
        "title is startingwith 'Sample'",
        "labels.nope == ''",
        "not labels['no-pe']",
        "state != 'open'",
        "links|length == 1",
    ] {
        assert!(matches(filter, Severity::High, labels(&[("team", "sample")])), "{filter}");
    }
}

#[test]
fn a_filter_with_an_unknown_name_says_which() {
    let error = Expression::parse("severity == 'high' or severty == 'low'").expect_err("a typing mistake");
    assert!(error.to_string().starts_with("unknown placeholder `severty`: there is incident,"), "{error}");
}

#[test]
fn a_filter_that_cannot_be_read_says_so() {
    let error = Expression::parse("severity in").expect_err("it is not complete");
    assert!(matches!(error, TemplateError::Syntax { line: 1, .. }), "{error:?}");
}

#[test]
fn a_filter_with_an_unknown_function_is_refused_wherever_it_stands() {
    for filter in ["severity == 'critical' and title|uper == 'X'", "false and title|uper == 'X'"] {
        let error = Expression::parse(filter).expect_err("no such filter");
        assert_eq!(error.to_string(), "unknown filter `uper`: did you mean `upper`?");
    }
}

/// It was once always true, since a label that is not there reads as the empty text.
#[test]
fn a_label_is_in_the_labels_only_when_it_is_there() {
    for (filter, expected) in [
        ("'team' in labels", true),
        ("'nope' in labels", false),
        ("'nope' not in labels", true),
        ("'team' is in labels", true),
        ("'nope' is in labels", false),
        ("'incident' in urls", false),
        ("'jira' in references", false),
        ("labels['nope'] == '' and labels.nope == ''", true),
    ] {
        assert_eq!(matches(filter, Severity::High, labels(&[("team", "db")])), expected, "{filter}");
    }
}

/// A filter that failed once let everything through and said nothing.
#[test]
fn a_filter_that_fails_lets_the_incident_through_and_is_handed_out_once() {
    let filter = Some("labels.load and labels.load|int > 5".to_owned());
    let mut relay = Relay::new(vec![ActionRule { filter, ..action("page", "pager") }]);
    let mut receive = |load: &str| {
        let event = Event { labels: labels(&[("load", load)]), ..trigger(load) };
        relay.apply(Command::Receive(received(SOURCE, &[], Decoding::Events(vec![event])))).failed_filters
    };
    assert_eq!(receive("9"), []);
    assert_eq!(receive("1"), []);
    let failed = receive("high");
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!((failed[0].action.as_str(), failed[0].incident), ("page", 3));
    assert!(!failed[0].reason.is_empty());
    assert_eq!(receive("1"), [], "it is handed out once");
    assert_eq!(relay.state.deliveries_of("page").len(), 2);
}
