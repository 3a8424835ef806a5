//! Incidents that nobody wishes for, through every message that the plugin makes.
//!
//! Never a fixed list alone: sizes, texts and options are combined.

use serde_json::Value;
use tocsin_plugin::{Label, Link};

use super::*;

const FILLERS: [&str; 12] = [
    "x",
    "&",
    "<",
    "ü",
    "🔥",
    "\\\"",
    "\u{7}",
    "\u{202e}",
    "<!channel> ",
    "]]>' \"",
    "https://a.example/&& ",
    "\n",
];

/// `filler` again and again, in about this many bytes.
fn fill(filler: &str, bytes: usize) -> String {
    filler.repeat(bytes / filler.len())
}

/// An incident of nothing but `filler`, as large as the host lets it be, and larger.
fn huge(filler: &str) -> Context {
    let mut context = testing::hostile_context(filler);
    let incident = &mut context.incident;
    incident.count = u64::MAX;
    incident.number = u64::MAX;
    incident.links = (0..16)
        .map(|n| Link {
            title: fill(filler, 1_000),
            url: format!("https://a.example/{}", "a&".repeat(n * 60)),
        })
        .collect();
    context.change.changed = ["title", "message", "severity", "labels"].map(str::to_owned).into();
    for url in &mut context.urls {
        url.value.push_str(&"s".repeat(900));
    }
    context
}

/// Every body that is made of a context: by the webhook, and by the bot without and with a message.
pub(crate) fn bodies(context: &Context, settings: &Fields) -> Vec<Value> {
    use tocsin_plugin::chat::View;

    use crate::message::compose;
    vec![
        body(context, settings),
        Value::Object(compose(context, settings, View::Present).expect("a message").edited()),
        Value::Object(
            message::moved(context, "C024BE91L", Some("https://acme.slack.com/archives/C1/p1")).edited(),
        ),
        Value::Object(thread::entry(context, settings, true).posted()),
        Value::Object(thread::entry(context, settings, false).posted()),
    ]
}

#[test]
fn limits_hold_for_the_largest_incident() {
    let options = [
        (ChangeKind::Opened, None, "list"),
        (ChangeKind::Updated, Some("FF0000".to_owned()), "message,title,list"),
        (ChangeKind::Reopened, None, "none"),
    ];
    for filler in FILLERS {
        let mut context = huge(filler);
        for (kind, color, attributes) in &options {
            context.change.kind = *kind;
            for message in [None, Some(fill(filler, 10_000))] {
                let settings = Fields {
                    message,
                    facts: chat::Facts { attributes: vec![(*attributes).to_owned()], user_info: true },
                    highlight_color: color.clone(),
                    mention: vec!["S0123456789012345678901234567890".to_owned(); 10],
                    ..everything()
                };
                bodies(&context, &settings).iter().for_each(limits::check);
            }
        }
    }
}

#[test]
fn the_message_and_the_buttons_stand_when_attributes_are_dropped() {
    let mut context = example_context();
    context.incident.labels =
        (0..100).map(|n| Label { key: format!("k{n}"), value: "v".repeat(4000) }).collect();
    context.incident.message = "m".repeat(2_000);
    let message = body(&context, &everything());
    let shown = message.to_string();
    assert!(shown.contains(&"m".repeat(2_000)), "the message was cut for attributes");
    assert!(shown.contains("\"k0\"") && !shown.contains("\"k20\""), "{shown}");
    assert!(shown.contains("tocsin-incident") && shown.contains("tocsin-delete"));
    assert!(shown.contains("#42 · since "));
}

#[test]
fn buttons_that_are_too_long_are_left_out_and_the_rest_is_there() {
    let mut context = example_context();
    for url in &mut context.urls {
        if url.key == "modify" {
            url.value.push_str(&"x".repeat(3_000));
        }
    }
    let shown = body(&context, &everything()).to_string();
    assert!(!shown.contains("tocsin-modify") && shown.contains("tocsin-delete"));
}

/// The texts in which Slack looks for markup.
fn markup_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(markup_of).collect(),
        Value::Object(members) if members.get("type") == Some(&"mrkdwn".into()) => {
            members.get("text").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
        }
        // Beside layouts, the message's own text.
        Value::Object(members) => {
            let text = members.get("text").filter(|_| members.contains_key("blocks"));
            let text = text.and_then(Value::as_str).map(str::to_owned).into_iter();
            text.chain(members.values().flat_map(markup_of)).collect()
        }
        _ => Vec::new(),
    }
}

/// Panics on a `<` that is neither an address nor a mention of the operator's.
fn only_the_operator_mentions(message: &Value, mentions: &[&str]) {
    // What rich and plain text say is shown as it stands.
    let mut shown = markup_of(message).into_iter().fold(String::new(), |all, text| all + "\n" + &text);
    for mention in mentions {
        shown = shown.replace(mention, "");
    }
    for (at, _) in shown.match_indices('<') {
        let rest = &shown[at + 1..];
        if rest.starts_with("!date^") || rest.starts_with("#C024BE91L>") {
            continue;
        }
        assert!(rest.starts_with("https://"), "{}", &rest[..rest.floor_char_boundary(60)]);
        let end = rest.find('>').expect("a link ends");
        if let Some((url, label)) = rest[..end].split_once('|') {
            let host = url.trim_start_matches("https://").split(['/', '?']).next().unwrap_or_default();
            let is_pointer = label == "Open the message" && host == "acme.slack.com";
            assert!(label.contains(host) || is_pointer, "an alert made the link {url} with the text {label}");
        }
    }
}

#[test]
fn an_alert_can_neither_mention_anybody_nor_hide_an_address() {
    let attacks = [
        "<!channel> <@U024BE7LH> <!subteam^S1> <https://evil.example|click> <#C024BE91L> @here",
        "&lt;!here&gt; <!date^1^{date}|x> <mailto:a@b.example|c>",
        "https://evil.example|click https://evil.example> <!here>",
        "https://evil.example/<!channel>",
        "`<!here>` ```<!here>``` *<!here>*",
    ];
    for attack in attacks {
        let mut context = example_context();
        let incident = &mut context.incident;
        incident.title = attack.to_owned();
        incident.message = attack.to_owned();
        incident.source = attack.to_owned();
        incident.labels = vec![Label { key: attack.to_owned(), value: attack.to_owned() }];
        for (title, url) in [("https://bank.example", "https://evil.example/?a"), ("x", attack)] {
            incident.links.push(Link { title: title.to_owned(), url: url.to_owned() });
        }
        context.change.actor = Some(attack.to_owned());
        context.change.text = attack.to_owned();
        context.change.changed = vec!["title".to_owned(), "message".to_owned()];
        for kind in ChangeKind::ALL {
            context.change.kind = kind;
            for message in [None, Some(attack.to_owned())] {
                let settings = Fields { message, ..everything() };
                for message in bodies(&context, &settings) {
                    limits::check(&message);
                    only_the_operator_mentions(&message, &["<!here>", "<@U024BE7LH>"]);
                }
            }
        }
    }
}

#[test]
fn samples_never_panic() {
    testing::for_each_sample(env!("CARGO_MANIFEST_DIR"), "out-slack", |_, bytes| {
        let response = Response { status: 200, headers: Vec::new(), body: bytes.to_vec() };
        for mode in [Mode::Webhook, Mode::Bot] {
            let _ = Slack::resume(&example_context(), &workspace(mode), &everything(), &[], &response);
        }
        let mut context = example_context();
        context.incident.message = String::from_utf8_lossy(bytes).into_owned();
        limits::check(&body(&context, &fields()));
    });
}
