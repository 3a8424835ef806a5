//! `tocsin audit`: everything that people did, with who did it, whatever became of the store since.

use serde_json::{Value, json};

use crate::harness::{Receiver, Relay, Reply, Site, action, claimed, connection, guest, source, until};

/// A relay whose commands `grace` runs, with something of everything that can be done.
fn relay(receiver: &Receiver) -> Relay {
    let tables = [
        source("hook", "webhook"),
        source("polite", "polite"),
        connection("rocket", "rocketchat", &receiver.url("/hooks/id/token")),
        connection("out", "webhook", &receiver.url("/")),
        action("tell", "out"),
        "test_connection = \"out\"\n".to_owned(),
    ];
    let site = Site::new(&tables.concat()).with_environment(&[("SUDO_USER", "grace")]);
    site.drop_plugin("polite.wasm", &guest("polite"));
    Relay::start_in(site)
}

fn receiver() -> Receiver {
    Receiver::scripted(|request, _| match request.path.as_str() {
        "/hooks/info/id/token" => Reply::body(200, r#"{"success":true}"#),
        _ => Reply::ok(),
    })
}

/// What was done, newest first, as `who: what`.
fn deeds(relay: &Relay, arguments: &[&str]) -> Vec<String> {
    let words = |deed: &Value| {
        let what: Vec<&str> =
            deed["what"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        format!("{}: {}", deed["by"].as_str().expect("a name"), what.join("; "))
    };
    relay.list(&[&["audit", "--all"], arguments].concat()).iter().map(words).collect()
}

/// Does one of everything. Returns what the audit has to say of it, oldest first.
fn do_everything(relay: &Relay, receiver: &Receiver) -> Vec<String> {
    let (ada, grace) = (claimed("Ada"), claimed("grace"));
    relay.post("hook", &json!({ "title": "Disk full", "id": "disk" }).to_string()).expect(200);
    receiver.wait(1);
    relay.settled();
    relay.run(&["incidents", "ack", "1", "on", "it", "--as", "Ada"]).expect(0);
    relay.settled();
    let delivery = relay.list(&["deliveries", "list"])[0]["id"].as_str().expect("an id").to_owned();
    relay.run(&["incidents", "note", "1", "seen", "--as", "Ada"]).expect(0);
    relay.run(&["incidents", "modify", "1", "--title", "Disk fuller"]).expect(0);
    let digest =
        relay.json(&["plugins", "approve", "polite.wasm"])["digest"].as_str().expect("it").to_owned();
    relay.post("hook", "no JSON");
    let dead =
        relay.list(&["receipts", "list", "--dead-letters"])[0]["id"].as_str().expect("an id").to_owned();
    relay.run(&["receipts", "redecode", &dead]).expect(1);
    relay.run(&["receipts", "redecode", "--source", "hook"]).expect(1);
    relay.run(&["receipts", "redecode", "--source", "polite"]).expect(0);
    relay.run(&["receipts", "discard", &dead, "--as", "Ada"]).expect(0);
    relay.run(&["connections", "test", "rocket"]).expect(0);
    relay.run(&["actions", "try", "tell"]).expect(0);
    relay.run(&["actions", "try", "tell", "--send"]).expect(0);
    relay.run(&["backup", "made.backup"]).expect(0);
    assert!(!delivery.is_empty());
    let port = receiver.url("/");
    let host = port.trim_start_matches("http://").split([':', '/']).next().expect("a host").to_owned();
    vec![
        format!("{ada}: acknowledged #1: on it"),
        format!("{ada}: wrote a note on #1: seen"),
        format!("{grace}: modified #1 (title)"),
        format!("{grace}: approved the plugin file polite.wasm (sha256 {digest})"),
        format!("{grace}: had request {dead} of hook decoded again"),
        format!("{grace}: had all dead letters of hook decoded again: 1"),
        format!("{ada}: discarded requests: {dead}"),
        format!("{grace}: tested the connection rocket at {host}"),
        format!("{grace}: sent a sample incident by the action tell over out"),
        format!("{grace}: asked for a backup of the store"),
    ]
}

#[test]
fn everything_that_people_did_is_listed_with_who_did_it_and_is_there_after_a_rebuild() {
    let receiver = receiver();
    let mut relay = relay(&receiver);
    let begun = deeds(&relay, &[]);
    assert_eq!(begun, ["a start: put the configuration in force"]);
    let mut done = do_everything(&relay, &receiver);
    done.reverse();
    assert_eq!(deeds(&relay, &[])[..done.len()], done);

    let text = relay.run(&["audit", "--by", "ada"]).expect(0).stdout;
    assert!(text.starts_with("ENTRY  TIME (UTC)"), "{text}");
    assert!(text.contains(&claimed("Ada")) && !text.contains("grace"), "{text}");
    assert!(text.contains("  acknowledged #1: on it\n"), "{text}");

    // Page by page.
    let first = relay.run(&["audit", "--limit", "1"]).expect(0).stdout;
    let after =
        first.rsplit_once("--after ").and_then(|(_, rest)| rest.split(',').next()).expect("it goes on");
    let rest = deeds(&relay, &["--after", after]);
    assert_eq!(rest[..], deeds(&relay, &[])[1..]);
    let wrong = relay.run(&["audit", "--after", "yesterday"]).expect(1).stderr;
    assert!(wrong.contains("`after`: `yesterday` is not the number of an entry"), "{wrong}");

    // The same in the journal, in a checked store, and in one that was made anew.
    let number = relay.list(&["audit"])[0]["number"].as_u64().expect("a number").to_string();
    let shown = relay.run(&["journal", "show", "--from", &number, "--to", &number]).expect(0).stdout;
    assert!(shown.contains(&format!("{} asked for a backup of the store\n", claimed("grace"))), "{shown}");
    let before = relay.json(&["audit", "--all"]);
    relay.stop();
    relay.run(&["verify"]).expect(0);
    relay.run(&["rebuild", "--yes"]).expect(0);
    relay.run(&["verify", "--replay"]).expect(0);
    relay.restart();
    assert_eq!(relay.json(&["audit", "--all"]), before);
}

#[test]
fn a_reload_is_listed_with_its_author_and_what_changed() {
    let relay =
        Relay::start_in(Site::new(&source("hook", "webhook")).with_environment(&[("SUDO_USER", "grace")]));
    relay.configure(&[source("hook", "webhook"), source("other", "webhook")].concat());
    relay.run(&["reload"]).expect(0);
    let newest = &deeds(&relay, &["--since", "1h"])[0];
    assert!(newest.starts_with(&claimed("grace")) && newest.contains("sources.other"), "{newest}");
    let text = relay.run(&["audit"]).expect(0).stdout;
    assert!(text.contains("  configuration: "), "{text}");
}

#[test]
fn an_empty_list_of_deeds_says_what_to_do() {
    let relay = Relay::start(&source("hook", "webhook"));
    let none = relay.run(&["audit", "--by", "nobody"]).expect(0).stdout;
    assert_eq!(none, "no deeds: none matches; `tocsin audit` without these options lists all\n");
    assert_eq!(relay.json(&["audit", "--by", "nobody"])["items"], json!([]));
}

#[test]
fn deeds_go_with_the_journals_head() {
    let limits = "[limits]\nkeep_journal = \"1s\"\n";
    let relay = Relay::start(&format!("{}{limits}", source("hook", "webhook")));
    relay.post("hook", &json!({ "title": "Disk full", "id": "disk" }).to_string()).expect(200);
    relay.run(&["incidents", "note", "1", "old", "--as", "Ada"]).expect(0);
    let mut posted = 0;
    until("the old deeds are gone", || {
        posted += 1;
        relay.post("hook", &json!({ "title": "Tape", "id": posted.to_string() }).to_string()).expect(200);
        deeds(&relay, &[]).is_empty().then_some(())
    });
    relay.run(&["verify"]).expect(0);
    let none = relay.run(&["audit"]).expect(0).stdout;
    assert!(none.starts_with("no deeds: "), "{none}");
}
