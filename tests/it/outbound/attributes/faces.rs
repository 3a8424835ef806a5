//! How a message looks: its colour, and in Rocket.Chat whom it is from.

use serde_json::{Value, json};

use super::{Stage, Told, alert, refused};

/// The colour of a message, where its peer has it.
fn color(stage: &Stage, action: &str) -> Value {
    let message = stage.message(action);
    let found = match action.split('-').next().unwrap_or_default() {
        "slack" | "rocketchat" => &message["attachments"][0]["color"],
        "teams" => &message["attachments"][0]["content"]["body"][0]["style"],
        "connector" => &message["themeColor"],
        other => unreachable!("{other} has no colours"),
    };
    found.clone()
}

#[test]
fn a_highlight_color_is_a_hexadecimal_number_for_connectors_and_the_nearest_style_for_cards() {
    let expected = [
        ("connector", "107C10", "107C10"),
        ("connector-hash", "#ff8800", "FF8800"),
        ("connector-style", "accent", "0078D4"),
        ("teams", "107C10", "good"),
        ("teams-hash", "#ff8800", "warning"),
        ("teams-red", "D13438", "attention"),
        ("teams-grey", "808080", "emphasis"),
        ("teams-style", "accent", "accent"),
        ("teams-plain", "default", "default"),
        ("slack", "107C10", "#107C10"),
        ("rocketchat", "107C10", "#107C10"),
    ];
    let own =
        |(action, set, _): &(&str, &str, &str)| Told::new(action, &format!("highlight_color = \"{set}\""));
    let mut actions: Vec<Told> = expected.iter().map(own).collect();
    actions.extend(
        ["slack", "teams", "connector", "rocketchat"].map(|peer| Told::new(&format!("{peer}-own"), "")),
    );
    let stage = Stage::told(&actions);
    for (action, _, shown) in expected {
        assert_eq!(color(&stage, action), shown, "{action}");
    }
    assert_eq!(color(&stage, "slack-own"), json!(null));
    assert_eq!(color(&stage, "teams-own"), "attention");
    assert_eq!(color(&stage, "connector-own"), "D13438");
    assert_eq!(color(&stage, "rocketchat-own"), "#B71C1C");
}

#[test]
fn a_highlight_color_that_is_none_is_told_when_the_configuration_is_read() {
    for peer in ["slack", "teams", "connector", "rocketchat"] {
        let said = refused(Told::new(peer, "highlight_color = \"red\""));
        assert!(said.contains(&format!("actions.{peer}.settings.highlight_color: ")), "{said}");
        assert!(said.contains("six hexadecimal digits"), "{said}");
    }
}

#[test]
fn an_alias_is_whom_a_message_is_from_with_placeholders() {
    let alias = "alias = 'Tocsin, $this->labels->team$ @all ({{ severity }})'";
    let stage = Stage::told(&[Told::new("rocketchat", alias), Told::new("rocketchat-none", "")]);
    assert_eq!(stage.message("rocketchat")["alias"], "Tocsin, storage @ all (critical)");
    assert!(stage.message("rocketchat-none").get("alias").is_none());
}

#[test]
fn an_image_avatar_is_an_address_with_placeholders_and_left_out_when_it_becomes_none() {
    let avatar = "avatar = 'https://pictures.example/$this->severity$/{{ labels.picture }}.png'";
    let stage = Stage::start(&[
        Told::new("rocketchat", avatar),
        Told::new("rocketchat-whole", "avatar = '{{ labels.picture }}'"),
        Told::new("rocketchat-none", ""),
    ]);
    let mut alert = alert();
    alert["picture"] = json!("javascript:alert(1)");
    stage.report(&alert);
    assert_eq!(
        stage.message("rocketchat")["avatar"],
        "https://pictures.example/critical/javascript:alert(1).png"
    );
    for without in ["rocketchat-whole", "rocketchat-none"] {
        assert!(stage.message(without).get("avatar").is_none(), "{without}");
    }
    let said = summary(&stage, "rocketchat-whole");
    assert!(
        said.contains("without avatar: `javascript:alert(1)` is no absolute http or https address"),
        "{said}"
    );
    let said = refused(Told::new("rocketchat", "avatar = \"ghost.png\""));
    assert!(said.contains("`ghost.png` is no absolute http or https address"), "{said}");
}

#[test]
fn an_emoji_avatar_is_a_name_between_colons_with_placeholders_and_left_out_when_it_becomes_none() {
    let stage = Stage::start(&[
        Told::new("rocketchat", "emoji = ':$this->labels->team$:'"),
        Told::new("rocketchat-whole", "emoji = '{{ labels.host }}'"),
        Told::new("rocketchat-none", ""),
    ]);
    stage.report(&alert());
    assert_eq!(stage.message("rocketchat")["emoji"], ":storage:");
    for without in ["rocketchat-whole", "rocketchat-none"] {
        assert!(stage.message(without).get("emoji").is_none(), "{without}");
    }
    let said = summary(&stage, "rocketchat-whole");
    assert!(said.contains("without emoji: `db-1` is no emoji's name between colons"), "{said}");
    let said = refused(Told::new("rocketchat", "emoji = \"ghost\""));
    assert!(said.contains("`ghost` is no emoji's name between colons, such as `:ghost:`"), "{said}");
}

/// What the delivery log says of an action's only delivery.
fn summary(stage: &Stage, action: &str) -> String {
    let deliveries = stage.relay.list(&["deliveries", "list", "--action", action]);
    deliveries[0]["last"]["summary"].as_str().expect("an attempt").to_owned()
}
