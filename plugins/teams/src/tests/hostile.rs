//! Incidents that mean harm, and limits that hold for all of them.

use proptest::prelude::*;
use serde_json::Value;
use tocsin_plugin::testing;
use tocsin_plugin::{Action, ChangeKind, Context, Label, Link, Response, Severity, State};

use super::{CONNECTOR, FLOW, account, card, context, fields, schema, sent};
use crate::{BODY_BYTES, Fields, Teams, address, neutral};

const PIECES: [&str; 28] = [
    "x",
    " ",
    "\n",
    "\r\n",
    "\u{0}",
    "\u{1b}[31m",
    "\"",
    "'",
    "\\",
    "{{DATE(2026-01-02T03:04:05Z,SHORT)}}",
    "[click](https://evil.example)",
    "[a]: https://evil.example",
    "![p](https://evil.example/p.png)",
    "**bold** _it_ `code` ~~no~~",
    "<at>Anna</at>",
    "<!channel>",
    "<a href=\"https://evil.example\">click</a>",
    "<script>alert(1)</script>",
    "]]>",
    "&lt;b&gt;",
    "https://a.example/(x)_y?a=1&b=2",
    "javascript:alert(1)",
    "- item",
    "1. one",
    "@{triggerBody()}",
    "😀👩‍👩‍👧‍👦",
    "\u{202e}ü\u{feff}",
    "10.0.0.1 kube_pod_name",
];

fn hostile(most: usize) -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES.to_vec());
    (prop::collection::vec(piece, 0..12), 1..=most).prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

prop_compose! {
    fn incidents()(
        title in hostile(200),
        message in hostile(100),
        change in hostile(50),
        actor in hostile(20),
        labels in prop::collection::vec((hostile(2), hostile(10)), 0..100),
        links in prop::collection::vec((hostile(5), hostile(3)), 0..8),
        address in 0usize..3_000,
        kind in proptest::sample::select(ChangeKind::ALL.to_vec()),
        severity in proptest::sample::select(Severity::ALL.to_vec()),
        state in proptest::sample::select(vec![State::Open, State::Acknowledged, State::Resolved]),
        test: bool,
    ) -> Context {
        let mut context = context(FLOW);
        context.incident.title = title;
        context.incident.message = message;
        context.incident.severity = severity;
        context.incident.state = state;
        context.incident.labels = labels.into_iter().map(|(key, value)| Label { key, value }).collect();
        context.incident.links =
            links.into_iter().map(|(title, end)| Link { title, url: format!("https://a.example/{end}") }).collect();
        context.change.kind = kind;
        context.change.text = change;
        context.change.actor = Some(actor);
        context.test = test;
        for url in &mut context.urls {
            url.value.push_str(&"x".repeat(address));
        }
        context
    }
}

fn all(own: bool, context: &Context) -> Fields {
    Fields {
        title: own.then(|| context.incident.title.clone()),
        message: own.then(|| context.incident.message.clone()),
        facts: testing::all_facts(),
        buttons: testing::all_buttons(),
        ..fields()
    }
}

/// Panics where an element has a null, an empty text, a link that is not what it says, or Markdown.
fn check_element(value: &Value) {
    match value {
        Value::Null => panic!("a null"),
        Value::Array(items) => items.iter().for_each(check_element),
        Value::Object(members) => {
            for name in ["text", "url", "style"] {
                assert!(members.get(name).is_none_or(|text| text != ""), "an empty {name}: {value}");
            }
            if let Some(url) = members.get("url").and_then(Value::as_str) {
                assert_eq!(address::of(url).as_deref(), Some(url), "an address as a card may hold it");
            }
            if let Some(action) = members.get("selectAction") {
                let shown = members["text"].as_str().unwrap_or_default();
                let url = action["url"].as_str().unwrap_or_default();
                assert!(
                    address::of(shown).as_deref() == Some(url) || names_host(shown, url),
                    "a link with another text: {shown}"
                );
            }
            if value["type"] == "TextRun" {
                assert!(!value["text"].to_string().contains("{{DATE("));
            }
            if value["type"] == "TextBlock" {
                check_markdown(value["text"].as_str().expect("a text"));
            }
            members.values().for_each(check_element);
        }
        _ => {}
    }
}

/// Panics where a `TextBlock` has more markup than the relay's own: links whose text is their address or ends with
/// its host, and the times of the line of essentials.
fn check_markdown(block: &str) {
    let mut rest = block;
    let mut plain = String::new();
    while let Some((before, link)) = rest.split_once('[') {
        let (shown, target) = link.split_once("](").expect("a link of ours");
        let (url, after) = target.split_once(')').expect("the end of a link of ours");
        let encoded = address::of(shown).map(|url| url.replace('(', "%28").replace(')', "%29"));
        assert!(
            encoded.as_deref() == Some(url) || names_host(shown, url),
            "a link with another text: {block}"
        );
        plain.push_str(before);
        rest = after;
    }
    plain.push_str(rest);
    for function in ["{{TIME(", "{{DATE("] {
        while let Some(at) = plain.find(function) {
            let end = plain[at..].find(")}}").expect("the end of a time of ours") + at + 3;
            assert!(plain[at..end].contains("Z") && end - at < 45, "a time of another's: {block}");
            plain.replace_range(at..end, "");
        }
    }
    assert!(neutral::is_inert(&format!("x{plain}")), "markup in {block}");
}

/// Whether a link's text ends with the host that it leads to.
fn names_host(shown: &str, url: &str) -> bool {
    let host = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    host.is_some_and(|host| shown.trim_end_matches(')').ends_with(host))
}

/// Panics where a card has a character that nobody sees and that is not the alert's own.
fn check_visible(text: &str) {
    for hidden in ['\u{200b}', '\u{200c}', '\u{2060}', '\u{202e}'] {
        assert!(!text.contains(hidden), "{hidden:?} in {text}");
    }
}

fn check_adaptive(context: &Context, fields: &Fields) {
    let (text, body) = sent(context, fields);
    assert!(text.len() < BODY_BYTES, "{} bytes", text.len());
    check_visible(&text);
    let card = card(&body);
    assert!(card.get("msteams").is_none() && card["version"] == "1.5");
    check_element(&card["body"]);
    assert!(!card["fallbackText"].as_str().expect("a text").contains("{{DATE("));
    schema::check(card);
}

/// Panics where a MessageCard has HTML, or Markdown that is not one of its own links.
fn check_connector(context: &Context, fields: &Fields) {
    let (sent, body) = sent(&Context { host: CONNECTOR.to_owned(), ..context.clone() }, fields);
    assert!(sent.len() < BODY_BYTES, "{} bytes", sent.len());
    assert!(body["summary"].as_str().is_some_and(|summary| !summary.is_empty()));
    assert!(body["potentialAction"].as_array().is_none_or(|buttons| (1..=4).contains(&buttons.len())));
    assert!(!body["title"].as_str().expect("a title").contains(['<', '>', '"']));
    for section in body["sections"].as_array().into_iter().flatten() {
        let facts = section["facts"].as_array().into_iter().flatten();
        let texts = facts.flat_map(|fact| [&fact["name"], &fact["value"]]).chain(section.get("text"));
        for text in texts.filter_map(Value::as_str) {
            assert!(!text.contains(['<', '>']), "HTML in {text}");
            let mut bare = text.replace("\\\\", "");
            for c in "`*_{}[]()#+-.!|~".chars() {
                bare = bare.replace(&format!("\\{c}"), "");
            }
            // What is left of an own link: `[…](https://…)`.
            let own = bare.starts_with('[') && bare.ends_with(')') && bare.matches("](").count() == 1;
            let checked =
                if own { bare.split("](").next().map(|text| &text[1..]).unwrap_or("") } else { &bare };
            assert!(!checked.contains(['[', ']', '*', '`', '\\']), "Markdown in {text}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_incident_breaks_a_card_or_gets_markup_into_it(context in incidents(), own: bool) {
        let fields = all(own, &context);
        check_adaptive(&context, &fields);
        check_connector(&context, &fields);
    }
}

#[test]
fn limits_hold_for_the_largest_incident() {
    for (number, filler) in PIECES.into_iter().enumerate() {
        let context = Context { host: FLOW.to_owned(), ..testing::hostile_context(filler) };
        let fields = all(number % 2 == 0, &context);
        check_adaptive(&context, &fields);
        check_connector(&context, &fields);
    }
}

#[test]
fn samples_as_messages_and_as_answers_are_only_text() {
    let count = testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-teams", |name, bytes| {
        let mut context = context(FLOW);
        context.incident.message = String::from_utf8_lossy(bytes).into_owned();
        check_adaptive(&context, &all(false, &context));
        check_connector(&context, &all(false, &context));
        context.host = CONNECTOR.to_owned();
        let response = Response { status: 200, headers: Vec::new(), body: bytes.to_vec() };
        let outcome = Teams::resume(&context, &account(), &fields(), b"refused", &response);
        assert!(outcome.is_err() || name.starts_with("responses"), "{name} is no connector's success");
    });
    assert!(count == 0 || count > 10, "{count} samples");
}
