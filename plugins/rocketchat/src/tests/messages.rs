//! What is sent.

use tocsin_plugin::text::utf16_length as length;
use tocsin_plugin::{Label, Link, Reference};

use super::*;

fn size(value: &Value) -> usize {
    length(value.as_str().unwrap_or(""))
}

/// Panics where the server would refuse the message, or a client could not show it.
fn check_limits(body: &Value) {
    let text = body["text"].as_str().expect("a text");
    assert!(!text.trim().is_empty() && length(text) <= 5_000, "{} in the text", length(text));
    let attachments = body["attachments"].as_array().expect("a list, or it is dropped silently");
    assert!(attachments.len() <= 1);
    for attachment in attachments {
        let list = |name: &str| attachment[name].as_array().cloned().unwrap_or_default();
        let of_fields: usize = list("fields").iter().map(|f| size(&f["title"]) + size(&f["value"])).sum();
        assert!(
            of_fields <= 5_000 && size(&attachment["text"]) <= 2_000 && size(&attachment["title"]) <= 250
        );
        for field in list("fields") {
            assert!(size(&field["title"]) > 0 && size(&field["value"]) > 0 && field["short"].is_boolean());
        }
        for action in list("actions") {
            assert!(text::is_web_address(action["url"].as_str().unwrap_or("")) && size(&action["text"]) > 0);
        }
    }
    for forbidden in [" @all", "n@all", ">@all", " @here", " @bob", "](", "<http", "<!", "\\u202e"] {
        assert!(!body.to_string().contains(forbidden), "{forbidden} in {body}");
    }
}

const ATTACK: &str = "@all @here @bob [click](https://evil.example) <https://evil.example|click> <!channel> ]]> \"'`\u{202e}\u{0}";

#[test]
fn limits_hold_for_the_largest_and_the_most_hostile_incident() {
    let fillers =
        ["x", "&", "😀", "ü", "@all ", "https://a.example/@x ", "\n", "]", "\u{0}", "\u{202e}", ATTACK];
    for filler in fillers {
        let context = testing::hostile_context(filler);
        for own in [None, Some(filler.repeat(10_000))] {
            let settings = Fields {
                message: own.clone(),
                title: own.clone(),
                alias: own,
                facts: testing::all_facts(),
                buttons: testing::all_buttons(),
                ..fields()
            };
            check_limits(&body(&context, &settings));
        }
    }
}

#[test]
fn two_links_cannot_make_one_with_another_text() {
    let mut context = example_context();
    let link = |title: &str, url: &str| Link { title: title.to_owned(), url: url.to_owned() };
    context.incident.links =
        vec![link("[click]", "https://evil.example"), link("[click]", "https://good.example")];
    let text = body(&context, &fields())["attachments"][0]["text"].to_string();
    assert!(!text.contains("]:"), "{text}");
}

#[test]
fn an_address_that_is_none_is_left_out() {
    let mut context = example_context();
    context.incident.links = vec![Link { title: "x".to_owned(), url: "javascript:alert(1)".to_owned() }];
    context.urls = vec![Label { key: "incident".to_owned(), value: "/incidents/42".to_owned() }];
    let attachment = &body(&context, &fields())["attachments"][0];
    for name in ["text", "title_link", "actions"] {
        assert!(attachment.get(name).is_none(), "{attachment}");
    }
}

#[test]
fn mentions_of_the_operator_are_made_when_somebody_is_called_only() {
    let settings = Fields { mention: vec!["all".to_owned(), "@bob".to_owned()], ..fields() };
    let mut context = example_context();
    for (kind, called) in [
        (ChangeKind::Opened, true),
        (ChangeKind::Reopened, true),
        (ChangeKind::Repeated, true),
        (ChangeKind::Updated, false),
        (ChangeKind::Resolved, false),
    ] {
        context.change.kind = kind;
        let text = body(&context, &settings)["text"].to_string();
        assert_eq!(text.starts_with("\"@all @bob "), called, "{text}");
    }
}

#[test]
fn a_picture_that_is_none_never_keeps_a_message_back() {
    let settings = Fields {
        avatar: Some("avatars/db.png".to_owned()),
        emoji: Some("ghost".to_owned()),
        alias: Some(" \n ".to_owned()),
        ..fields()
    };
    let sent = body(&example_context(), &settings);
    for name in ["avatar", "emoji", "alias"] {
        assert!(sent.get(name).is_none(), "{sent}");
    }
    let response = testing::response(200, &[], r#"{"success":true}"#);
    let step = RocketChat::resume(&example_context(), &(), &settings, &[], &response);
    assert!(
        matches!(&step, Ok(Step::Delivered(outcome)) if outcome.summary.contains("avatars/db.png") && outcome.summary.contains("`ghost`")),
        "{step:?}"
    );
}

#[test]
fn a_channel_that_is_none_is_never_another_one() {
    for wrong in ["general", "#", "##x", "#two words", "@", "#@x"] {
        let settings = Fields { channel: Some(wrong.to_owned()), ..fields() };
        let step = RocketChat::encode(&example_context(), &(), &settings);
        assert!(matches!(step, Err(Failure::Rejected(why)) if why.contains("channel")), "{wrong}");
    }
    for good in ["#general", "@bob", " #a-b_c.d "] {
        let settings = Fields { channel: Some(good.to_owned()), ..fields() };
        assert_eq!(body(&example_context(), &settings)["channel"], good.trim());
    }
}

#[test]
fn a_thread_is_kept_to_its_own_channel() {
    let mut context = example_context();
    let reference =
        |key: &str, value: &str| Reference { key: key.to_owned(), value: value.to_owned(), url: None };
    context.references = vec![reference("message", "M1"), reference("channel", "#ops")];
    let to = |channel: Option<&str>| Fields { channel: channel.map(str::to_owned), ..fields() };
    assert_eq!(body(&context, &to(Some("#ops")))["tmid"], "M1");
    assert!(body(&context, &to(Some("#other"))).get("tmid").is_none());
    assert!(body(&context, &to(None)).get("tmid").is_none());
    let alone = Fields { threads: false, ..to(Some("#ops")) };
    for name in ["tmid", "separateResponse"] {
        assert!(body(&context, &alone).get(name).is_none());
    }
}

#[test]
fn mistakes_are_told_when_the_action_is_saved() {
    let specify = |codes: &[&str]| chat::Buttons {
        other_actions: chat::OtherActions::Specify,
        other_action_codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        ..fields().buttons
    };
    let wrong = Fields {
        avatar: Some("ghost.png".to_owned()),
        emoji: Some("ghost".to_owned()),
        channel: Some("general".to_owned()),
        mention: vec!["two words".to_owned()],
        buttons: specify(&["ev_close"]),
        ..fields()
    };
    let problems = RocketChat::check_action("chat.example", &(), &wrong).expect_err("problems");
    let found: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(found, ["avatar", "emoji", "channel", "mention", "other_action_codes"]);
    let none = Fields { buttons: specify(&[]), ..fields() };
    assert!(RocketChat::check_action("chat.example", &(), &none).is_err());
    let right = Fields {
        avatar: Some("https://a.example/ghost.png".to_owned()),
        emoji: Some(":+1:".to_owned()),
        channel: Some("@bob".to_owned()),
        mention: vec!["here".to_owned()],
        buttons: specify(&["resolve, note"]),
        ..fields()
    };
    assert_eq!(RocketChat::check_action("chat.example", &(), &right), Ok(()));
    assert_eq!(RocketChat::check_action("chat.example", &(), &fields()), Ok(()));
}

#[test]
fn samples_as_messages_keep_the_limits() {
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-rocketchat", |_, bytes| {
        let mut context = example_context();
        context.incident.message = String::from_utf8_lossy(bytes).into_owned();
        check_limits(&body(&context, &fields()));
    });
}
