//! Requests that real senders make and that once went wrong, from the folder of samples beside the workspace:
//! each has its expected outcome through the real binary.
//!
//! Never reads an outcome from the samples' prose: what is expected of each is written here.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Relay, Request, Site, absent, at, source};

/// What a request has to come to.
enum Expected {
    /// One event, with the incident that it makes.
    Event(Event),
    /// A resolve of this key; there is no incident yet.
    Resolve(&'static str),
    /// Ignored, for a reason that has this word in it.
    Ignored(&'static str),
    /// Refused or ignored by name: no incident.
    NoIncident,
    /// Two incidents, and one element that is named as refused.
    PartlyRefused(&'static str),
    /// The sender's handshake is answered with this.
    Reply(&'static str),
    /// `tocsin check` refuses the settings and names these.
    Check(&'static [&'static str]),
}

/// An incident that a request opens.
#[derive(Default)]
struct Event {
    title: &'static str,
    key: Option<&'static str>,
    severity: Option<&'static str>,
    link: Option<&'static str>,
    without_labels: &'static [&'static str],
}

fn opens(title: &'static str) -> Event {
    Event { title, ..Event::default() }
}

fn expected(name: &str) -> Expected {
    use Expected as E;
    let number = name.trim_start_matches("field-").split('-').next();
    match number.expect("a number") {
        "01" => E::Event(Event {
            severity: Some("low"),
            ..opens(
                "[Shop][https://shop.example.org] server certificate shop.example.org will expire in 14 days",
            )
        }),
        "03" => E::Event(Event {
            key: Some("11111"),
            severity: Some("high"),
            link: Some("https://acme.example/browse/SP-53"),
            ..opens("SP-53: Printer on floor 3 on fire")
        }),
        "05" => E::Event(Event { key: Some("11111"), ..opens("SP-53: Printer on floor 3 on fire") }),
        "08" => E::Event(Event { key: Some("99291"), ..opens("JRA-20002: I feel the need for speed") }),
        "09" => E::Event(opens("Shop is down")),
        "11" => E::Event(opens("")),
        "14" | "28" => E::Event(Event { severity: Some("critical"), ..opens("") }),
        "16" => E::Event(Event { severity: Some("critical"), key: Some("inv1"), ..opens("API down") }),
        "18" => E::PartlyRefused("weird"),
        "21" => E::Resolve("57c6d9296de2ad39"),
        "23" => E::NoIncident,
        // Without a recipe the title's prefix says it; Datadog's id is the event's, so it finds no incident.
        "25" => E::Resolve("7234000000000000002"),
        "26" => E::Resolve("TestAlert: down"),
        "29" => E::Event(Event { severity: Some("high"), ..opens("SP-7: Printer on floor 3 on fire") }),
        "31" => E::Event(Event { severity: Some("high"), ..opens("SP-7: Printer on floor 3 on fire") }),
        "33" => E::Event(Event { key: Some("9a2"), ..opens("DatasourceNoData: CPU high") }),
        "35" => E::Resolve("bk1"),
        "37" => E::Event(Event { key: Some("k1"), ..opens("CPU high") }),
        "38" => E::Event(Event { key: Some("n1"), ..opens("db-1") }),
        "39" => E::Ignored("test"),
        "40" => E::Event(opens("München Shop is down")),
        "42" => E::Event(opens("")),
        "43" => E::Check(&["id_field", "severity_field"]),
        "44" => E::Reply(r#"{"validationResponse":"512d38b6"}"#),
        "45" => {
            E::Event(Event { without_labels: &["previous_urgency", "unknown2"], ..opens("I-000020: CPU") })
        }
        "47" => E::Event(opens("Testing is down")),
        _ => unreachable!("{name} has no expected outcome here: add it"),
    }
}

/// A sample: its name, its request, its source's tables.
struct Sample {
    name: String,
    request: Request,
    plugin: String,
    settings: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/field")
}

/// The samples, or nothing when they are not there.
fn samples() -> Option<Vec<Sample>> {
    let entries = fs::read_dir(folder()).ok()?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("request.http").exists())
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "the folder is there and empty");
    Some(folders.iter().map(|folder| sample(folder)).collect())
}

fn sample(folder: &Path) -> Sample {
    // A source's name begins with a letter.
    let name = format!("field-{}", folder.file_name().expect("a folder").to_string_lossy());
    let expected = fs::read_to_string(folder.join("expected.txt")).expect("it can be read");
    let line = |key: &str| {
        let line = expected.lines().find_map(|line| line.strip_prefix(key));
        line.expect("the line is there").trim().to_owned()
    };
    // `-` and `any` stand for none; what is in parentheses is said to people.
    let settings = line("settings:");
    let settings =
        if settings.starts_with(['-', '(']) || settings == "any" { String::new() } else { settings };
    let bytes = fs::read(folder.join("request.http")).expect("it can be read");
    Sample { request: request(&name, &bytes), plugin: line("plugin:"), name, settings }
}

/// The request: first line, headers, an empty line, the body to the byte.
fn request(source: &str, bytes: &[u8]) -> Request {
    let end = bytes.windows(2).position(|two| two == b"\n\n").expect("an empty line");
    let head = std::str::from_utf8(&bytes[..end]).expect("a head in text");
    let mut lines = head.lines();
    let method = lines.next().and_then(|line| line.split(' ').next()).expect("a method");
    let request = Request::new(method, &at(source)).body(&bytes[end + 2..]);
    lines
        .filter_map(|line| line.split_once(": "))
        .fold(request, |request, (name, value)| request.header(name, value))
}

fn tables(sample: &Sample) -> String {
    let table = source(&sample.name, &sample.plugin);
    format!("{table}settings = {{ {} }}\n", sample.settings)
}

#[test]
fn every_request_from_the_field_has_its_expected_outcome() {
    let Some(samples) = samples() else {
        absent(
            "the requests from the field: there is no folder ../shared/samples/field beside the workspace",
        );
        return;
    };
    let (checked, sent): (Vec<Sample>, Vec<Sample>) =
        samples.into_iter().partition(|sample| matches!(expected(&sample.name), Expected::Check(_)));
    for sample in &checked {
        let Expected::Check(named) = expected(&sample.name) else { continue };
        let said = Site::new(&tables(sample)).run(&["check"]).expect(1).all();
        assert!(named.iter().all(|field| said.contains(field)), "{}: {said}", sample.name);
    }
    let relay = Relay::start(&sent.iter().map(tables).collect::<String>());
    for sample in &sent {
        hold(&relay, sample);
    }
}

fn hold(relay: &Relay, sample: &Sample) {
    let name = &sample.name;
    let answer = relay.send(&sample.request);
    let said = format!("{name}: {} {}", answer.status, answer.body);
    let incidents = relay.list(&["incidents", "list", "--source", name]);
    let listed = relay.list(&["receipts", "list", "--source", name]);
    let receipt = relay.json(&["receipts", "show", listed[0]["id"].as_str().expect("an id")]);
    let said = format!("{said}\n{receipt:#}\n{incidents:#?}");
    match expected(name) {
        Expected::Event(event) => {
            assert_eq!((answer.status, incidents.len()), (200, 1), "{said}");
            holds(&event, &incidents[0], &said);
        }
        Expected::Resolve(key) => {
            assert_eq!((answer.status, incidents.len()), (200, 0), "{said}");
            assert_eq!(
                (&receipt["effects"][0]["change"], &receipt["effects"][0]["key"]),
                (&Value::from("resolve"), &Value::from(key)),
                "{said}"
            );
        }
        Expected::Ignored(word) => {
            assert_eq!((answer.status, incidents.len()), (200, 0), "{said}");
            assert!(receipt["reason"].as_str().is_some_and(|why| why.contains(word)), "{said}");
        }
        Expected::NoIncident => assert!(incidents.is_empty(), "{said}"),
        Expected::PartlyRefused(word) => {
            assert_eq!((answer.status, incidents.len()), (200, 2), "{said}");
            assert_eq!(listed[0]["status"], "partly_refused", "{said}");
            assert!(said.contains(word), "{said}");
            let dead = relay.list(&["receipts", "list", "--dead-letters", "--source", name]);
            assert_eq!(dead.len(), 1, "{said}");
        }
        Expected::Reply(body) => assert_eq!((answer.status, answer.body.as_str()), (200, body), "{said}"),
        Expected::Check(_) => unreachable!("it is no request"),
    }
}

/// Whether an incident is as it has to be.
fn holds(event: &Event, incident: &Value, said: &str) {
    if event.title.is_empty() {
        assert!(incident["title"].as_str().is_some_and(|title| !title.is_empty()), "{said}");
    } else {
        assert_eq!(incident["title"], event.title, "{said}");
    }
    for (field, value) in [("key", event.key), ("severity", event.severity)] {
        assert!(value.is_none_or(|value| incident[field] == value), "{field} in {said}");
    }
    let links = incident["links"].as_array().expect("links");
    assert!(event.link.is_none_or(|url| links.iter().any(|link| link["url"] == url)), "{said}");
    assert!(event.without_labels.iter().all(|label| incident["labels"][*label].is_null()), "{said}");
}
