//! The house rules that a machine can check: headers, lengths, who may know whom, nothing of one machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::skipped;

/// Lines of a file, beyond which nobody finds anything.
const LINES_MAX: usize = 500;

/// What each crate may depend on inside the workspace, for running and building. `plugin-*` is every plugin,
/// `guest-*` every guest of the tests.
const EDGES: [(&str, &[&str]); 11] = [
    ("tocsin-core", &[]),
    ("tocsin-store", &["tocsin-core"]),
    ("tocsin-sandbox", &["tocsin-core"]),
    ("tocsin-bundled", &[]),
    ("tocsin", &["tocsin-bundled", "tocsin-cases", "tocsin-core", "tocsin-sandbox", "tocsin-store"]),
    // The format of cases, which both runners read and write: neither the SDK nor the host.
    ("tocsin-cases", &[]),
    ("tocsin-plugin", &["tocsin-cases", "tocsin-plugin-derive"]),
    ("tocsin-plugin-derive", &[]),
    ("tocsin-tests", &["tocsin"]),
    ("plugin-*", &["tocsin-plugin"]),
    ("guest-*", &[]),
];

/// The daemon's rooms from the top down, with the rooms of one floor together. A room knows only those below it.
const FLOORS: [&[&str]; 10] = [
    &["commands"],
    &["relay"],
    &["operate"],
    &["timers", "backups", "traces"],
    &["receive", "deliver"],
    &["shared"],
    &["plugins"],
    &["send"],
    &["config"],
    &["runtime"],
];

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the workspace is above").to_owned()
}

/// Every file below `folder` that is not made by a build.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !path.is_symlink() {
            if !["target", ".git", "node_modules"].contains(&name.as_str()) {
                found.extend(files(&path));
            }
        } else {
            found.push(path);
        }
    }
    found
}

fn with_name(name: &str) -> Vec<PathBuf> {
    files(&root()).into_iter().filter(|path| path.file_name().is_some_and(|found| found == name)).collect()
}

fn sources() -> Vec<PathBuf> {
    let is_source = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    let sources: Vec<PathBuf> = files(&root()).into_iter().filter(is_source).collect();
    assert!(sources.len() > 100, "these are not all sources: {}", sources.len());
    sources
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| unreachable!("{}: {error}", path.display()))
}

fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn every_source_file_says_first_what_it_is() {
    let silent = |path: &PathBuf| !read(path).starts_with("//! ");
    let found: Vec<String> =
        sources().iter().filter(|path| silent(path)).map(|path| path.display().to_string()).collect();
    none(&found, "these files do not begin with `//! `");
}

#[test]
fn no_source_file_is_too_long_to_be_read() {
    let long = |path: &PathBuf| {
        let lines = read(path).lines().count();
        (lines > LINES_MAX).then(|| format!("{} has {lines} lines", path.display()))
    };
    let found: Vec<String> = sources().iter().filter_map(long).collect();
    none(&found, "split these at a seam that has a name");
}

/// The floor that a room is on, counted from the top.
fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The rooms that a file's code names: the first name after each `crate::`.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code = code.take_while(|line| !line.starts_with("#[cfg(test)]")).collect::<Vec<_>>().join("\n");
    let name = |rest: &str| {
        rest.split(|c: char| c != '_' && !c.is_ascii_lowercase()).next().unwrap_or_default().to_owned()
    };
    let grouped = |rest: &str| {
        let group =
            rest.strip_prefix('{').and_then(|rest| rest.split(';').next()).unwrap_or_default().to_owned();
        group.split(',').map(|one| name(one.trim())).collect::<Vec<_>>()
    };
    let named = code.split("crate::").skip(1).flat_map(|rest| match rest.starts_with('{') {
        true => grouped(rest),
        false => vec![name(rest)],
    });
    named.filter(|room| floor(room).is_some()).collect()
}

#[test]
fn a_room_of_the_daemon_knows_only_rooms_below_it() {
    let folder = root().join("host/daemon/src");
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for path in files(&folder) {
        let inside = path.strip_prefix(&folder).expect("it was found there").with_extension("");
        let room = inside.iter().next().unwrap_or_default().to_string_lossy().into_owned();
        if room == "main" || room == "lib" {
            continue;
        }
        let Some(own) = floor(&room) else {
            found.push(format!(
                "{}: `{room}` is no room; name it in FLOORS and in host/README.md",
                path.display()
            ));
            continue;
        };
        seen.insert(room.clone());
        let above = |other: &String| *other != room && floor(other).is_some_and(|floor| floor <= own);
        let above = rooms_named(&read(&path)).into_iter().filter(above);
        found.extend(above.map(|other| format!("{} names `{other}`", path.display())));
    }
    assert_eq!(seen.len(), FLOORS.concat().len(), "a room of FLOORS is gone: {seen:?}");
    none(&found, "a file that two rooms need lies below both");
}

/// The rule for a crate's name: itself, or the pattern that it matches.
fn kind(name: &str) -> &str {
    match name.split_once('-') {
        Some(("plugin", _)) => "plugin-*",
        Some(("guest", _)) => "guest-*",
        _ => name,
    }
}

/// A crate of the workspace, and those of the workspace that it depends on; not for its own tests.
fn crates() -> Vec<(String, Vec<String>)> {
    let manifests = with_name("Cargo.toml");
    let parsed: Vec<toml::Table> =
        manifests.iter().map(|path| read(path).parse().expect("cargo has read it")).collect();
    let name = |manifest: &toml::Table| Some(manifest.get("package")?.get("name")?.as_str()?.to_owned());
    let names: BTreeSet<String> = parsed.iter().filter_map(name).collect();
    let edges = |manifest: &toml::Table| {
        let kinds = ["dependencies", "build-dependencies"];
        let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
        let targets = targets.filter_map(|(_, target)| target.as_table());
        let tables = std::iter::once(manifest).chain(targets);
        let tables = tables.flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()));
        tables.flat_map(toml::Table::keys).filter(|name| names.contains(*name)).cloned().collect()
    };
    parsed.iter().filter_map(|manifest| Some((name(manifest)?, edges(manifest)))).collect()
}

#[test]
fn crates_depend_on_each_other_as_the_table_allows() {
    let mut found = Vec::new();
    let crates = crates();
    for (name, dependencies) in &crates {
        let allowed = EDGES.iter().find(|(rule, _)| *rule == kind(name)).map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            found.push(format!("{name} is not in the table"));
            continue;
        };
        let wrong = dependencies.iter().filter(|dependency| !allowed.contains(&dependency.as_str()));
        found.extend(wrong.map(|dependency| format!("{name} → {dependency}")));
    }
    none(&found, "these edges are not in the table");
    let kinds: BTreeSet<&str> = crates.iter().map(|(name, _)| kind(name)).collect();
    for (rule, allowed) in EDGES {
        assert!(kinds.contains(rule), "there is no {rule} any more");
        let used = |edge: &&str| crates.iter().any(|(n, d)| kind(n) == rule && d.iter().any(|d| d == *edge));
        assert!(allowed.iter().all(used), "not every edge of {rule} is used: {allowed:?}");
    }
}

/// The files that are in version control, or none outside of a checkout.
fn tracked() -> Vec<PathBuf> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let Some(listed) = listed.ok().filter(|listed| listed.status.success()) else { return Vec::new() };
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    names.split('\0').filter(|name| !name.is_empty()).map(|name| root().join(name)).collect()
}

#[test]
fn no_file_names_a_machines_own_places() {
    let tracked = tracked();
    if tracked.is_empty() {
        skipped("the check of tracked files: this is no checkout");
        return;
    }
    let mut places = vec![root().display().to_string()];
    // In pieces, since this file is tracked too.
    places.extend(["home/", "Users/", "root/"].map(|place| format!("/{place}")));
    places.extend(["CARGO_HOME", "RUSTUP_HOME"].iter().filter_map(|name| std::env::var(name).ok()));
    let mut found = Vec::new();
    for path in tracked.iter().filter(|path| path.is_file()) {
        let text = String::from_utf8_lossy(&fs::read(path).expect("it is tracked")).into_owned();
        for place in places.iter().filter(|place| text.contains(place.as_str())) {
            found.push(format!("{} names {place}", path.display()));
        }
    }
    none(&found, "these would be wrong on another machine");
}

#[test]
fn every_dependency_is_from_the_public_registry() {
    let public = "registry+https://github.com/rust-lang/crates.io-index";
    for lock in with_name("Cargo.lock") {
        let lock: toml::Table = read(&lock).parse().expect("cargo wrote it");
        let packages = lock["package"].as_array().expect("packages");
        assert!(packages.len() > 100);
        for package in packages {
            let source = package.get("source").and_then(toml::Value::as_str);
            assert!(source.is_none_or(|source| source == public), "{package}");
        }
    }
    let configured: Vec<String> = tracked()
        .iter()
        .filter(|path| path.parent().is_some_and(|folder| folder.ends_with(".cargo")))
        .filter(|path| ["registr", "[source", "replace-with"].iter().any(|word| read(path).contains(word)))
        .map(|path| path.display().to_string())
        .collect();
    none(&configured, "these name a registry");
}

#[test]
fn every_plugin_has_cases_and_a_readme_for_who_sets_it_up() {
    let mut found = Vec::new();
    let mut plugins = 0;
    for plugin in fs::read_dir(root().join("plugins")).expect("a folder").flatten().map(|entry| entry.path())
    {
        if !plugin.join("Cargo.toml").exists() {
            continue;
        }
        plugins += 1;
        let name = plugin.display();
        if !plugin.join("README.md").exists() {
            found.push(format!("{name} has no README.md"));
        }
        if fs::read_dir(plugin.join("cases")).map_or(0, Iterator::count) == 0 {
            found.push(format!("{name} has no cases"));
        }
    }
    assert!(plugins >= 5);
    none(&found, "plugins are not complete");
}

#[test]
fn the_sdk_carries_the_same_plugin_api_as_the_host() {
    let of = |folder: &str| -> Vec<(PathBuf, String)> {
        let folder = root().join(folder);
        let mut files: Vec<_> = files(&folder)
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "wit"))
            .map(|path| (path.strip_prefix(&folder).expect("it is below").to_owned(), read(&path)))
            .collect();
        files.sort();
        files
    };
    let host = of("wit");
    assert!(host.len() > 3, "{host:?}");
    assert_eq!(of("sdk/rust/wit"), host);
}
