//! `tocsin plugins check`: what a file is, before it is dropped.

use std::fs;

use super::bundled;
use crate::harness::{Site, guest};

#[test]
fn good_files_are_described() {
    let site = Site::new("");
    fs::write(site.path("webhook.wasm"), bundled("webhook", b'1')).expect("written");
    fs::write(site.path("polite.wasm"), guest("polite")).expect("written");
    let said = site.run(&["plugins", "check", "webhook.wasm", "polite.wasm"]).expect(0).stdout;
    for words in [
        "webhook.wasm: webhook ",
        "imports nothing",
        "title_field",
        "signing_key",
        "payload",
        "polite.wasm: polite 1.0.0",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let json = site.json(&["plugins", "check", "webhook.wasm"]);
    assert_eq!(
        (&json["id"], &json["source"], &json["action"]),
        (&"webhook".into(), &true.into(), &true.into())
    );
}

#[test]
fn bad_files_are_refused_beside_good_ones() {
    let site = Site::new("");
    fs::write(site.path("good.wasm"), guest("polite")).expect("written");
    fs::write(site.path("core.wasm"), guest("core-module")).expect("written");
    fs::write(site.path("newer.wasm"), guest("other-version")).expect("written");
    let ran = site.run(&["plugins", "check", "core.wasm", "good.wasm", "newer.wasm"]).expect(1);
    for words in [
        "`core.wasm` cannot be loaded: it is a core module",
        "good.wasm: polite 1.0.0",
        "`newer.wasm` cannot be loaded: it is built for tocsin:plugin@0.9.0",
    ] {
        assert!(ran.stdout.contains(words), "{words} in {ran:?}");
    }
    let ran = site.run(&["plugins", "check", "missing.wasm"]).expect(1);
    assert!(ran.stderr.contains("missing.wasm"), "{ran:?}");
}
