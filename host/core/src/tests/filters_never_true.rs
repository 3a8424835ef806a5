//! Words in filters and templates that severity, state, source and kinds of changes never are.

use crate::template::{Expression, Template, UrlTemplate, wrong_words, wrong_words_in};

const SOURCES: [&str; 2] = ["am", "kuma"];

fn said(filter: &str) -> Vec<String> {
    Expression::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
    wrong_words(filter, &SOURCES).iter().map(ToString::to_string).collect()
}

#[test]
fn a_comparison_with_a_word_that_is_no_value_is_named_with_the_values() {
    for (filter, expected) in [
        (
            r#"severity == "warning""#,
            "`severity == \"warning\"` is never true: severities are critical, high, medium, low, info",
        ),
        (
            "team_ok or 'High' == incident.severity",
            "`'High' == incident.severity` is never true: severities are critical, high, medium, low, info",
        ),
        ("state=='firing'", "`state=='firing'` is never true: states are open, acknowledged, resolved"),
        (
            "labels.team == 'db' and (not state in ['closed', 'done'])",
            "`state in ['closed', 'done']` is never true: states are open, acknowledged, resolved",
        ),
        ("source == \"alertmanager\"", "`source == \"alertmanager\"` is never true: sources are am, kuma"),
        ("source is eq 'x'", "`source is eq 'x'` is never true: sources are am, kuma"),
        (
            "change.kind == 'closed'",
            "`change.kind == 'closed'` is never true: kinds of changes are opened, updated,",
        ),
        ("severity != 'warning'", "`severity != 'warning'` is always true: severities are"),
        ("severity not in ('none', 'ok')", "`severity not in ('none', 'ok')` is always true: severities are"),
        (
            "severity in ['critical', 'warning']",
            "`severity in ['critical', 'warning']` names `warning`, which is none: severities are critical,",
        ),
        ("'state' in change.changed", "`'state' in change.changed` is never true: fields that change are"),
        ("severity >= 'high'", "`severity >= 'high'` compares in the order of the alphabet: write a list"),
    ] {
        let filter = filter.replace("team_ok", "labels.team == 'x'");
        let said = said(&filter);
        assert_eq!(said.len(), 1, "{filter}: {said:?}");
        assert!(said[0].starts_with(expected), "{filter}: {said:?}");
    }
}

#[test]
fn what_may_be_true_is_not_named() {
    for filter in [
        "labels.severity == 'warning' and labels.state == 'firing'",
        "severity in ['critical', 'high'] and source == 'kuma'",
        "severity|label == 'High' or 'High' == severity|label",
        "(severity ~ '!') == 'high!' or '-' ~ state == '-open'",
        "severity == labels.level or title == 'warning' or message in 'warning'",
        "'crit' in severity or 'labels.status' in change.changed or 'title' in change.changed",
        "change.kind in ['opened', 'repeated', 'referenced'] or change.actor == 'warning'",
        "state == 'open' if severity == 'high' else labels.x == 'warning'",
        "severity == 'high' == true",
        "title is startingwith 'severity == \"warning\"'",
    ] {
        assert_eq!(said(filter), Vec::<String>::new(), "{filter}");
    }
    assert!(wrong_words("source == 'x'", &[]).is_empty(), "no source is known");
}

#[test]
fn whether_a_filter_can_hold_is_asked_of_every_combination() {
    let can_hold = |filter: &str| Expression::parse(filter).expect("a filter").can_hold(&SOURCES);
    for filter in [
        "severity == 'critical' and severity == 'high'",
        "state == 'open' and change.kind == 'resolved'",
        "source == 'am' and incident.source == 'kuma'",
        "false",
    ] {
        assert!(!can_hold(filter), "{filter}");
    }
    for filter in [
        "true",
        "state == 'resolved' and change.kind == 'noted'",
        "severity == 'low' and source == 'kuma'",
        "labels.team == 'nobody has this' and labels.app == 'nor this'",
        "severity == 'low' and title == 'x'",
        "count > 1000",
    ] {
        assert!(can_hold(filter), "{filter}");
    }
}

#[test]
fn conditions_in_templates_are_looked_at_as_well() {
    let template = "{%- if severity == \"warning\" -%}C1{% elif state == 'open' %}C2{% endif %}\
                    {{ 'x' if incident.state == 'firing' else title }} severity == 'no code'";
    Template::parse(template).expect("a template");
    let said: Vec<_> = wrong_words_in(template, &SOURCES).into_iter().map(|word| word.comparison).collect();
    assert_eq!(said, ["severity == \"warning\"", "incident.state == 'firing'"]);
    assert!(
        wrong_words_in("{% for state in ['a', 'b'] %}{{ state }}{% endfor %} $this->state$", &[]).is_empty()
    );
}

#[test]
fn a_sign_of_another_language_gets_a_sentence_that_says_what_to_write() {
    let said = |filter: &str| match Expression::parse(filter) {
        Ok(_) => format!("{filter} can be read"),
        Err(error) => error.to_string(),
    };
    for (filter, expected) in [
        ("severity = 'high'", "line 1: `=` does not compare: write `==`, such as `severity == 'high'`"),
        ("labels.a == 'x' and labels.b = 'y'", "`=` does not compare: write `==`, such as `b == 'y'`"),
        ("severity == 'high' && state == 'open'", "`&&` is not known here: write `and`"),
        ("severity == 'high' || state == 'open'", "`||` is not known here: write `or`"),
        ("!labels.muted", "`!` is not known here: write `not`"),
        ("severity === 'high'", "`===` is not known here: write `==`"),
        ("severity == 'high'; state == 'open'", "`;` is not known here"),
        ("severity == 'high' & state == 'open'", "`&` is not known here"),
    ] {
        assert!(said(filter).contains(expected), "{filter}: {}", said(filter));
    }
    for filter in ["title|default(value='=') ==", "severity in", "'a = b' =="] {
        assert!(!said(filter).contains("does not compare"), "{filter}: {}", said(filter));
    }
    let said = |template: &str| Template::parse(template).expect_err("a mistake").to_string();
    assert!(said("{% if severity = 'high' %}x{% endif %}").contains("`=` does not compare: write `==`"));
    assert!(!said("{% set x = %}").contains("does not compare"));
}

#[test]
fn an_address_without_a_scheme_gets_a_sentence_that_says_so_and_is_not_quoted() {
    for address in [
        "hooks.slack.com/services/T/B/s3cr3t",
        "hooks.slack.com:443/services/s3cr3t",
        "localhost:8080/s3cr3t",
        "10.0.0.1:8080/s3cr3t",
        "hooks.example.org/{{ labels.team }}/s3cr3t",
        "hooks.example.org:8443/{{ labels.team }}/s3cr3t",
    ] {
        let said = UrlTemplate::parse(address).expect_err("no scheme").to_string();
        assert!(said.contains("has no scheme: write `https://` in front of it"), "{address}: {said}");
        assert!(!said.contains("s3cr3t"), "{said}");
    }
    for address in ["{{ labels.url }}", "{{ labels.scheme }}://a.example/", "mailto:jane", "https://"] {
        let said = UrlTemplate::parse(address).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(!said.contains("no scheme"), "{address}: {said}");
    }
}
