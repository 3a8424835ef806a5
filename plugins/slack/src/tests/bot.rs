//! One message for each incident, whatever happens on the way.
//!
//! Never by the requests alone: what stands in the channel afterwards is what counts.

use super::peer::{OPS, Peer};
use super::*;

fn settings(channel: &str) -> Fields {
    Fields { channel: Some(channel.to_owned()), facts: testing::all_facts(), ..fields() }
}

fn message_of(context: &Context) -> &str {
    let kept = context.references.iter().find(|kept| kept.key.starts_with("message:"));
    kept.map_or("", |kept| kept.value.as_str())
}

/// The text of all rich text.
fn shown(message: &Value) -> String {
    let elements = message["blocks"].as_array().into_iter().flatten();
    let elements = elements.filter_map(|block| block["elements"][0]["elements"].as_array()).flatten();
    let text = |element: &Value| match element["type"].as_str() {
        Some("emoji") => format!(":{}:", element["name"].as_str().unwrap_or_default()),
        _ => element["text"].as_str().or(element["url"].as_str()).unwrap_or_default().to_owned(),
    };
    elements.map(text).collect()
}

/// The next change of an incident, as a new delivery.
fn change(context: &mut Context, kind: ChangeKind, state: State) {
    context.change.kind = kind;
    context.incident.state = state;
    context.attempt = 1;
    context.delivery_id = format!("D-{}-{}", kind.as_str(), context.references.len());
    if state == State::Resolved {
        context.incident.resolved_at = Some(Timestamp::from_seconds(context.now.as_seconds() + 7_980));
    }
    context.change.actor = Some("jane".to_owned());
    context.change.text = "on my way".to_owned();
}

#[test]
fn an_incident_is_one_message_whose_thread_has_its_history() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    let outcome = slack.deliver(&mut context, &settings(OPS));
    assert_eq!(outcome.summary, "posted to Slack");
    let kept = &context.references[1];
    assert_eq!(
        (kept.key.as_str(), kept.value.as_str()),
        ("message:C024BE91L", "C024BE91L:1767323045.000001")
    );
    change(&mut context, ChangeKind::Acknowledged, State::Acknowledged);
    slack.deliver(&mut context, &settings(OPS));
    change(&mut context, ChangeKind::Resolved, State::Resolved);
    let outcome = slack.deliver(&mut context, &settings(OPS));
    assert_eq!(outcome.summary, "message edited, replied in its thread");
    assert_eq!(slack.counts(), (1, 2));
    let messages: Vec<String> = slack.messages.values().map(|m| shown(&m.body)).collect();
    assert!(
        messages[0].starts_with(":white_check_mark: Resolved by jane after 2 h 13 min · Disk full on db-1"),
        "{}",
        messages[0]
    );
    assert!(!messages[0].contains("on my way"), "what was said is the thread's");
    assert_eq!(messages[1], ":eyes: CRITICAL · acknowledged by jane\non my way");
    assert_eq!(messages[2], ":white_check_mark: Resolved by jane after 2 h 13 min\non my way");
}

#[test]
fn a_note_leaves_the_message_saying_how_things_are() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.deliver(&mut context, &settings(OPS));
    change(&mut context, ChangeKind::Noted, State::Acknowledged);
    slack.deliver(&mut context, &settings(OPS));
    let first = slack.messages["1767323045.000001"].body.to_string();
    assert!(first.contains("CRITICAL · acknowledged · Disk full") && !first.contains("jane"), "{first}");
}

#[test]
fn an_update_says_in_the_thread_what_is_different() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.deliver(&mut context, &settings(OPS));
    change(&mut context, ChangeKind::Updated, State::Open);
    context.change.changed = ["severity", "labels", "labels.team", "message"].map(str::to_owned).into();
    context.change.before = [("severity", "medium"), ("labels.team", "network")]
        .map(|(key, value)| tocsin_plugin::Label { key: key.to_owned(), value: value.to_owned() })
        .into();
    slack.deliver(&mut context, &settings(OPS));
    let reply = shown(&slack.messages["1767323045.000002"].body);
    for words in ["CRITICAL · severity medium → critical", "team: network → storage", "/var is at 97 %."]
    {
        assert!(reply.contains(words), "{words} in {reply}");
    }
}

#[test]
fn what_needs_attention_again_is_shown_in_the_channel_too() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    let settings = Fields { mention: vec!["here".to_owned()], ..settings(OPS) };
    slack.deliver(&mut context, &settings);
    for (kind, is_broadcast) in [(ChangeKind::Resolved, false), (ChangeKind::Reopened, true)] {
        change(&mut context, kind, State::Open);
        slack.deliver(&mut context, &settings);
        let reply = slack.messages.values().last().expect("a reply").body.clone();
        assert_eq!(reply["reply_broadcast"] == true, is_broadcast, "{kind:?}");
        let shown = reply["blocks"].to_string();
        assert_eq!(
            shown.contains("<!here>") && shown.contains("reopened by jane · Disk full"),
            is_broadcast,
            "{shown}"
        );
    }
    assert!(!slack.messages["1767323045.000001"].body["blocks"].to_string().contains("<!here>"));
}

#[test]
fn an_answer_that_is_lost_makes_no_second_message() {
    for (channel, noise) in [(OPS, 0), ("#ops", 0), ("ops", 3), (OPS, 250)] {
        let (mut slack, mut context) = (Peer { noise, ..Peer::default() }, example_context());
        assert!(slack.attempt(&mut context, &settings(channel), Some(1)).is_none());
        assert_eq!(slack.counts(), (1, 0));
        context.attempt = 2;
        let outcome = slack.deliver(&mut context, &settings(channel));
        assert_eq!(outcome.summary, "an earlier attempt had posted to Slack", "{channel} {noise}");
        assert_eq!(slack.counts(), (1, 0), "{channel} {noise}: {:?}", slack.calls);
        assert_eq!(message_of(&context), "C024BE91L:1767323045.000001");
    }
}

#[test]
fn an_attempt_that_never_arrived_is_made_up_for() {
    for channel in [OPS, "#ops"] {
        let (mut slack, mut context) = (Peer::default(), example_context());
        context.attempt = 2;
        assert_eq!(slack.deliver(&mut context, &settings(channel)).summary, "posted to Slack");
        assert_eq!(slack.counts(), (1, 0));
    }
}

#[test]
fn a_reply_whose_answer_is_lost_is_not_repeated() {
    for lost in [1, 2] {
        let (mut slack, mut context) = (Peer::default(), example_context());
        slack.deliver(&mut context, &settings(OPS));
        change(&mut context, ChangeKind::Resolved, State::Resolved);
        assert!(slack.attempt(&mut context, &settings(OPS), Some(lost)).is_none());
        context.attempt = 2;
        slack.deliver(&mut context, &settings(OPS));
        assert_eq!(slack.counts(), (1, 1), "answer {lost} lost: {:?}", slack.calls);
    }
}

#[test]
fn without_the_scope_to_look_it_posts_all_the_same_and_says_so() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.refusals.insert("conversations.history", "missing_scope");
    slack.refusals.insert("conversations.replies", "not_in_channel");
    slack.refusals.insert("users.conversations", "missing_scope");
    for channel in [OPS, "#ops"] {
        context.attempt = 2;
        let outcome = slack.deliver(&mut context, &settings(channel));
        assert!(outcome.summary.contains("missing_scope") && outcome.summary.contains("may be two"));
    }
    change(&mut context, ChangeKind::Resolved, State::Resolved);
    context.attempt = 2;
    let outcome = slack.deliver(&mut context, &settings(OPS));
    assert!(
        outcome.summary.contains("replied") && outcome.summary.contains("not_in_channel"),
        "{}",
        outcome.summary
    );
}

#[test]
fn a_look_that_slack_has_no_time_for_is_waited_for() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.refusals.insert("conversations.history", "ratelimited");
    context.attempt = 2;
    let outcome = slack.attempt(&mut context, &settings(OPS), None);
    assert!(matches!(outcome, Some(Err(Failure::Retry { .. }))), "{outcome:?}");
    slack.refusals.insert("conversations.history", "token_revoked");
    let outcome = slack.attempt(&mut context, &settings(OPS), None);
    assert!(matches!(outcome, Some(Err(Failure::Misconfigured(_)))), "{outcome:?}");
    assert_eq!(slack.counts(), (0, 0));
}

#[test]
fn a_message_that_was_deleted_is_posted_anew() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.deliver(&mut context, &settings(OPS));
    slack.messages.values_mut().for_each(|message| message.is_deleted = true);
    change(&mut context, ChangeKind::Acknowledged, State::Acknowledged);
    assert!(slack.attempt(&mut context, &settings(OPS), Some(2)).is_none(), "the new one's answer is lost");
    context.attempt = 2;
    slack.deliver(&mut context, &settings(OPS));
    assert_eq!(slack.counts(), (1, 0), "{:?}", slack.calls);
    assert_eq!(message_of(&context), "C024BE91L:1767323045.000002");
    change(&mut context, ChangeKind::Resolved, State::Resolved);
    slack.deliver(&mut context, &settings(OPS));
    assert_eq!(slack.counts(), (1, 1));
}

#[test]
fn a_message_of_another_bot_or_place_is_left_and_a_new_one_posted() {
    for word in ["cant_update_message", "channel_not_found", "is_inactive"] {
        let (mut slack, mut context) = (Peer::default(), example_context());
        slack.deliver(&mut context, &settings(OPS));
        slack.refusals.insert("chat.update", word);
        change(&mut context, ChangeKind::Resolved, State::Resolved);
        let outcome = slack.deliver(&mut context, &settings(OPS));
        assert!(outcome.summary.contains(word) && outcome.summary.contains("new one"), "{}", outcome.summary);
        assert_eq!(slack.counts(), (2, 0));
    }
}

#[test]
fn where_edits_are_forbidden_the_thread_says_it_to_the_channel() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.deliver(&mut context, &settings(OPS));
    slack.refusals.insert("chat.update", "edit_window_closed");
    change(&mut context, ChangeKind::Resolved, State::Resolved);
    let outcome = slack.deliver(&mut context, &settings(OPS));
    assert!(outcome.summary.contains("forbids the edit"), "{}", outcome.summary);
    let reply = slack.messages.values().last().expect("a reply").body.clone();
    assert_eq!(reply["reply_broadcast"], true);
    assert!(reply["text"].to_string().contains("[RESOLVED] Disk full"));
}

#[test]
fn a_message_that_is_deleted_between_edit_and_reply_is_followed_by_the_reply() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.deliver(&mut context, &settings(OPS));
    change(&mut context, ChangeKind::Resolved, State::Resolved);
    let bot = workspace(Mode::Bot);
    let answer = |body: &str| answers::response(200, body);
    let Ok(Step::Send(_, state)) = Slack::encode(&context, &bot, &settings(OPS)) else { panic!("no edit") };
    let step = Slack::resume(&context, &bot, &settings(OPS), &state, &answer(r#"{"ok":true}"#));
    let Ok(Step::Send(_, state)) = step else { panic!("no reply") };
    let outside = answer(r#"{"ok":true,"channel":"C024BE91L","ts":"9.9","message":{"ts":"9.9"}}"#);
    let step = Slack::resume(&context, &bot, &settings(OPS), &state, &outside);
    let Ok(Step::Delivered(outcome)) = step else { panic!("not delivered") };
    assert_eq!(outcome.references[0].value, "C024BE91L:9.9");
}

#[test]
fn a_thread_that_takes_no_reply_does_not_undo_the_edit() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.deliver(&mut context, &settings(OPS));
    slack.refusals.insert("chat.postMessage", "cannot_reply_to_message");
    change(&mut context, ChangeKind::Resolved, State::Resolved);
    let outcome = slack.deliver(&mut context, &settings(OPS));
    assert!(outcome.summary.contains("takes no reply"), "{}", outcome.summary);
}

#[test]
fn the_messages_address_is_kept_where_the_workspace_is_known() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    context.host = "acme.slack.com".to_owned();
    slack.deliver(&mut context, &settings(OPS));
    let url = context.references[1].url.as_deref();
    assert_eq!(url, Some("https://acme.slack.com/archives/C024BE91L/p1767323045000001"));
}

#[test]
fn two_channels_of_one_connection_have_a_message_each() {
    let mut context = example_context();
    context.references.push(tocsin_plugin::Reference {
        key: "message:other".to_owned(),
        value: "C0000000A:1.2".to_owned(),
        url: None,
    });
    let mut slack = Peer::default();
    slack.deliver(&mut context, &settings("#ops"));
    assert_eq!(slack.calls, ["chat.postMessage"]);
    assert_eq!(context.references.len(), 3);
}

#[test]
fn an_incident_that_goes_to_another_channel_leaves_a_pointer_behind() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    context.host = "acme.slack.com".to_owned();
    slack.deliver(&mut context, &settings("C0NORMALXX"));
    change(&mut context, ChangeKind::Updated, State::Open);
    let outcome = slack.deliver(&mut context, &settings("C0CRITICAL"));
    assert!(outcome.summary.contains("points to it"), "{}", outcome.summary);
    assert_eq!(slack.counts(), (2, 0), "the new one is posted, and notifies");
    let old = slack.messages["1767323045.000001"].body.clone();
    let pointer = old["blocks"].to_string();
    assert!(
        pointer.contains("Moved · Disk full on db-1") && pointer.contains("moved to <#C0CRITICAL>"),
        "{pointer}"
    );
    assert!(
        pointer.contains("https://acme.slack.com/archives/C0CRITICAL/p1767323045000002|Open the message")
    );
    assert!(!pointer.contains("tocsin-acknowledge"), "nothing to press is left: {pointer}");
    change(&mut context, ChangeKind::Resolved, State::Resolved);
    slack.deliver(&mut context, &settings("C0CRITICAL"));
    assert!(shown(&slack.messages["1767323045.000002"].body).contains("Resolved"));
    change(&mut context, ChangeKind::Reopened, State::Open);
    slack.deliver(&mut context, &settings("C0NORMALXX"));
    assert_eq!(slack.counts().0, 3, "back in the first channel it is a new message");
    assert!(slack.messages["1767323045.000002"].body["text"].to_string().contains("Moved to <#C0NORMALXX>"));
}

#[test]
fn the_message_of_another_action_in_the_channel_that_was_left_is_not_closed() {
    let (mut slack, mut context) = (Peer::default(), example_context());
    slack.deliver(&mut context, &settings("C0NORMALXX"));
    change(&mut context, ChangeKind::Updated, State::Open);
    context.action = "other".to_owned();
    slack.deliver(&mut context, &settings("C0NORMALXX"));
    change(&mut context, ChangeKind::Updated, State::Open);
    context.action = "ops".to_owned();
    slack.deliver(&mut context, &settings("C0CRITICAL"));
    assert!(!slack.messages["1767323045.000001"].body.to_string().contains("Moved"));
}

#[test]
fn a_layout_that_slack_refuses_is_sent_once_more_as_plain_text() {
    let (mut slack, mut context) = (Peer { refuses_blocks: true, ..Peer::default() }, example_context());
    let outcome = slack.deliver(&mut context, &settings(OPS));
    assert_eq!(
        outcome.summary,
        "posted to Slack; as plain text, since Slack refused the layout (invalid_blocks)"
    );
    let body = slack.messages["1767323045.000001"].body.clone();
    assert!(body.get("blocks").is_none() && body["text"].to_string().contains("/var is at 97 %."), "{body}");
    change(&mut context, ChangeKind::Resolved, State::Resolved);
    let outcome = slack.deliver(&mut context, &settings(OPS));
    assert!(outcome.summary.contains("as plain text"), "{}", outcome.summary);
    slack.refusals.insert("chat.postMessage", "invalid_blocks");
    slack.refusals.insert("chat.update", "message_not_found");
    let outcome = slack.attempt(&mut context, &settings(OPS), None);
    assert!(matches!(outcome, Some(Err(Failure::Rejected(_)))), "it is tried once: {outcome:?}");
}
