//! What an operator gives: mentions, a card; and what is sent when a card is refused.

use tocsin_plugin::ChangeKind;
use tocsin_plugin::testing::response;

use super::*;

fn resumed(
    context: &Context,
    fields: &Fields,
    state: &[u8],
    status: u16,
    body: &str,
) -> Result<Step, Failure> {
    Teams::resume(context, &account(), fields, state, &response(status, &[], body))
}

#[test]
fn people_are_mentioned_when_the_change_calls_for_them() {
    let mention = vec!["Anna Example <anna@example.com>".to_owned()];
    let named = Fields { mention, ..fields() };
    let mut context = context(FLOW);
    let (_, body) = sent(&context, &named);
    let card = card(&body);
    assert_eq!(card["body"][1]["text"], "<at>Anna Example</at>");
    let entity = serde_json::json!({
        "type": "mention", "text": "<at>Anna Example</at>",
        "mentioned": {"id": "anna@example.com", "name": "Anna Example"}
    });
    assert_eq!(card["msteams"]["entities"], serde_json::json!([entity]));
    schema::check(card);
    context.change.kind = ChangeKind::Resolved;
    let (text, _) = sent(&context, &named);
    assert!(!text.contains("<at>") && !text.contains("msteams"), "{text}");
    // An alert that says so mentions nobody.
    context.change.kind = ChangeKind::Opened;
    context.incident.message = "<at>Anna Example</at> \u{e013}anna@example.com\u{e012}".to_owned();
    let (text, _) = sent(&context, &fields());
    assert!(!text.contains("msteams"), "{text}");
    let own = Fields { message: Some("ask \u{e013}bob@example.com\u{e012}".to_owned()), ..fields() };
    let (_, body) = sent(&context, &own);
    assert!(read_aloud(&body).starts_with("<at>bob@example.com</at>\nask @bob@example.com"), "{body}");
}

#[test]
fn a_refused_card_is_sent_once_more_as_plain_text_and_the_receipt_says_so() {
    for (host, status, refusal) in [
        (FLOW, 400, r#"{"error":{"code":"InvalidRequestContent","message":"x"}}"#),
        (CONNECTOR, 200, "Webhook message delivery failed with error: HTTP error 413 with ContextId x"),
    ] {
        let context = context(host);
        let step = resumed(&context, &fields(), b"", status, refusal);
        let Ok(Step::Send(request, state)) = &step else { panic!("{step:?}") };
        let [Part::Bytes(bytes)] = request.body.as_slice() else { panic!("{request:?}") };
        let text = String::from_utf8_lossy(bytes);
        assert!(text.contains("Disk full on db-1") && text.contains("/var is at 97"), "{text}");
        assert!(!text.contains("selectAction") && !text.contains("ActionSet"), "{text}");
        let taken = if host == FLOW { (202, "") } else { (200, "1") };
        match resumed(&context, &fields(), state, taken.0, taken.1) {
            Ok(Step::Delivered(outcome)) => {
                assert!(
                    outcome.summary.contains("as plain text, because the card was refused: "),
                    "{outcome:?}"
                );
            }
            other => panic!("{other:?}"),
        }
        // Once, not for ever.
        match resumed(&context, &fields(), state, status, refusal) {
            Err(Failure::Rejected(why)) => assert!(why.contains("; before, the card was refused"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_card_of_the_operators_own_is_sent_as_it_is() {
    let own = |card: &str| Fields { card: Some(card.to_owned()), ..fields() };
    let flow =
        own(r#"{"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "hi"}]}"#);
    let (_, body) = sent(&context(FLOW), &flow);
    assert_eq!(card(&body)["body"], serde_json::json!([{"type": "TextBlock", "text": "hi"}]));
    assert_eq!(body["summary"], "[CRITICAL] Disk full on db-1 — db-1");
    let (_, body) = sent(&Context { test: true, ..context(FLOW) }, &flow);
    assert_eq!(card(&body)["body"][0]["text"], "TEST");
    let whole = own(r#"{"type": "message", "attachments": [], "x": 1}"#);
    assert_eq!(sent(&context(FLOW), &whole).1["x"], 1);
    let connector = own(r#"{"@type": "MessageCard", "title": "a", "text": "b"}"#);
    let (_, body) = sent(&Context { test: true, ..context(CONNECTOR) }, &connector);
    assert_eq!(body["title"], "TEST - a");

    for (host, fields) in [(FLOW, &connector), (CONNECTOR, &flow), (FLOW, &own("[]")), (FLOW, &own("{"))] {
        let step = Teams::encode(&context(host), &account(), fields);
        assert!(
            matches!(&step, Err(Failure::Rejected(why)) if why.contains("`card` of the action")),
            "{step:?}"
        );
        let problems = problems(Target::of(Choice::Auto, host), fields);
        assert!(problems.len() == 1 && problems[0].field == "card", "{problems:?}");
    }
}

#[test]
fn a_card_of_the_operators_own_that_is_too_large_becomes_plain_text() {
    let text = "x".repeat(BODY_BYTES);
    let card = format!(r#"{{"type": "AdaptiveCard", "body": [{{"type": "TextBlock", "text": "{text}"}}]}}"#);
    let step = Teams::encode(&context(FLOW), &account(), &Fields { card: Some(card), ..fields() });
    let Ok(Step::Send(request, state)) = step else { panic!("{step:?}") };
    let [Part::Bytes(bytes)] = request.body.as_slice() else { panic!("{request:?}") };
    assert!(bytes.len() < BODY_BYTES);
    assert!(String::from_utf8_lossy(&state).starts_with("`card` has 2"), "{state:?}");
}
