//! Buttons: modify, delete, transitions. Each leads to a page of the relay, where it has to be confirmed.

use serde_json::{Value, json};

use super::{CHATS, PUBLIC, Stage, Told, alert, each, each_as, refused};
use crate::harness::Request;

/// The buttons of a message, as its peer has them.
fn buttons(stage: &Stage, action: &str) -> Value {
    let message = stage.message(action);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let found = match action.split('-').next().unwrap_or_default() {
        "slack" => {
            let row = list(&message["blocks"]).into_iter().find(|block| block["type"] == "actions");
            row.map(|row| list(&row["elements"])).unwrap_or_default()
        }
        "teams" => {
            let body = list(&message["attachments"][0]["content"]["body"]);
            let row = body.into_iter().find(|element| element["type"] == "ActionSet");
            row.map(|row| list(&row["actions"])).unwrap_or_default()
        }
        "connector" => list(&message["potentialAction"]),
        "rocketchat" => list(&message["attachments"][0]["actions"]),
        "googlechat" => {
            let sections = list(&message["cardsV2"][0]["card"]["sections"]);
            let widgets = sections.iter().flat_map(|section| list(&section["widgets"]));
            widgets.flat_map(|widget| list(&widget["buttonList"]["buttons"])).collect()
        }
        "text" => {
            let last = message["text"].as_str().and_then(|text| text.lines().last()).unwrap_or_default();
            let links = last.split(" · ").filter(|link| link.starts_with("<page:"));
            links.map(|link| json!(link)).collect()
        }
        other => unreachable!("{other} has no buttons"),
    };
    Value::Array(found)
}

/// A button as a peer wants it.
fn button(peer: &str, label: &str, purpose: &str) -> Value {
    let url = format!("page:{purpose}");
    let (slack, teams) = match purpose {
        "acknowledge" | "modify" => (Some("primary"), "positive"),
        "delete" => (Some("danger"), "destructive"),
        _ => (None, "default"),
    };
    match peer {
        "slack" => {
            // The number stands in the line above.
            let label = if purpose == "incident" { "Incident" } else { label };
            let text = json!({ "type": "plain_text", "text": label });
            let action = format!("tocsin-{purpose}");
            let mut button = json!({ "type": "button", "action_id": action, "text": text, "url": url });
            if let Some(style) = slack {
                button["style"] = json!(style);
            }
            button
        }
        "teams" => json!({ "type": "Action.OpenUrl", "title": label, "url": url, "style": teams }),
        "connector" => {
            json!({ "@type": "OpenUri", "name": label, "targets": [{ "os": "default", "uri": url }] })
        }
        "rocketchat" => json!({ "type": "button", "text": label, "url": url }),
        "googlechat" => json!({ "text": label, "onClick": { "openLink": { "url": url } } }),
        "text" => json!(format!("<{url}|{label}>")),
        other => unreachable!("{other} has no buttons"),
    }
}

/// Checks that an action of each peer, called `peer` and `-as_what`, has made these buttons and no others.
fn have(stage: &Stage, as_what: &str, expected: &[(&str, &str)]) {
    for peer in CHATS {
        let expected: Value = expected.iter().map(|(label, purpose)| button(peer, label, purpose)).collect();
        assert_eq!(buttons(stage, &format!("{peer}{as_what}")), expected, "{peer}{as_what}");
    }
}

/// Checks that the link for `purpose` in what each peer got opens a page that says this.
fn lead(stage: &Stage, purpose: &str, words: &str) {
    for peer in CHATS {
        let body = stage.request(peer).body;
        let mut links =
            body.split(PUBLIC).skip(1).map(|rest| rest.split(['"', '|', '\\']).next().unwrap_or(rest));
        let link = links.find(|link| link.ends_with(&format!("&do={purpose}"))).expect("a link");
        let page = stage.relay.send(&Request::new("GET", link)).expect(200);
        assert!(page.body.contains(words), "{peer}: {}", page.body);
    }
    assert_eq!(stage.relay.incident()["state"], "open", "looking changes nothing");
}

#[test]
fn a_modify_button_leads_to_where_the_incident_is_modified_if_one_is_wanted() {
    let mut actions = each(&CHATS, "modify_button = true");
    actions.extend(each_as(&CHATS, "no", "modify_button = false"));
    let stage = Stage::told(&actions);
    let usual = [("Acknowledge", "acknowledge"), ("Incident #1", "incident")];
    have(&stage, "", &[usual[0], usual[1], ("Modify", "modify")]);
    have(&stage, "-no", &usual);
    lead(&stage, "modify", "name=\"title\"");
}

#[test]
fn a_delete_button_leads_to_where_the_incident_is_deleted_if_one_is_wanted() {
    let bare = "incident_button = false\nother_actions = \"no\"";
    let mut actions = each(&CHATS, &format!("delete_button = true\n{bare}"));
    actions.extend(each_as(&CHATS, "no", bare));
    let over = each_as(&CHATS, "over", "delete_button = true\nincident_button = false");
    actions = actions.into_iter().map(|told| told.with("on = [\"opened\"]")).collect();
    actions.extend(over.into_iter().map(|told| told.with("on = [\"resolved\"]")));
    let stage = Stage::told(&actions);
    have(&stage, "", &[("Delete", "delete")]);
    have(&stage, "-no", &[]);
    lead(&stage, "delete", "value=\"delete\"");
    stage.relay.run(&["incidents", "resolve", "1"]).expect(0);
    stage.arrived();
    have(&stage, "-over", &[]);
}

/// Actions with these settings that are told of an opened, an acknowledged and a resolved incident, and what
/// they have sent.
fn through_its_life(settings: &str) -> Stage {
    let of = |(as_what, change): (&str, &str)| -> Vec<Told> {
        let actions = each_as(&CHATS, as_what, &format!("incident_button = false\n{settings}"));
        actions.into_iter().map(|told| told.with(&format!("on = [\"{change}\"]"))).collect()
    };
    let changes = [("open", "opened"), ("taken", "acknowledged"), ("over", "resolved")];
    let actions: Vec<Told> = changes.into_iter().flat_map(of).collect();
    let stage = Stage::start(&actions);
    stage.report(&alert());
    for command in ["ack", "resolve"] {
        stage.relay.run(&["incidents", command, "1"]).expect(0);
        stage.arrived();
    }
    stage
}

#[test]
fn other_actions_are_acknowledge_or_the_transitions_that_the_incidents_state_allows_or_none() {
    let stage = through_its_life("");
    have(&stage, "-open", &[("Acknowledge", "acknowledge")]);
    have(&stage, "-taken", &[]);
    have(&stage, "-over", &[]);
    let stage = through_its_life("other_actions = \"yes\"");
    have(&stage, "-open", &[("Acknowledge", "acknowledge"), ("Resolve", "resolve"), ("Add note", "note")]);
    have(&stage, "-taken", &[("Hand back", "unacknowledge"), ("Resolve", "resolve"), ("Add note", "note")]);
    have(&stage, "-over", &[("Reopen", "reopen"), ("Add note", "note")]);
    let stage = through_its_life("other_actions = \"no\"");
    for as_what in ["-open", "-taken", "-over"] {
        have(&stage, as_what, &[]);
    }
}

#[test]
fn other_action_codes_choose_among_the_transitions_that_the_incidents_state_allows() {
    let stage = through_its_life(
        "other_actions = \"specify\"\nother_action_codes = [\"note, unacknowledge\", \"resolve\"]\n\
         delete_button = true\nmodify_button = true",
    );
    let (modify, delete) = (("Modify", "modify"), ("Delete", "delete"));
    let (resolve, note) = (("Resolve", "resolve"), ("Add note", "note"));
    have(&stage, "-open", &[modify, resolve, note, delete]);
    have(&stage, "-over", &[modify, note]);
    for peer in CHATS {
        let taken = buttons(&stage, &format!("{peer}-taken"));
        // A connector shows four.
        let shown = if peer == "connector" { 4 } else { 5 };
        let expected = [modify, ("Hand back", "unacknowledge"), resolve, note, delete];
        let expected: Value = expected[..shown].iter().map(|(label, to)| button(peer, label, to)).collect();
        assert_eq!(taken, expected, "{peer}");
    }
}

#[test]
fn a_code_that_is_no_transition_is_told_when_the_configuration_is_read() {
    for peer in CHATS {
        let wrong = "other_actions = \"specify\"\nother_action_codes = [\"resolve, ev_close\"]";
        let said = refused(Told::new(peer, wrong));
        let words = format!("actions.{peer}.settings.other_action_codes: `ev_close` is no transition; ");
        assert!(said.contains(&words), "{said}");
        assert!(said.contains("acknowledge, unacknowledge, resolve, reopen, note"), "{said}");
        let said = refused(Told::new(peer, "other_actions = \"specify\""));
        assert!(said.contains(&format!("actions.{peer}.settings.other_action_codes: ")), "{said}");
        let said = refused(Told::new(peer, "other_actions = \"maybe\""));
        assert!(said.contains("no, yes, specify"), "{said}");
    }
}
