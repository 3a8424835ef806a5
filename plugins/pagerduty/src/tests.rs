//! Behaviours beside the cases: limits over hostile incidents, every documented answer, mistakes told when
//! saved.

use serde_json::Value;
use tocsin_plugin::testing::{self, example_context};
use tocsin_plugin::{Label, Part, Reference, Setting};

use super::*;

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn account() -> Account {
    Account::from_settings(&[]).expect("an account")
}

/// The event as PagerDuty gets it, with another key in the secret's place, and its bytes.
fn event(context: &Context, settings: &Fields) -> (Value, usize) {
    let request = match PagerDuty::encode(context, &account(), settings).expect("a request") {
        Step::Send(request, _) => request,
        other => panic!("{other:?}"),
    };
    let mut body = Vec::new();
    for part in &request.body {
        match part {
            Part::Bytes(bytes) => body.extend_from_slice(bytes),
            Part::Secret(name, _) => {
                assert_eq!(name, "routing_key");
                body.extend_from_slice(&[b'R'; 32]);
            }
            other @ Part::Credentials { .. } => panic!("{other:?}"),
        }
    }
    (serde_json::from_slice(&body).expect("JSON"), body.len())
}

/// Panics where a documented limit of the Events API v2 is not kept.
fn check_limits(context: &Context, settings: &Fields) {
    let (event, bytes) = event(context, settings);
    let chars =
        |path: &str| event.pointer(path).and_then(Value::as_str).map_or(0, |text| text.chars().count());
    assert!(bytes <= 512_000, "{bytes} bytes");
    assert!((1..=255).contains(&chars("/dedup_key")));
    assert!((1..=1024).contains(&chars("/payload/summary")));
    assert!(chars("/payload/source") >= 1);
    let severity = event["payload"]["severity"].as_str().expect("a severity");
    assert!(["critical", "error", "warning", "info"].contains(&severity));
    assert!(event["payload"]["custom_details"].is_object());
    for link in event["links"].as_array().into_iter().flatten() {
        assert!(text::is_web_address(link["href"].as_str().expect("an address")));
    }
}

#[test]
fn cases_hold() {
    testing::run_action_cases::<PagerDuty>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn every_setting_stands_in_the_readme() {
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Fields::fields());
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Account::fields());
}

#[test]
fn limits_hold_for_the_largest_incident() {
    let mut is_test = false;
    for filler in
        ["x", "\"", "\\", "\u{1}", "\n", "🔥", "\u{202e}", "<!channel>", "]]>", "{{ incident.key }}"]
    {
        let mut context = testing::hostile_context(filler);
        context.test = is_test;
        context.change.text = filler.repeat(60_000);
        context.incident.labels.push(Label { key: "host".to_owned(), value: filler.repeat(4_000) });
        let long = || Some(filler.repeat(10_000));
        let own = Fields {
            title: long(),
            message: long(),
            source: long(),
            component: long(),
            group: long(),
            class: long(),
            dedup_key: long(),
            facts: testing::all_facts(),
            buttons: testing::all_buttons(),
            ..fields()
        };
        check_limits(&context, &fields());
        check_limits(&context, &own);
        let huge = serde_json::json!({"all": filler.repeat(400_000)}).to_string();
        let own = Fields { custom_details: Some(huge), ..fields() };
        check_limits(&context, &own);
        is_test = true;
    }
}

#[test]
fn details_that_are_too_large_are_left_out_and_said_to_be() {
    let details = serde_json::json!({"log": "x".repeat(600_000)}).to_string();
    let (event, bytes) = event(&example_context(), &Fields { custom_details: Some(details), ..fields() });
    assert!(bytes < 10_000);
    let note = event["payload"]["custom_details"]["Note"].as_str().expect("a note");
    assert!(note.contains("left out"), "{note}");
    assert_eq!(event["payload"]["summary"], "Disk full on db-1");
}

#[test]
fn an_incident_has_one_key_from_its_first_event_to_its_last() {
    let mut context = example_context();
    let key = |context: &Context, own: Option<&str>| {
        let settings = Fields { dedup_key: own.map(str::to_owned), ..fields() };
        event(context, &settings).0["dedup_key"].as_str().expect("a key").to_owned()
    };
    assert_eq!(key(&context, None), context.incident.id);
    assert_eq!(key(&context, Some("pump-7")), "pump-7");
    // Cut, it could be another problem's.
    assert_eq!(key(&context, Some(&"x".repeat(256))), context.incident.id);
    let kept = Reference { key: "dedup_key".to_owned(), value: "pump-7".to_owned(), url: None };
    context.references = vec![kept];
    for kind in [ChangeKind::Acknowledged, ChangeKind::Resolved, ChangeKind::Reopened] {
        context.change.kind = kind;
        assert_eq!(key(&context, None), "pump-7", "{kind:?}");
        assert_eq!(key(&context, Some("changed")), "pump-7", "{kind:?}");
    }
}

#[test]
fn an_incident_that_is_over_never_opens_an_alert_unless_it_flaps() {
    let mut context = example_context();
    context.incident.state = State::Resolved;
    for kind in ChangeKind::ALL {
        context.change.kind = kind;
        let sent = match PagerDuty::encode(&context, &account(), &fields()) {
            Ok(Step::Send(..)) => event(&context, &fields()).0["event_action"].to_string(),
            Ok(Step::Skipped(_)) => "skipped".to_owned(),
            other => panic!("{other:?}"),
        };
        let expected = match kind {
            ChangeKind::Flapping | ChangeKind::Opened | ChangeKind::Reopened => "\"trigger\"",
            ChangeKind::Resolved | ChangeKind::Steady => "\"resolve\"",
            ChangeKind::Acknowledged => "\"acknowledge\"",
            ChangeKind::Updated
            | ChangeKind::Repeated
            | ChangeKind::Unacknowledged
            | ChangeKind::Noted
            | ChangeKind::Referenced => "skipped",
        };
        assert_eq!(sent, expected, "{kind:?}");
    }
}

#[test]
fn the_source_is_what_has_the_problem() {
    let mut context = example_context();
    let source = |context: &Context, own: Option<&str>| {
        let settings = Fields { source: own.map(str::to_owned), ..fields() };
        event(context, &settings).0["payload"]["source"].as_str().expect("a source").to_owned()
    };
    assert_eq!(source(&context, Some("pump 7")), "pump 7");
    assert_eq!(source(&context, Some(" ")), "db-1");
    context.incident.labels.clear();
    assert_eq!(source(&context, None), "monitoring");
    context.incident.source.clear();
    assert_eq!(source(&context, None), "Tocsin");
}

#[test]
fn severities_are_theirs_and_can_be_chosen() {
    let of = |ours, lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        severity::of(ours, &lines)
    };
    let usual = Severity::ALL.map(|ours| of(ours, &[]).expect("the table"));
    assert_eq!(usual, ["critical", "error", "warning", "warning", "info"]);
    assert_eq!(of(Severity::Low, &["low=Info", "high = critical"]), Ok("info"));
    assert_eq!(of(Severity::High, &["low=Info", "high = critical"]), Ok("critical"));
    for wrong in ["high", "high = p1", "p1 = error", "= error"] {
        assert!(
            of(Severity::Info, &[wrong]).is_err_and(|why| why.contains("expected one of ours")),
            "{wrong}"
        );
    }
}

#[test]
fn a_mistake_is_told_when_it_is_saved_under_its_field() {
    let told = |settings: Fields| {
        let problems = PagerDuty::check_action("events.pagerduty.com", &account(), &settings).err();
        problems
            .into_iter()
            .flatten()
            .map(|problem| format!("{} {}", problem.field, problem.problem))
            .collect::<String>()
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(told(fields()), "");
    let buttons = |other_actions, codes: &[&str]| chat::Buttons {
        other_actions,
        other_action_codes: texts(codes),
        ..fields().buttons
    };
    for (settings, words) in [
        (Fields { severities: texts(&["high = bad"]), ..fields() }, "severities has the line `high = bad`"),
        (
            Fields { buttons: buttons(chat::OtherActions::Specify, &["ev_close"]), ..fields() },
            "other_action_codes `ev_close` is no transition",
        ),
        (
            Fields { buttons: buttons(chat::OtherActions::Specify, &[]), ..fields() },
            "other_action_codes is empty",
        ),
        (
            Fields { buttons: buttons(chat::OtherActions::No, &["resolve"]), ..fields() },
            "is used with `other_actions = \"specify\"` only",
        ),
        (
            Fields { custom_details: Some("[1]".to_owned()), ..fields() },
            "custom_details is not a JSON object",
        ),
        (
            Fields { custom_details: Some("{}".to_owned()), message: Some("x".to_owned()), ..fields() },
            "message is given beside `custom_details`",
        ),
    ] {
        let told = told(settings);
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn an_address_of_pagerdutys_that_takes_no_events_is_told() {
    let at = |host| PagerDuty::check_connection(host, &account());
    for good in ["events.pagerduty.com", "EVENTS.eu.pagerduty.com", "127.0.0.1", "proxy.example"] {
        assert_eq!(at(good), Ok(()), "{good}");
    }
    for wrong in ["api.pagerduty.com", "acme.pagerduty.com", "pagerduty.com", "api.eu.pagerduty.com"] {
        let problems = at(wrong).expect_err("a mistake");
        assert!(problems[0].problem.contains("https://events.eu.pagerduty.com"), "{wrong}");
    }
}

#[test]
fn an_event_that_finds_no_such_path_is_sent_to_the_address_itself_and_no_further() {
    let sent = |step: Result<Step, Failure>| match step {
        Ok(Step::Send(request, state)) => (request, state),
        other => panic!("{other:?}"),
    };
    let (context, account, fields) = (example_context(), account(), fields());
    for status in [404, 405] {
        let answer = testing::response(status, &[], "");
        let (first, state) = sent(PagerDuty::encode(&context, &account, &fields));
        let (second, own) = sent(PagerDuty::resume(&context, &account, &fields, &state, &answer));
        assert_eq!((first.path.as_str(), second.path.as_str()), ("/v2/enqueue", ""));
        assert_eq!(first.body, second.body);
        let verdict = PagerDuty::resume(&context, &account, &fields, &own, &answer);
        assert!(matches!(verdict, Err(Failure::Misconfigured(_))), "{verdict:?}");
    }
    // What the address took or refused is not said twice.
    let (_, state) = sent(PagerDuty::encode(&context, &account, &fields));
    for status in [202, 301, 400, 401, 403, 410, 429, 500] {
        let answer = testing::response(status, &[], "");
        let verdict = PagerDuty::resume(&context, &account, &fields, &state, &answer);
        assert!(!matches!(verdict, Ok(Step::Send(..))), "{status}: {verdict:?}");
    }
}

#[test]
fn every_documented_answer_has_its_verdict() {
    let invalid = |error: &str| {
        format!(r#"{{"status":"invalid event","message":"Event object is invalid","errors":["{error}"]}}"#)
    };
    let success =
        r#"{"status":"success","message":"Event processed","dedup_key":"samplekeyhere"}"#.to_owned();
    for (status, body, expected) in [
        (202, success.clone(), "accepted"),
        (200, success, "accepted"),
        (202, invalid("x"), "rejected"),
        (202, String::new(), "misconfigured"),
        (200, "<html>".to_owned(), "misconfigured"),
        (302, String::new(), "misconfigured"),
        (400, invalid("'summary' is too long (maximum is 1024 characters)"), "rejected"),
        (400, invalid("Length of 'routing_key' is incorrect (should be 32 characters)"), "misconfigured"),
        (400, r#"{"status":"invalid event","message":"Invalid routing key"}"#.to_owned(), "misconfigured"),
        (400, String::new(), "rejected"),
        (401, String::new(), "misconfigured"),
        (403, String::new(), "misconfigured"),
        (404, String::new(), "misconfigured"),
        (413, String::new(), "rejected"),
        (429, String::new(), "retry after a minute"),
        (500, invalid("x"), "retry"),
        (502, "<html>".to_owned(), "retry"),
        (503, String::new(), "retry"),
    ] {
        let response = testing::response(status, &[], &body);
        let verdict = match PagerDuty::resume(&example_context(), &account(), &fields(), ITSELF, &response) {
            Ok(Step::Delivered(outcome)) => {
                assert_eq!(outcome.certainty, tocsin_plugin::Certainty::Accepted);
                assert_eq!(outcome.references[0].value, "samplekeyhere");
                "accepted"
            }
            Ok(other) => panic!("{other:?}"),
            Err(Failure::Retry { after_ms: Some(60_000), .. }) => "retry after a minute",
            Err(Failure::Retry { .. }) => "retry",
            Err(Failure::Rejected(_)) => "rejected",
            Err(Failure::Misconfigured(why)) => {
                assert!(why.contains("routing_key") || why.contains("https://events.pagerduty.com"), "{why}");
                "misconfigured"
            }
        };
        assert_eq!(verdict, expected, "{status} {body}");
    }
}

#[test]
fn the_settings_are_read_from_what_the_host_gives() {
    let given = [("title", "Own"), ("client", "Relay")].map(|(key, value)| Setting {
        key: key.to_owned(),
        value: tocsin_plugin::Value::Text(value.to_owned()),
    });
    let settings = Fields::from_settings(&given).expect("settings");
    let (event, _) = event(&example_context(), &settings);
    assert_eq!(
        (event["payload"]["summary"].as_str(), event["client"].as_str()),
        (Some("Own"), Some("Relay"))
    );
}
