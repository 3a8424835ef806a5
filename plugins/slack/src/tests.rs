//! Behaviours of the messages, the verdicts and the bot's road, beside the cases.
//!
//! Never sends anything: Slack is a value here.

use serde_json::Value;
use tocsin_plugin::testing::{self, example_context};
use tocsin_plugin::{HttpRequest, Part};

use super::*;

mod answers;
mod api_answers;
mod bot;
mod hostile;
mod limits;
mod peer;
mod readme;
mod settings;

pub(crate) fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

/// Every part of a message that there is.
pub(crate) fn everything() -> Fields {
    Fields {
        channel: Some("C024BE91L".to_owned()),
        facts: testing::all_facts(),
        buttons: testing::all_buttons(),
        mention: vec!["here".to_owned(), "U024BE7LH".to_owned()],
        ..fields()
    }
}

pub(crate) fn workspace(mode: Mode) -> Workspace {
    Workspace { mode, token: Secret::named("token") }
}

pub(crate) fn json_of(request: &HttpRequest) -> Value {
    match request.body.as_slice() {
        [Part::Bytes(bytes)] => serde_json::from_slice(bytes).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

/// What a webhook is sent for a change.
pub(crate) fn body(context: &Context, settings: &Fields) -> Value {
    match Slack::encode(context, &workspace(Mode::Webhook), settings).expect("a request") {
        Step::Send(request, _) => json_of(&request),
        other => panic!("{other:?}"),
    }
}

#[test]
fn cases_hold() {
    testing::run_action_cases::<Slack>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn the_default_layout_says_what_happened_and_to_what() {
    let message = body(&example_context(), &fields());
    assert_eq!(message["text"], "[CRITICAL] Disk full on db-1 — db-1");
    let first = &message["blocks"][0]["elements"][0]["elements"];
    assert_eq!(first[0]["name"], "rotating_light");
    assert_eq!(first[2]["text"], "CRITICAL · Disk full on db-1");
    assert_eq!(first[4]["text"], "/var is at 97 %.");
    let line = &message["blocks"][1]["elements"];
    assert_eq!(line[0]["text"], "#42 · since <!date^1767323045^{date_short_pretty} {time}|03:04 UTC>");
    assert_eq!(line[1]["text"], "storage · db-1 · from monitoring");
    assert_eq!(message["blocks"][2]["elements"][0]["action_id"], "tocsin-acknowledge");
}

#[test]
fn a_person_is_named_when_the_action_says_so() {
    let mut context = example_context();
    context.change.actor = Some("jane".to_owned());
    assert!(!body(&context, &fields()).to_string().contains("jane"));
    assert!(
        body(&context, &Fields { facts: testing::all_facts(), ..fields() })
            .to_string()
            .contains(" · by jane")
    );
}

#[test]
fn what_was_said_is_not_said_twice() {
    let mut context = example_context();
    context.change.kind = ChangeKind::Updated;
    context.change.text = context.incident.message.clone();
    let message = body(&context, &fields())["blocks"][0].to_string();
    assert_eq!(message.matches("97 %").count(), 1, "{message}");
}

#[test]
fn a_title_stays_as_it_is_written() {
    let mut context = example_context();
    let title = "cron 0 * * * * failed *twice*; port aa:cd:ab:100:x:o2 down; `rm -rf /tmp/x`; ~500ms~";
    context.incident.title = title.to_owned();
    context.incident.labels.clear();
    let message = body(&context, &fields());
    assert_eq!(message["blocks"][0]["elements"][0]["elements"][2]["text"], format!("CRITICAL · {title}"));
    let markup = message["blocks"][1]["elements"][0].to_string();
    assert!(!markup.contains("twice"), "{markup}");
}

#[test]
fn a_refused_layout_of_a_webhook_is_sent_once_more_as_plain_text() {
    let (context, webhook, settings) = (example_context(), workspace(Mode::Webhook), fields());
    let refused = answers::response(400, "invalid_blocks");
    let step = Slack::resume(&context, &webhook, &settings, &[], &refused);
    let Ok(Step::Send(request, state)) = step else { panic!("{step:?}") };
    let message = json_of(&request);
    assert!(message.get("blocks").is_none(), "{message}");
    assert!(
        message["text"].to_string().contains("CRITICAL · Disk full on db-1\\n/var is at 97 %."),
        "{message}"
    );
    let delivered = Slack::resume(&context, &webhook, &settings, &state, &answers::response(200, "ok"));
    let Ok(Step::Delivered(outcome)) = delivered else { panic!("{delivered:?}") };
    assert!(outcome.summary.contains("plain text") && outcome.summary.contains("invalid_blocks"));
    let again = Slack::resume(&context, &webhook, &settings, &state, &refused);
    assert!(matches!(again, Err(Failure::Rejected(_))), "{again:?}");
}

#[test]
fn own_blocks_stand_in_the_place_of_the_default_layout() {
    let blocks = r#"[{"type": "section", "text": {"type": "mrkdwn", "text": "*x* <!channel>"}}]"#;
    let settings = Fields { blocks: Some(blocks.to_owned()), mention: vec!["here".to_owned()], ..fields() };
    let message = body(&example_context(), &settings);
    assert_eq!(message["blocks"][0]["text"]["text"], "<!here>");
    assert_eq!(message["blocks"][1]["text"]["text"], "*x* &lt;!channel&gt;");
    assert_eq!(message["blocks"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_message_of_nothing_visible_is_replaced_by_the_default_layout() {
    for message in ["", " \n", "\u{202e}\u{0}"] {
        let settings = Fields { message: Some(message.to_owned()), ..fields() };
        assert_eq!(body(&example_context(), &settings), body(&example_context(), &fields()), "{message:?}");
    }
}

#[test]
fn mentions_of_the_operator_are_made_when_an_incident_calls_only() {
    let settings = Fields { mention: vec!["here".to_owned(), "@U024BE7LH".to_owned()], ..fields() };
    let mut context = example_context();
    for kind in ChangeKind::ALL {
        context.change.kind = kind;
        let calls = matches!(kind, ChangeKind::Opened | ChangeKind::Reopened | ChangeKind::Repeated);
        let message = body(&context, &settings).to_string();
        assert_eq!(message.contains("<!here> <@U024BE7LH>"), calls, "{kind:?}: {message}");
    }
    let labelled = Fields { mention: vec!["U1A, bob here".to_owned(), String::new()], ..fields() };
    let message = body(&example_context(), &labelled).to_string();
    assert!(
        message.contains("<@U1A> <!here>"),
        "a label may name several, and a wrong one stops nothing: {message}"
    );
    let ok = answers::response(200, "ok");
    let Ok(Step::Delivered(outcome)) =
        Slack::resume(&example_context(), &workspace(Mode::Auto), &labelled, &[], &ok)
    else {
        panic!("not delivered")
    };
    assert!(outcome.summary.contains("without a mention: `bob`"), "{}", outcome.summary);
}

#[test]
fn slack_is_not_asked_to_look_up_addresses_of_an_alert() {
    let message = body(&example_context(), &fields());
    assert_eq!((&message["unfurl_links"], &message["unfurl_media"]), (&false.into(), &false.into()));
}
