//! Changes on files in memory.

use serde_json::json;

use super::*;
use crate::config::Config;

const MAIN: &str = "[sources.main]\nplugin = \"webhook\"\nopen = true\n";

fn state() -> &'static Path {
    Path::new("/state")
}

fn files(managed: &[(&str, &str)]) -> Files {
    let main = Files::of_text(Path::new("/etc/tocsin/tocsin.toml"), MAIN);
    managed.iter().fold(main, |files, (name, text)| files.with_managed(state(), name, Some(text)))
}

fn put(name: &str, settings: Json, expected: Expected) -> Result<ManagedChange, Refusal> {
    let settings = settings.as_object().expect("an object").clone();
    ManagedChange::put((Kind::Sources, name), &settings, expected, "d1".to_owned(), "by ada".to_owned())
}

fn plan(change: &ManagedChange, files: &Files) -> Result<Plan, Refusal> {
    change.plan(files, files, state())
}

fn hook() -> Json {
    json!({ "plugin": "webhook" })
}

fn text_of(plan: &Plan) -> &str {
    plan.write.as_ref().and_then(|write| write.text.as_deref()).expect("a text")
}

#[test]
fn a_new_source_gets_a_token_in_a_file_of_its_own_and_keeps_it() {
    let created =
        plan(&put("hook", hook(), Expected::default()).expect("right"), &files(&[])).expect("planned");
    assert!(created.creates && created.uses_token);
    let write = created.write.as_ref().expect("a file");
    assert_eq!(write.name, "sources-hook.toml");
    assert!(
        text_of(&created).ends_with("[sources.hook]\nplugin = \"webhook\"\ntoken = { sha256 = \"d1\" }\n")
    );
    assert_eq!(created.files.all.last().map(|file| file.name.as_str()), Some("managed/sources-hook.toml"));
    let change = put("hook", json!({ "plugin": "webhook", "rate": 5 }), Expected::default()).expect("right");
    let changed = plan(&change, &created.files).expect("planned");
    assert!(!changed.creates && !changed.uses_token && text_of(&changed).contains("sha256 = \"d1\""));
    // The same settings again write nothing.
    let same = put("hook", hook(), Expected::default()).expect("right");
    assert_eq!(plan(&same, &created.files).expect("planned").write, None);
    let open = put("open", json!({ "plugin": "webhook", "open": true }), Expected::default()).expect("right");
    let open = plan(&open, &files(&[])).expect("planned");
    assert!(!open.uses_token && !text_of(&open).contains("token"));
}

#[test]
fn managed_files_stay_in_reading_order_and_a_removed_one_is_gone() {
    let before = files(&[("sources-b.toml", "[sources.b]\nplugin = \"webhook\"\nopen = true\n")]);
    let both = plan(&put("a", hook(), Expected::default()).expect("right"), &before).expect("planned").files;
    let names = |files: &Files| files.all.iter().map(|file| file.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&both), ["tocsin.toml", "managed/sources-a.toml", "managed/sources-b.toml"]);
    let removed =
        plan(&ManagedChange::remove(Kind::Sources, "b", Expected::default()), &both).expect("planned");
    assert_eq!(names(&removed.files), ["tocsin.toml", "managed/sources-a.toml"]);
    let write = ManagedFile { name: "sources-b.toml".to_owned(), text: None };
    assert_eq!(removed.write, Some(write));
    let absent = plan(&ManagedChange::remove(Kind::Sources, "b", Expected::default()), &removed.files);
    assert!(matches!(absent, Err(Refusal::Absent { .. })));
}

#[test]
fn a_change_of_another_version_than_the_one_in_force_is_refused() {
    let created =
        plan(&put("hook", hook(), Expected::default()).expect("right"), &files(&[])).expect("planned");
    let config = Config::of_files(&created.files.with_managed(
        state(),
        "sources-hook.toml",
        Some(&text_of(&created).replace("\"d1\"", &format!("\"{}\"", "0".repeat(64)))),
    ));
    let config = config.unwrap_or_else(|error| unreachable!("{error}"));
    let version = config.resource(Kind::Sources, "hook").expect("it is there").version;
    let rate = |expected| put("hook", json!({ "plugin": "webhook", "rate": 5 }), expected).expect("right");
    let of = |version: &str| Expected { versions: Some(vec![version.to_owned()]), ..Expected::default() };
    let changed = plan(&rate(of(&version)), &config.files).expect("planned");
    for wrong in [of("0"), Expected { none: true, ..Expected::default() }] {
        assert!(matches!(plan(&rate(wrong), &config.files), Err(Refusal::Outdated { .. })));
    }
    assert!(matches!(plan(&rate(of(&version)), &changed.files), Err(Refusal::Outdated { .. })));
    let any = Expected { any: true, ..Expected::default() };
    assert!(matches!(plan(&rate(any), &files(&[])), Err(Refusal::Outdated { .. })));
}

#[test]
fn files_that_a_person_wrote_or_changed_stay_as_they_are() {
    let main = plan(&put("main", hook(), Expected::default()).expect("right"), &files(&[]));
    assert!(matches!(main, Err(Refusal::Elsewhere { file, .. }) if file.ends_with("tocsin.toml")));
    let two =
        "[sources.a]\nplugin = \"webhook\"\nopen = true\n[sources.b]\nplugin = \"webhook\"\nopen = true\n";
    let shared = plan(&put("a", hook(), Expected::default()).expect("right"), &files(&[("x.toml", two)]));
    assert!(matches!(shared, Err(Refusal::Foreign { .. })));
    let other = files(&[("sources-a.toml", "[sources.b]\nplugin = \"webhook\"\nopen = true\n")]);
    let occupied = plan(&put("a", hook(), Expected::default()).expect("right"), &other);
    assert!(matches!(occupied, Err(Refusal::Foreign { .. })));
    let by_hand = files(&[("sources-a.toml", "[sources.a]\nplugin = \"webhook\"\nopen = true\nrate = 7\n")]);
    let change = put("a", hook(), Expected::default()).expect("right");
    let unloaded = change.plan(&files(&[]), &by_hand, state());
    assert!(matches!(unloaded, Err(Refusal::NotReloaded { .. })));
}

#[test]
fn names_and_sizes_have_limits() {
    for name in ["", "a.b", "../a", "a/b", "A", "1a", &"a".repeat(65)] {
        assert!(matches!(put(name, hook(), Expected::default()), Err(Refusal::Mistakes(_))), "{name}");
    }
    let large = json!({ "plugin": "webhook", "settings": { "x": "a".repeat(FILE_BYTES_MAX) } });
    let large = plan(&put("a", large, Expected::default()).expect("right"), &files(&[]));
    assert!(matches!(large, Err(Refusal::TooLarge { .. })));
    let mut many = files(&[]);
    for number in 0..FILES_MAX {
        let (name, text) = (format!("sources-s{number}.toml"), format!("[sources.s{number}]\nopen = true\n"));
        many.all.push(File {
            part: Part::Managed,
            path: state().join(&name),
            name: format!("managed/{name}"),
            text,
        });
    }
    let full = plan(&put("a", hook(), Expected::default()).expect("right"), &many);
    assert!(matches!(full, Err(Refusal::Full { files, .. }) if files == FILES_MAX + 1));
    let replaced =
        put("s7", json!({ "plugin": "webhook", "open": true }), Expected::default()).expect("right");
    assert!(plan(&replaced, &many).is_ok());
}

#[test]
fn a_secret_in_an_operators_file_is_masked_in_answers() {
    let text = "[sources.a]\nplugin = \"webhook\"\nbasic = { user = \"u\", password = \"in-the-file\" }\n\
                [connections.b]\nplugin = \"webhook\"\nurl = \"https://example.org/hooks/in-the-file\"\n\
                proxy = \"http://u:in-the-file@proxy.example.org\"\nsecrets = { token = { file = \"/etc/hosts\" } }\n";
    let config =
        Config::parse(Path::new("/etc/tocsin/tocsin.toml"), text).unwrap_or_else(|e| unreachable!("{e}"));
    let source = config.resource(Kind::Sources, "a").expect("it is there");
    assert_eq!(source.settings["basic"], json!({ "user": "u", "password": "***" }));
    assert_eq!(source.hidden, ["basic.password"]);
    let connection = config.resource(Kind::Connections, "b").expect("it is there");
    assert_eq!(connection.settings["secrets"], json!({ "token": { "file": "/etc/hosts" } }));
    assert!(!Json::Object(connection.settings).to_string().contains("in-the-file"));
    assert_eq!(connection.hidden.len(), 2);
}
