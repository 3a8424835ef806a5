//! `tocsin journal show`: what was recorded is readable, while the relay runs and when it is stopped.

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, Site, action, claimed, connection, source};

/// A relay that opened two incidents, sent one message of each, and resolved the first.
fn relay_with_a_timeline(receiver: &Receiver) -> (Relay, String) {
    let tables = [
        source("hook", "webhook"),
        connection("chat", "webhook", &receiver.url("/")),
        action("tell", "chat"),
    ];
    let relay = Relay::start(&tables.concat());
    let post = |id: &str| {
        let alert = json!({ "title": format!("{id} is full"), "id": id, "severity": "high" });
        relay.post("hook", &alert.to_string()).expect(200).receipt()
    };
    let receipt = post("disk");
    post("tape");
    relay.settled();
    relay.run(&["incidents", "resolve", "1", "it", "was", "cleaned", "--as", "Ada"]).expect(0);
    relay.settled();
    (relay, receipt)
}

/// What a command prints with `--json`: an entry on each line.
fn entries(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let ran = site.run(&[&["journal", "show", "--json"], arguments].concat()).expect(0);
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    let facts = entries.iter().flat_map(|entry| entry["facts"].as_array().expect("facts"));
    facts.map(|fact| fact["fact"].as_str().expect("a kind")).collect()
}

fn numbers(entries: &[Value]) -> Vec<u64> {
    entries.iter().map(|entry| entry["number"].as_u64().expect("a number")).collect()
}

#[test]
fn the_journal_says_in_words_what_happened_by_whom_and_to_what() {
    let receiver = Receiver::start();
    let (mut relay, receipt) = relay_with_a_timeline(&receiver);
    let delivery =
        relay.list(&["deliveries", "list", "--incident", "1"])[0]["id"].as_str().expect("an id").to_owned();
    let said = relay.run(&["journal", "show"]).expect(0).stdout;
    for words in [
        "\n1  20".trim_start(),
        " UTC  Tocsin 0.",
        &format!(" UTC  request {receipt}\n"),
        "    #1 opened by hook (high): disk is full\n",
        &format!("    receipt {receipt} of hook: applied; #1 opened\n"),
        " of #1 by tell queued over chat\n",
        &format!("    delivery {delivery} of #1 by tell: an attempt began\n"),
        &format!("    delivery {delivery} of #1 by tell is delivered after "),
        &format!(" UTC  operator {}\n", claimed("Ada")),
        "    #1 is resolved\n",
        "    timeline of #1: resolved by Ada: it was cleaned\n",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("policy"), "{said}");
    let verbose = relay.run(&["journal", "show", "--verbose", "--limit", "1"]).expect(0).stdout;
    assert!(verbose.contains("    policy ") && verbose.contains(", epoch 0\n"), "{verbose}");

    // The same from the file.
    let (text, whole) = (said, entries(&relay, &["--all"]));
    relay.stop();
    assert_eq!(relay.run(&["journal", "show"]).expect(0).stdout, text);
    assert_eq!(entries(&relay, &["--all"]), whole);
    let said = relay.run(&["journal", "show", "--incident", "7"]).expect(1).stderr;
    assert!(said.contains("There is no incident 7"), "{said}");
}

#[test]
fn entries_as_json_have_the_fields_of_their_facts_and_are_found_by_incident_receipt_and_time() {
    let receiver = Receiver::start();
    let (relay, receipt) = relay_with_a_timeline(&receiver);
    let whole = entries(&relay, &["--all"]);
    assert_eq!(numbers(&whole), (1..=whole.len() as u64).collect::<Vec<_>>());
    assert_eq!((&whole[0]["cause"]["cause"], &whole[0]["epoch"]), (&json!("start"), &json!(0)));
    let opened = whole.iter().find(|entry| entry["cause"]["receipt"] == *receipt).expect("the request");
    let fact = &opened["facts"].as_array().expect("facts")[0];
    assert_eq!(
        (&fact["fact"], &fact["number"], &fact["title"], &fact["severity"], &fact["source"]),
        (&json!("incident_opened"), &json!(1), &json!("disk is full"), &json!("high"), &json!("hook"))
    );
    assert_eq!(opened["policy"].as_str().map(str::len), Some(16), "{opened}");

    let of_receipt = entries(&relay, &["--receipt", &receipt]);
    assert_eq!(of_receipt, std::slice::from_ref(opened));
    let id = relay.json(&["incidents", "show", "1"])["id"].as_str().expect("an id").to_owned();
    let of_disk = entries(&relay, &["--incident", "1"]);
    assert_eq!(entries(&relay, &["--incident", &id]), of_disk);
    assert!(of_disk.len() < whole.len() && kinds(&of_disk).contains(&"delivery_settled"), "{of_disk:#?}");
    let titles = serde_json::to_string(&of_disk).expect("JSON");
    assert!(!titles.contains("tape is full"), "{titles}");
    let part = entries(&relay, &["--from", "2", "--to", "3"]);
    assert_eq!(numbers(&part), [2, 3]);
    assert_eq!(entries(&relay, &["--since", "1h", "--limit", "1000"]), whole);
    assert_eq!(entries(&relay, &["--since", "2099-01-01"]), [] as [Value; 0]);
}

#[test]
fn a_page_of_the_journal_says_when_more_is_there() {
    let relay = Relay::start(&source("hook", "webhook"));
    for n in 0..12 {
        relay.post("hook", &json!({ "title": "Disk full", "id": n.to_string() }).to_string()).expect(200);
    }
    let last = entries(&relay, &["--all"]).len();
    let ran = relay.run(&["journal", "show", "--from", "3", "--limit", "2"]).expect(0);
    assert!(
        ran.stdout.ends_with(&format!("\nmore: go on with --from 5; the last entry is {last}\n")),
        "{ran:?}"
    );
    let ran = relay.run(&["journal", "show", "--from", "3", "--limit", "2", "--json"]).expect(0);
    assert_eq!((ran.stdout.lines().count(), ran.stderr.contains("--from 5")), (2, true), "{ran:?}");
    let ran = relay.run(&["journal", "show", "--from", "9999"]).expect(0);
    assert_eq!(ran.stdout, format!("no such entries: the journal has 1 to {last}\n"));
    let wrong = relay.run(&["journal", "show", "--since", "yesterday"]).expect(2).stderr;
    assert!(wrong.contains("`yesterday` is not a time"), "{wrong}");
    let wrong = relay.run(&["journal", "show", "--receipt", "x"]).expect(1).stderr;
    assert!(wrong.contains("`x` is not an id"), "{wrong}");
}
