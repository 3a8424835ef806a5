//! Title and message: the operator's own words with placeholders, which text of an alert never becomes.

use serde_json::{Value, json};

use super::{CHATS, Stage, Told, hostile, json_data, refused};

/// These settings, and nothing beside title and message.
fn bare(peers: &[&str], settings: &str) -> Vec<Told> {
    let told = |peer: &&str| {
        let has_threads = ["rocketchat", "googlechat", "text"].contains(peer);
        let threads = if has_threads { "threads = false\n" } else { "" };
        let bare = "attributes = [\"none\"]\nincident_button = false\nother_actions = \"no\"";
        Told::new(peer, &format!("{bare}\n{threads}{settings}"))
    };
    peers.iter().map(told).collect()
}

/// The card in what a flow gets.
fn card(stage: &Stage) -> Value {
    stage.message("teams")["attachments"][0]["content"].clone()
}

#[test]
fn a_message_is_the_operators_own_and_its_placeholders_are_filled_in_once() {
    let settings = "message = '$this->title$ / $this->labels->team$ / $this->label(severity)$'";
    let stage = Stage::start(&bare(&CHATS, settings));
    stage.report(&hostile());
    let headline = "Disk \"full\" &lt;!channel&gt; &lt;users/all&gt; @all $this-&gt;message$ {{ message }}";
    let section = json!({
        "type": "section",
        "text": { "type": "mrkdwn", "text": format!("{headline} / storage / Critical"), "verbatim": true },
    });
    let mut message = stage.message("slack");
    let since = message["blocks"][1]["elements"][0]["text"].take();
    let since = since.as_str().expect("a text");
    let time = format!("^{{date_short_pretty}} {{time}}|{}>", stage.clock("opened_at"));
    assert!(since.starts_with("#1 · since <!date^") && since.ends_with(&time), "{since}");
    let since = json!({ "type": "mrkdwn", "text": null, "verbatim": true });
    let rest = json!({ "type": "plain_text", "text": "storage · db-1 · from monitoring", "emoji": false });
    assert_eq!(
        message,
        json!({
            "text": format!("[CRITICAL] {headline} — db-1"),
            "blocks": [section, { "type": "context", "elements": [since, rest] }],
            "unfurl_links": false,
            "unfurl_media": false,
        })
    );
    let message =
        "Disk \"full\" <!channel> <users/all> @all $this->message$ {{ message }} / storage / Critical";
    assert_eq!(
        card(&stage)["body"][1],
        json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": message }] })
    );
    let essentials = stage.essentials().replacen('#', "\\#", 1).replacen("db-1", "db\\-1", 1);
    assert_eq!(
        stage.message("connector")["sections"],
        json!([{ "text": format!("Disk &quot;full&quot; &lt;\\!channel&gt; &lt;users/all&gt; @all $this\\-&gt;message$ \
                                  \\{{\\{{ message \\}}\\}} / storage / Critical\n\n{essentials}") }])
    );
    assert_eq!(
        stage.message("rocketchat"),
        json!({
            "text": "Disk \"full\" < !channel> < users/all> @ all $this->message$ \
                     {{ message }} / storage / Critical",
            "attachments": [],
            "parseUrls": false,
        })
    );
    let widgets = &stage.message("googlechat")["cardsV2"][0]["card"]["sections"][0]["widgets"];
    assert_eq!(
        widgets[1],
        json!({ "textParagraph": { "text":
            "Disk &quot;full&quot; &lt;!channel&gt; &lt;users/all&gt; @all $this-&gt;message$ {{ message }} \
             / storage / Critical" } })
    );
    let text = "Disk \"full\" < !channel> < users/all> @all $this->message$ {{ message }} \
                / storage / Critical";
    assert_eq!(stage.message("text"), json!({ "text": text }));
}

#[test]
fn a_message_to_itop_is_the_description_of_the_ticket() {
    let message = "message = '$this->title$ / $this->labels->team$'\nincident_button = false";
    let stage = Stage::start(&[Told::new("itop", message)]);
    stage.report(&hostile());
    let description = format!(
        "<p>Disk &quot;full&quot; &lt;!channel&gt; &lt;users/all&gt; @all $this-&gt;message$ {{{{ message }}}} / \
         storage</p><p>Tocsin incident {}</p>",
        stage.incident_id()
    );
    assert_eq!(json_data(&stage.request("itop"))["fields"]["description"], description);
}

#[test]
fn a_title_is_the_operators_own_and_stands_where_the_peer_has_its_title() {
    let settings = "title = '$this->labels->team$: {{ title }}'";
    let mut actions = bare(&CHATS[1..], settings);
    actions.push(Told::new("itop", settings));
    actions.push(Told::new(
        "rocketchat-both",
        &format!("attributes = [\"none\"]\nmessage = \"Look.\"\n{settings}"),
    ));
    let stage = Stage::start(&actions);
    stage.report(&hostile());
    let plain = "storage: Disk \"full\" <!channel> <users/all> @all $this->message$ {{ message }}";
    let run = json!({ "type": "TextRun", "text": plain, "size": "medium", "weight": "bolder" });
    assert_eq!(
        card(&stage)["body"][0],
        json!({
            "type": "Container",
            "style": "attention",
            "bleed": true,
            "items": [{ "type": "RichTextBlock", "inlines": [run] }],
        })
    );
    let connector = stage.message("connector");
    let notification =
        "[CRITICAL] Disk \"full\" <!channel> <users/all> @all $this->message$ {{ message }} — db-1";
    assert_eq!(connector["summary"], notification);
    assert_eq!(
        connector["title"],
        "storage: Disk &quot;full&quot; &lt;!channel&gt; &lt;users/all&gt; @all $this-&gt;message$ {{ message }}"
    );
    let broken = "storage: Disk \"full\" < !channel> < users/all> @all $this->message$ {{ message }}";
    let rocket = broken.replace('@', "@ ");
    let essentials = stage.essentials();
    assert_eq!(stage.message("rocketchat")["text"], format!("🚨 *{rocket}*\n/var is at 97 %.\n{essentials}"));
    let both = stage.message("rocketchat-both");
    assert_eq!((&both["text"], &both["attachments"][0]["title"]), (&json!("Look."), &json!(rocket)));
    assert_eq!(
        stage.message("googlechat")["cardsV2"][0]["card"]["header"],
        json!({ "title": plain, "subtitle": essentials })
    );
    assert_eq!(stage.message("googlechat")["fallbackText"], notification);
    assert_eq!(stage.message("text")["text"], format!("*{broken}*\n/var is at 97 %.\n{essentials}"));
    assert_eq!(json_data(&stage.request("itop"))["fields"]["title"], plain);
}

#[test]
fn a_placeholder_may_be_written_in_every_way_that_itop_knows() {
    let forms = [
        ("$this->title$", "Disk <full>"),
        ("$this-&gt;title$", "Disk <full>"),
        ("$this→title$", "Disk <full>"),
        ("https://a.example/%24this->labels->team%24", "https://a.example/storage"),
        ("$this->severity$ $this->label(severity)$", "critical Critical"),
        ("$this->html(title)$", "Disk &lt;full&gt;"),
        ("$this->text(message)$", "at 97 %"),
        ("$this->head(log)$", "on my way"),
        ("$this->name()$ $this->friendlyname$ $this->ref$", "#1 #1 #1"),
        ("$this->label(state)$", "Acknowledged"),
        ("$this->labels->nobody$", ""),
        ("$this->url()$", "page:incident"),
        ("$current_contact->friendlyname$ $current_user->login$", "jane jane"),
        ("$this$ costs 5 $ or $title$", "$this$ costs 5 $ or $title$"),
    ];
    let payload = json!(forms.map(|(written, _)| written));
    let told = Told::new("webhook", &format!("payload = '{payload}'")).with("on = [\"acknowledged\"]");
    let stage = Stage::start(&[told]);
    stage.report(&json!({ "title": "Disk <full>", "message": "at <b>97</b> %", "severity": "critical", "team": "storage" }));
    stage.relay.run(&["incidents", "ack", "1", "on my way", "--as", "jane"]).expect(0);
    stage.arrived();
    assert_eq!(stage.message("webhook"), json!(forms.map(|(_, expected)| expected)));
}

#[test]
fn a_placeholder_that_nothing_stands_for_is_told_when_the_configuration_is_read() {
    for peer in CHATS.iter().chain(&["itop"]) {
        let said = refused(Told::new(peer, "message = \"$this->titel$\""));
        let words =
            format!("actions.{peer}.settings.message: unknown placeholder `$this->titel$`: there is id, ");
        assert!(said.contains(&words), "{said}");
    }
    let said = refused(Told::new("webhook", "payload = '{\"a\": \"{{ title | uper }}\"}'"));
    assert!(said.contains("unknown filter `uper`: did you mean `upper`?"), "{said}");
}
