//! Files that need an operator's yes, through the real relay and the real command.

use super::{bundled, digest, is_from, marked, origin, refusal};
use crate::harness::{Relay, Site, guest, settings, source};

/// The digest that a file in the plugins directory has.
fn digest_of_file(site: &Site, file: &str) -> String {
    let described = site.json(&["plugins", "check", &format!("state/plugins/{file}")]);
    described["digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn a_file_that_takes_the_place_of_a_bundled_plugin_waits_for_a_yes_to_its_digest() {
    let mut relay = Relay::start(&source("zap", "zapier"));
    let before = digest(&relay, "zapier");
    relay.drop_plugin("mine.wasm", &bundled("zapier", b'1'));
    let why = refusal(&relay, "mine.wasm");
    let first = digest_of_file(&relay, "mine.wasm");
    for words in [
        "it needs approval: it takes the place of the bundled plugin `zapier`",
        "wants no more than that",
        "`tocsin plugins approve mine.wasm`",
        &format!("allow = [\"zapier@sha256:{first}\"]"),
    ] {
        assert!(why.contains(words), "{words} in {why}");
    }
    assert_eq!(digest(&relay, "zapier"), before);
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(status.contains("waits: plugin file mine.wasm: it needs approval"), "{status}");
    let listed = relay.json_of_any_code(&["plugins", "list"]);
    assert_eq!(listed["refused"][0]["needs_approval"], true);

    let said = relay.run(&["plugins", "approve", "mine.wasm"]).expect(0).stdout;
    assert!(said.contains("mine.wasm: zapier ") && said.contains("it is in force"), "{said}");
    assert!(said.contains(&first), "{said}");
    assert_eq!(digest(&relay, "zapier"), first);
    relay.run(&["status"]).expect(0);
    relay.stop();
    relay.restart();
    assert_eq!(digest(&relay, "zapier"), first);
    let said = relay.run(&["plugins", "approve", "mine.wasm"]).expect(0).stdout;
    assert!(said.contains("it is in force"), "nothing is left to approve: {said}");

    // Each digest once.
    relay.drop_plugin("mine.wasm", &bundled("zapier", b'2'));
    assert!(refusal(&relay, "mine.wasm").contains("it needs approval"));
    assert_eq!(digest(&relay, "zapier"), first, "what was in force goes on");
    relay.post("zap", r#"{"title":"CPU","status":"trigger"}"#).expect(200);
    let approved = relay.json(&["plugins", "approve", "state/plugins/mine.wasm"]);
    assert_eq!((&approved["id"], &approved["in_force"]), (&"zapier".into(), &true.into()));
    assert_eq!(Some(digest(&relay, "zapier").as_str()), approved["digest"].as_str());
}

#[test]
fn a_file_that_wants_more_than_the_version_in_force_waits_for_a_yes_that_shows_what() {
    let relay = Relay::start(&source("polite", "polite"));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    let first = digest(&relay, "polite");
    // The same, and no more: that needs no yes.
    relay.drop_plugin("polite.wasm", &marked("polite", b'1'));
    crate::harness::until("the next one is in force", || (digest(&relay, "polite") != first).then_some(()));

    relay.drop_plugin("polite.wasm", &guest("polite-successor"));
    let why = refusal(&relay, "polite.wasm");
    assert!(
        why.contains("takes the place of another file of `polite`")
            && why.contains("confirmations at `confirm.example.com`"),
        "{why}"
    );
    assert_eq!(relay.post("polite", "body").body, "taken", "the first one goes on");
    let said = relay.run(&["plugins", "approve", "polite.wasm"]).expect(0).stdout;
    for words in
        ["polite.wasm: polite 2.0.0", "new: confirmations at `confirm.example.com`", "it is in force"]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    relay.post("polite", "body").expect(200);
}

#[test]
fn a_plugin_that_was_removed_is_remembered_by_what_it_wanted() {
    let relay = Relay::start(&source("polite", "polite"));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    is_from(&relay, "polite", "polite.wasm");
    super::remove(&relay, "polite.wasm");
    crate::harness::until("it is gone", || origin(&relay, "polite").is_none().then_some(()));
    relay.drop_plugin("new.wasm", &guest("polite-successor"));
    assert!(refusal(&relay, "new.wasm").contains("confirmations at `confirm.example.com`"));
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(
        status.contains("not working: sources.polite: sources.polite.plugin: there is no plugin"),
        "{status}"
    );
    relay.drop_plugin("new.wasm", &guest("polite"));
    is_from(&relay, "polite", "new.wasm");
}

#[test]
fn the_configuration_can_say_yes_pin_and_ask_for_every_new_plugin() {
    let site = Site::new("");
    site.drop_plugin("mine.wasm", &bundled("zapier", b'1'));
    let mine = digest_of_file(&site, "mine.wasm");
    site.configure(&format!("[plugins]\nallow = [\"zapier@sha256:{mine}\"]\n{}", source("zap", "zapier")));
    let mut relay = Relay::start_in(site);
    assert_eq!(digest(&relay, "zapier"), mine);
    relay.stop();

    relay.configure(&format!("[plugins]\npin.zapier = \"sha256:{mine}\"\n{}", source("zap", "zapier")));
    relay.restart();
    assert_eq!(digest(&relay, "zapier"), mine);
    relay.drop_plugin("mine.wasm", &bundled("zapier", b'2'));
    let why = refusal(&relay, "mine.wasm");
    assert!(why.contains("`zapier` in [plugins.pin] allows sha256:") && why.contains(&mine), "{why}");
    let said = relay.run(&["plugins", "approve", "mine.wasm"]).expect(1).stderr;
    assert!(said.contains("approval does not change that"), "{said}");
    // Not even the bundled one takes the place of one that is pinned.
    super::remove(&relay, "mine.wasm");
    crate::harness::until("it is gone", || origin(&relay, "zapier").is_none().then_some(()));
    relay.post("zap", r#"{"title":"CPU","status":"trigger"}"#).expect(202);
    let status = relay.run(&["status"]).expect(1).stdout;
    assert!(status.contains("`zapier` in [plugins.pin] allows"), "{status}");
    relay.stop();

    relay.configure(&format!("[plugins]\nnew = \"approved\"\n{}", source("polite", "polite")));
    relay.drop_plugin("polite.wasm", &guest("polite"));
    relay.restart();
    let why = refusal(&relay, "polite.wasm");
    assert!(
        why.contains("no plugin had its id before") && why.contains("sending to `*.example.com`"),
        "{why}"
    );
    relay.run(&["plugins", "approve", "polite.wasm"]).expect(0);
    assert_eq!(relay.post("polite", "body").body, "taken");
}

#[test]
fn a_file_is_approved_without_a_running_relay_too() {
    let site = Site::new(&source("zap", "zapier"));
    site.drop_plugin("mine.wasm", &bundled("zapier", b'1'));
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("plugin file mine.wasm is refused: it needs approval"), "{said}");
    let said = site.run(&["plugins", "approve", "mine.wasm"]).expect(0).stdout;
    assert!(said.contains("mine.wasm: zapier ") && said.contains("no relay runs"), "{said}");
    site.run(&["check"]).expect(0);
    let relay = Relay::start_in(site);
    assert_eq!(origin(&relay, "zapier").as_deref(), Some("mine.wasm"));
}

#[test]
fn what_is_no_question_of_approval_is_not_approved() {
    let relay =
        Relay::start(&format!("{}{}", source("polite", "polite"), settings("sources.polite", "x = 1")));
    relay.drop_plugin("garbage.wasm", b"garbage, all of it");
    refusal(&relay, "garbage.wasm");
    let said = relay.run(&["plugins", "approve", "garbage.wasm"]).expect(1).stderr;
    assert!(said.contains("garbage.wasm is refused, and approval does not change that"), "{said}");
    let said = relay.run(&["plugins", "approve", "nothing.wasm"]).expect(1).stderr;
    assert!(said.contains("there is no plugin file nothing.wasm in "), "{said}");
    // Another file than the one that is there.
    relay.drop_plugin("mine.wasm", &bundled("zapier", b'1'));
    refusal(&relay, "mine.wasm");
    std::fs::write(relay.path("mine.wasm"), bundled("zapier", b'2')).expect("written");
    let said = relay.run(&["plugins", "approve", "mine.wasm"]).expect(1).stderr;
    assert!(said.contains("copy it there first"), "{said}");
    assert_eq!(origin(&relay, "zapier").as_deref(), Some("bundled"));
}

#[test]
fn mistakes_in_the_table_are_named_with_what_would_do() {
    let site = Site::new(
        "[plugins]\noverrides = \"sometimes\"\nallow = [\"slack\"]\ntrust = true\n[plugins.pin]\nslack = \"latest\"\n",
    );
    let said = site.run(&["check"]).expect(1).stderr;
    for words in [
        "plugins.overrides: `sometimes` is neither `approved` nor `any`",
        "plugins.allow: `slack` is not like `slack@sha256:`",
        "plugins.pin.slack: `latest` is not `sha256:` and 64 hexadecimal digits",
        "plugins.trust: is unknown: there is execution, overrides, new, allow, pin",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}
