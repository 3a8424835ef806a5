//! Cards against the official schema of Adaptive Cards 1.5, where it is beside the workspace.
//!
//! Never a copy of the schema, and never a silent pass: a test that has none says so.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;
use tocsin_plugin::testing::expected_of_cases;

struct Official {
    schemas: Schemas,
    index: SchemaIndex,
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/out-teams")
}

fn read(path: &Path) -> Option<Value> {
    let bytes = std::fs::read(path).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The schema, or nothing when it is not there, which is said once.
fn official() -> Option<&'static Official> {
    static OFFICIAL: OnceLock<Option<Official>> = OnceLock::new();
    let load = || {
        let Some(schema) = read(&samples().join("schemas/adaptive-card-1.5.0.json")) else {
            eprintln!("SKIPPED: the official schema of Adaptive Cards is not beside the workspace");
            return None;
        };
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V6);
        compiler.add_resource("https://tocsin.example/card.json", schema).expect("a resource");
        let index = compiler.compile("https://tocsin.example/card.json", &mut schemas).expect("a schema");
        Some(Official { schemas, index })
    };
    OFFICIAL.get_or_init(load).as_ref()
}

fn problem(card: &Value) -> Option<String> {
    let official = official()?;
    official.schemas.validate(card, official.index).err().map(|error| error.to_string())
}

/// Panics when the card does not fit the schema.
pub(super) fn check(card: &Value) {
    let mut card = card.clone();
    // Teams' own member, for mentions.
    if let Some(members) = card.as_object_mut() {
        members.remove("msteams");
    }
    if let Some(problem) = problem(&card) {
        panic!("{problem}\n{card:#}");
    }
}

#[test]
fn every_case_for_a_flow_fits_the_official_schema() {
    let mut checked = 0;
    for step in expected_of_cases(env!("CARGO_MANIFEST_DIR")).into_iter().flat_map(|(_, steps)| steps) {
        if let Some(attachments) = step["body"]["attachments"].as_array() {
            attachments.iter().for_each(|attachment| check(&attachment["content"]));
            checked += 1;
        }
    }
    assert!(checked >= 10, "{checked} cards");
}

#[test]
fn the_schema_tells_cards_that_are_known_as_bad_from_good_ones() {
    let Some(_) = official() else { return };
    let card = |name: &str| {
        let sample = read(&samples().join(name)).unwrap_or_else(|| panic!("{name}"));
        sample["attachments"][0]["content"].clone()
    };
    let fits = |card: &Value| problem(card).is_none();
    assert!(fits(&card("good/workflow-itop-adaptive-card.json")));
    // What others send fails over `msteams` alone, which ours has for mentions only.
    for name in ["good/workflow-alertmanager-v2.json", "good/workflow-apprise-mention.json"] {
        let mut card = card(name);
        assert!(!fits(&card), "{name}");
        card.as_object_mut().and_then(|members| members.remove("msteams")).expect("the member");
        assert!(fits(&card), "{name} without `msteams`");
    }
    assert!(!fits(&card("bad/workflow-null-item-no-title-itop-bug.json")));
    assert!(!fits(&card("bad/workflow-content-type-not-AdaptiveCard.json")));
    // What the schema lets through and Teams does not: sizes and relative addresses have tests of their own.
    assert!(fits(&card("bad/workflow-openurl-mailto-or-relative.json")));
    assert!(fits(&card("bad/workflow-29KB.json")));
}
