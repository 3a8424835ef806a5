//! Runs one case: gives the plugin what the case says, and writes down what comes of it.
//!
//! Never compares anything: that is for whoever asked.

use tocsin_cases::{Case, Job, Kind, Section, http, incident, outcome, pair};
use tocsin_core::plugin::{PluginInfo, Step};
use tocsin_core::view::View;
use tocsin_sandbox::Plugin;

use super::input::{Input, Output};
use super::{convert, given, rules};

/// Requests of one attempt, as the relay has it.
const STEPS_MAX: usize = 8;

/// A case that ran.
#[derive(Debug, Default)]
pub(super) struct Ran {
    /// Its sections, with what was found.
    pub(super) sections: Vec<Section>,
    /// What the plugin was given, and what it answered.
    pub(super) calls: Vec<(Input, Output)>,
}

/// Why a case could not run to its end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The case is mistyped, or about a job that the plugin does not have.
    Wrong(String),
    /// The plugin gave an answer that a relay would not take whole.
    Refused(String),
    /// The requests of the case are not about one incident.
    Apart(String),
    /// The plugin gave no answer.
    Failed(String),
}

impl From<String> for Stopped {
    fn from(why: String) -> Self {
        Self::Wrong(why)
    }
}

/// Runs a case.
///
/// # Errors
/// The case is mistyped, or the plugin gives no answer or one that a relay would refuse.
pub(super) async fn case(plugin: &Plugin, case: &Case) -> Result<Ran, Stopped> {
    match case.job {
        Job::Source => source(plugin, case).await,
        Job::Action => action(plugin, case).await,
    }
}

async fn source(plugin: &Plugin, case: &Case) -> Result<Ran, Stopped> {
    let info = plugin.info().source.as_ref().ok_or_else(|| no_job(plugin.info(), "a source", "request"))?;
    let settings = given::of_case(case, Kind::Settings, &info.fields, None)?;
    let mut ran = Ran { sections: case.all(Kind::Settings).cloned().collect(), calls: Vec::new() };
    let mut outcomes = Vec::new();
    for section in case.all(Kind::Request) {
        let request = http::read_request(&section.text, section.coding).map_err(|why| section.wrong(&why))?;
        let (request, settings) = (convert::received(request), settings.clone());
        let input = Input::Decode { request, settings, seed: 0 };
        if let Output::Decoded(answer) = call(plugin, input, &mut ran).await? {
            let outcome = outcome::of_source(&convert::decoded(&answer));
            ran.sections.extend([section.clone(), Section::outcome(&outcome)]);
            outcomes.push(outcome);
        }
    }
    pair::check_one_incident(&outcomes).map_err(Stopped::Apart)?;
    Ok(ran)
}

async fn action(plugin: &Plugin, case: &Case) -> Result<Ran, Stopped> {
    let info = plugin.info().action.as_ref().ok_or_else(|| no_job(plugin.info(), "an action", "incident"))?;
    let lines = case.one(Kind::Incident).map_or("", |section| &section.text);
    let told = incident::Told::from_toml(lines).and_then(convert::told);
    let mut told = Box::new(told.map_err(|why| format!("`== incident`: {why}"))?);
    let context = &mut told.context;
    let view = View::new(&context.incident, &context.change).with_urls(&context.urls);
    let settings = given::of_case(case, Kind::Settings, &info.fields, Some(&view))?;
    let connection = given::of_case(case, Kind::Connection, &info.connection, None)?;
    (context.settings, context.connection) = (settings, connection);
    let kinds = [Kind::Incident, Kind::Settings, Kind::Connection].into_iter();
    let mut ran =
        Ran { sections: kinds.filter_map(|kind| case.one(kind).cloned()).collect(), calls: Vec::new() };
    let mut answers = case.all(Kind::Answer);
    let mut input = Input::Encode { told: told.clone() };
    for _ in 1..=STEPS_MAX {
        let Output::Step(answer) = call(plugin, input, &mut ran).await? else { break };
        let Ok(Step::Send { request, state }) = &answer else {
            let outcome = outcome::of_action(&convert::step(&answer));
            ran.sections.push(Section::outcome(&outcome));
            break;
        };
        ran.sections.push(http::show_request(&convert::sent(request)));
        let Some(section) = answers.next() else { break };
        let response = http::read_answer(&section.text, section.coding).map_err(|why| section.wrong(&why))?;
        ran.sections.push(section.clone());
        let (state, response) = (state.clone(), convert::response(response));
        input = Input::Resume { told: told.clone(), state, response };
    }
    match answers.count() {
        0 => Ok(ran),
        more => Err(Stopped::Wrong(format!(
            "the last {more} of the answers: no request waits for it; take it out. Found:\n{}",
            case.with(&ran.sections)
        ))),
    }
}

/// Calls the plugin, and checks that a relay would take its answer.
async fn call(plugin: &Plugin, input: Input, ran: &mut Ran) -> Result<Output, Stopped> {
    let output = input.give(plugin).await.map_err(|error| Stopped::Failed(error.to_string()))?;
    rules::check(plugin.info(), &input, &output).map_err(Stopped::Refused)?;
    ran.calls.push((input, output.clone()));
    Ok(output)
}

fn no_job(info: &PluginInfo, job: &str, section: &str) -> String {
    format!("plugin `{}` is not {job}, so it can have no case with `== {section}`", info.id)
}
