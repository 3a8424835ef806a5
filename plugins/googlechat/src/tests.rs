//! Behaviours of the message and the verdict, beside the cases.

use serde_json::Value;
use tocsin_plugin::Part;
use tocsin_plugin::testing::{self, example_context};

use super::*;

mod answers;
mod messages;
mod own;

fn fields() -> Fields {
    Fields::from_settings(&[]).expect("defaults")
}

fn request(context: &Context, settings: &Fields) -> HttpRequest {
    match GoogleChat::encode(context, &(), settings).expect("a request") {
        Step::Send(request, _) => *request,
        other => panic!("{other:?}"),
    }
}

fn body(context: &Context, settings: &Fields) -> Value {
    match request(context, settings).body.as_slice() {
        [Part::Bytes(bytes)] => serde_json::from_slice(bytes).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn cases_hold() {
    testing::run_action_cases::<GoogleChat>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn the_readme_shows_what_is_really_sent_and_explains_every_setting() {
    testing::check_readme_snippets(env!("CARGO_MANIFEST_DIR"), 3);
    testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Fields::fields());
}
