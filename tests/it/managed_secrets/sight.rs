//! Who sees a managed secret: the peer, and no command, log or file.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use super::{KEY, STORE, given, set, tables};
use crate::harness::{Ran, Receiver, Relay, Site, absent, settings};

/// What stands for a secret here: nothing else contains it.
const PART: &str = "s3cr3t";

/// Every file below a folder that contains the secret.
fn with_secret(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            with_secret(&path, found);
        } else if fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(PART.len()).any(|part| part == PART.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn a_managed_secret_shows_in_no_output_and_no_file() {
    let receiver = Receiver::start();
    let secrets = "[connections.out.secrets]\ntoken = { managed = \"bearer\" }\n";
    let site = Site::new(&format!(
        "{}{secrets}{}",
        tables(),
        settings("connections.out", "authentication = \"bearer\"")
    ))
    .with_environment(&[("RUST_LOG", "debug,tocsin=trace")]);
    let mut said = String::new();
    for (name, value) in [
        ("hook-token", format!("{PART}-token-of-the-source")),
        ("out-url", receiver.url(&format!("/{PART}-path?key={PART}-query"))),
        ("bearer", format!("{PART}-bearer")),
    ] {
        said.push_str(&set(&site, name, &value).expect(0).all());
    }
    let mut relay = Relay::start_in(site);
    let alert = crate::harness::Request::json(
        &format!("/in/hook?token={PART}-token-of-the-source"),
        r#"{"title":"Disk full"}"#,
    );
    relay.send(&alert).expect(200);
    let got = &receiver.wait(1)[0];
    assert_eq!(got.path, format!("/{PART}-path?key={PART}-query"));
    assert_eq!(got.header("authorization"), Some(format!("Bearer {PART}-bearer").as_str()));
    said.push_str(&given(&relay, &["secrets", "rotate", "bearer"], &format!("{PART}-next")).expect(0).all());
    said.push_str(
        &given(&relay, &["secrets", "rotate", "out-url"], &format!("{PART}-no-url")).expect(1).all(),
    );
    for command in [
        "secrets list",
        "secrets rotate-key",
        "config export",
        "config show",
        "config show --files",
        "config files",
        "config history",
        "check",
        "diff",
        "reload",
        "status",
        "connections list",
        "connections test out",
        "actions try tell",
        "deliveries list",
        "doctor --offline",
        "journal show",
        "secrets remove bearer",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        said.push_str(&relay.run(&words).all());
        said.push_str(&relay.run(&[&words[..], &["--json"]].concat()).all());
    }
    assert!(said.contains("url = { managed = \"out-url\" }"), "the export keeps the reference: {said}");
    relay.stop();
    said.push_str(&relay.log());
    let key = fs::read_to_string(relay.path(KEY)).expect("it is there");
    let shown: Vec<&str> =
        said.lines().filter(|line| line.contains(PART) || line.contains(key.trim())).collect();
    assert!(shown.is_empty(), "{shown:#?}");
    let mut found = Vec::new();
    with_secret(&relay.path("state"), &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_list_names_what_uses_a_secret_and_what_is_missing() {
    let site = Site::new(&tables());
    assert!(site.run(&["secrets", "list"]).expect(1).stdout.contains("missing"));
    set(&site, "out-url", "https://hooks.example.org/x").expect(0);
    set(&site, "spare", "x").expect(0);
    let ran = site.run(&["secrets", "list"]).expect(1);
    for words in ["hook-token  missing", "connections.out.url", "key: state/secrets.key"] {
        assert!(ran.stdout.contains(words), "{words} in {ran:?}");
    }
    assert!(ran.stderr.contains("`hook-token` is used and not stored"), "{ran:?}");
    let listed = site.json_of_any_code(&["secrets", "list"]);
    let items = listed["items"].as_array().expect("a list");
    assert_eq!(items.len(), 3);
    assert!(items[0]["set_at"].is_null() && items[0]["used_by"][0] == "sources.hook.token", "{listed:#}");
    assert!(items[2]["set_at"].is_string() && items[2]["used_by"] == serde_json::json!([]), "{listed:#}");
    set(&site, "hook-token", "0123456789abcdef").expect(0);
    site.run(&["secrets", "list"]).expect(0);
}

#[test]
fn the_doctor_and_the_check_name_files_that_others_can_read() {
    let site = Site::new(&tables());
    set(&site, "out-url", "https://hooks.example.org/x").expect(0);
    set(&site, "hook-token", "0123456789abcdef").expect(0);
    let doctor = |site: &Site| site.run(&["doctor", "--offline"]).expect(0).stdout;
    let said = doctor(&site);
    assert!(said.contains("ok       secrets        managed secrets can be decrypted (secrets: 2"), "{said}");
    assert!(!said.contains("chmod 600"), "{said}");
    for name in [STORE, KEY] {
        fs::set_permissions(site.path(name), Permissions::from_mode(0o644)).expect("it is ours");
    }
    let said = doctor(&site);
    for name in [STORE, KEY] {
        assert!(said.contains(&format!("chmod 600 {name}")), "{said}");
    }
    let said = site.run(&["check"]).expect(0).stderr;
    assert!(
        said.contains(
            "warning: secrets.key: every user of this machine can read state/secrets.key (mode 644)"
        ),
        "{said}"
    );
}

#[test]
fn what_root_stores_belongs_to_the_relays_user_and_another_user_does_not_see_it() {
    let site = Site::new(&tables());
    let as_user = |user: &str, arguments: &[&str]| {
        let mut command = site.copied_command(arguments);
        let uid = if user == "nobody" { 65534 } else { 1 };
        command.uid(uid).gid(uid);
        Ran::of(command)
    };
    fs::create_dir(site.path("state")).expect("made");
    fs::set_permissions(site.path("state"), Permissions::from_mode(0o700)).expect("it is ours");
    if chown(site.path("state"), Some(65534), Some(65534)).is_err() {
        absent("secrets that root stores for the relay's user: this is not root");
        return;
    }
    for name in ["tocsin.toml", "."] {
        fs::set_permissions(site.path(name), Permissions::from_mode(0o755)).expect("it is ours");
    }
    set(&site, "out-url", "https://hooks.example.org/x").expect(0);
    set(&site, "hook-token", "0123456789abcdef").expect(0);
    site.run(&["secrets", "rotate-key"]).expect(0);
    for name in [STORE, KEY] {
        let about = fs::metadata(site.path(name)).expect("it is there");
        assert_eq!((about.uid(), about.mode() & 0o777), (65534, 0o600), "{name}");
    }
    as_user("nobody", &["secrets", "list"]).expect(0);
    let said = as_user("daemon", &["check"]).expect(0).stderr;
    let words = "not seen: connections.out.url: state/secrets.json may not be read by this user";
    assert!(said.contains(words), "{said}");
    let said = as_user("daemon", &["secrets", "set", "more"]).expect(1).stderr;
    assert!(said.contains("run it as the relay's user or as root"), "{said}");
}
