//! What `.ci/release` puts into the package: every file is there, and what the administrator gets first is right.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::Site;

fn daemon() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/daemon")
}

/// What `cargo deb` is told.
fn metadata() -> toml::Table {
    let manifest = fs::read_to_string(daemon().join("Cargo.toml")).expect("it is there");
    let manifest: toml::Table = manifest.parse().expect("cargo has read it");
    manifest["package"]["metadata"]["deb"].as_table().expect("a table").clone()
}

#[test]
fn every_file_of_the_package_is_there_or_made_by_the_release() {
    let release = fs::read_to_string(daemon().join("../../.ci/release")).expect("it is there");
    let assets = metadata()["assets"].as_array().expect("a list").clone();
    assert!(assets.len() >= 8, "{assets:?}");
    for asset in assets {
        let file = asset[0].as_str().expect("a path");
        match file.strip_prefix("target/release/packaging/") {
            Some(made) => {
                let name = made.split('/').next().unwrap_or_default();
                assert!(release.contains(&format!("$packaging/{name}")), "nothing makes {file}");
            }
            None => assert!(file == "target/release/tocsin" || daemon().join(file).exists(), "{file}"),
        }
    }
}

#[test]
fn the_packaged_configuration_is_right_and_has_comments_alone() {
    let site = Site::new("");
    let text = fs::read_to_string(daemon().join("debian/tocsin.toml")).expect("it is there");
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
    site.configure_whole(&text);
    site.run(&["check"]).expect(0);
    // What its comments show is right as well.
    fs::write(site.path("token"), "0123456789abcdef").expect("written");
    fs::write(site.path("url"), "https://hooks.slack.com/services/T0/B0/x").expect("written");
    let shown = text.split_once("# listen").map(|(_, rest)| format!("# listen{rest}")).expect("an example");
    let shown: String =
        shown.lines().map(|line| format!("{}\n", line.strip_prefix("# ").unwrap_or(line))).collect();
    let here = |name: &str| site.path(name).display().to_string();
    let shown = shown
        .replace("/etc/tocsin/jira-token", &here("token"))
        .replace("/etc/tocsin/slack-url", &here("url"));
    site.configure_whole(&shown);
    site.run(&["check"]).expect(0);
}

#[test]
fn the_scripts_of_the_package_are_scripts_and_name_the_unit_that_it_has() {
    for script in ["postinst", "prerm", "postrm"] {
        let path = daemon().join("debian").join(script);
        let checked = Command::new("sh").arg("-n").arg(&path).status().expect("a shell");
        assert!(checked.success(), "{script}");
        let text = fs::read_to_string(&path).expect("it is there");
        assert!(text.contains("tocsin.service") && text.contains("\nset -e\n"), "{script}");
    }
}
