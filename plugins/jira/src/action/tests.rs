//! Behaviours of the action, beside the cases.

use serde_json::{Value, json};
use tocsin_plugin::testing::{example_context, response};
use tocsin_plugin::{Action, Label, Reference, Response, Setting};
use tocsin_plugin::{ChangeKind, Context, Failure, HttpRequest, Outcome, Part, Settings, State, Step};

use crate::{Account, Jira, Ticket};

mod life;
mod limits;
mod peer;
mod saved;
mod settle;
mod verdicts;

const CLOUD: &str = "example.atlassian.net";
const SERVER: &str = "jira.example";

fn text(key: &str, value: &str) -> Setting {
    Setting { key: key.to_owned(), value: tocsin_plugin::Value::Text(value.to_owned()) }
}

fn texts(key: &str, lines: &[&str]) -> Setting {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    Setting { key: key.to_owned(), value: tocsin_plugin::Value::Texts(lines) }
}

fn boolean(key: &str, yes: bool) -> Setting {
    Setting { key: key.to_owned(), value: tocsin_plugin::Value::Boolean(yes) }
}

fn seconds(key: &str, seconds: i64) -> Setting {
    Setting { key: key.to_owned(), value: tocsin_plugin::Value::Integer(seconds) }
}

fn account() -> Account {
    Account::from_settings(&[text("user", "bot@example.org")]).expect("an account")
}

fn ticket(more: &[Setting]) -> Ticket {
    let mut settings = vec![text("project", "OPS")];
    settings.extend_from_slice(more);
    Ticket::from_settings(&settings).expect("a ticket")
}

/// The example incident after a change, over a connection to Jira Cloud.
fn context(kind: ChangeKind) -> Context {
    let mut context = example_context();
    context.host = CLOUD.to_owned();
    context.change.kind = kind;
    context.incident.state = match kind {
        ChangeKind::Resolved => State::Resolved,
        ChangeKind::Acknowledged => State::Acknowledged,
        _ => State::Open,
    };
    context
}

fn body(request: &HttpRequest) -> Value {
    match request.body.as_slice() {
        [Part::Bytes(bytes)] => serde_json::from_slice(bytes).expect("JSON"),
        [] => Value::Null,
        other => panic!("{other:?}"),
    }
}

fn sent(step: Result<Step, Failure>) -> (HttpRequest, Vec<u8>) {
    match step {
        Ok(Step::Send(request, state)) => (*request, state),
        other => panic!("no request: {other:?}"),
    }
}

#[test]
fn cases_hold() {
    tocsin_plugin::testing::run_action_cases::<Jira>(env!("CARGO_MANIFEST_DIR"));
}

#[test]
fn every_setting_stands_in_the_readme() {
    tocsin_plugin::testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Ticket::fields());
    tocsin_plugin::testing::check_readme_settings(env!("CARGO_MANIFEST_DIR"), &Account::fields());
}
