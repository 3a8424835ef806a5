//! What `check` cannot see from a shell, what others can see, and what it never shows.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Site, action};

const PART: &str = "s3cr3t";

#[test]
fn a_credential_that_only_the_service_has_is_reported_and_everything_else_is_checked() {
    let tables = format!(
        "[sources.hook]\nplugin = \"webhook\"\ntoken = {{ credential = \"hook-token\" }}\n\
         [connections.out]\nplugin = \"slack\"\nurl = {{ credential = \"slack-url\" }}\n{}",
        action("tell", "out")
    );
    let site = Site::new(&tables);
    let ran = site.run(&["check"]).expect(0);
    for words in [
        "not seen: sources.hook.token: there is no credential `hook-token`: it is only there when systemd starts the \
         relay",
        "`LoadCredential=hook-token:/path` in its unit",
        "not seen: connections.out.url: there is no credential `slack-url`",
        "2 secrets could not be seen from here; what depends on them was not checked",
    ] {
        assert!(ran.stderr.contains(words), "{words} in {ran:?}");
    }
    assert!(ran.stdout.contains("is right, as far as this user can see"), "{ran:?}");
    assert_eq!(site.json(&["check"])["unseen"][0]["path"], "sources.hook.token");
    // The relay itself does not start without them.
    let said = site.run(&["serve"]).expect(1).stderr;
    assert!(said.contains("there is no credential `hook-token`") && said.contains("2 mistakes"), "{said}");

    let site = Site::new(&format!("{tables}settings = {{ tone = \"loud\" }}\nfilter = \"severty == 'x'\"\n"));
    let said = site.run(&["check"]).expect(1).stderr;
    for words in
        ["actions.tell.settings.tone: is not a setting", "unknown placeholder `severty`", "not seen: "]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!said.contains("is not among the connections"), "{said}");
}

#[test]
fn files_with_secrets_that_everybody_can_read_are_a_warning_with_what_to_do() {
    let site = Site::new("");
    fs::write(site.path("token"), "a-token-of-the-tests-0123456789").expect("written");
    let file = site.path("token").display().to_string();
    site.configure_whole(&format!(
        "[sources.a]\nplugin = \"webhook\"\ntoken = {{ file = \"{file}\" }}\n[sources.b]\nplugin = \"webhook\"\n\
         token = \"another-token-0123456789\"\n"
    ));
    let set = |name: &str, mode| fs::set_permissions(site.path(name), Permissions::from_mode(mode));
    set("tocsin.toml", 0o640).and_then(|()| set("token", 0o640)).expect("they are ours");
    let ran = site.run(&["check"]).expect(0);
    assert!(!ran.stderr.contains("warning"), "a group is meant: {ran:?}");
    set("tocsin.toml", 0o644).and_then(|()| set("token", 0o604)).expect("they are ours");
    let ran = site.run(&["check"]).expect(0);
    for words in [
        "warning: sources.b.token: is written in the configuration: every user of this machine can read tocsin.toml \
         (mode 644): chmod o-rwx tocsin.toml",
        &format!(
            "warning: sources.a.token: every user of this machine can read {file} (mode 604): chmod o-rwx {file}"
        ),
    ] {
        assert!(ran.stderr.contains(words), "{words} in {ran:?}");
    }
}

#[test]
fn no_mistake_in_the_file_shows_a_line_of_it() {
    for text in [
        format!("[connections.a]\nurl = \"https://hooks.slack.com/{PART}\n"),
        format!("[sources.a]\ntoken = {PART}\n"),
        format!("[sources.a]\ntoken = \"{PART}\"\ntoken = \"{PART}\"\n"),
        format!("[sources.a]\nbasic = \"jane:{PART}\"\nfield_token = \"{PART}\"\ntoken = [\"{PART}\"]\n"),
        format!("[sources]\na = \"{PART}\"\n"),
        format!("connections = \"{PART}\"\n[sources]\n"),
        format!("[connections.a]\nsecrets = \"{PART}\"\nsettings = \"{PART}\"\n"),
        format!("[connections.a]\nsettings = {{ token = {{ text = \"{PART}\" }} }}\n"),
    ] {
        let site = Site::new("");
        site.configure_whole(&text);
        for command in ["check", "serve"] {
            let said = site.run(&[command]).expect(1).all();
            assert!(!said.contains(PART), "{said}");
            assert!(said.contains("tocsin.toml"), "{said}");
        }
    }
    let site = Site::new("");
    site.configure_whole("[sources.hook]\nplugin = \"webhook\"\ntoken = \n");
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("it is not TOML: line 3, column "), "{said}");
}
