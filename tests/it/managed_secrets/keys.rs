//! The key: replaced, wrong, lost, in a file of its own, or a credential of systemd.

use std::fs;

use super::{KEY, STORE, given, set, stored, tables};
use crate::harness::{Receiver, Relay, Site, TOKEN};

const FIRST: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SECOND: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

#[test]
fn a_new_key_changes_both_files_and_nothing_that_is_in_force() {
    let receiver = Receiver::start();
    let mut relay = Relay::start_in(stored(&receiver.url("/out")));
    let files =
        |relay: &Relay| [STORE, KEY].map(|name| fs::read_to_string(relay.path(name)).expect("it is there"));
    let [store, key] = files(&relay);
    let said = relay.run(&["secrets", "rotate-key"]).expect(0).stdout;
    assert!(said.contains("state/secrets.key"), "{said}");
    let [new_store, new_key] = files(&relay);
    assert!(new_store != store && new_key != key && new_key.lines().count() == 1);
    assert!(!said.contains(new_key.trim()), "{said}");
    assert_eq!(relay.run(&["reload"]).expect(0).stdout, "nothing differs from the configuration in force\n");
    relay.stop();
    relay.restart();
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    assert_eq!(receiver.wait(1)[0].path, "/out");
    // An earlier copy of the store needs the earlier key.
    fs::write(relay.path(STORE), store).expect("written");
    assert!(relay.run(&["check"]).expect(1).stderr.contains("is encrypted with another key than the one in"));
    fs::write(relay.path(KEY), key).expect("written");
    relay.run(&["check"]).expect(0);
}

#[test]
fn a_wrong_key_a_lost_one_and_a_damaged_store_are_mistakes_that_say_what_to_do() {
    let site = stored("http://127.0.0.1:1/");
    let (store, key) = (fs::read(site.path(STORE)).expect("there"), fs::read(site.path(KEY)).expect("there"));
    let refused = |words: &str| {
        for command in ["check", "serve"] {
            let said = site.run(&[command]).all();
            assert!(said.contains(words), "{words} in {said}");
            assert!(!said.contains(&String::from_utf8_lossy(&key).trim().to_owned()), "{said}");
        }
        assert!(site.run(&["secrets", "list"]).expect(1).stderr.contains(words), "{words}");
        assert!(set(&site, "more", "x").expect(1).stderr.contains(words), "{words}");
        site.run(&["serve"]).expect(1);
    };
    fs::write(site.path(KEY), FIRST).expect("written");
    refused("state/secrets.json is encrypted with another key than the one in state/secrets.key");
    fs::write(site.path(KEY), "a password").expect("written");
    refused("state/secrets.key holds no key: expected 32 random bytes");
    fs::remove_file(site.path(KEY)).expect("removed");
    refused("restore the key from where you keep it");
    fs::write(site.path(KEY), &key).expect("written");
    let longer = [&store[..], b" "].concat();
    for damage in [&store[..store.len() / 2], longer.as_slice(), &[]] {
        fs::write(site.path(STORE), damage).expect("written");
        refused("state/secrets.json is damaged");
    }
    let changed = String::from_utf8_lossy(&store).replace("out-url", "out-uri");
    fs::write(site.path(STORE), changed).expect("written");
    refused("it was changed by something else than Tocsin");
    fs::write(site.path(STORE), &store).expect("written");
    site.run(&["check"]).expect(0);
}

#[test]
fn a_key_in_a_file_of_its_own_is_used_and_replaced_there() {
    let site = Site::new(&format!("[secrets]\nkey = {{ file = \"own.key\" }}\n{}", tables()));
    let said = set(&site, "hook-token", TOKEN).expect(1).stderr;
    assert!(said.contains("own.key does not exist") && said.contains("openssl rand -hex 32"), "{said}");
    fs::write(site.path("own.key"), FIRST).expect("written");
    set(&site, "hook-token", TOKEN).expect(0);
    set(&site, "out-url", "https://hooks.example.org/x").expect(0);
    assert!(!site.path(KEY).exists());
    site.run(&["secrets", "rotate-key"]).expect(0);
    assert_ne!(fs::read_to_string(site.path("own.key")).expect("there").trim(), FIRST);
    site.run(&["check"]).expect(0);
    assert_eq!(site.json(&["secrets", "list"])["key"], "own.key");
}

#[test]
fn mistakes_in_the_place_of_the_key_are_named_and_show_no_key() {
    for (line, words) in [
        ("key = \"s3cr3t\"", "secrets.key: is a text, expected a table"),
        ("key = { vault = \"s3cr3t\" }", "secrets.key: expected the place of the key"),
        ("key = { file = \"a\", credential = \"b\" }", "secrets.key: expected the place of the key"),
        ("key = { credential = \"a/b\" }", "secrets.key.credential: is no credential's name"),
        ("keys = { file = \"a\" }", "secrets.keys: is unknown"),
    ] {
        let site = Site::new(&format!("[secrets]\n{line}\n"));
        for said in [site.run(&["check"]).expect(1).stderr, set(&site, "a", "x").expect(1).stderr] {
            assert!(said.contains(words) && !said.contains("s3cr3t"), "{words} in {said}");
        }
    }
}

#[test]
fn a_key_that_is_a_credential_is_not_seen_from_a_shell_and_is_replaced_by_two_lines() {
    let receiver = Receiver::start();
    let site = Site::new(&format!("[secrets]\nkey = {{ credential = \"tocsin-key\" }}\n{}", tables()));
    let credentials = site.path("credentials").display().to_string();
    fs::create_dir(&credentials).expect("made");
    fs::write(site.path("credentials/tocsin-key"), format!("{FIRST}\n")).expect("written");
    let said = set(&site, "hook-token", TOKEN).expect(1).stderr;
    assert!(said.contains("CREDENTIALS_DIRECTORY=/run/credentials/tocsin.service"), "{said}");
    let site = site.with_environment(&[("CREDENTIALS_DIRECTORY", &credentials)]);
    set(&site, "hook-token", TOKEN).expect(0);
    set(&site, "out-url", &receiver.url("/out")).expect(0);
    assert!(!site.path(KEY).exists());
    let relay = Relay::start_in(site);
    relay.post("hook", r#"{"title":"Disk full"}"#).expect(200);
    receiver.wait(1);
    // A shell has the names and not the key.
    let mut command = relay.command(&["check"]);
    command.env_remove("CREDENTIALS_DIRECTORY");
    let said = crate::harness::Ran::of(command).expect(0).stderr;
    assert!(said.contains("not seen: connections.out.url: the key of managed secrets is not here"), "{said}");
    let said = relay.run(&["secrets", "rotate-key"]).expect(1).stderr;
    assert!(said.contains("which Tocsin cannot write"), "{said}");
    fs::write(relay.path("credentials/tocsin-key"), format!("{SECOND}\n{FIRST}\n")).expect("written");
    relay.run(&["secrets", "rotate-key"]).expect(0);
    fs::write(relay.path("credentials/tocsin-key"), format!("{SECOND}\n")).expect("written");
    relay.run(&["check"]).expect(0);
    given(&relay, &["secrets", "rotate", "out-url"], &receiver.url("/new")).expect(0);
}

#[test]
fn the_usual_credential_is_used_when_there_is_one() {
    let site = Site::new(&tables());
    let credentials = site.path("credentials").display().to_string();
    fs::create_dir(&credentials).expect("made");
    fs::write(site.path("credentials/secrets-key"), FIRST).expect("written");
    let site = site.with_environment(&[("CREDENTIALS_DIRECTORY", &credentials)]);
    set(&site, "hook-token", TOKEN).expect(0);
    set(&site, "out-url", "https://hooks.example.org/x").expect(0);
    assert_eq!(site.json(&["secrets", "list"])["key"], "the credential `secrets-key`");
    assert!(!site.path(KEY).exists());
    site.run(&["check"]).expect(0);
    // Without it, no key is made in its place.
    let site = site.with_environment(&[]);
    let said = site.run(&["check"]).expect(0).stderr;
    assert!(
        said.contains("not seen: sources.hook.token: state/secrets.json exists, but its key is"),
        "{said}"
    );
    set(&site, "more", "x").expect(1);
    site.run(&["serve"]).expect(1);
    assert!(!site.path(KEY).exists());
}
