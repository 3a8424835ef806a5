//! `tocsin plugin`: what authors of plugins do with the built component, in any language, without a relay.
//!
//! Runs every component in the sandbox of the relay. [`super::plugins`] is for operators.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::place::Place;

mod broken;
mod component;
mod convert;
mod fault;
mod given;
mod input;
mod laws;
mod project;
mod render;
mod report;
mod rules;
mod run;
mod smallest;
mod test;
mod tried;
mod verify;
mod watch;

pub(super) const POINTER: &str = "\
Operators: `tocsin plugins check FILE.wasm` says whether a relay would accept the file, and
`tocsin plugins install` puts it in force. The format of a case: sdk/README.md.";

const TEST: &str = "\
Examples:
  tocsin plugin test checks.wasm                     run the cases below ./cases
  tocsin plugin test checks.wasm cases/down.case     run one case
  tocsin plugin test checks.wasm --bless             write what the plugin answers into the cases; read it then
  tocsin plugin test --watch                         build and test after each change, as plugin.toml says

plugin.toml stands beside the folder of the cases:
  build = \"cargo build --release --target wasm32-wasip2\"
  file = \"target/wasm32-wasip2/release/checks.wasm\"";

const TRY: &str = "\
Examples:
  tocsin plugin try checks.wasm --file body.json
  tocsin plugin try checks.wasm --file body.txt -H 'Content-Type: text/plain' --settings settings.toml

`tocsin sources try` does the same with the settings of a source in tocsin.toml.";

const RENDER: &str = "\
Examples:
  tocsin plugin render pager.wasm                            the requests for the usual incident of a case
  tocsin plugin render pager.wasm --incident incident.toml   change = \"resolved\", title = \"…\", labels = { … }
  tocsin plugin render pager.wasm --answer '201 {\"page\": 7}' --answer 204

`tocsin actions try` does the same with an action of tocsin.toml and an incident of the relay.";

const VERIFY: &str = "\
Example:
  tocsin plugin verify checks.wasm --inputs 1000 --seed 7

The inputs are those of the cases, and broken variants of them. The same seed gives the same inputs.";

#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Run the cases of a plugin: what it is given, and what it is expected to answer.
    ///
    /// The component runs in the sandbox of the relay, within its limits. Each case also runs with broken variants of
    /// its requests and answers; the plugin may refuse these, but a trap or an exceeded limit fails the case.
    #[command(after_help = TEST)]
    Test(test::Test),
    /// Decode a request with the plugin and print the events.
    #[command(after_help = TRY)]
    Try(tried::Try),
    /// Print the requests that the plugin makes for an incident, with secrets by name.
    #[command(after_help = RENDER)]
    Render(render::Render),
    /// Check what every plugin has to keep: the same answer to the same input, no trap, no exceeded limit, one key for
    /// the trigger and the resolve of a case, requests that a relay can send.
    #[command(after_help = VERIFY)]
    Verify(verify::Verify),
}

pub(super) fn run(place: &Place, command: Plugin) -> anyhow::Result<ExitCode> {
    match command {
        Plugin::Test(wanted) => test::run(place, &wanted),
        Plugin::Try(wanted) => tried::run(place, &wanted),
        Plugin::Render(wanted) => render::run(place, &wanted),
        Plugin::Verify(wanted) => verify::run(place, &wanted),
    }
}

/// Where cases are unless said otherwise.
const CASES: &str = "cases";

/// The cases, or where they usually are.
fn cases_or_usual(cases: Option<&PathBuf>) -> PathBuf {
    cases.cloned().unwrap_or_else(|| PathBuf::from(CASES))
}
