//! What stands below a message: attributes, and who made the change.

use serde_json::{Value, json};

use super::{CHATS, Stage, alert, each, each_as, json_data};

/// The attributes in a message, as its peer has them.
fn attributes(stage: &Stage, action: &str) -> Value {
    let message = stage.message(action);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match action.split('-').next().unwrap_or_default() {
        "slack" => list(&message["blocks"]).into_iter().filter(|block| !block["fields"].is_null()).collect(),
        "teams" => {
            let body = list(&message["attachments"][0]["content"]["body"]);
            body.into_iter().filter(|element| element["type"] == "FactSet").collect()
        }
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

fn slack(fields: &[&str]) -> Value {
    let field = |text: &&str| json!({ "type": "mrkdwn", "text": text, "verbatim": true });
    json!([{ "type": "section", "fields": fields.iter().map(field).collect::<Value>() }])
}

fn teams(facts: &[(&str, &str)]) -> Value {
    let fact = |(title, value): &(&str, &str)| json!({ "title": title, "value": value });
    json!([{ "type": "FactSet", "facts": facts.iter().map(fact).collect::<Value>() }])
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
fn attributes_from_are_the_standard_list_by_default_or_those_that_are_named_or_none() {
    let bare = "incident_button = false";
    let named = format!("{bare}\nattributes = [\"labels.team, severity\", \"number\", \"nobody\"]");
    let mut actions = each(&CHATS, bare);
    actions.extend(each_as(&CHATS, "named", &named));
    actions.extend(each_as(&CHATS, "none", &format!("{bare}\nattributes = [\"none\"]")));
    let stage = Stage::told(&actions);
    let list = [
        ("Severity", "Critical"),
        ("State", "Open"),
        ("Source", "monitoring"),
        ("host", "db-1"),
        ("team", "storage"),
    ];
    let some = [("team", "storage"), ("Severity", "Critical"), ("Number", "1")];

    let fields =
        ["*Severity*\nCritical", "*State*\nOpen", "*Source*\nmonitoring", "*host*\ndb-1", "*team*\nstorage"];
    assert_eq!(attributes(&stage, "slack"), slack(&fields));
    assert_eq!(
        attributes(&stage, "slack-named"),
        slack(&["*team*\nstorage", "*Severity*\nCritical", "*Number*\n1"])
    );
    assert_eq!(attributes(&stage, "slack-none"), json!([]));
    assert_eq!(attributes(&stage, "teams"), teams(&list));
    assert_eq!(attributes(&stage, "teams-named"), teams(&some));
    assert_eq!(attributes(&stage, "teams-none"), json!([]));
    let mut escaped = list;
    escaped[3].1 = "db\\-1";
    assert_eq!(attributes(&stage, "connector"), connector(&escaped));
    assert_eq!(attributes(&stage, "connector-named"), connector(&some));
    assert_eq!(attributes(&stage, "connector-none"), json!(null));
    assert_eq!(attributes(&stage, "rocketchat"), rocketchat(&list));
    assert_eq!(attributes(&stage, "rocketchat-named"), rocketchat(&some));
    assert_eq!(attributes(&stage, "rocketchat-none"), json!(null));
    assert_eq!(attributes(&stage, "googlechat"), googlechat(&list));
    assert_eq!(attributes(&stage, "googlechat-named"), googlechat(&some));
    assert_eq!(attributes(&stage, "googlechat-none"), json!([]));
    let text = "*🚨 [CRITICAL] New: Disk full on db-1*\n/var is at 97 %.";
    let all = "\n*Severity:* Critical\n*State:* Open\n*Source:* monitoring\n*host:* db-1\n*team:* storage";
    assert_eq!(attributes(&stage, "text"), format!("{text}{all}"));
    assert_eq!(
        attributes(&stage, "text-named"),
        format!("{text}\n*team:* storage\n*Severity:* Critical\n*Number:* 1")
    );
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

#[test]
fn user_info_says_who_made_the_change_only_when_it_is_wanted() {
    let bare = "incident_button = false\nattributes = [\"none\"]";
    let mut actions = each(&CHATS, &format!("{bare}\nuser_info = true"));
    actions.extend(each_as(&CHATS, "off", bare));
    let actions: Vec<_> = actions.into_iter().map(|told| told.with("on = [\"acknowledged\"]")).collect();
    let stage = Stage::start(&actions);
    stage.report(&alert());
    stage.relay.run(&["incidents", "ack", "1", "--as", "jane"]).expect(0);
    stage.arrived();
    let line = |stage: &Stage, action: &str| stage.message(action)["blocks"][1].clone();
    let context = |text: &str| json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": text, "verbatim": true }] });
    assert_eq!(line(&stage, "slack"), context("#1 · critical · acknowledged · monitoring · by jane"));
    assert_eq!(line(&stage, "slack-off"), context("#1 · critical · acknowledged · monitoring"));
    let run = json!({ "type": "TextRun", "text": "by jane", "isSubtle": true });
    assert_eq!(
        stage.message("teams")["attachments"][0]["content"]["body"][2],
        json!({ "type": "RichTextBlock", "inlines": [run] })
    );
    assert_eq!(stage.message("connector")["sections"], json!([{ "text": "/var is at 97 %\\.\n\nby jane" }]));
    assert_eq!(attributes(&stage, "rocketchat"), rocketchat(&[("By", "jane")]));
    assert_eq!(attributes(&stage, "googlechat"), googlechat(&[("By", "jane")]));
    assert_eq!(
        attributes(&stage, "text"),
        "*👀 [CRITICAL] Acknowledged: Disk full on db-1*\n/var is at 97 %.\n*By:* jane"
    );
    for peer in CHATS {
        let silent = stage.message(&format!("{peer}-off")).to_string();
        assert!(!silent.contains("jane"), "{silent}");
    }
}
