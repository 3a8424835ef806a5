//! `tocsin plugin test`: cases against the built component, in the sandbox of the relay.

use std::fs;

use super::{author, bundled, read};
use crate::harness::Site;

/// A case without what it expects.
const GIVEN: &str = "# What a guest says.\n\n== request\nPOST /\n\nhello\n";

#[test]
fn every_bundled_plugin_passes_its_own_cases_as_a_component() {
    let site = Site::new("");
    for plugin in tocsin_bundled::plugins() {
        let (file, cases) = bundled(&site, plugin.id);
        let ran = site.run(&["plugin", "test", &file, &cases, "--mutations", "0"]).expect(0);
        assert!(ran.stdout.contains("all hold"), "{ran:?}");
    }
}

#[test]
fn a_difference_is_shown_by_its_path_and_its_lines_and_bless_writes_what_was_found() {
    let site = author("odd-bytes", GIVEN);
    let test = ["plugin", "test", "plugin.wasm", "--mutations", "0"];
    let ran = site.run(&test).expect(1);
    for words in ["cases/first.case: expects nothing yet; run with --bless", "+== expected outcome"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    let blessed = site.run(&[&test[..], &["--bless"]].concat()).expect(0);
    assert!(blessed.stdout.contains("written: cases/first.case"), "{blessed:?}");
    let written = read(site.path("cases/first.case"));
    assert!(written.starts_with(GIVEN) && written.contains("\"title\": \"hello\""), "{written}");
    assert!(site.run(&test).expect(0).stdout.contains("1 case, all hold"));

    fs::write(site.path("cases/first.case"), written.replace("\"hello\"", "\"goodbye\"")).expect("written");
    let ran = site.run(&test).expect(1);
    for words in [
        "cases/first.case: another outcome",
        "expected outcome 1: events[0].title",
        "-      \"title\": \"goodbye\"",
        "+      \"title\": \"hello\"",
        "1 failed",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    let report = site.json_of_any_code(&test);
    assert_eq!((&report["passed"], &report["cases"]), (&false.into(), &1.into()));
    let failure = &report["failures"][0];
    assert_eq!(failure["what"], "different");
    assert_eq!(failure["places"][0], "expected outcome 1: events[0].title");
}

#[test]
fn a_trap_on_a_broken_variant_is_reported_with_the_smallest_reproduction() {
    let site = author("odd-bytes", GIVEN);
    let ran = site.run(&["plugin", "test", "plugin.wasm", "--bless"]).expect(1);
    for words in ["fails on a broken variant", "senders write UTF-8", "has 1 bytes", "== request (base64)"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    let report = site.json_of_any_code(&["plugin", "test", "plugin.wasm"]);
    let failure = &report["failures"][0];
    assert_eq!(failure["what"], "broken", "{report}");
    // The reproduction is a case that fails by itself.
    let reproduction = failure["reproduction"].as_str().expect("a section");
    fs::write(site.path("cases/first.case"), reproduction).expect("written");
    let report = site.json_of_any_code(&["plugin", "test", "plugin.wasm", "--mutations", "0"]);
    assert_eq!(report["failures"][0]["what"], "failed", "{report}");
    let held = site.run(&["plugin", "test", "plugin.wasm", "cases/first.case", "--mutations", "0"]).expect(1);
    assert!(held.stdout.contains("could not decode"), "{held:?}");
}

#[test]
fn a_plugin_that_gives_no_answer_fails_its_case_with_its_own_words() {
    for (name, words) in
        [("panic", "no rule for a body of 5 bytes"), ("endless-loop", "it was stopped after 1s")]
    {
        let site = author(name, GIVEN);
        let ran = site.run(&["plugin", "test", "plugin.wasm", "--bless"]).expect(1);
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
        assert_eq!(read(site.path("cases/first.case")), GIVEN, "nothing is written of a case that failed");
    }
}

#[test]
fn what_is_mistyped_or_missing_is_named_with_what_there_is() {
    for (case, words) in [
        ("== requests\nPOST /\n", "`== requests` is no section of a case"),
        ("== settings\nsevere = 1\n\n== request\nPOST /\n", "the plugin has no setting `severe`"),
        ("== incident\n", "plugin `odd-bytes` is not an action"),
        ("== request\nPOST\n", "`POST` is no request line"),
    ] {
        let ran = author("odd-bytes", case).run(&["plugin", "test", "plugin.wasm", "--bless"]).expect(1);
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    let site = author("odd-bytes", GIVEN);
    for (arguments, words) in [
        (&["plugin.wasm", "nowhere"][..], "there is no case below nowhere"),
        (&["gone.wasm"], "reading gone.wasm"),
        (&["cases/first.case"], "cannot be loaded"),
        (&[], "write `file = \"…\"` into ./plugin.toml"),
    ] {
        let ran = site.run(&[&["plugin", "test"], arguments].concat()).expect(1);
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    }
}

#[test]
fn the_commands_for_authors_and_those_for_operators_name_each_other() {
    let site = Site::new("");
    let authors = site.run(&["plugin", "--help"]).expect(0).stdout;
    assert!(authors.contains("tocsin plugins check"), "{authors}");
    let operators = site.run(&["plugins", "--help"]).expect(0).stdout;
    assert!(operators.contains("tocsin plugin test"), "{operators}");
    for command in ["test", "try", "render", "verify"] {
        let help = site.run(&["plugin", command, "--help"]).expect(0).stdout;
        assert!(help.contains(&format!("tocsin plugin {command} ")), "an example: {help}");
    }
}
