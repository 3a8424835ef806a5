//! Attachments of the operator's own.

use tocsin_plugin::Document;

use super::*;

fn own(text: &str, fixed: &[&str]) -> Fields {
    let fixed = fixed.iter().map(|at| (*at).to_owned()).collect();
    Fields { attachments: Some(Document { text: text.to_owned(), fixed }), ..fields() }
}

#[test]
fn attachments_of_the_operators_own_are_sent_and_an_alert_makes_no_markup_in_them() {
    let given = r#"[{"color": "d93025", "title": "*mine*", "text": "[theirs](https://evil.example) @all",
        "title_link": "https://a.example/?x=1&y=2", "fields": [{"title": "*a*", "value": "x", "short": true}]}]"#;
    let sent = body(&example_context(), &own(given, &["/0/title", "/0/color", "/0/title_link"]));
    let attachment = &sent["attachments"][0];
    assert_eq!(attachment["title"], "*mine*");
    assert_eq!(
        (&attachment["color"], &attachment["title_link"]),
        (&"d93025".into(), &"https://a.example/?x=1&y=2".into())
    );
    let text = attachment["text"].as_str().unwrap_or_default();
    assert!(!text.contains("[theirs](https://evil.example)") && !text.contains("@all"), "{text}");
    assert_eq!(attachment["fields"][0]["short"], true);
    assert!(sent["text"].as_str().is_some_and(|text| text.contains("Disk full on db-1")), "{sent}");
}

#[test]
fn one_attachment_or_a_whole_message_will_do() {
    for given in [r#"{"title": "a"}"#, r#"{"text": "left out", "attachments": [{"title": "a"}]}"#] {
        let sent = body(&example_context(), &own(given, &["/title", "/attachments/0/title"]));
        assert_eq!(sent["attachments"], serde_json::json!([{"title": "a"}]));
        assert_ne!(sent["text"], "left out");
    }
}

#[test]
fn attachments_that_are_none_are_found_when_the_configuration_is_read() {
    let long = format!(r#"{{"image_url": "{}"}}"#, "x".repeat(30_000));
    for (attachments, words) in
        [("{", "is not JSON"), ("[]", "0 attachments"), ("[1]", "place 1"), (long.as_str(), "characters")]
    {
        let problems = given::check(&own(attachments, &[])).expect_err(attachments);
        assert!(problems[0].field == "attachments" && problems[0].problem.contains(words), "{problems:?}");
        let step = RocketChat::encode(&example_context(), &(), &own(attachments, &[]));
        assert!(matches!(step, Err(Failure::Rejected(_))), "{step:?}");
    }
}
