//! What is sent.

use tocsin_plugin::text::utf16_length as length;

use super::*;

/// Every text that Google renders as HTML.
fn paragraphs(body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let sections = body["cardsV2"][0]["card"]["sections"].as_array().cloned().unwrap_or_default();
    for widget in sections.iter().flat_map(|section| section["widgets"].as_array().expect("widgets")) {
        for kind in ["textParagraph", "decoratedText"] {
            found.extend(widget[kind]["text"].as_str().map(str::to_owned));
        }
    }
    found
}

/// Panics where Google Chat would refuse the message, or show what nobody meant.
fn check_limits(body: &Value) {
    let bytes = body.to_string().len();
    assert!(bytes < 32_000, "{bytes} bytes");
    if let Some(text) = body.get("text").and_then(Value::as_str) {
        assert!(!text.trim().is_empty() && length(text) <= 4_000, "{} in the text", length(text));
    }
    if let Some(cards) = body.get("cardsV2") {
        assert!(cards.to_string().len() < 28_000, "{} bytes of cards", cards.to_string().len());
        let sections = cards[0]["card"]["sections"].as_array().cloned().unwrap_or_default();
        let widgets: Vec<&Value> =
            sections.iter().flat_map(|section| section["widgets"].as_array().expect("widgets")).collect();
        assert!(widgets.len() <= 100 && sections.iter().all(|s| s["widgets"] != serde_json::json!([])));
        for place in ["/0/card/header/title", "/0/card/header/subtitle"] {
            assert!(cards.pointer(place).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
        }
        assert!(!body["fallbackText"].as_str().unwrap_or("").is_empty());
    } else {
        assert!(body.get("text").is_some());
    }
    for paragraph in paragraphs(body) {
        assert!(!paragraph.trim().is_empty());
        // The one tag beside a title's is a link whose text is its address.
        let paragraph = match paragraph.strip_prefix("<b>").and_then(|rest| rest.strip_suffix("</b>")) {
            Some(title) => title.to_owned(),
            None => paragraph,
        };
        let bare = match paragraph.strip_prefix("<a href=\"").and_then(|rest| rest.split_once("\">")) {
            Some((address, rest)) => {
                assert_eq!(rest, format!("{address}</a>"));
                address.to_owned()
            }
            None => paragraph,
        };
        assert!(!bare.contains(['<', '>', '"']), "{bare}");
    }
    for forbidden in ["<users", "<https://evil", "<!", "\u{202e}"] {
        // A card's header is plain, and cards mention nobody.
        assert!(!body["text"].to_string().contains(forbidden), "{forbidden} in {body}");
    }
}

const ATTACK: &str = "<users/all> <users/123> <https://evil.example|click> <a href=\"x\">y</a> <!channel> ]]> \"'`\u{202e}\u{0}";

/// Addresses that are nearly too long, beside texts that are.
fn hostile(filler: &str) -> Context {
    let mut context = testing::hostile_context(filler);
    for url in &mut context.urls {
        url.value = format!("https://tocsin.example/{}", "ü&=".repeat(400));
    }
    context
}

#[test]
fn limits_hold_for_the_largest_and_the_most_hostile_incident() {
    for filler in ["x", "&", "<", "\"", "\\", "😀", "ü", "☃", "\n", "\u{0}", "\u{202e}", ATTACK] {
        let context = hostile(filler);
        for format in [Format::Card, Format::Text] {
            for own in [None, Some(filler.repeat(10_000))] {
                let settings = Fields {
                    format,
                    message: own.clone(),
                    title: own,
                    facts: testing::all_facts(),
                    buttons: testing::all_buttons(),
                    ..fields()
                };
                check_limits(&body(&context, &settings));
            }
        }
    }
}

#[test]
fn attributes_go_before_the_message_and_the_links_stay() {
    let mut context = example_context();
    context.incident.message = "m".repeat(10_000);
    let text = body(&context, &Fields { format: Format::Text, ..fields() })["text"].to_string();
    assert!(!text.contains("Severity") && text.contains("|Incident #42>") && text.contains("mmm…"), "{text}");
    context.incident.message = "m".repeat(3_400);
    let listed = Fields { format: Format::Text, facts: testing::all_facts(), ..fields() };
    let text = body(&context, &listed)["text"].to_string();
    assert!(text.contains("*Severity:* Critical") && !text.contains('…'), "{text}");
}

#[test]
fn an_incident_without_a_message_makes_no_empty_paragraph() {
    let mut context = example_context();
    for message in ["", " \n ", "\u{202e}"] {
        context.incident.message = message.to_owned();
        let settings = Fields {
            facts: chat::Facts { attributes: vec!["none".to_owned()], user_info: true },
            buttons: chat::Buttons { incident_button: false, ..fields().buttons },
            ..fields()
        };
        context.incident.links.clear();
        let body = body(&context, &settings);
        check_limits(&body);
        assert!(paragraphs(&body).is_empty(), "{body}");
    }
}

#[test]
fn a_title_that_is_longer_than_the_headers_line_is_there_in_full() {
    let mut context = example_context();
    assert_eq!(paragraphs(&body(&context, &fields()))[0], "/var is at 97 %.");
    context.incident.title = format!("Disk <b> full {}", "x".repeat(100));
    let first = paragraphs(&body(&context, &fields())).swap_remove(0);
    assert_eq!(first, format!("<b>🚨 CRITICAL · Disk &lt;b&gt; full {}</b>", "x".repeat(100)));
}

#[test]
fn all_messages_of_an_incident_are_in_its_thread_unless_the_operator_says_no() {
    let context = example_context();
    let with = request(&context, &fields());
    assert!(with.query.iter().any(|p| p.value == "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"));
    assert_eq!(body(&context, &fields())["thread"]["threadKey"], context.incident.id);
    let alone = Fields { threads: false, ..fields() };
    let without = request(&context, &alone);
    assert!(without.query.iter().all(|p| p.name == "requestId"));
    assert!(body(&context, &alone).get("thread").is_none());
}

#[test]
fn a_repeated_attempt_is_the_same_request() {
    let first = example_context();
    let second = Context { attempt: 2, ..first.clone() };
    assert_eq!(request(&first, &fields()), request(&second, &fields()));
    let other = Context { delivery_id: "01KDYQ3M8800000000000000DE".to_owned(), ..first.clone() };
    assert_ne!(request(&first, &fields()).query, request(&other, &fields()).query);
}

#[test]
fn mentions_of_the_operator_are_made_when_somebody_is_called_only() {
    for format in [Format::Card, Format::Text] {
        let mention = vec!["all".to_owned(), "users/123456789012345678901".to_owned()];
        let settings = Fields { format, mention, ..fields() };
        let mut context = example_context();
        let text = body(&context, &settings)["text"].to_string();
        assert!(text.starts_with("\"<users/all> <users/123456789012345678901>"), "{text}");
        context.change.kind = ChangeKind::Resolved;
        assert!(!body(&context, &settings).to_string().contains("<users"));
    }
}

#[test]
fn mistakes_are_told_when_the_action_is_saved() {
    let specify = || chat::Buttons { other_actions: chat::OtherActions::Specify, ..fields().buttons };
    let wrong = Fields {
        mention: vec!["all> <users/1".to_owned()],
        buttons: chat::Buttons { other_action_codes: vec!["ev_close".to_owned()], ..specify() },
        ..fields()
    };
    let problems = GoogleChat::check_action("chat.googleapis.com", &(), &wrong).expect_err("problems");
    let found: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(found, ["mention", "other_action_codes"]);
    assert!(matches!(GoogleChat::encode(&example_context(), &(), &wrong), Err(Failure::Rejected(_))));
    let none = Fields { buttons: specify(), ..fields() };
    assert!(GoogleChat::check_action("chat.googleapis.com", &(), &none).is_err());
    assert_eq!(GoogleChat::check_action("chat.googleapis.com", &(), &fields()), Ok(()));
}

#[test]
fn there_is_nothing_to_try_a_connection_with() {
    assert_eq!(GoogleChat::probe("chat.googleapis.com", &()), None);
}

#[test]
fn samples_as_messages_keep_the_limits() {
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-googlechat", |_, bytes| {
        let mut context = example_context();
        context.incident.message = String::from_utf8_lossy(bytes).into_owned();
        for format in [Format::Card, Format::Text] {
            check_limits(&body(&context, &Fields { format, ..fields() }));
        }
    });
}
