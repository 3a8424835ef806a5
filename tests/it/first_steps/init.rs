//! `tocsin init`: a first configuration that passes its check, and with which the first alert arrives.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Ran, Receiver, Relay, Request, Site, skipped, until};

/// A destination of each bundled action, with what its plugin requires.
const DESTINATIONS: [(&str, &str, &[&str]); 8] = [
    ("slack", "https://hooks.slack.com/services/T0/B0/x", &[]),
    ("teams", "https://prod-1.westeurope.logic.azure.com/workflows/x", &[]),
    ("rocketchat", "https://chat.example.org/hooks/x/y", &[]),
    ("googlechat", "https://chat.googleapis.com/v1/spaces/x/messages?key=k&token=t", &[]),
    ("webhook", "https://hooks.example.org/tocsin", &[]),
    (
        "pagerduty",
        "https://events.pagerduty.com",
        &["connection.routing_key=0123456789abcdef0123456789abcdef"],
    ),
    (
        "jira",
        "https://acme.atlassian.net",
        &["connection.user=ops@acme.example", "connection.token=secret", "action.project=OPS"],
    ),
    (
        "itop",
        "https://itop.example.org",
        &["connection.user=tocsin", "connection.password=secret", "action.organization=Demo"],
    ),
];

/// Runs `tocsin init` for this file.
fn init(site: &Site, file: &str, arguments: &[&str]) -> Ran {
    site.run(&[&["init", "--config", file], arguments].concat())
}

fn answer(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| unreachable!("{error}: {ran:?}"))
}

#[test]
fn a_first_configuration_passes_its_check_whatever_sends_and_wherever_it_goes() {
    let site = Site::new("");
    let to_slack = ["alertmanager", "grafana", "jira", "statuscake", "webhook", "zapier"];
    let to_slack = to_slack.map(|source| (source, DESTINATIONS[0]));
    let from_zapier = DESTINATIONS.map(|destination| ("zapier", destination));
    for (number, (source, (action, url, settings))) in to_slack.into_iter().chain(from_zapier).enumerate() {
        let file = format!("first-{number}.toml");
        let mut arguments = vec!["--source", source, "--action", action, "--url", url, "--json"];
        settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
        let written = answer(&init(&site, &file, &arguments).expect(0));
        assert_eq!(written["checked"]["problems"], serde_json::json!([]), "{source} to {action}: {written}");
        assert_eq!(written["to_fill_in"], serde_json::json!([]), "{source} to {action}");
        assert_eq!((&written["source"], &written["connection"]), (&source.into(), &action.into()));
        let curl = written["curl"].as_str().expect("every bundled source has an example");
        assert!(curl.starts_with("curl -X POST 'http://127.0.0.1:8686/in/"), "{curl}");
        let token = written["url"].as_str().and_then(|url| url.split_once("?token=")).expect("a token").1;
        assert!(token.len() >= 24 && curl.contains(token), "{token}");
        let mode = fs::metadata(site.path(&file)).expect("it was written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        site.run(&["check", "--config", &file]).expect(0);
        // As a comment or not, everything in it is TOML.
        let text = fs::read_to_string(site.path(&file)).expect("it was written");
        let settings =
            text.lines().filter(|line| line.starts_with("# settings.") || line.starts_with("# secrets."));
        for line in settings {
            let parsed: Result<toml::Table, _> = line[2..].parse();
            assert!(parsed.is_ok(), "{action}: {line}: {parsed:?}");
        }
    }
}

#[test]
fn with_a_first_configuration_the_first_alert_arrives() {
    let receiver = Receiver::start();
    let site = Site::new("");
    let cache = fs::read_to_string(site.path("tocsin.toml")).expect("written");
    let cache = cache.lines().find(|line| line.starts_with("cache_dir")).expect("the tests' own").to_owned();
    fs::remove_file(site.path("tocsin.toml")).expect("it was there");
    let url = receiver.url("/hook");
    let ran = site.run(&[
        "init",
        "--source",
        "webhook",
        "--action",
        "webhook",
        "--url",
        &url,
        "--listen",
        "127.0.0.1:0",
        "--yes",
    ]);
    let said = ran.expect(0).stdout;
    for words in [
        "wrote tocsin.toml (mode 0600)",
        "tocsin serve --config tocsin.toml",
        "curl -X POST",
        "tocsin doctor",
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    let text = fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    assert!(text.contains("allow_private = true"), "the address is this machine: {text}");
    fs::write(site.path("tocsin.toml"), format!("{cache}\n{text}")).expect("written");
    let path = said.lines().find_map(|line| line.strip_prefix("  http://127.0.0.1:0")).expect("an address");
    let relay = Relay::start_in(site);
    relay.send(&Request::json(path, r#"{"title":"Disk full"}"#)).expect(200);
    assert!(receiver.wait(1)[0].body.contains("Disk full"));
}

#[test]
fn what_a_plugin_requires_and_is_not_given_is_a_comment_that_the_check_asks_for() {
    let site = Site::new("");
    let arguments = [
        "--source",
        "zapier",
        "--action",
        "jira",
        "--url",
        "https://acme.atlassian.net",
        "--set",
        "connection.user=ada",
    ];
    let ran = init(&site, "first.toml", &arguments).expect(1);
    for words in [
        "connections.jira.secrets.token",
        "actions.tell-jira.settings.project",
        "tocsin check --config first.toml",
    ] {
        assert!(ran.stdout.contains(words), "{words:?} is not in {ran:?}");
    }
    let text = fs::read_to_string(site.path("first.toml")).expect("it was written");
    assert!(text.contains("# REQUIRED. The project's key"), "{text}");
    let filled = text
        .replace("# settings.project = \"\"", "settings.project = \"OPS\"")
        .replace("# secrets.token = { file = \"/etc/tocsin/jira-token\" }", "secrets.token = \"secret\"");
    fs::write(site.path("first.toml"), filled).expect("written");
    site.run(&["check", "--config", "first.toml"]).expect(0);
}

#[test]
fn no_file_is_overwritten_but_one_of_comments_alone_gets_another_name() {
    let site = Site::new("");
    let before = fs::read_to_string(site.path("tocsin.toml")).expect("written");
    let arguments = ["--source", "zapier", "--action", "slack", "--url", DESTINATIONS[0].1, "--json"];
    let said = init(&site, "tocsin.toml", &arguments).expect(1).stderr;
    assert!(said.contains("tocsin.toml exists and is not overwritten"), "{said}");
    assert_eq!(fs::read_to_string(site.path("tocsin.toml")).expect("it is there"), before);
    fs::write(site.path("packaged.toml"), "# an example\n").expect("written");
    let written = answer(&init(&site, "packaged.toml", &arguments).expect(0));
    assert_eq!(written["before"], "packaged.toml.example");
    assert_eq!(
        fs::read_to_string(site.path("packaged.toml.example")).expect("it was renamed"),
        "# an example\n"
    );
}

#[test]
fn an_answer_that_is_none_is_named_with_what_would_do() {
    let site = Site::new("");
    let url = DESTINATIONS[0].1;
    for (arguments, says) in [
        (&["--source", "zapier"][..], &["--source, --action and --url are required", "slack"][..]),
        (&["--source", "zapier", "--action", "slack"], &["--url is missing"]),
        (
            &["--source", "zabbix", "--action", "slack", "--url", url],
            &["--source: there is no plugin `zabbix`", "zapier"],
        ),
        (
            &["--source", "slack", "--action", "slack", "--url", url],
            &["--source: the plugin `slack` receives no alerts"],
        ),
        (
            &["--source", "zapier", "--action", "zapier", "--url", url],
            &["--action: the plugin `zapier` sends no alerts"],
        ),
        (
            &["--source", "zapier", "--action", "slack", "--url", "hooks.slack.com/x"],
            &["--url: ", "https://"],
        ),
        (
            &["--source", "zapier", "--action", "slack", "--url", "http://169.254.169.254/"],
            &["--url: ", "allow_link_local"],
        ),
        (
            &["--source", "zapier", "--action", "slack", "--url", url, "--set", "action.colour=red"],
            &["has no action setting `colour`; its settings are: channel, message"],
        ),
        (
            &["--source", "zapier", "--action", "slack", "--url", url, "--set", "channel"],
            &["--set: `=` is missing"],
        ),
    ] {
        let said = init(&site, "first.toml", arguments).expect(1).stderr;
        for words in says {
            assert!(said.contains(words), "{arguments:?}: {words:?} is not in {said}");
        }
        assert!(!site.path("first.toml").exists(), "{arguments:?}");
    }
}

#[test]
fn a_person_at_a_terminal_is_asked_for_what_was_not_given() {
    let site = Site::new("");
    let tocsin = site.command(&[]).get_program().to_string_lossy().into_owned();
    let mut script = Command::new("script");
    script
        .args(["-qec", &format!("{tocsin} init --config first.toml"), "/dev/null"])
        .current_dir(site.path(""));
    script.envs(site.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let Ok(mut asked) = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        skipped("the questions of `tocsin init`: there is no script(1)");
        return;
    };
    let answers = [
        "no such thing",
        "zapier",
        "jira",
        "not an address",
        "https://acme.atlassian.net",
        "secret-token",
        "ada",
        "OPS",
    ];
    // At the end of its own input, script(1) no longer waits for the program.
    let mut typed = asked.stdin.take().expect("it is piped");
    typed.write_all(format!("{}\n", answers.join("\n")).as_bytes()).expect("it reads");
    let ended = until("the questions are answered", || asked.try_wait().expect("a process"));
    drop(typed);
    let mut said = String::new();
    asked.stdout.take().expect("it is piped").read_to_string(&mut said).expect("it is text");
    let text = fs::read_to_string(site.path("first.toml"));
    let text = text.unwrap_or_else(|error| unreachable!("{error}, {ended}: {said}"));
    for line in ["[sources.zapier]", "secrets.token = \"secret-token\"", "settings.project = \"OPS\""] {
        assert!(text.lines().any(|found| found == line), "{line:?} is not in {text}");
    }
    for words in [
        "Which tool sends the alerts?",
        "is not in the list",
        "Which tool receives them?",
        "Jira needs `token`",
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
}
