//! `tocsin plugin test --watch`: each change is tested.

use std::fs;

use super::author;
use crate::harness::{Running, guest};

#[test]
fn a_changed_case_and_a_changed_component_are_tested_again() {
    let site = author("odd-bytes", "== request\nPOST /\n\nhello\n");
    let test = ["plugin", "test", "plugin.wasm", "--mutations", "0"];
    site.run(&[&test[..], &["--bless"]].concat()).expect(0);
    let mut running = Running::start(site.command(&[&test[..], &["--watch"]].concat()));
    assert!(running.until("Waiting for a change").contains("all hold"));
    let good = fs::read_to_string(site.path("cases/first.case")).expect("it was written");
    fs::write(site.path("cases/first.case"), good.replace("\"hello\"", "\"goodbye!\"")).expect("written");
    running.until("expected outcome 1: events[0].title");
    fs::create_dir(site.path("cases/more")).expect("the folder can be written");
    fs::write(site.path("cases/first.case"), &good).expect("written");
    running.until("all hold");
    fs::write(site.path("plugin.wasm"), guest("panic")).expect("written");
    running.until("no rule for a body");
}

#[test]
fn a_changed_source_is_built_first_and_a_failed_build_is_shown() {
    let site = author("odd-bytes", "== request\nPOST /\n\nhello\n");
    fs::create_dir(site.path("src")).expect("the folder can be written");
    fs::write(site.path("src/lib.txt"), "plugin.wasm").expect("written");
    let project = "build = \"cp $(cat src/lib.txt) built.wasm && echo built\"\nfile = \"built.wasm\"\n";
    fs::write(site.path("plugin.toml"), project).expect("written");
    let mut running =
        Running::start(site.command(&["plugin", "test", "--watch", "--bless", "--mutations", "0"]));
    let first = running.until("all hold");
    assert!(first.contains("built") && first.contains("written"), "{first}");
    fs::write(site.path("other.wasm"), guest("panic")).expect("written");
    fs::write(site.path("src/lib.txt"), "other.wasm").expect("written");
    let second = running.until("no rule for a body");
    assert!(second.contains("built"), "{second}");
    fs::write(site.path("src/lib.txt"), "gone.wasm").expect("written");
    // What was built before is tested.
    let third = running.until("no rule for a body");
    assert!(!third.contains("built"), "{third}");
}
