//! Behaviours of the message and the verdict, beside the cases.

use serde_json::Value;
use tocsin_plugin::testing::{self, example_context};
use tocsin_plugin::{Header, Label, Link, Part};

use super::*;

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn body(context: &Context, settings: &Fields) -> Value {
    match Slack::encode(context, &(), settings).expect("a request") {
        Step::Send(request, _) => match request.body.as_slice() {
            [Part::Bytes(bytes)] => serde_json::from_slice(bytes).expect("JSON"),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Panics where Slack's documented limits are not kept.
fn check_limits(message: &Value) {
    let chars = |value: &Value| value.as_str().unwrap_or("").chars().count();
    assert!((1..=40_000).contains(&chars(&message["text"])));
    let blocks = message["blocks"].as_array().expect("blocks");
    assert!((1..=50).contains(&blocks.len()));
    let mut total = 0;
    for block in blocks {
        match block["type"].as_str() {
            Some("section") => assert!((1..=3000).contains(&chars(&block["text"]["text"]))),
            Some("context") => assert!((1..=10).contains(&block["elements"].as_array().map_or(0, Vec::len))),
            Some("actions") => {
                for button in block["elements"].as_array().expect("buttons") {
                    assert!(
                        (1..=75).contains(&chars(&button["text"]["text"])) && chars(&button["url"]) <= 3000
                    );
                }
            }
            other => panic!("{other:?}"),
        }
        total += chars(&Value::String(block.to_string()));
    }
    assert!(total < 13_200, "{total} characters of blocks");
}

#[test]
fn cases_hold() {
    testing::run_action_cases::<Slack>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn limits_hold_for_the_largest_incident() {
    let mut context = example_context();
    for filler in ["x", "&", "<", "ü", "https://a.example/&& ", "\n"] {
        context.incident.title = filler.repeat(1000);
        context.incident.message = filler.repeat(60_000);
        context.change.text = filler.repeat(5_000);
        context.change.actor = Some(filler.repeat(500));
        context.incident.source = filler.repeat(500);
        context.incident.labels =
            (0..64).map(|n| Label { key: format!("{n}{filler}"), value: filler.repeat(4000) }).collect();
        context.incident.links = (0..16)
            .map(|_| Link { title: filler.repeat(300), url: "https://a.example/&".repeat(80) })
            .collect();
        for message in [None, Some(filler.repeat(10_000))] {
            check_limits(&body(&context, &Fields { message, ..fields() }));
        }
    }
}

#[test]
fn an_alert_cannot_mention_anybody() {
    let mut context = example_context();
    let attack = "<!channel> <@U024BE7LH> <!subteam^S1> <https://evil.example|click> @here";
    context.incident.title = attack.to_owned();
    context.incident.message = attack.to_owned();
    context.incident.source = attack.to_owned();
    context.incident.labels = vec![Label { key: attack.to_owned(), value: attack.to_owned() }];
    context.incident.links = vec![Link { title: attack.to_owned(), url: "https://a.example".to_owned() }];
    context.change.actor = Some(attack.to_owned());
    let message = body(&context, &Fields { message: Some(attack.to_owned()), ..fields() }).to_string();
    let default = body(&context, &fields()).to_string();
    for message in [message, default] {
        for forbidden in ["<!", "<@", "|click>"] {
            assert!(!message.contains(forbidden), "{forbidden} in {message}");
        }
    }
}

#[test]
fn mentions_of_the_operator_are_made_when_an_incident_opens_only() {
    let settings = Fields { mention: vec!["here".to_owned(), "@U024BE7LH".to_owned()], ..fields() };
    let mut context = example_context();
    assert!(body(&context, &settings).to_string().contains("<!here> <@U024BE7LH> "));
    context.change.kind = ChangeKind::Resolved;
    assert!(!body(&context, &settings).to_string().contains("<!here>"));
    let wrong = Fields { mention: vec!["bob".to_owned()], ..fields() };
    assert!(
        matches!(Slack::encode(&example_context(), &(), &wrong), Err(Failure::Rejected(why)) if why.contains("bob"))
    );
}

#[test]
fn every_documented_answer_has_its_verdict() {
    let verdict = |status, body: &str| {
        let headers = vec![Header { name: "retry-after".to_owned(), value: "30".to_owned() }];
        let response = Response { status, headers, body: body.as_bytes().to_vec() };
        match Slack::resume(&example_context(), &(), &fields(), &[], &response) {
            Ok(_) => "delivered",
            Err(Failure::Retry { after_ms: Some(30_000), .. }) => "retry",
            Err(Failure::Retry { .. }) => "retry without a time",
            Err(Failure::Rejected(_)) => "rejected",
            Err(Failure::Misconfigured(why)) => {
                assert!(
                    why.contains("webhook") || why.contains("allowed") || why.contains("workspace"),
                    "{why}"
                );
                "misconfigured"
            }
        }
    };
    for (status, body, expected) in [
        (200, "ok", "delivered"),
        (200, "ok\n", "delivered"),
        (200, r#"{"ok":true}"#, "delivered"),
        (200, "", "rejected"),
        (200, "<html>login</html>", "rejected"),
        (202, "ok", "rejected"),
        (200, "no_channel", "misconfigured"),
        (400, "invalid_payload", "rejected"),
        (400, "no_text", "rejected"),
        (400, "user_not_found", "rejected"),
        (400, "invalid_blocks", "rejected"),
        (400, "too_many_attachments", "rejected"),
        (403, "action_prohibited", "misconfigured"),
        (403, "invalid_token", "misconfigured"),
        (403, "team_disabled", "misconfigured"),
        (404, "channel_not_found", "misconfigured"),
        (404, "no_service", "misconfigured"),
        (404, "no_active_hooks", "misconfigured"),
        (404, "no_team", "misconfigured"),
        (404, "<html>", "misconfigured"),
        (410, "channel_is_archived", "misconfigured"),
        (302, "", "misconfigured"),
        (429, "rate_limited", "retry"),
        (429, r#"{"ok":false,"error":"ratelimited"}"#, "retry"),
        (500, "rollup_error", "retry"),
        (503, "", "retry"),
        (418, "teapot", "rejected"),
    ] {
        assert_eq!(verdict(status, body), expected, "{status} {body}");
    }
}

#[test]
fn samples_never_panic() {
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-slack", |_, bytes| {
        let response = Response { status: 200, headers: Vec::new(), body: bytes.to_vec() };
        let _ = Slack::resume(&example_context(), &(), &fields(), &[], &response);
        let mut context = example_context();
        context.incident.message = String::from_utf8_lossy(bytes).into_owned();
        check_limits(&body(&context, &fields()));
    });
}
