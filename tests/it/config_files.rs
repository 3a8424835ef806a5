//! A configuration of several files through the real binary: conf.d beside the main file, managed in the state
//! directory, and `tocsin config`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::json;

use crate::harness::{Ran, Receiver, Relay, Site, absent, action, connection, source};

/// Writes a file of the configuration, for its owner alone.
fn put(site: &Site, name: &str, text: &str) {
    let path = site.path(name);
    fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder can be written");
    fs::write(&path, text).expect("the folder can be written");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
}

/// A main file with a connection; a source in conf.d; an action in managed.
fn site(url: &str) -> Site {
    let site = Site::new(&connection("out", "webhook", url));
    put(&site, "conf.d/hook.toml", &source("hook", "webhook"));
    put(&site, "state/managed/tell.toml", &action("tell", "out"));
    site
}

const URL: &str = "https://hooks.example.org/path";

#[test]
fn what_stands_in_conf_d_and_managed_is_checked_with_the_main_file() {
    let said = site(URL).run(&["check"]).expect(0).stdout;
    for words in ["tocsin.toml is right", "source hook ", "action tell ", "to out on opened"] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn a_relay_of_several_files_relays() {
    let receiver = Receiver::start();
    let relay = Relay::start_in(site(&receiver.url("/hook")));
    relay.post("hook", &json!({ "title": "Disk full" }).to_string()).expect(200);
    assert_eq!(receiver.wait(1)[0].title(), "Disk full");
}

#[test]
fn a_name_that_stands_twice_is_refused_with_both_files() {
    let site = site(URL);
    put(&site, "conf.d/other.toml", &source("hook", "webhook"));
    for command in ["check", "serve"] {
        let said = site.run(&[command]).expect(1).stderr;
        let words = "sources.hook: is in conf.d/hook.toml and in conf.d/other.toml: remove one of them";
        assert!(said.contains(words) && said.contains("tocsin.toml: 1 mistake to fix"), "{said}");
    }
    let said = site.run(&["config", "export"]).expect(1).stderr;
    assert!(said.contains("sources.hook: is in "), "{said}");
}

#[test]
fn a_mistake_names_the_file_that_it_is_in() {
    let site = site(URL);
    put(&site, "conf.d/bad.toml", "[sources.bad]\nplugin = \"webhook\"\nopen = true\nreopen_window = 5\n");
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("\n  conf.d/bad.toml: sources.bad.reopen_window: `5` is not a duration"), "{said}");
    let answer = site.json_of_any_code(&["check"]);
    assert_eq!(answer["problems"][0]["file"], "conf.d/bad.toml", "{answer}");
    // What does not fit its plugin as well.
    let settings = "[sources.bad]\nplugin = \"webhook\"\nopen = true\nsettings = { titel = \"x\" }\n";
    put(&site, "conf.d/bad.toml", settings);
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.starts_with("conf.d/bad.toml: sources.bad.settings.titel: is not a setting"), "{said}");
    // What is doubtful as well.
    let filter = format!("{}filter = 'severity != \"warning\"'\n", action("doubt", "out"));
    put(&site, "conf.d/bad.toml", &filter);
    let said = site.run(&["check"]).expect(0).stderr;
    assert!(said.contains("warning: conf.d/bad.toml: actions.doubt.filter: "), "{said}");
    put(&site, "conf.d/bad.toml", "\n[sources.bad\n");
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("conf.d/bad.toml: it is not TOML: line 2, "), "{said}");
    // Commands about the running relay need the main file alone.
    assert!(site.run(&["status"]).expect(1).stderr.contains("control.sock"));
}

#[test]
fn the_state_directory_is_named_in_the_main_file_alone() {
    let site = site(URL);
    put(&site, "conf.d/state.toml", "state_dir = \"elsewhere\"\n");
    let said = site.run(&["check"]).expect(1).stderr;
    assert!(said.contains("conf.d/state.toml: state_dir: only the main file may set it"), "{said}");
}

#[test]
fn the_files_are_listed_with_what_each_holds() {
    let site = site(URL);
    let said = site.run(&["config", "files"]).expect(0).stdout;
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("FILE ") && lines[0].ends_with(" HOLDS"), "{said}");
    assert!(
        lines[1].starts_with("tocsin.toml ") && lines[1].contains(" cache_dir, connections.out,"),
        "{said}"
    );
    assert!(lines[2].starts_with("conf.d/hook.toml ") && lines[2].ends_with(" sources.hook"), "{said}");
    assert!(
        lines[3].starts_with("state/managed/tell.toml ") && lines[3].ends_with(" actions.tell"),
        "{said}"
    );
    assert!(lines[4].starts_with("digest sha256:"), "{said}");
    let answer = site.json(&["config", "files"]);
    let parts: Vec<_> = answer["files"].as_array().expect("a list").iter().map(|f| &f["part"]).collect();
    assert_eq!(parts, ["main", "conf.d", "managed"]);
    assert_eq!(answer["files"][1]["holds"], json!(["sources.hook"]));
    put(&site, "conf.d/bad.toml", "[sources.bad\n");
    let said = site.run(&["config", "files"]).expect(1).stdout;
    assert!(said.contains("conf.d/bad.toml: it is not TOML: line 1, "), "{said}");
}

#[test]
fn an_export_is_the_same_configuration_in_one_file() {
    let site = site(URL);
    put(
        &site,
        "conf.d/secret.toml",
        "[sources.env]\nplugin = \"webhook\"\ntoken = { env = \"ENV_TOKEN\" }\n",
    );
    let site = site.with_environment(&[("ENV_TOKEN", "a-token-of-the-environment")]);
    let printed = site.run(&["config", "export"]).expect(0).stdout;
    assert!(printed.contains("# from conf.d/hook.toml\n[sources.hook]\n"), "{printed}");
    assert!(printed.contains("token = { env = \"ENV_TOKEN\" }\n"), "{printed}");
    assert!(!printed.contains("a-token-of-the-environment"), "{printed}");
    fs::create_dir(site.path("alone")).expect("the folder can be written");
    let said = site.run(&["config", "export", "--out", "alone/tocsin.toml"]).expect(0).stdout;
    assert!(said.starts_with("alone/tocsin.toml is made of tocsin.toml, conf.d/hook.toml, "), "{said}");
    let file = site.path("alone/tocsin.toml");
    assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&file).expect("it is there").trim_end(), printed.trim_end());

    let summed_up = |arguments: &[&str]| {
        let said = site.run(arguments).expect(0).stdout;
        said.split_once(" is right").expect("it is right").1.to_owned()
    };
    let alone = ["--config", "alone/tocsin.toml"];
    assert_eq!(summed_up(&["check"]), summed_up(&[&["check"], &alone[..]].concat()));
    let whole = site.json(&["config", "export"]);
    assert_eq!(whole, site.json(&[&["config", "export"], &alone[..]].concat()));
    assert_eq!(whole["sources"]["hook"]["plugin"], "webhook");

    let said = site.run(&["config", "export", "--out", "alone/tocsin.toml"]).expect(1).stderr;
    assert!(said.contains("alone/tocsin.toml exists and is not overwritten"), "{said}");
}

#[test]
fn a_relative_path_begins_at_the_main_files_folder_in_every_file_and_is_absolute_in_an_export() {
    let site = Site::new("");
    let text = fs::read_to_string(site.path("tocsin.toml")).expect("it was written");
    put(&site, "etc/tocsin.toml", &text);
    put(
        &site,
        "etc/conf.d/hook.toml",
        "[sources.hook]\nplugin = \"webhook\"\ntoken = { file = \"secrets/hook\" }\n",
    );
    put(&site, "etc/conf.d/backup.toml", "[backup]\ndir = \"backups\"\n");
    put(&site, "etc/secrets/hook", "a-token-0123456789\n");
    let main = ["--config", "etc/tocsin.toml"];
    site.run(&[&["check"], &main[..]].concat()).expect(0);
    let printed = site.run(&[&["config", "export"], &main[..]].concat()).expect(0).stdout;
    for (key, path) in [("file", "etc/secrets/hook"), ("dir", "etc/backups")] {
        let line = format!(
            "{key} = \"{}\"",
            fs::canonicalize(site.path("")).expect("it is there").join(path).display()
        );
        assert!(printed.contains(&line), "{line}: {printed}");
    }
    // The same from another folder.
    let mut elsewhere = site.command(&["check", "--config", "../etc/tocsin.toml"]);
    elsewhere.current_dir(site.path("etc"));
    assert_eq!(Ran::of(elsewhere).expect(0).stderr, "");
}

#[test]
fn a_reload_reads_all_files_again() {
    let relay = Relay::start_in(site(URL));
    put(&relay, "conf.d/more.toml", &source("more", "webhook"));
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("+ sources.more added"));
    relay.post("more", &json!({ "title": "Disk full" }).to_string()).expect(200);
    put(&relay, "conf.d/bad.toml", "[sources.bad]\nplugin = \"webhook\"\nopen = 1\n");
    let said = relay.run(&["reload"]).expect(1).stderr;
    assert!(said.contains("\n  conf.d/bad.toml: sources.bad.open: `1` is not true or false"), "{said}");
    fs::remove_file(relay.path("conf.d/bad.toml")).expect("it was written");
    fs::rename(relay.path("conf.d/more.toml"), relay.path("conf.d/other.toml")).expect("it was written");
    assert!(relay.run(&["reload"]).expect(0).stdout.contains("nothing differs"), "it was moved");
}

#[test]
fn managed_files_that_only_the_relay_may_read_are_reported_and_a_relay_without_them_does_not_start() {
    let site = site(URL);
    site.copied_binary();
    let open = |name: &str, mode| fs::set_permissions(site.path(name), Permissions::from_mode(mode));
    for (name, mode) in [("", 0o755), ("tocsin.toml", 0o644), ("conf.d/hook.toml", 0o644), ("state", 0o700)] {
        open(name, mode).expect("it is ours");
    }
    let nobody = |arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        command.arg(site.path("tocsin")).args(arguments).current_dir(site.path(""));
        command
    };
    if !nobody(&["--version"]).output().is_ok_and(|output| output.status.success()) {
        absent("files that only the relay may read: only root can become another user");
        return;
    }
    let said = Ran::of(nobody(&["config", "files"])).expect(0);
    let words = "not seen: managed: this user may not read state/managed";
    assert!(said.stderr.contains(words) && said.stdout.contains("sources.hook"), "{said:?}");
    let said = Ran::of(nobody(&["config", "export"])).expect(1);
    assert!(
        said.stderr.contains("managed: this user may not read state/managed") && said.stdout.is_empty(),
        "{said:?}"
    );
    let said = Ran::of(nobody(&["serve"])).expect(1).stderr;
    assert!(said.contains("managed: this user may not read state/managed"), "{said}");
}
