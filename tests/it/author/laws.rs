//! `tocsin plugin verify`: what every plugin has to keep.

use serde_json::Value;

use super::{author, bundled};
use crate::harness::Site;

/// What a law saw.
fn law<'a>(report: &'a Value, name: &str) -> &'a Value {
    let laws = report["laws"].as_array().expect("a list");
    laws.iter().find(|law| law["law"] == name).expect("the law")
}

#[test]
fn every_bundled_plugin_keeps_the_laws() {
    let site = Site::new("");
    for plugin in tocsin_bundled::plugins() {
        let (file, cases) = bundled(&site, plugin.id);
        let report =
            site.json_of_any_code(&["plugin", "verify", &file, &cases, "--inputs", "4", "--seed", "1"]);
        assert_eq!(report["passed"], true, "{}: {report:#}", plugin.id);
        for name in ["deterministic", "answers", "whole"] {
            assert!(law(&report, name)["inputs"].as_u64().is_some_and(|inputs| inputs > 5), "{report:#}");
        }
    }
}

#[test]
fn a_plugin_that_breaks_a_law_is_told_which_by_which_input() {
    let request = "== request\nPOST /\n\ndown\n";
    let twice = format!("{request}\n== request\nPOST /\n\nup\n");
    for (guest, case, name, words) in [
        ("clock-random", request, "random", "two answers differ: events[0].title"),
        ("odd-bytes", request, "answers", "senders write UTF-8"),
        ("panic", request, "answers", "no rule for a body"),
        ("two-keys", &twice, "identity", "request 2 is not about the incident"),
        ("careless", "== incident\n", "planted", "JSON document"),
    ] {
        let site = author(guest, case);
        let report =
            site.json_of_any_code(&["plugin", "verify", "plugin.wasm", "--seed", "3", "--inputs", "50"]);
        assert_eq!(report["passed"], false, "{guest}: {report:#}");
        let breach = law(&report, name)["breaches"][0].as_str().unwrap_or_default();
        assert!(breach.contains(words) && breach.contains("cases/first.case"), "{guest}: {report:#}");
        let ran = site.run(&["plugin", "verify", "plugin.wasm", "--seed", "3", "--inputs", "50"]).expect(1);
        assert!(ran.stdout.contains("BROKEN 1 times") && ran.stdout.contains("seed 3"), "{ran:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_inputs() {
    let site = author("odd-bytes", "== request\nPOST /\n\ndown, for five minutes\n");
    let verify = |seed: &str| {
        site.json_of_any_code(&["plugin", "verify", "plugin.wasm", "--seed", seed, "--inputs", "50"])
    };
    assert_eq!(verify("5"), verify("5"));
    let chosen = site.json_of_any_code(&["plugin", "verify", "plugin.wasm", "--inputs", "1"]);
    assert!(chosen["seed"].is_u64(), "{chosen}");
}
