//! Secrets: where they may be kept, and that they show nowhere.

use std::fs;

use crate::harness::{Ran, Receiver, Relay, Reply, Request, Site, action, settings};

/// What stands for a secret here: nothing else contains it.
const PART: &str = "s3cr3t";

/// A relay whose secrets are all kept outside its configuration.
fn relay(receiver: &Receiver) -> Relay {
    let site = Site::new(&format!(
        "[sources.hook]\nplugin = \"webhook\"\ntoken = {{ file = \"token\" }}\n\
         [connections.out]\nplugin = \"webhook\"\nurl = {{ env = \"OUT_URL\" }}\nallow_private = true\n{}\
         [connections.out.secrets]\ntoken = {{ credential = \"bearer\" }}\nsigning_key = {{ file = \"key\" }}\n{}",
        settings("connections.out", "authentication = \"bearer\"\nsign = true"),
        action("tell", "out"),
    ));
    let tables = fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    let absolute = |name: &str| format!("file = \"{}\"", site.path(name).display());
    site.configure_whole(
        &tables.replace("file = \"token\"", &absolute("token")).replace("file = \"key\"", &absolute("key")),
    );
    // Editors end files with a line end, which is no part of the secret.
    fs::write(site.path("token"), format!("{PART}-token-of-the-source\n")).expect("written");
    fs::write(site.path("key"), "whsec_czNjcjN0LWtleS1vZi10aGUtdGVzdHM=").expect("written");
    fs::create_dir(site.path("credentials")).expect("written");
    fs::write(site.path("credentials/bearer"), format!("{PART}-bearer")).expect("written");
    let url = receiver.url(&format!("/{PART}-path?key={PART}-query"));
    let credentials = site.path("credentials").display().to_string();
    Relay::start_in(site.with_environment(&[
        ("OUT_URL", &url),
        ("CREDENTIALS_DIRECTORY", &credentials),
        ("RUST_LOG", "debug,tocsin=trace"),
    ]))
}

fn alert(relay: &Relay, title: &str) {
    let request = Request::json(
        &format!("/in/hook?token={PART}-token-of-the-source"),
        &format!(r#"{{"title":"{title}"}}"#),
    );
    relay.send(&request).expect(200);
}

#[test]
fn secrets_from_files_the_environment_and_credentials_are_used() {
    let receiver = Receiver::start();
    let relay = relay(&receiver);
    alert(&relay, "Disk full");
    let got = &receiver.wait(1)[0];
    assert_eq!(got.path, format!("/{PART}-path?key={PART}-query"));
    assert_eq!(got.header("authorization"), Some(format!("Bearer {PART}-bearer").as_str()));
    assert_eq!(got.header("webhook-id"), got.header("idempotency-key"));
    assert!(got.header("webhook-signature").expect("a signature").starts_with("v1,"));
    assert!(got.header("webhook-timestamp").expect("a time").parse::<i64>().is_ok());
}

#[test]
fn secrets_show_in_no_output() {
    let receiver = Receiver::scripted(|request, number| match number {
        0 => Reply::Cut,
        1 => Reply::Answer(302, vec![("location", request.path.clone())], String::new()),
        _ => Reply::status(403),
    });
    let mut relay = relay(&receiver);
    for title in ["first", "second"] {
        alert(&relay, title);
        relay.settled();
    }
    relay.send(&Request::json(&format!("/in/hook?token={PART}-wrong"), "{}")).problem(401);
    let mut said = String::new();
    let show = |list: &str| -> Vec<String> {
        relay.list(&[list, "list"]).iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let mut commands: Vec<Vec<String>> = Vec::new();
    for list in ["incidents", "deliveries", "receipts"] {
        commands.push(vec![list.to_owned(), "list".to_owned()]);
        commands.extend(show(list).into_iter().map(|id| vec![list.to_owned(), "show".to_owned(), id]));
    }
    commands.push(vec!["status".to_owned()]);
    commands.push(vec!["plugins".to_owned(), "list".to_owned()]);
    assert!(commands.len() > 8, "{commands:?}");
    for command in &commands {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        said.push_str(&relay.run(&words).all());
        said.push_str(&relay.run(&[&words[..], &["--json"]].concat()).all());
    }
    relay.stop();
    said.push_str(&relay.log());
    let lines: Vec<&str> =
        said.lines().filter(|line| line.contains(PART) || line.contains("czNjcjN0")).collect();
    // A redirect's path is the peer's own word, and its query is left out.
    let told: Vec<_> = lines.iter().filter(|line| !line.contains("a redirect to")).collect();
    assert!(told.is_empty(), "{told:#?}");
    assert!(!said.contains(&format!("{PART}-query")) && !said.contains(&format!("{PART}-bearer")));
    for file in ["state/tocsin.redb", "log-1"] {
        let bytes = fs::read(relay.path(file)).expect("it is there");
        for secret in ["bearer", "query", "token"] {
            let secret = format!("{PART}-{secret}");
            assert!(
                !bytes.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()),
                "{secret} in {file}"
            );
        }
    }
}

#[test]
fn the_command_line_needs_none_of_the_relays_secrets() {
    let receiver = Receiver::start();
    let mut relay = relay(&receiver);
    alert(&relay, "Disk full");
    let run = |relay: &Relay, words: &[&str]| {
        let mut command = relay.command(words);
        command.env_remove("OUT_URL").env_remove("CREDENTIALS_DIRECTORY");
        Ran::of(command)
    };
    assert!(run(&relay, &["incidents", "list"]).expect(0).stdout.contains("Disk full"));
    run(&relay, &["incidents", "ack", "1"]).expect(0);
    run(&relay, &["verify"]).expect(0);
    relay.stop();
    run(&relay, &["verify"]).expect(0);
    // What reads all of it says what is missing.
    assert!(run(&relay, &["serve"]).expect(1).stderr.contains("the environment has no readable `OUT_URL`"));
}

#[test]
fn a_secret_that_is_not_where_it_should_be_is_named_and_not_shown() {
    let site = Site::new(
        "[sources.a]\nplugin = \"webhook\"\ntoken = { env = \"NOT_THERE\" }\n\
         [sources.b]\nplugin = \"webhook\"\ntoken = { file = \"/nowhere/token\" }\n\
         [sources.c]\nplugin = \"webhook\"\ntoken = { credential = \"tok\" }\n\
         [sources.d]\nplugin = \"webhook\"\ntoken = { vault = \"s3cr3t\" }\n\
         [sources.e]\nplugin = \"webhook\"\nbasic = { user = \"jane\", password = { env = \"NOT_THERE\" } }\n\
         [connections.f]\nplugin = \"webhook\"\nurl = { env = \"NOT_THERE\" }\n",
    );
    let said = site.run(&["check"]).expect(1).stderr;
    for words in [
        "sources.a.token: the environment has no readable `NOT_THERE`",
        "sources.b.token: /nowhere/token",
        "not seen: sources.c.token: there is no credential `tok`",
        "sources.d.token: `vault` is no place for a secret",
        "sources.e.basic.password: the environment has no readable `NOT_THERE`",
        "connections.f.url: the environment has no readable `NOT_THERE`",
        ": 5 mistakes to fix",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains(PART), "{said}");
}
