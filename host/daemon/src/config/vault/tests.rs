//! The store on a real disk: who may read it, what an interruption leaves, and what is refused.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use super::keys::USUAL_FILE;
use super::rotation::steps;
use super::*;

const NOW: &str = "2026-01-02T03:04:05Z";

fn state() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn vault(state: &TempDir) -> Vault {
    Vault::new(state.path(), KeyPlace::Usual)
}

fn with_two(state: &TempDir) -> Vault {
    let vault = vault(state);
    let writer = vault.lock().expect("nobody else writes");
    writer.set("one", "the first value", NOW).expect("stored");
    writer.set("two", "the other value", NOW).expect("stored");
    drop(writer);
    vault
}

fn value(vault: &Vault, name: &str) -> Option<String> {
    let opened = vault.open().expect("it is whole").expect("it is there");
    opened.reveal(name).expect("the key is there")
}

fn both(vault: &Vault) -> [Option<String>; 2] {
    ["one", "two"].map(|name| value(vault, name))
}

fn whole() -> [Option<String>; 2] {
    ["the first value", "the other value"].map(|text| Some(text.to_owned()))
}

fn refused<T: std::fmt::Debug>(result: Result<T, VaultError>) -> String {
    result.expect_err("it is refused").to_string()
}

#[test]
fn the_first_secret_makes_a_key_and_both_files_are_for_their_owner_alone() {
    let state = state();
    let vault = with_two(&state);
    assert_eq!(both(&vault), whole());
    for name in [STORE, USUAL_FILE] {
        let mode = fs::metadata(state.path().join(name)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let mut names: Vec<_> =
        fs::read_dir(state.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    names.sort();
    assert_eq!(names, [STORE, USUAL_FILE]);
}

#[test]
fn a_key_that_is_replaced_leaves_the_secrets_readable_wherever_it_is_interrupted() {
    for done in 0..=3 {
        let state = state();
        let vault = with_two(&state);
        let key_file = state.path().join(USUAL_FILE);
        let old = fs::read_to_string(&key_file).expect("a key");
        let writer = vault.lock().expect("nobody else writes");
        let (document, key, source) =
            writer.present(&writer.bytes().expect("read")).expect("read").expect("there");
        let new = Key::random().expect("random numbers");
        let steps = steps(&document, &key, &new).expect("encrypted").expect("whole");
        for step in &steps[..done] {
            writer.carry_out(step, &source).expect("written");
        }
        // What an interrupted write leaves.
        for name in [STORE, USUAL_FILE] {
            fs::write(state.path().join(format!(".{name}.part")), "half").expect("written");
        }
        drop(writer);
        assert_eq!(both(&vault), whole(), "after {done} steps");
        let writer = vault.lock().expect("nobody else writes");
        writer.set("one", "changed", NOW).expect("it can be written as well");
        writer.set("one", "the first value", NOW).expect("it can be written as well");
        writer.rotate_key().expect("the next attempt ends well");
        drop(writer);
        assert_eq!(both(&vault), whole(), "after {done} steps and another attempt");
        let keys = fs::read_to_string(&key_file).expect("a key");
        assert_eq!(keys.lines().count(), 1, "the earlier keys are gone");
        assert!(!keys.contains(old.trim()) && !keys.contains(&new.text()));
    }
}

#[test]
fn a_write_that_fails_changes_nothing() {
    let state = state();
    let vault = with_two(&state);
    // A folder in the place of the file that is written first.
    fs::create_dir(state.path().join(format!(".{STORE}.part"))).expect("made");
    let writer = vault.lock().expect("nobody else writes");
    let error = refused(writer.set("one", "changed", NOW));
    assert!(error.contains(STORE) && !error.contains("changed"), "{error}");
    // The second of three writes fails here.
    refused(writer.rotate_key());
    drop(writer);
    assert_eq!(both(&vault), whole());
    fs::remove_dir(state.path().join(format!(".{STORE}.part"))).expect("removed");
    fs::create_dir(state.path().join(format!(".{USUAL_FILE}.part"))).expect("made");
    refused(vault.lock().expect("nobody else writes").rotate_key());
    assert_eq!(both(&vault), whole());
}

#[test]
fn another_key_is_named_and_a_key_that_is_gone_as_well() {
    let state = state();
    let vault = with_two(&state);
    let key_file = state.path().join(USUAL_FILE);
    let right = fs::read_to_string(&key_file).expect("a key");
    fs::write(&key_file, format!("{}\n", Key::random().expect("random numbers").text())).expect("written");
    let opened = vault.open().expect("the names are readable").expect("it is there");
    assert_eq!(opened.list().len(), 2);
    let error = opened.locked().expect("another key").to_string();
    assert!(
        error.contains("encrypted with another key than the one in") && error.contains(USUAL_FILE),
        "{error}"
    );
    assert!(opened.reveal("one").is_err() && !opened.locked().is_some_and(VaultError::is_unseen));
    assert!(refused(vault.lock().expect("free").set("three", "x", NOW)).contains("another key"));
    fs::write(&key_file, "a password\n").expect("written");
    let error = vault.open().expect("read").expect("there").locked().expect("no key").to_string();
    assert!(error.contains("holds no key") && !error.contains("password"), "{error}");
    fs::remove_file(&key_file).expect("removed");
    let error = refused(vault.lock().expect("free").set("three", "x", NOW));
    assert!(error.contains("its key is neither in"), "{error}");
    assert!(!key_file.exists(), "no key is made for a store that has one");
    // A file of two keys, in whatever order.
    let other = Key::random().expect("random numbers").text();
    fs::write(&key_file, format!("{other}\n{right}")).expect("written");
    assert_eq!(both(&vault), whole());
}

#[test]
fn a_configured_file_keeps_its_owner_and_mode_when_the_key_is_replaced() {
    let (state, elsewhere) = (state(), state());
    let path = elsewhere.path().join("key");
    let vault = Vault::new(state.path(), KeyPlace::File(path.clone()));
    assert!(refused(vault.lock().expect("free").set("one", "x", NOW)).contains("openssl rand -hex 32"));
    let first = Key::random().expect("random numbers").text();
    fs::write(&path, &first).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("ours");
    let writer = vault.lock().expect("free");
    writer.set("one", "the first value", NOW).expect("stored");
    assert_eq!(writer.rotate_key().expect("replaced"), KeySource::File(path.clone()));
    assert_eq!(value(&vault, "one").as_deref(), Some("the first value"));
    assert_ne!(fs::read_to_string(&path).expect("a key").trim(), first);
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
    assert!(!state.path().join(USUAL_FILE).exists());
    // A link would be replaced by a file.
    let linked = elsewhere.path().join("linked");
    symlink(&path, &linked).expect("a link");
    let through = Vault::new(state.path(), KeyPlace::File(linked.clone()));
    drop(writer);
    assert_eq!(value(&through, "one").as_deref(), Some("the first value"));
    assert!(refused(through.lock().expect("free").rotate_key()).contains("it is a link"));
    assert!(linked.is_symlink());
    assert_eq!(value(&vault, "one").as_deref(), Some("the first value"));
}

#[test]
fn no_link_in_the_state_directory_is_followed() {
    for name in [STORE, USUAL_FILE] {
        let (state, other) = (state(), state());
        let vault = with_two(&state);
        let (path, target) = (state.path().join(name), other.path().join("target"));
        fs::rename(&path, &target).expect("moved");
        symlink(&target, &path).expect("a link");
        let before = fs::read(&target).expect("there");
        let error = match vault.open() {
            Err(error) => error.to_string(),
            Ok(opened) => opened.expect("there").locked().expect("no key").to_string(),
        };
        assert!(error.contains("it is a link") && error.contains(name), "{error}");
        assert!(refused(vault.lock().expect("free").set("one", "x", NOW)).contains("it is a link"));
        assert_eq!(fs::read(&target).expect("there"), before);
    }
}

#[test]
fn values_have_bounds() {
    let state = state();
    let writer = vault(&state).lock().expect("free");
    assert!(refused(writer.set("one", " \n", NOW)).contains("empty"));
    let error = refused(writer.set("one", &"x".repeat(VALUE_BYTES_MAX + 1), NOW));
    assert!(error.contains("the limit is 65536") && !error.contains("xx"), "{error}");
    writer.set("one", &"x".repeat(VALUE_BYTES_MAX), NOW).expect("the limit itself");
    assert!(refused(writer.remove("two")).contains("tocsin secrets set two"));
    writer.remove("one").expect("removed");
    assert!(!vault(&state).open().expect("read").expect("there").has("one"));
    assert!(Path::new(&state.path().join(STORE)).exists());
}

#[test]
fn what_was_before_a_change_can_be_put_back() {
    let state = state();
    let vault = with_two(&state);
    let writer = vault.lock().expect("free");
    let stored = writer.set("one", "changed", NOW).expect("stored");
    assert!(!stored.is_new && stored.made_key.is_none());
    assert_eq!(value(&vault, "one").as_deref(), Some("changed"));
    writer.put_back(&stored.before).expect("written");
    assert_eq!(both(&vault), whole());
}
