//! Behaviours of the cards and the verdicts, beside the cases.

use serde_json::Value;
use tocsin_plugin::testing::{self, example_context};
use tocsin_plugin::{Label, Part, check_action, check_connection};

use super::*;

mod answers;
mod hostile;
mod night;
mod own;
mod readme;
mod schema;

const FLOW: &str = "prod-12.westeurope.logic.azure.com";
const CONNECTOR: &str = "contoso.webhook.office.com";

fn account() -> Account {
    Account { target: Choice::Auto }
}

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn context(host: &str) -> Context {
    Context { host: host.to_owned(), ..example_context() }
}

/// The body of the request, as text and read.
fn sent(context: &Context, fields: &Fields) -> (String, Value) {
    match Teams::encode(context, &account(), fields).expect("a request") {
        Step::Send(request, _) => {
            assert_eq!(request.content_type, "application/json; charset=utf-8");
            match request.body.as_slice() {
                [Part::Bytes(bytes)] => {
                    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
                    let read = serde_json::from_str(&text).expect("JSON");
                    (text, read)
                }
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

/// The Adaptive Card in its envelope.
fn card(body: &Value) -> &Value {
    assert_eq!(body["type"], "message");
    let attachments = body["attachments"].as_array().expect("attachments");
    assert_eq!(attachments.len(), 1);
    assert_eq!(attachments[0]["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(attachments[0]["contentUrl"], Value::Null);
    &attachments[0]["content"]
}

/// How many labels are shown.
fn facts(body: &Value) -> usize {
    read_aloud(body).matches("label").count()
}

/// Everything that people read in a card's texts, one element a line, without its title and buttons.
fn read_aloud(body: &Value) -> String {
    let elements = card(body)["body"].as_array().expect("elements");
    let lines = elements.iter().map(|element| match element["inlines"].as_array() {
        Some(runs) => runs.iter().filter_map(|run| run["text"].as_str()).collect(),
        None => element["text"].as_str().unwrap_or_default().to_owned(),
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn actions(body: &Value) -> Vec<String> {
    let elements = card(body)["body"].as_array().expect("elements");
    let actions = elements.iter().filter_map(|element| element["actions"].as_array()).flatten();
    actions.filter_map(|action| action["title"].as_str().map(str::to_owned)).collect()
}

fn with_labels(mut context: Context, labels: usize, value: &str) -> Context {
    context.incident.labels =
        (0..labels).map(|n| Label { key: format!("label{n}"), value: value.to_owned() }).collect();
    context
}

#[test]
fn cases_hold() {
    testing::run_action_cases::<Teams>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn attributes_are_dropped_before_the_message_is_cut() {
    let mut context = with_labels(context(FLOW), 27, &"v".repeat(400));
    context.incident.message = "m".repeat(12_000);
    let listed = Fields { facts: testing::all_facts(), ..fields() };
    let (text, body) = sent(&context, &listed);
    assert!(text.len() < BODY_BYTES, "{}", text.len());
    assert!(read_aloud(&body).contains(&context.incident.message), "the message is whole");
    assert!((1..27).contains(&facts(&body)), "{} facts", facts(&body));

    context.incident.message = "m".repeat(60_000);
    let (text, body) = sent(&context, &listed);
    assert!(text.len() < BODY_BYTES && text.len() > BODY_BYTES - 200, "{}", text.len());
    assert!(read_aloud(&body).contains("m…\n#42 · since"), "the end of the message is marked");
    assert_eq!(facts(&body), 0);
    assert_eq!(actions(&body), ["Acknowledge", "Incident #42"], "buttons stay");
}

#[test]
fn buttons_are_dropped_last() {
    let mut context = context(FLOW);
    for url in &mut context.urls {
        url.value = format!("https://tocsin.example/{}", "x".repeat(2_000));
    }
    for url in 0..6 {
        context.urls.push(Label { key: format!("more{url}"), value: String::new() });
    }
    context.incident.message = "m".repeat(60_000);
    let (text, body) = sent(&context, &Fields { buttons: testing::all_buttons(), ..fields() });
    assert!(text.len() < BODY_BYTES);
    assert_eq!(actions(&body).len(), 6);
    let content = Content::of(&context, &fields());
    let small = fit::within(&content, 1_400, adaptive::message).expect("a card");
    assert_eq!(actions(&small), [""; 0], "one button alone is larger");
}

#[test]
fn a_card_that_cannot_be_small_enough_is_rejected_with_what_to_change() {
    let content = Content::of(&context(FLOW), &fields());
    for render in [adaptive::message, message_card::message] {
        let failure = fit::within(&content, 100, render).expect_err("no card has 100 bytes");
        assert!(matches!(&failure, Failure::Rejected(why) if why.contains("`title`")), "{failure:?}");
    }
}

#[test]
fn the_title_of_an_own_template_is_marked_in_a_test_too() {
    let mut context = context(CONNECTOR);
    context.test = true;
    let own = Fields { title: Some(" Disk\n <b>full</b> ".to_owned()), ..fields() };
    let (_, body) = sent(&context, &own);
    assert_eq!(body["title"], "TEST - Disk &lt;b&gt;full&lt;/b&gt;");
    assert_eq!(body["summary"], "TEST - [CRITICAL] Disk full on db-1 — db-1");
    let (_, body) = sent(&context, &Fields { title: Some(" \n".to_owned()), ..fields() });
    assert_eq!(body["title"], "🚨 TEST - CRITICAL · Disk full on db-1");
}

#[test]
fn a_button_without_a_web_address_is_left_out() {
    let mut context = context(FLOW);
    context.urls = vec![Label { key: "incident".to_owned(), value: "/incidents/42".to_owned() }];
    let (_, body) = sent(&context, &fields());
    assert_eq!(actions(&body), [""; 0]);
}

#[test]
fn a_connector_has_at_most_four_buttons() {
    let all = Fields { buttons: testing::all_buttons(), ..fields() };
    let (_, body) = sent(&context(CONNECTOR), &all);
    let names = body["potentialAction"].as_array().expect("buttons").iter().map(|b| b["name"].to_string());
    assert_eq!(names.collect::<Vec<_>>().join(" "), r#""Acknowledge" "Incident #42" "Modify" "Resolve""#);
}

#[test]
fn mistakes_of_the_settings_are_told_when_they_are_read() {
    let text = |key: &str, value: &str| tocsin_plugin::Setting {
        key: key.to_owned(),
        value: tocsin_plugin::Value::Text(value.to_owned()),
    };
    let texts = |key: &str, value: &str| tocsin_plugin::Setting {
        key: key.to_owned(),
        value: tocsin_plugin::Value::Texts(vec![value.to_owned()]),
    };
    let found = |settings: &[tocsin_plugin::Setting]| {
        let problems = check_action::<Teams>(FLOW, &[], settings);
        problems.into_iter().map(|p| format!("{}: {}", p.field, p.problem)).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(found(&[]), "");
    assert_eq!(found(&[text("other_actions", "specify"), texts("other_action_codes", "resolve, note")]), "");
    assert_eq!(found(&[text("highlight_color", "#d13438")]), "");
    assert!(
        found(&[text("highlight_color", "red")]).contains("D13438, nor one of the styles default, emphasis")
    );
    assert!(found(&[text("other_actions", "specify")]).contains("other_action_codes: is empty"));
    assert!(found(&[texts("other_action_codes", "resolve")]).contains("`other_actions = \"specify\"` only"));
    let unknown = [text("other_actions", "specify"), texts("other_action_codes", "ev_close, resolve")];
    assert!(found(&unknown).contains("`ev_close` is no transition; there are acknowledge, unacknowledge"));

    let connection = [text("target", "connector")];
    assert_eq!(check_connection::<Teams>(FLOW, &connection).len(), 1);
    assert_eq!(check_connection::<Teams>(CONNECTOR, &connection), []);
}
