//! What the answers mean.

use super::*;

fn resumed(settings: &Fields, status: u16, headers: &[(&str, &str)], body: &str) -> Result<Step, Failure> {
    // After the second try as text, so that a refusal is final.
    RocketChat::resume(
        &example_context(),
        &(),
        settings,
        b"refused",
        &testing::response(status, headers, body),
    )
}

fn verdict(status: u16, body: &str) -> &'static str {
    testing::verdict(&resumed(&fields(), status, &[], body))
}

#[test]
fn every_documented_answer_has_its_verdict() {
    for (status, body, expected) in [
        (200, r#"{"success":true}"#, "delivered"),
        (200, r##"{"success":true,"responses":[{"channel":"#a","message":{"_id":"M"}}]}"##, "delivered"),
        (200, r##"{"success":true,"responses":[{"channel":"#a"}]}"##, "accepted"),
        (
            200,
            r##"{"success":true,"responses":[{"channel":"#a","message":{"_id":"M"}},{"channel":"#b","error":"invalid-channel"}]}"##,
            "rejected",
        ),
        (200, r#"{"success":false}"#, "rejected"),
        (200, r#"{"success":false,"error":"invalid-channel"}"#, "misconfigured"),
        (200, "{}", "rejected"),
        (200, "thank you", "accepted"),
        (200, "\"thank you\"", "accepted"),
        (200, "", "accepted"),
        (200, "<!DOCTYPE html><title>Login</title>", "misconfigured"),
        (302, "", "misconfigured"),
        (400, r#"{"success":false,"error":"unknown-error"}"#, "rejected"),
        (400, r#"{"success":false,"error":"invalid-channel"}"#, "misconfigured"),
        (
            400,
            r##"{"success":false,"responses":[{"channel":"#a","error":"invalid-channel"}]}"##,
            "misconfigured",
        ),
        (400, r#"{"success":false,"error":"error-running-script"}"#, "misconfigured"),
        (400, r#"{"success":false,"error":"Not enough permission"}"#, "misconfigured"),
        (400, r#"{"success":false,"error":"error-action-not-allowed"}"#, "rejected"),
        (400, r#"{"success":false,"error":"Invalid integration id or token provided."}"#, "misconfigured"),
        (401, r#"{"status":"error","message":"You must be logged in to do this."}"#, "misconfigured"),
        (404, "<html>", "misconfigured"),
        (413, "", "rejected"),
        (400, r#"{"success":false,"error":"Error, too many requests. [error-too-many-requests]"}"#, "retry"),
        (429, "", "retry"),
        (500, "", "retry"),
        (502, "<html>bad gateway", "retry"),
        (503, "Service Unavailable", "retry"),
        (503, r#"{"success":false,"error":"Service Unavailable"}"#, "misconfigured"),
    ] {
        assert_eq!(verdict(status, body), expected, "{status} {body}");
    }
}

#[test]
fn a_chosen_channel_is_the_actions_mistake_and_not_the_connections() {
    let settings = Fields { channel: Some("#nope".to_owned()), ..fields() };
    for word in ["invalid-channel", "overriding destination channel is disabled for this integration"] {
        let body = format!(r#"{{"success":false,"error":"{word}"}}"#);
        let verdict = resumed(&settings, 400, &[], &body);
        assert!(matches!(&verdict, Err(Failure::Rejected(why)) if why.contains("`channel`")), "{verdict:?}");
    }
}

#[test]
fn the_first_messages_id_is_kept_and_no_later_one() {
    let body = r##"{"success":true,"responses":[{"channel":"#a","message":{"_id":"M1"}}]}"##;
    let kept = |settings: &Fields, context: &Context| {
        let response = testing::response(200, &[], body);
        match RocketChat::resume(context, &(), settings, &[], &response) {
            Ok(Step::Delivered(outcome)) => {
                let pairs = outcome.references.into_iter();
                pairs.map(|reference| format!("{}={}", reference.key, reference.value)).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        }
    };
    let mut context = example_context();
    assert_eq!(kept(&fields(), &context), ["message=M1"]);
    let chosen = Fields { channel: Some("#ops".to_owned()), ..fields() };
    assert_eq!(kept(&chosen, &context), ["message=M1", "channel=#ops"]);
    context.references =
        vec![tocsin_plugin::Reference { key: "message".to_owned(), value: "M0".to_owned(), url: None }];
    assert!(kept(&fields(), &context).is_empty());
}

#[test]
fn an_integration_with_several_channels_has_no_thread() {
    let body = r##"{"success":true,"responses":[{"channel":"#a","message":{"_id":"A"}},{"channel":"#b","message":{"_id":"B"}}]}"##;
    let verdict = resumed(&fields(), 200, &[], body);
    assert!(matches!(&verdict, Ok(Step::Delivered(outcome)) if outcome.references.is_empty()), "{verdict:?}");
    assert_eq!(testing::verdict(&verdict), "delivered");
}

#[test]
fn the_wait_is_read_from_the_header_in_milliseconds_or_from_the_words() {
    let after = |headers: &[(&str, &str)], body: &str| match resumed(&fields(), 429, headers, body) {
        Err(Failure::Retry { after_ms, .. }) => after_ms,
        other => panic!("{other:?}"),
    };
    let now_ms = example_context().now.as_micros() / 1000;
    let words = r#"{"success":false,"error":"Error, too many requests. Please slow down. You must wait 28 seconds before trying this endpoint again. [error-too-many-requests]"}"#;
    assert_eq!(after(&[("x-ratelimit-reset", &(now_ms + 12_345).to_string())], words), Some(12_345));
    assert_eq!(after(&[("X-RateLimit-Reset", &(now_ms - 1).to_string())], words), Some(28_000));
    assert_eq!(after(&[("X-RateLimit-Reset", "soon")], words), Some(28_000));
    assert_eq!(after(&[("X-RateLimit-Reset", &u64::MAX.to_string())], words), Some(86_400_000));
    assert_eq!(after(&[("retry-after", "7")], ""), Some(7_000));
    assert_eq!(after(&[], "wait forever"), None);
}

#[test]
fn a_connection_is_tried_without_posting() {
    let probe = RocketChat::probe("chat.example", &()).expect("a probe");
    assert_eq!((probe.request.method.as_str(), probe.request.path.as_str()), ("GET", "/info"));
    assert_eq!((probe.place, probe.request.body.len()), (Place::After("/hooks".to_owned()), 0));
    let probed = |status, body: &str| {
        let response = testing::response(status, &[], body);
        RocketChat::probed("chat.example", &(), &response)
    };
    assert!(probed(200, r#"{"success":true}"#).is_ok_and(|line| line.contains("nothing was posted")));
    for (status, body) in [(200, "<html>"), (200, r#"{"success":false}"#), (400, "{}"), (401, ""), (404, "")]
    {
        let verdict = probed(status, body);
        assert!(
            matches!(&verdict, Err(Failure::Misconfigured(why)) if why.contains("Webhook URL")),
            "{verdict:?}"
        );
    }
    assert!(matches!(probed(503, ""), Err(Failure::Retry { .. })));
}

#[test]
fn rows_of_the_response_table_have_the_class_that_they_document() {
    let rows = testing::for_each_answer(env!("CARGO_MANIFEST_DIR"), "out-rocketchat/responses", |answer| {
        let expected = match answer.class.as_str() {
            class if class.starts_with("integration DISABLED") => "misconfigured",
            _ => answer.documented(),
        };
        assert_eq!(verdict(answer.status, &answer.body), expected, "{}", answer.row);
    });
    assert!(rows == 0 || rows > 5, "{rows} rows");
}

#[test]
fn a_refused_attachment_is_left_out_once_and_the_receipt_says_so() {
    let refused = testing::response(400, &[], r#"{"success":false,"error":"Invalid attachment"}"#);
    let step = RocketChat::resume(&example_context(), &(), &fields(), &[], &refused);
    let Ok(Step::Send(request, state)) = step else { panic!("{step:?}") };
    let body = format!(
        "{:?}",
        request
            .body
            .iter()
            .map(|part| match part {
                Part::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                other => panic!("{other:?}"),
            })
            .collect::<String>()
    );
    assert!(body.contains("Disk full on db-1") && !body.contains("attachments"), "{body}");
    let taken = testing::response(200, &[], r#"{"success":true}"#);
    match RocketChat::resume(&example_context(), &(), &fields(), &state, &taken) {
        Ok(Step::Delivered(outcome)) => {
            assert!(outcome.summary.contains("as text, because the attachment was refused: "), "{outcome:?}");
        }
        other => panic!("{other:?}"),
    }
}
