//! What documents an action and its connection: name, description, language, type, environment.

use serde_json::{Value, json};

use super::{CHATS, Stage, Told, each, each_as};

/// These members of an action or connection that is listed.
fn listed(stage: &Stage, what: &str, name: &str, members: &[&str]) -> Vec<Value> {
    let all = stage.relay.list(&[what, "list"]);
    let found = all.iter().find(|one| one["name"] == name).unwrap_or_else(|| unreachable!("{all:#?}"));
    members.iter().map(|member| found[*member].clone()).collect()
}

#[test]
fn a_name_is_what_an_action_is_called_wherever_it_is_mentioned() {
    let names = ["slack-night-shift", "itop-tickets", "webhook-mirror"];
    let stage = Stage::told(&names.map(|name| Told::new(name, "")));
    let mut known: Vec<Value> =
        stage.relay.list(&["actions", "list"]).iter().map(|one| one["name"].clone()).collect();
    known.sort_by_key(ToString::to_string);
    assert_eq!(known, ["itop-tickets", "slack-night-shift", "webhook-mirror"]);
    let shown = stage.relay.run(&["actions", "list"]).expect(0).stdout;
    let timeline = stage.relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    for name in names {
        assert!(shown.contains(name) && timeline.contains(name), "{shown}\n{timeline}");
        let deliveries = stage.relay.list(&["deliveries", "list", "--action", name]);
        assert_eq!((deliveries.len(), &deliveries[0]["action"]), (1, &json!(name)));
        assert_eq!(stage.relay.json(&["actions", "try", name])["action"], name);
    }
}

#[test]
fn a_description_is_listed_with_its_action_and_its_connection() {
    let told = Told::new("slack", "").with("description = \"Who is on call reads \\\"this\\\"\"");
    let stage =
        Stage::start(&[told.through("description = \"The channel of operations\""), Told::new("teams", "")]);
    assert_eq!(listed(&stage, "actions", "slack", &["description"]), ["Who is on call reads \"this\""]);
    assert_eq!(listed(&stage, "connections", "slack", &["description"]), ["The channel of operations"]);
    assert_eq!(listed(&stage, "actions", "teams", &["description"]), [""]);
    let said = |what| stage.relay.run(&[what, "list"]).expect(0).stdout;
    assert!(said("actions").contains("Who is on call reads \"this\""), "{}", said("actions"));
    assert!(said("connections").contains("The channel of operations"), "{}", said("connections"));
}

#[test]
fn a_language_is_listed_and_changes_no_message() {
    let settings = "incident_button = false";
    let mut actions = each(&CHATS, settings);
    let spoken =
        each_as(&CHATS, "spoken", settings).into_iter().map(|told| told.with("language = \"DE DE\""));
    actions.extend(spoken);
    let stage = Stage::told(&actions);
    for peer in CHATS {
        let spoken = format!("{peer}-spoken");
        assert_eq!(listed(&stage, "actions", &spoken, &["language"]), ["de-DE"]);
        assert_eq!(stage.message(&spoken), stage.message(peer));
    }
    assert_eq!(listed(&stage, "actions", "slack", &["language"]), [""]);
}

#[test]
fn the_type_and_environment_of_a_connection_are_listed() {
    let lines = "type = \"Ticketing\"\nenvironment = \"3-production\"";
    let stage = Stage::start(&[Told::new("itop", "").through(lines), Told::new("slack", "")]);
    let members = ["plugin", "type", "environment", "host"];
    assert_eq!(
        listed(&stage, "connections", "itop", &members),
        ["itop", "Ticketing", "3-production", "127.0.0.1"]
    );
    assert_eq!(listed(&stage, "connections", "slack", &members), ["slack", "", "", "127.0.0.1"]);
    let said = stage.relay.run(&["connections", "list"]).expect(0).stdout;
    assert!(said.contains("Ticketing") && said.contains("3-production"), "{said}");
}
