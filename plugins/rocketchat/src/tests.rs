//! Behaviours of the message and the verdict, beside the cases.

use serde_json::Value;
use tocsin_plugin::Part;
use tocsin_plugin::testing::{self, example_context};

use super::*;

mod answers;
mod messages;

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn body(context: &Context, settings: &Fields) -> Value {
    match RocketChat::encode(context, &(), settings).expect("a request") {
        Step::Send(request, _) => match request.body.as_slice() {
            [Part::Bytes(bytes)] => serde_json::from_slice(bytes).expect("JSON"),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn cases_hold() {
    testing::run_action_cases::<RocketChat>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn the_readme_shows_what_is_really_sent() {
    let shown = include_str!("../README.md").split("```json\n").skip(1);
    let shown: Vec<Value> = shown
        .map(|rest| rest.split("```").next().unwrap_or(""))
        .map(|block| serde_json::from_str(block).expect("a document"))
        .collect();
    let cases = ["opened", "own-message-alias-avatar-and-emoji"];
    assert_eq!(shown.len(), cases.len());
    for (shown, case) in shown.iter().zip(cases) {
        let file = format!("{}/cases/{case}/expected.json", env!("CARGO_MANIFEST_DIR"));
        let expected = std::fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let expected: Value = serde_json::from_slice(&expected).expect("JSON");
        assert_eq!(*shown, expected[0]["send"]["body"], "{case}");
    }
}
