//! What stands below a message: attributes, and who made the change.

use serde_json::{Value, json};

use super::{CHATS, Stage, alert, each, each_as, json_data};

/// The attributes in a message, as its peer has them.
fn attributes(stage: &Stage, action: &str) -> Value {
    let message = stage.message(action);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match action.split('-').next().unwrap_or_default() {
        // Title with message, and the line of essentials, come first.
        "slack" => list(&message["blocks"]).into_iter().skip(2).collect(),
        "teams" => list(&message["attachments"][0]["content"]["body"]).into_iter().skip(3).collect(),
        "connector" => message["sections"][0]["facts"].clone(),
        "rocketchat" => message["attachments"][0]["fields"].clone(),
        "googlechat" => {
            let sections = list(&message["cardsV2"][0]["card"]["sections"]);
            let widgets = sections.iter().flat_map(|section| list(&section["widgets"]));
            widgets.filter(|widget| !widget["decoratedText"].is_null()).collect()
        }
        "text" => message["text"].clone(),
        other => unreachable!("{other} shows no attributes"),
    }
}

fn slack(facts: &[(&str, &str)]) -> Value {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let line = |(label, value): &(&str, &str)| {
        let label = json!({ "type": "text", "text": label, "style": { "bold": true } });
        [text("\n"), label, text(" "), text(value)]
    };
    let elements: Vec<Value> = facts.iter().flat_map(line).skip(1).collect();
    json!([{ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": elements }] }])
}

fn teams(facts: &[(&str, &str)]) -> Value {
    let line = |(at, (label, value)): (usize, &(&str, &str))| {
        let label =
            json!({ "type": "TextRun", "text": format!("{label} "), "size": "small", "isSubtle": true });
        let value = json!({ "type": "TextRun", "text": value, "size": "small" });
        let mut line = json!({ "type": "RichTextBlock", "inlines": [label, value] });
        if at > 0 {
            line["spacing"] = json!("none");
        }
        line
    };
    facts.iter().enumerate().map(line).collect()
}

fn connector(facts: &[(&str, &str)]) -> Value {
    facts.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn rocketchat(fields: &[(&str, &str)]) -> Value {
    fields.iter().map(|(title, value)| json!({ "title": title, "value": value, "short": true })).collect()
}

fn googlechat(facts: &[(&str, &str)]) -> Value {
    let fact = |(label, text): &(&str, &str)| json!({ "decoratedText": { "topLabel": label, "text": text, "wrapText": true } });
    facts.iter().map(fact).collect()
}

#[test]
fn attributes_from_are_what_the_message_lacks_by_default_or_the_standard_list_or_those_that_are_named_or_none()
 {
    let bare = "incident_button = false\nother_actions = \"no\"";
    let named = format!("{bare}\nattributes = [\"labels.team, severity\", \"number\", \"nobody\"]");
    let mut actions = each(&CHATS, bare);
    actions.extend(each_as(&CHATS, "named", &named));
    actions.extend(each_as(&CHATS, "list", &format!("{bare}\nattributes = [\"list\"]")));
    actions.extend(each_as(&CHATS, "none", &format!("{bare}\nattributes = [\"none\"]")));
    let stage = Stage::start(&actions);
    let mut alert = alert();
    alert["service"] = json!("billing");
    stage.report(&alert);
    let few = [("service", "billing")];
    let list = [
        ("Severity", "Critical"),
        ("State", "Open"),
        ("Source", "monitoring"),
        ("host", "db-1"),
        ("service", "billing"),
        ("team", "storage"),
    ];
    let some = [("team", "storage"), ("Severity", "Critical"), ("Number", "1")];

    let small = json!({ "type": "plain_text", "text": "service billing", "emoji": false });
    assert_eq!(attributes(&stage, "slack"), json!([{ "type": "context", "elements": [small] }]));
    assert_eq!(attributes(&stage, "slack-list"), slack(&list));
    assert_eq!(attributes(&stage, "slack-named"), slack(&some));
    assert_eq!(attributes(&stage, "slack-none"), json!([]));
    assert_eq!(attributes(&stage, "teams"), teams(&few));
    assert_eq!(attributes(&stage, "teams-list"), teams(&list));
    assert_eq!(attributes(&stage, "teams-named"), teams(&some));
    assert_eq!(attributes(&stage, "teams-none"), json!([]));
    let mut escaped = list;
    escaped[3].1 = "db\\-1";
    assert_eq!(attributes(&stage, "connector"), connector(&few));
    assert_eq!(attributes(&stage, "connector-list"), connector(&escaped));
    assert_eq!(attributes(&stage, "connector-named"), connector(&some));
    assert_eq!(attributes(&stage, "connector-none"), json!(null));
    assert_eq!(attributes(&stage, "rocketchat"), rocketchat(&few));
    assert_eq!(attributes(&stage, "rocketchat-list"), rocketchat(&list));
    assert_eq!(attributes(&stage, "rocketchat-named"), rocketchat(&some));
    assert_eq!(attributes(&stage, "rocketchat-none"), json!(null));
    assert_eq!(attributes(&stage, "googlechat"), googlechat(&few));
    assert_eq!(attributes(&stage, "googlechat-list"), googlechat(&list));
    assert_eq!(attributes(&stage, "googlechat-named"), googlechat(&some));
    assert_eq!(attributes(&stage, "googlechat-none"), json!([]));
    let text = format!("*🚨 CRITICAL · Disk full on db-1*\n/var is at 97 %.\n{}", stage.essentials());
    let lines = |facts: &[(&str, &str)]| {
        facts.iter().fold(text.clone(), |text, (label, value)| format!("{text}\n*{label}:* {value}"))
    };
    assert_eq!(attributes(&stage, "text"), lines(&few));
    assert_eq!(attributes(&stage, "text-list"), lines(&list));
    assert_eq!(attributes(&stage, "text-named"), lines(&some));
    assert_eq!(attributes(&stage, "text-none"), text);
}

#[test]
fn attributes_from_stand_below_the_description_of_a_ticket() {
    let mut actions = each(&["itop"], "incident_button = false");
    actions.extend(each_as(
        &["itop"],
        "named",
        "incident_button = false\nattributes = [\"team\", \"state\"]",
    ));
    actions.extend(each_as(&["itop"], "none", "incident_button = false\nattributes = [\"none\"]"));
    let stage = Stage::told(&actions);
    let id = stage.incident_id();
    for (action, below) in [
        (
            "itop",
            "<p>Severity: Critical<br>State: Open<br>Source: monitoring<br>host: db-1<br>team: storage</p>",
        ),
        ("itop-named", "<p>team: storage<br>State: Open</p>"),
        ("itop-none", ""),
    ] {
        let description = format!("<p>/var is at 97 %.</p>{below}<p>Tocsin incident {id}</p>");
        assert_eq!(json_data(&stage.request(action))["fields"]["description"], description, "{action}");
    }
}

/// The title line of a message, as its peer has it.
fn title(stage: &Stage, action: &str) -> Value {
    let message = stage.message(action);
    let line = || json!(message["text"].as_str().and_then(|text| text.lines().next()));
    match action.split('-').next().unwrap_or_default() {
        "slack" => message["blocks"][0]["elements"][0]["elements"][2]["text"].clone(),
        "teams" => message["attachments"][0]["content"]["body"][0]["items"][0]["inlines"][0]["text"].clone(),
        "connector" => message["title"].clone(),
        "rocketchat" | "text" => line(),
        "googlechat" => message["cardsV2"][0]["card"]["header"]["title"].clone(),
        other => unreachable!("{other} has no title"),
    }
}

#[test]
fn user_info_says_who_made_the_change_only_when_it_is_wanted() {
    let bare = "attributes = [\"none\"]\nincident_button = false\nother_actions = \"no\"";
    let wanted = format!("{bare}\nuser_info = true");
    let mut actions = each(&CHATS, &wanted);
    actions.extend(each_as(&CHATS, "off", bare));
    actions.extend(each_as(&CHATS, "message", &format!("{wanted}\nmessage = \"Look.\"")));
    actions.extend(each_as(&CHATS[1..], "title", &format!("{wanted}\ntitle = \"Look.\"")));
    let actions: Vec<_> = actions.into_iter().map(|told| told.with("on = [\"acknowledged\"]")).collect();
    let stage = Stage::start(&actions);
    stage.report(&alert());
    stage.relay.run(&["incidents", "ack", "1", "--as", "jane"]).expect(0);
    stage.arrived();
    for (as_what, by) in [("", " by jane"), ("-off", "")] {
        let line = format!("CRITICAL · acknowledged{by} · Disk full on db-1");
        let told = |peer: &str| title(&stage, &format!("{peer}{as_what}"));
        assert_eq!(told("slack"), line);
        for peer in ["teams", "connector", "googlechat"] {
            assert_eq!(told(peer), format!("👀 {line}"), "{peer}{as_what}");
        }
        assert_eq!(told("rocketchat"), format!("👀 *{line}*"));
        assert_eq!(told("text"), format!("*👀 {line}*"));
    }
    // Where the operator's own words stand in place of the title line, the person is named elsewhere.
    let line = stage.message("slack-message")["blocks"][1]["elements"][1]["text"].clone();
    assert_eq!(line, "storage · db-1 · from monitoring · by jane");
    assert_eq!(attributes(&stage, "rocketchat-message"), rocketchat(&[("By", "jane")]));
    assert_eq!(attributes(&stage, "googlechat-message"), googlechat(&[("By", "jane")]));
    assert_eq!(attributes(&stage, "text-message"), "Look.\n*By:* jane");
    for peer in &CHATS[1..] {
        let named = stage.message(&format!("{peer}-title")).to_string();
        assert!(named.contains(" · by jane"), "{named}");
    }
    for peer in CHATS {
        let silent = stage.message(&format!("{peer}-off")).to_string();
        assert!(!silent.contains("jane"), "{silent}");
    }
}
