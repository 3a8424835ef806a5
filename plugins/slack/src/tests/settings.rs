//! What is told when a configuration is saved, so that it need not fail in the night.
//!
//! Never a mistake that only a delivery can tell.

use super::*;

fn problems(host: &str, mode: Mode, settings: &Fields) -> Vec<String> {
    let found = Slack::check_action(host, &workspace(mode), settings).err().unwrap_or_default();
    found.into_iter().map(|problem| format!("{}: {}", problem.field, problem.problem)).collect()
}

#[test]
fn the_defaults_are_enough_for_a_webhook() {
    assert_eq!(problems("hooks.slack.com", Mode::Auto, &fields()), [""; 0]);
}

#[test]
fn a_bot_needs_a_channel() {
    let found = problems("slack.com", Mode::Auto, &fields());
    assert!(found.len() == 1 && found[0].starts_with("channel: is needed"), "{found:?}");
    for (channel, is_good) in [
        ("C024BE91L", true),
        ("#ops", true),
        ("ops-wächter", true),
        ("U024BE7LH", true),
        ("", false),
        ("  ", false),
        ("#", false),
        ("ops alerts", false),
        ("@jane", false),
        ("a,b", false),
    ] {
        let settings = Fields { channel: Some(channel.to_owned()), ..fields() };
        assert_eq!(problems("slack.com", Mode::Auto, &settings).is_empty(), is_good, "{channel}");
        assert_eq!(problems("proxy.example", Mode::Auto, &settings), [""; 0], "a webhook ignores it");
    }
    let long = Fields { channel: Some("x".repeat(81)), ..fields() };
    assert_eq!(problems("127.0.0.1", Mode::Bot, &long).len(), 1);
}

#[test]
fn every_mistake_is_told_at_once() {
    let settings = Fields {
        mention: vec!["bob".to_owned(), "here".to_owned(), "#ops".to_owned()],
        buttons: chat::Buttons {
            other_actions: chat::OtherActions::Specify,
            other_action_codes: vec!["resolve, ev_close".to_owned()],
            ..fields().buttons
        },
        broadcast: vec!["resolved".to_owned(), "closed".to_owned()],
        ..fields()
    };
    let found = problems("slack.com", Mode::Auto, &settings).join("\n");
    for words in [
        "channel: ",
        "mention: `bob`",
        "mention: `#ops`",
        "other_action_codes: `ev_close`",
        "broadcast: `closed`",
    ] {
        assert!(found.contains(words), "{words} in {found}");
    }
    assert_eq!(found.lines().count(), 5, "{found}");
}

#[test]
fn too_many_mentions_are_told() {
    let settings = Fields { mention: vec!["U024BE7LH".to_owned(); 11], ..fields() };
    assert!(problems("hooks.slack.com", Mode::Auto, &settings)[0].contains("user group"));
}

#[test]
fn only_the_bot_can_be_tried_without_a_trace() {
    assert_eq!(Slack::probe("hooks.slack.com", &workspace(Mode::Auto)), None);
    let probe = Slack::probe("slack.com", &workspace(Mode::Auto)).expect("a probe");
    assert_eq!((probe.request.path.as_str(), probe.place), ("/auth.test", Place::End));
}

#[test]
fn markup_that_would_be_shown_as_it_is_written_is_told_with_what_to_write() {
    let found = |message: &str| {
        problems("hooks.slack.com", Mode::Auto, &Fields { message: Some(message.to_owned()), ..fields() })
    };
    let link = found("<https://wiki.example.org/shop|Runbook> *x*");
    assert!(link.len() == 1 && link[0].contains("link(\"Runbook\")"), "{link:?}");
    for (message, name) in
        [("<!subteam^S0614TZR7> x", "S0614TZR7"), ("<@U024BE7LH>", "U024BE7LH"), ("<!here>", "here")]
    {
        let mention = found(message);
        assert!(
            mention.len() == 1 && mention[0].contains(&format!("{{{{ \"{name}\" | mention }}}}")),
            "{mention:?}"
        );
    }
    assert_eq!(found("a < b > c <- \u{e010}https://a.example\u{e011}Wiki\u{e012}"), [""; 0]);
    let settings = Fields { blocks: Some("[]".to_owned()), message: Some("x".to_owned()), ..fields() };
    let wrong = problems("hooks.slack.com", Mode::Auto, &settings);
    assert!(wrong.len() == 2 && wrong[0].starts_with("blocks: has 0 blocks"), "{wrong:?}");
}
