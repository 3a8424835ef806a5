//! What was kept for long enough goes by itself: incidents, receipts, the head of the journal. The rest goes on.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Relay, Site, source, until};

/// Everything is kept for a second.
fn tables() -> String {
    let source = source("hook", "webhook");
    let limits = "keep_incidents = \"1s\"\nkeep_journal = \"1s\"\nkeep_dead_letters = \"1s\"\n";
    format!("{source}replay_window = \"1s\"\n[limits]\n{limits}")
}

fn post(relay: &Relay, title: &str) {
    relay.post("hook", &json!({ "title": title }).to_string()).expect(200);
}

fn numbers(relay: &Relay) -> Vec<u64> {
    let incidents = relay.list(&["incidents", "list", "--limit", "1000"]);
    incidents.iter().filter_map(|incident| incident["number"].as_u64()).collect()
}

fn cut(relay: &Relay) -> Option<u64> {
    relay.json_of_any_code(&["status"])["kept_since"]["journal_cut"]["entry"].as_u64()
}

#[test]
fn resolved_incidents_receipts_and_the_journals_head_go_after_their_time_and_the_rest_goes_on() {
    let mut relay = Relay::start(&tables());
    post(&relay, "old");
    let receipt = relay.list(&["receipts", "list"])[0]["id"].as_str().expect("an id").to_owned();
    post(&relay, "open");
    relay.run(&["incidents", "resolve", "1"]).expect(0);
    until("the resolved incident is forgotten", || (numbers(&relay) == [2]).then_some(()));
    until("the receipts are forgotten", || relay.list(&["receipts", "list"]).is_empty().then_some(()));
    until("the journal is cut", || cut(&relay));
    for (command, words) in [
        (&["incidents", "show", "1"][..], "There is no incident 1: it never was, or it was forgotten"),
        (&["incidents", "reopen", "1"], "There is no incident 1"),
        (&["receipts", "show", &receipt], "it never was, or it was forgotten"),
        (&["receipts", "redecode", &receipt], "it never was, or it was forgotten"),
    ] {
        let said = relay.run(command).expect(1).stderr;
        assert!(said.contains(words), "{command:?}: {said}");
    }
    // The same again is another incident, with a number of its own.
    post(&relay, "old");
    assert_eq!(numbers(&relay), [3, 2]);
    let said = relay.run(&["status"]).stdout;
    assert!(said.contains("kept since       resolved incidents none, receipts "), "{said}");

    is_whole(&relay);
    let said = relay.run(&["verify"]).expect(0).stdout;
    assert!(said.contains("keep_journal dropped the entries before it"), "{said}");
    relay.run(&["backup", "made.backup"]).expect(0);
    relay.stop();
    is_whole(&relay);
    let before = cut_of(&relay);
    relay.restart();
    post(&relay, "after the restart");
    assert_eq!(numbers(&relay)[0], 4);
    is_whole(&relay);

    let other = Site::new(&tables());
    fs::copy(relay.path("made.backup"), other.path("copied.backup")).expect("copied");
    other.run(&["restore", "copied.backup"]).expect(0);
    is_whole(&other);
    assert!(cut_of(&other) <= before);
    let other = Relay::start_in(other);
    post(&other, "elsewhere");
    assert_eq!(numbers(&other), [4, 3, 2]);
    is_whole(&other);
}

/// Checks the store as far as that can be done after entries were dropped.
fn is_whole(site: &Site) {
    site.run(&["verify"]).expect(0);
}

/// Where the journal was cut, as `verify` says.
fn cut_of(site: &Site) -> u64 {
    site.json(&["verify"])["begins"].as_u64().expect("a number") - 1
}

/// The journal brings every backup that is kept forward.
#[test]
fn entries_after_the_oldest_scheduled_backup_stay() {
    let relay = Relay::start(&format!("{}[backup]\nevery = \"1h\"\nkeep = 2\ndir = \"backups\"\n", tables()));
    let backup = |relay: &Relay| relay.json_of_any_code(&["status"])["backup"]["last"]["entries"].as_u64();
    let entries = until("a backup is made", || backup(&relay));
    for round in 1..=2 {
        post(&relay, &format!("alert {round}"));
        relay.run(&["incidents", "resolve", &round.to_string()]).expect(0);
        // Then more than a second has passed, and entries are older than they are kept for.
        until("the incident is forgotten", || numbers(&relay).is_empty().then_some(()));
    }
    assert!(cut(&relay).unwrap_or(0) <= entries);
    is_whole(&relay);
    let counts: &Value = &relay.json_of_any_code(&["status"])["counts"];
    assert!(counts["journal_entries"].as_u64() > Some(4), "{counts}");
}

#[test]
fn a_time_below_a_second_is_refused() {
    let site =
        Site::new("[limits]\nkeep_incidents = \"0s\"\nkeep_receipts = \"10ms\"\nkeep_journal = \"999ms\"\n");
    let said = site.run(&["check"]).expect(1);
    let said = format!("{}{}", said.stdout, said.stderr);
    for key in ["keep_incidents", "keep_receipts", "keep_journal"] {
        assert!(said.contains(&format!("limits.{key}")), "{said}");
    }
    assert!(said.contains("is less than a second: write how long, such as `\"90d\"`"), "{said}");
}
