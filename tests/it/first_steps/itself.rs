//! What the binary says of itself: versions, completions, man pages.

use std::fs;
use std::process::Command;

use crate::harness::{Site, skipped};

#[test]
fn the_version_names_the_commit_and_what_the_binary_speaks() {
    let site = Site::new("");
    let version = site.json(&["version"]);
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["plugin_apis"], serde_json::json!(tocsin_sandbox::API_VERSIONS));
    assert!(version["store_format"].is_u64() && version["wasmtime"].is_string(), "{version}");
    if let Some(commit) = version["commit"].as_str() {
        let hash = commit.strip_suffix(" with changes").unwrap_or(commit);
        assert!(hash.len() >= 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{commit}");
    }
    let long = site.run(&["--version"]).expect(0).stdout;
    for part in ["tocsin ", "\ncommit ", "\nwasmtime ", "\nplugin API ", "\nstore "] {
        assert!(long.contains(part), "{part:?} is not in {long}");
    }
    assert_eq!(site.run(&["version"]).expect(0).stdout, long);
    assert_eq!(site.run(&["-V"]).expect(0).stdout.lines().count(), 1);
}

#[test]
fn commands_are_completed_in_three_shells() {
    let site = Site::new("");
    for shell in ["bash", "zsh", "fish"] {
        let script = site.run(&["completions", shell]).expect(0).stdout;
        assert!(script.contains("incidents") && script.contains("doctor"), "{shell}: {script}");
        fs::write(site.path(shell), script).expect("written");
    }
    assert!(site.run(&["completions", "csh"]).expect(2).stderr.contains("bash, zsh, fish"));
    match Command::new("bash").arg("-n").arg(site.path("bash")).status() {
        Ok(status) => assert!(status.success()),
        Err(_) => skipped("whether bash reads its completions: there is no bash"),
    }
}

#[test]
fn every_command_that_is_not_hidden_has_a_man_page() {
    let site = Site::new("");
    site.run(&["man", "pages"]).expect(0);
    let page = |name: &str| fs::read_to_string(site.path(format!("pages/{name}.1")));
    for name in ["tocsin", "tocsin-init", "tocsin-doctor", "tocsin-incidents-list", "tocsin-sources-try"] {
        let text = page(name).expect(name);
        assert!(text.contains(".TH"), "{name}: {text}");
    }
    for hidden in ["tocsin-man", "tocsin-compile-plugin"] {
        assert!(page(hidden).is_err(), "{hidden} is not for people");
    }
}
