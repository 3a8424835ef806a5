//! Block Kit's limits, checked on whatever is sent.
//!
//! Never the plugin's own constants: the numbers are Slack's.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::*;

/// What Slack documents (docs.slack.dev/reference/block-kit/blocks), under the names of the samples' table.
const LIMITS: [(&str, usize); 12] = [
    ("blocks_per_message", 50),
    ("section.text", 3000),
    ("section.fields.count", 10),
    ("section.fields.text", 2000),
    ("context.elements", 10),
    ("actions.elements", 25),
    ("button.text", 75),
    ("button.url", 3000),
    ("button.value", 2000),
    ("action_id", 255),
    ("block_id", 255),
    ("top_level_text_hard_limit", 40_000),
];

fn limit(name: &str) -> usize {
    LIMITS.iter().find(|(known, _)| *known == name).map(|(_, limit)| *limit).expect("a known limit")
}

fn size(value: &Value) -> usize {
    value.as_str().unwrap_or("").encode_utf16().count()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Panics where one of Slack's limits is not kept.
pub(crate) fn check(message: &Value) {
    assert!((1..=limit("top_level_text_hard_limit")).contains(&size(&message["text"])), "{message}");
    let mut blocks: Vec<&Value> = list(&message["blocks"]).iter().collect();
    assert!(!blocks.is_empty());
    for attachment in list(&message["attachments"]) {
        let color = attachment["color"].as_str().expect("a colour");
        assert!(color.len() == 7 && color.starts_with('#'), "{color}");
        blocks.extend(list(&attachment["blocks"]));
    }
    assert!(blocks.len() <= limit("blocks_per_message"));
    let mut ids = BTreeSet::new();
    for block in &blocks {
        match block["type"].as_str() {
            Some("section") => section(block),
            Some("rich_text") => rich(block),
            Some("context") => {
                assert!((1..=limit("context.elements")).contains(&list(&block["elements"]).len()));
                list(&block["elements"]).iter().for_each(|element| small(element, 3000));
            }
            Some("actions") => {
                assert!((1..=limit("actions.elements")).contains(&list(&block["elements"]).len()));
                for element in list(&block["elements"]) {
                    button(element);
                    assert!(ids.insert(element["action_id"].to_string()), "an action_id twice");
                }
            }
            other => panic!("{other:?}"),
        }
    }
    let total: usize = blocks.iter().map(|block| size(&Value::String(block.to_string()))).sum();
    assert!(total <= 13_000, "{total} characters of blocks");
}

fn section(block: &Value) {
    if block.get("fields").is_some() {
        let fields = list(&block["fields"]);
        assert!((1..=limit("section.fields.count")).contains(&fields.len()));
        fields.iter().for_each(|field| markup(field, limit("section.fields.text")));
    } else {
        markup(&block["text"], limit("section.text"));
    }
}

fn small(text: &Value, limit: usize) {
    if text["type"] == "plain_text" {
        assert_eq!(text["emoji"], false, "`:x:` would become an emoji: {text}");
        assert!((1..=limit).contains(&size(&text["text"])), "{text}");
    } else {
        markup(text, limit);
    }
}

fn rich(block: &Value) {
    let elements = list(&block["elements"]);
    assert!(elements.len() == 1 && elements[0]["type"] == "rich_text_section", "{block}");
    for element in list(&elements[0]["elements"]) {
        match element["type"].as_str() {
            Some("text") => assert!((1..=3_000).contains(&size(&element["text"])), "{element}"),
            Some("link") => assert!(element["url"].as_str().is_some_and(text::is_web_address)),
            Some("emoji") => assert!(size(&element["name"]) > 0),
            other => panic!("{other:?}"),
        }
    }
}

fn markup(text: &Value, limit: usize) {
    assert_eq!(text["type"], "mrkdwn");
    assert_eq!(text["verbatim"], true, "names would become mentions: {text}");
    assert!((1..=limit).contains(&size(&text["text"])), "{} characters", size(&text["text"]));
    assert!(!text["text"].as_str().expect("text").trim().is_empty());
}

fn button(button: &Value) {
    assert_eq!(button["type"], "button");
    assert_eq!(button["text"]["type"], "plain_text");
    assert!((1..=limit("button.text")).contains(&size(&button["text"]["text"])));
    assert!((1..=limit("button.url")).contains(&size(&button["url"])));
    assert!((1..=limit("action_id")).contains(&size(&button["action_id"])));
    let style = &button["style"];
    assert!(style.is_null() || style == "primary" || style == "danger", "{style}");
}

/// Fails for a body that has one of the faults, so that [`check`] is known to see them.
fn is_faulty(message: &Value) -> bool {
    let message = message.clone();
    std::panic::catch_unwind(move || check(&message)).is_err()
}

#[test]
fn the_limits_are_those_of_the_samples() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/out-slack/limits.json");
    let Ok(text) = std::fs::read(&file) else {
        eprintln!("SKIPPED: there is no table of limits beside the workspace");
        return;
    };
    let table: Value = serde_json::from_slice(&text).expect("JSON");
    for (name, number) in LIMITS {
        assert_eq!(table[name], number, "{name}");
    }
}

#[test]
fn the_check_sees_each_fault_of_the_samples() {
    let mut seen = 0;
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-slack", |name, bytes| {
        if let (true, Ok(mut message)) = (name.starts_with("bad/"), serde_json::from_slice::<Value>(bytes)) {
            if message.get("blocks").is_some() {
                message["text"] = "x".into();
            }
            assert!(is_faulty(&message), "{name} passes");
            seen += 1;
        }
    });
    let none = serde_json::json!({"text": "x", "blocks": []});
    assert!(is_faulty(&none) && (seen == 0 || seen >= 10), "{seen}");
}
