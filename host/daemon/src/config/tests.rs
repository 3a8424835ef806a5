//! Several files as one configuration: which are read, what stands where, and what does not fit together.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::*;

const OPEN: &str = "plugin = \"webhook\"\nopen = true\n";

/// A folder with these files; the main one is `tocsin.toml`.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it can be written");
        fs::write(&path, text).expect("it can be written");
    }
    folder
}

fn main_of(folder: &TempDir) -> PathBuf {
    folder.path().join("tocsin.toml")
}

fn read(folder: &TempDir) -> Result<Config, ConfigError> {
    Config::read(&main_of(folder))
}

fn problems(folder: &TempDir) -> Vec<ConfigProblem> {
    match read(folder) {
        Err(ConfigError::Invalid { problems, .. }) => problems,
        other => unreachable!("it has mistakes: {other:?}"),
    }
}

fn source(name: &str) -> String {
    format!("[sources.{name}]\n{OPEN}")
}

fn names(files: &Files) -> Vec<&str> {
    files.all.iter().map(|file| file.name.as_str()).collect()
}

#[test]
fn the_main_file_conf_d_and_managed_are_one_configuration() {
    let folder = folder(&[
        ("tocsin.toml", "[limits]\nqueue = 7\n"),
        ("conf.d/jira.toml", &source("jira")),
        ("conf.d/limits.toml", "[limits]\nbody = \"2MiB\"\n[plugins.pin]\n"),
        ("state/managed/hook.toml", &source("hook")),
    ]);
    let config = read(&folder).expect("it is right");
    assert_eq!(config.sources.keys().collect::<Vec<_>>(), ["hook", "jira"]);
    assert_eq!((config.limits.queue, config.limits.body_bytes), (7, Some(2 << 20)));
    let origin = |path: &str| {
        config.origin(path).map(|file| file.strip_prefix(folder.path()).expect("it is there").to_owned())
    };
    assert_eq!(origin("sources.jira"), Some("conf.d/jira.toml".into()));
    assert_eq!(origin("sources.hook"), Some("state/managed/hook.toml".into()));
    assert_eq!(origin("limits.body"), Some("conf.d/limits.toml".into()));
    assert_eq!(origin("limits.queue"), Some("tocsin.toml".into()));
    assert_eq!(origin("limits"), Some("tocsin.toml".into()), "the first of them");
    assert_eq!(origin("sources.nothing"), None);
}

#[test]
fn files_are_read_by_name_and_only_those_that_an_operator_meant() {
    let folder = folder(&[
        ("tocsin.toml", ""),
        ("conf.d/b.toml", ""),
        ("conf.d/a.toml", ""),
        ("conf.d/.hidden.toml", "not TOML"),
        ("conf.d/a.toml.bak", "not TOML"),
        ("conf.d/README", "not TOML"),
        ("conf.d/folder.toml/a.toml", "not TOML"),
        ("elsewhere/linked", ""),
    ]);
    symlink(folder.path().join("elsewhere/linked"), folder.path().join("conf.d/c.toml")).expect("written");
    let files = Files::read(&main_of(&folder)).expect("it can be read");
    assert_eq!(names(&files), ["tocsin.toml", "conf.d/a.toml", "conf.d/b.toml", "conf.d/c.toml"]);
}

#[test]
fn managed_is_in_the_state_directory_that_the_main_file_names() {
    let folder = folder(&[("tocsin.toml", "state_dir = \"kept\"\n"), ("kept/managed/a.toml", &source("a"))]);
    assert!(read(&folder).expect("it is right").sources.contains_key("a"));
    assert_eq!(managed_in(Path::new("/kept")), Path::new("/kept/managed"));
}

#[test]
fn a_folder_or_file_that_is_there_and_cannot_be_read_is_named() {
    let main = ("tocsin.toml", "");
    let said = |folder: &TempDir| read(folder).expect_err("it cannot be read").to_string();
    let at = |folder: &TempDir, name: &str| folder.path().join(name).display().to_string();
    let file = folder(&[main, ("conf.d", "a file")]);
    assert!(said(&file).starts_with(&at(&file, "conf.d: ")), "{}", said(&file));
    let gone = folder(&[main]);
    symlink("nowhere", gone.path().join("conf.d")).expect("written");
    assert!(said(&gone).starts_with(&at(&gone, "conf.d: ")), "{}", said(&gone));
    let link = folder(&[main, ("conf.d/a.toml", "")]);
    symlink("nowhere", link.path().join("conf.d/b.toml")).expect("written");
    assert!(said(&link).starts_with(&at(&link, "conf.d/b.toml: ")), "{}", said(&link));
    let bytes = folder(&[main, ("conf.d/a.toml", "")]);
    fs::write(bytes.path().join("conf.d/a.toml"), [0xff]).expect("written");
    assert!(said(&bytes).starts_with(&at(&bytes, "conf.d/a.toml: ")), "{}", said(&bytes));
}

#[test]
fn a_syntax_error_names_its_own_file_and_line() {
    let folder = folder(&[("tocsin.toml", "# one\n# two\n"), ("conf.d/a.toml", "x = 1\ny =\n")]);
    let said = read(&folder).expect_err("it is not TOML").to_string();
    let file = folder.path().join("conf.d/a.toml");
    assert!(said.starts_with(&format!("{}: it is not TOML: line 2, ", file.display())), "{said}");
}

#[test]
fn a_name_that_stands_in_two_files_is_refused_with_both() {
    let folder = folder(&[
        ("tocsin.toml", "time_zone = \"UTC\"\n[limits]\nqueue = 7\n[retry]\nfirst = \"1s\"\n"),
        ("conf.d/a.toml", &format!("{}[limits]\nqueue = 8\n[retry]\nlongest = \"1h\"\n", source("jira"))),
        ("conf.d/b.toml", &format!("time_zone = \"UTC\"\n{}", source("jira"))),
        ("state/managed/c.toml", &format!("limits = 3\n{}", source("jira"))),
    ]);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let expected = |path: &str, first: &str, second: &str| {
        format!("{path}: is in {} and in {}: remove one of them", at(first), at(second))
    };
    let said: Vec<String> = problems(&folder).iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            expected("limits.queue", "tocsin.toml", "conf.d/a.toml"),
            expected("sources.jira", "conf.d/a.toml", "conf.d/b.toml"),
            expected("time_zone", "tocsin.toml", "conf.d/b.toml"),
            expected("limits", "tocsin.toml", "state/managed/c.toml"),
            expected("sources.jira", "conf.d/a.toml", "state/managed/c.toml"),
        ]
    );
}

#[test]
fn only_the_main_file_names_the_state_directory() {
    let folder = folder(&[
        ("tocsin.toml", ""),
        ("conf.d/a.toml", "state_dir = \"elsewhere\"\n"),
        ("elsewhere/managed/b.toml", &source("b")),
        ("state/managed/c.toml", "state_dir = \"elsewhere\"\n"),
    ]);
    let found = problems(&folder);
    let files: Vec<_> = found.iter().filter_map(|problem| problem.file.clone()).collect();
    assert_eq!(files, ["conf.d/a.toml", "state/managed/c.toml"].map(|name| folder.path().join(name)));
    for problem in &found {
        assert_eq!(problem.path, "state_dir");
        let advice = format!("move it to {}", main_of(&folder).display());
        assert!(problem.problem.ends_with(&advice), "{problem}");
    }
    assert_eq!(Config::read_state_dir(&main_of(&folder)).expect("it is read"), folder.path().join("state"));
}

#[test]
fn a_mistake_names_the_file_that_it_is_in() {
    let folder = folder(&[
        ("tocsin.toml", "colour = \"red\"\n"),
        ("conf.d/a.toml", &format!("[sources.jira]\nrate = 0\n{OPEN}[retry]\nfirst = \"2d\"\n")),
        ("conf.d/b.toml", "[actions.tell]\nconnection = \"none\"\n[sources.jira.settings]\n"),
    ]);
    let found = problems(&folder);
    let file = |path: &str| {
        let found = found.iter().find(|problem| problem.path == path);
        let found = found.unwrap_or_else(|| unreachable!("{path} is not in {found:?}"));
        found.file.as_ref().map(|file| file.strip_prefix(folder.path()).expect("it is there").to_owned())
    };
    assert_eq!(file("colour"), Some("tocsin.toml".into()));
    assert_eq!(file("sources.jira.rate"), Some("conf.d/a.toml".into()));
    assert_eq!(file("retry.longest"), Some("conf.d/a.toml".into()), "it is missing, beside `first`");
    assert_eq!(file("actions.tell.connection"), Some("conf.d/b.toml".into()));
    assert_eq!(file("sources.jira"), None, "the problem itself names both");
    let shown = found.iter().find(|problem| problem.path == "colour").expect("it is there").to_string();
    assert!(shown.starts_with(&format!("{}: colour: is unknown", main_of(&folder).display())), "{shown}");
}

#[test]
fn the_main_file_alone_is_named_once_and_not_with_each_mistake() {
    let folder = folder(&[("tocsin.toml", "colour = \"red\"\n")]);
    let found = problems(&folder);
    assert!(found.iter().all(|problem| problem.file.is_none()), "{found:?}");
    assert!(found[0].to_string().starts_with("colour: is unknown"), "{found:?}");
}

#[test]
fn paths_in_every_file_begin_at_the_main_files_folder() {
    let folder = folder(&[
        ("tocsin.toml", ""),
        ("conf.d/a.toml", "plugins_dir = \"plug\"\n[backup]\ndir = \"copies\"\nevery = \"2d\"\n"),
    ]);
    let config = read(&folder).expect("it is right");
    assert_eq!(config.plugins_dir, folder.path().join("plug"));
    let backup = config.backup.expect("it is configured");
    assert_eq!((backup.dir, backup.every), (folder.path().join("copies"), Duration::from_secs(172_800)));
    let dir = Config::read_backup_dir(&main_of(&folder)).expect("it is read");
    assert_eq!(dir, Some(folder.path().join("copies")));
}

#[test]
fn where_backups_are_is_read_whatever_else_is_wrong() {
    let folder = folder(&[
        ("tocsin.toml", "colour = \"red\"\ntime_zone = \"UTC\"\n"),
        ("conf.d/a.toml", "time_zone = \"UTC\"\n[backup]\n"),
    ]);
    let dir = Config::read_backup_dir(&main_of(&folder)).expect("it is read");
    assert_eq!(dir, Some(folder.path().join("state/backups")));
    fs::write(folder.path().join("conf.d/b.toml"), "[backup]\nkeep = 0\n").expect("written");
    let said = Config::read_backup_dir(&main_of(&folder)).expect_err("it is wrong").to_string();
    assert!(said.contains("conf.d/b.toml: backup.keep: "), "{said}");
}

#[test]
fn the_file_that_holds_a_secret_is_the_one_that_others_must_not_read() {
    let token =
        |name: &str| format!("[sources.{name}]\nplugin = \"webhook\"\ntoken = \"0123456789abcdef\"\n");
    let folder = folder(&[
        ("tocsin.toml", ""),
        ("conf.d/a.toml", &token("a")),
        ("conf.d/b.toml", &token("b")),
        ("conf.d/c.toml", &format!("{}{}", token("c"), token("d"))),
    ]);
    let set = |name: &str, mode| {
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(mode)).expect("it is ours");
    };
    for (name, mode) in [("tocsin.toml", 0o644), ("conf.d/a.toml", 0o644), ("conf.d/b.toml", 0o600)] {
        set(name, mode);
    }
    set("conf.d/c.toml", 0o646);
    let exposed = read(&folder).expect("it is right").exposed();
    let paths: Vec<&str> = exposed.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["sources.a.token", "sources.c.token"], "{exposed:?}");
    assert!(exposed[0].problem.contains("can read") && exposed[0].problem.contains("conf.d/a.toml"));
    assert!(exposed[1].problem.contains("can write") && exposed[1].problem.contains("conf.d/c.toml"));
}

#[test]
fn the_digest_is_of_names_and_contents_wherever_the_files_are() {
    let files = [("tocsin.toml", "[limits]\n"), ("conf.d/a.toml", ""), ("state/managed/a.toml", "")];
    let of = |folder: &TempDir| Files::read(&main_of(folder)).expect("it is read").digest();
    let first = of(&folder(&files));
    assert_eq!(first.len(), 64);
    assert_eq!(first, of(&folder(&files)), "another folder");
    let elsewhere = folder(&[("tocsin.toml", "state_dir = \"kept\"\n"), ("kept/managed/a.toml", "")]);
    let before = of(&elsewhere);
    fs::write(elsewhere.path().join("kept/managed/a.toml"), "# a remark\n").expect("written");
    assert_ne!(of(&elsewhere), before);
    let renamed = [("tocsin.toml", "[limits]\n"), ("conf.d/b.toml", ""), ("state/managed/a.toml", "")];
    assert_ne!(of(&folder(&renamed)), first);
    let moved = [("tocsin.toml", ""), ("conf.d/a.toml", "[limits]\n"), ("state/managed/a.toml", "")];
    assert_ne!(of(&folder(&moved)), first);
}

#[test]
fn what_a_file_holds_is_listed_by_name() {
    let text = "listen = \"127.0.0.1:1\"\n[limits]\nbody = 2000\n[backup]\n[plugins.pin]\nslack = \"x\"\n\
        [sources.jira.settings]\ntitle = \"x\"\n";
    let files = Files::of_text(Path::new("tocsin.toml"), text);
    let held = files.all[0].holds().expect("it is TOML");
    assert_eq!(held, ["backup", "limits.body", "listen", "plugins.pin.slack", "sources.jira"]);
}

#[test]
fn an_export_says_the_same_in_one_file() {
    let folder = folder(&[
        ("tocsin.toml", "listen = \"127.0.0.1:1\"\n[limits]\nqueue = 7\n[plugins]\nnew = \"approved\"\n"),
        (
            "conf.d/a.toml",
            "time_zone = \"Europe/Paris\"\n[limits]\nbody = \"2MiB\"\n[connections.out]\nplugin = \"webhook\"\n\
             url = { file = \"/nowhere\" }\n[connections.out.retry]\nfirst = \"1s\"\n",
        ),
        (
            "state/managed/b.toml",
            "[actions.tell]\nconnection = \"out\"\nsettings = { payload = \"\"\"{\n\"a\": 1}\"\"\" }\n",
        ),
    ]);
    let files = Files::read(&main_of(&folder)).expect("it is read");
    let text = files.export().expect("it is right");
    let merged = merge::merge(&files).expect("it is TOML").table;
    assert_eq!(text.parse::<toml::Table>().expect("it is TOML"), merged, "{text}");
    assert!(text.contains("url = { file = \"/nowhere\" }\n"), "{text}");
    let at = |name: &str| folder.path().join(name).display().to_string();
    for remark in [
        format!("# from {}\nlisten = ", at("tocsin.toml")),
        format!("\n# from {}\ntime_zone = ", at("conf.d/a.toml")),
        format!("\n# from {}\n[connections.out]\n", at("conf.d/a.toml")),
        format!("\n# from {}\n[actions.tell]\n", at("state/managed/b.toml")),
        format!("\n# from {}, {}\n[limits]\n", at("tocsin.toml"), at("conf.d/a.toml")),
    ] {
        assert!(text.contains(&remark), "{remark} in {text}");
    }
    let wrong = "sources = 3\n[actions]\nnone = \"x\"\n[actions.\"a b\"]\n";
    let read: toml::Table = wrong.parse().expect("it is TOML");
    let text = Files::of_text(Path::new("x"), wrong).export().expect("it is TOML");
    assert_eq!(text.parse::<toml::Table>().expect("it is TOML"), read, "mistakes stay: {text}");
    fs::write(folder.path().join("conf.d/c.toml"), "[limits]\nqueue = 8\n").expect("written");
    let said = Files::read(&main_of(&folder)).expect("it is read").export().expect_err("twice").to_string();
    assert!(said.contains("limits.queue: is in "), "{said}");
}
