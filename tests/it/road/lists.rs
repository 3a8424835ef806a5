//! Lists: none is cut without a word, each goes on where it ended, and incidents are found by what is known of them.

use serde_json::{Value, json};

use super::control::ask;
use crate::harness::{Receiver, Relay, Request, action, at, connection, settings, source};

/// Two sources, one of them with many alerts in a request, and an action for what the other sends.
fn config(receiver: &Receiver) -> String {
    let jq = "jq = '[.alerts[] | {title: .name, status: \"down\", key: .id, severity: .severity, labels: {host: .host}}]'";
    format!(
        "{}{}body_limit = \"8MiB\"\n{}{}{}filter = 'source == \"hook\"'\n",
        source("hook", "webhook"),
        source("k8s", "webhook"),
        settings("sources.k8s", jq),
        connection("out", "webhook", &receiver.url("/hook")),
        action("tell", "out"),
    )
}

fn post(relay: &Relay, count: usize) {
    for n in 1..=count {
        relay
            .post("hook", &json!({ "title": format!("Disk {n} full"), "id": n.to_string() }).to_string())
            .expect(200);
    }
}

/// `count` alerts in one request, by the name `name`.
fn group(relay: &Relay, name: &str, count: usize) {
    let alert = |n: usize| {
        let severity = ["critical", "low"][n % 2];
        json!({ "id": format!("{name}-{n}"), "name": format!("{name} {n}"), "severity": severity, "host": format!("db{}", n % 10) })
    };
    let body = json!({ "alerts": (0..count).map(alert).collect::<Value>() }).to_string();
    relay.send(&Request::json(&at("k8s"), &body)).expect(200);
}

/// The arguments of a command, and those that are added to it.
fn arguments<'a>(command: &'a str, more: &'a str) -> Vec<&'a str> {
    command.split(' ').chain(more.split(' ')).filter(|word| !word.is_empty()).collect()
}

fn numbers(page: &Value) -> Vec<u64> {
    page["items"].as_array().expect("a list").iter().filter_map(|one| one["number"].as_u64()).collect()
}

#[test]
fn a_list_says_that_there_is_more_and_goes_on_where_it_ended() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config(&receiver));
    post(&relay, 60);
    relay.settled();
    let said = |more: &str| relay.run(&arguments("incidents list", more)).expect(0).stdout;
    let first = said("");
    assert_eq!(first.lines().count(), 52, "{first}");
    assert_eq!(first.lines().last(), Some("more: go on with --after 11, or see all with --all"));
    assert_eq!(first.lines().nth(50).map(|line| line.starts_with("#11 ")), Some(true), "{first}");
    let rest = said("--after 11");
    assert_eq!((rest.lines().count(), rest.contains("more:")), (11, false), "{rest}");
    let all = said("--all");
    assert_eq!((all.lines().count(), all.contains("more:")), (61, false), "{all}");
    assert_eq!(
        said("--limit 7 --after 60").lines().last(),
        Some("more: go on with --after 53, or see all with --all")
    );
    assert_eq!(said("--limit 60"), all, "there is no more to speak of");
    for wrong in ["--limit 0", "--limit 5 --all"] {
        relay.run(&arguments("incidents list", wrong)).expect(2);
    }

    for list in ["incidents", "deliveries", "receipts"] {
        let command = format!("{list} list");
        let said = relay.run(&arguments(&command, "")).expect(0).stdout;
        assert!(
            said.lines().last().is_some_and(|line| line.starts_with("more: go on with --after ")),
            "{said}"
        );
        let ids = |page: &Value| -> Vec<String> {
            page["items"].as_array().expect("a list").iter().map(|one| one["id"].to_string()).collect()
        };
        // The command line and the control socket give the same pages.
        let first = relay.json(&arguments(&command, "--limit 45"));
        let next = first["next"].as_str().expect("there is more");
        let (status, asked) = ask(&relay, "GET", &format!("/{list}?limit=45"), "");
        assert_eq!((status, &asked), (200, &first), "{list}");
        let second = relay.json(&arguments(&command, &format!("--after {next} --limit 45")));
        assert_eq!(
            (second["next"].clone(), ids(&first).len(), ids(&second).len()),
            (Value::Null, 45, 15),
            "{list}"
        );
        let all = relay.json(&arguments(&command, "--all"));
        assert_eq!(ids(&all), [ids(&first), ids(&second)].concat(), "{list}");
        assert_eq!(all["next"], Value::Null, "{list}");
        let none = relay.run(&arguments(&command, "--until 2020-01-01")).expect(0).stdout;
        assert!(none.starts_with(&format!("no {list}: none matches; ")), "{none}");
        assert_eq!(relay.list(&arguments(&command, "--since 1h --all")).len(), 60, "{list}");
    }
}

#[test]
fn incidents_are_found_by_state_severity_source_time_and_words() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config(&receiver));
    group(&relay, "Pod", 6);
    post(&relay, 3);
    group(&relay, "Node", 4);
    relay.run(&["incidents", "ack", "2"]).expect(0);
    relay.run(&["incidents", "resolve", "9"]).expect(0);
    relay.run(&["incidents", "modify", "5", "--severity", "info"]).expect(0);
    let found = |more: &str| numbers(&relay.json(&arguments("incidents list", more)));
    let opened = |number: u64| {
        let all = relay.list(&["incidents", "list"]);
        let one = all.iter().find(|one| one["number"] == number).expect("it is there");
        one["opened_at"].as_str().expect("a time").to_owned()
    };
    for (filter, expected) in [
        ("--source k8s --severity critical", &[12, 10, 3, 1][..]),
        ("--source k8s --severity critical,info --limit 3", &[12, 10, 5]),
        ("--state acknowledged,resolved", &[9, 2]),
        ("--state open --source hook", &[8, 7]),
        ("--severity info", &[5]),
        ("--text pod", &[6, 5, 4, 3, 2, 1]),
        ("--text host=db1", &[11, 2]),
        ("--text host=db1 --state open", &[11]),
        ("--text nothing", &[]),
        (&format!("--since {}", opened(10)), &[13, 12, 11, 10]),
        (&format!("--since {} --until {}", opened(7), opened(10)), &[9, 8, 7]),
        (&format!("--until {} --source k8s --severity low", opened(7)), &[6, 4, 2]),
        ("--until 1h", &[]),
        ("--since 1h --after 4", &[3, 2, 1]),
    ] {
        assert_eq!(found(filter), expected, "{filter}");
    }
    let both = relay.json(&["incidents", "list", "--text", "FULL disk 2"]);
    assert_eq!(numbers(&both), [8], "each of the words, in any order and case");

    for (wrong, words_of_it) in [
        ("--severity loud", "`loud` is not a severity: expected one of critical, high, medium, low, info"),
        ("--state burning", "`burning` is not a state: expected one of open, acknowledged, resolved"),
        ("--source nope", "There is no source `nope` in the configuration: there is hook, k8s"),
        ("--after 999", "There is no incident 999"),
        ("--after nope", "`nope` is not an id"),
        ("--since 1h --until 2h", "is not after `since`"),
    ] {
        let said = relay.run(&arguments("incidents list", wrong)).expect(1);
        assert!(said.stderr.contains(words_of_it) && said.stdout.is_empty(), "{wrong}: {said:?}");
    }
    let said = relay.run(&["incidents", "list", "--since", "yesterday"]).expect(2).stderr;
    assert!(said.contains("`yesterday` is not a time: write `2026-11-20T16:50:00Z`"), "{said}");
    let (status, problem) = ask(&relay, "GET", "/incidents?since=yesterday", "");
    assert_eq!(status, 400);
    assert!(
        problem["detail"].as_str().is_some_and(|said| said.contains("`yesterday` is not a time")),
        "{problem}"
    );
}

#[test]
fn a_search_goes_on_until_it_has_looked_at_all() {
    let receiver = Receiver::start();
    let relay = Relay::start(&config(&receiver));
    group(&relay, "Needle", 1);
    for n in 0..3 {
        group(&relay, &format!("Pod-{n}"), 1500);
    }
    let (status, page) = ask(&relay, "GET", "/incidents?text=needle", "");
    assert_eq!((status, numbers(&page)), (200, Vec::new()), "it is too far back for one page");
    assert!(page["next"].is_string() && page["searched_until"].is_string(), "{page}");
    let found = relay.json(&["incidents", "list", "--text", "needle"]);
    assert_eq!((numbers(&found), &found["next"]), (vec![1], &Value::Null));
    let said = relay.run(&["incidents", "list", "--text", "needle"]).expect(0);
    assert!(said.stdout.contains("Needle 0") && said.stderr.is_empty(), "{said:?}");
    let said = relay.run(&["incidents", "list", "--text", "no such thing"]).expect(0).stdout;
    assert!(said.starts_with("no incidents: none matches; "), "{said}");
    let all = relay.json(&["incidents", "list", "--text", "pod", "--all"]);
    assert_eq!(numbers(&all), (2..=4501).rev().collect::<Vec<u64>>());
    let shown = relay.run(&["incidents", "list", "--all"]).expect(0).stdout;
    assert_eq!(shown.lines().count(), 4502, "one head above all pages");
    let tens = relay.run(&["incidents", "list", "--severity", "low", "--limit", "1200"]).expect(0).stdout;
    assert_eq!(tens.lines().count(), 1202, "more than one page has");
}

#[test]
fn an_incident_says_what_it_does_not_show() {
    let receiver = Receiver::start();
    let on = "on = [\"noted\"]\n";
    let tables = [
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/hook")),
        action("tell", "out"),
    ];
    let relay = Relay::start(&format!("{}{on}", tables.concat()));
    post(&relay, 1);
    let events: Vec<_> =
        (0..505).map(|n| json!({ "actor": "ada", "text": format!("note {n}") }).to_string()).collect();
    for event in &events {
        assert_eq!(ask(&relay, "POST", "/incidents/1/note", event).0, 200);
    }
    let whole = relay.json(&["incidents", "show", "1"]);
    assert_eq!(whole["timeline"].as_array().map(Vec::len), Some(500));
    assert_eq!((&whole["timeline_cut"], whole["deliveries_next"].is_string()), (&json!(true), true));
    let said = relay.run(&["incidents", "show", "1"]).expect(0).stdout;
    assert!(said.contains("\n  older lines are not shown\n"), "{said}");
    assert!(said.contains("tocsin deliveries list --incident 1 --all"), "{said}");
    let few = relay.json(&["deliveries", "list", "--incident", "1", "--limit", "3"]);
    assert!(few["next"].is_string(), "{few}");
}
